"""Pages as a browser reads them: what a form would send, and the text that a person sees.

Read by lxml: pages of a case have some thousand tags, and the parser of the standard library takes as long as the page.
"""

from lxml import html

_UNSEEN = "ancestor::script or ancestor::style or ancestor::template"
_FIELDS = "//form[{}]//*[self::input or self::select][@name and not(@disabled)][not(ancestor::template)]"


def filled(response, form="case_form"):
    """The fields that the form would send as it stands, each with the list of its values."""
    fields = {}
    for control in _read(response).xpath(_FIELDS.format("@id = $form" if form else "not(@id)"), form=form):
        sent = _chosen(control) if control.tag == "select" else _typed(control)
        if control.tag == "select" or sent:
            fields.setdefault(control.get("name"), []).extend(sent)
    return fields


def text(response):
    """The visible words, in one line."""
    return " ".join(" ".join(_read(response).xpath(f"//text()[not({_UNSEEN})]")).split())


def _read(response):
    return html.document_fromstring(response.content.decode() or "<p></p>", ensure_head_body=True)


def _chosen(select):
    """The option that is selected, or the first."""
    options = select.xpath(".//option")
    found = [option for option in options if option.get("selected") is not None] or options[:1]
    return [option.get("value", "") for option in found[-1:]]


def _typed(field):
    is_box = field.get("type") in ("checkbox", "radio")
    if is_box and field.get("checked") is None:
        return []
    return [field.get("value", "on" if is_box else "")]
