"""Pages as a browser reads them: what a form would send, and the text that a person sees."""

from html.parser import HTMLParser


def filled(response, form="case_form"):
    """The fields that the form would send as it stands, each with the list of its values."""
    reader = _Form(form)
    reader.feed(response.content.decode())
    return reader.fields


def text(response):
    """The visible words, in one line."""
    reader = _Words()
    reader.feed(response.content.decode())
    return " ".join(" ".join(reader.words).split())


class _Form(HTMLParser):
    def __init__(self, form):
        super().__init__()
        self.form, self.fields = form, {}
        self.is_inside, self.templates, self.select = False, 0, []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.is_inside = given.get("id") == self.form
        if tag == "template":
            self.templates += 1
        if self.is_inside and not self.templates:
            self._field(tag, given)

    def handle_endtag(self, tag):
        if tag == "form":
            self.is_inside = False
        if tag == "template":
            self.templates -= 1

    def _field(self, tag, given):
        if tag == "select":
            self.select = [] if "disabled" in given else self.fields.setdefault(given["name"], [])
        if tag == "option" and ("selected" in given or not self.select):
            self.select[:] = [given.get("value", "")]
        is_sent = given.get("type") not in ("checkbox", "radio") or "checked" in given
        if tag == "input" and given.get("name") and "disabled" not in given and is_sent:
            unnamed = "on" if given.get("type") in ("checkbox", "radio") else ""
            self.fields.setdefault(given["name"], []).append(given.get("value", unnamed))


class _Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("script", "style", "template")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style", "template")

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)
