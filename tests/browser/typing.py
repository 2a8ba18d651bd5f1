"""A case typed by keyboard alone: Tab from control to control, and at each the keys a person would press.

What is typed comes from a document as JSON holds it, so any case can be entered; a control that the document does not
speak of is passed by.
"""

import re

MOST_TABS = 2500  # a full case has about 500 controls; a page that keeps the focus would never end

WHERE = """() => {
    const now = document.activeElement;
    const option = (code) => [...(now.options ?? [])].findIndex((one) => one.value === code);
    return {
        name: now.name ?? "", type: now.type ?? now.tagName.toLowerCase(), value: now.value ?? "",
        checked: now.checked ?? false, codes: [...(now.options ?? [])].map((one) => one.value),
        chosen: now.selectedIndex ?? -1, isWhy: now.classList.contains("case-why"),
        isFolded: now.tagName === "SUMMARY" && !now.parentElement.open,
        block: now.parentElement?.id ?? "",
    };
}"""


def enter(page, document):
    """Walk the page of a new case from its first control to Save, and press Ctrl+S."""
    answers = dict(_answers(document))
    added = {}
    _to_the_first(page)
    for _ in range(MOST_TABS):
        here = page.evaluate(WHERE)
        if here["name"] == "_save":
            break
        if here["name"] == "_add":
            if _add(page, here["value"], answers, added):
                continue  # the focus is on the first control of the new row
        elif here["isFolded"]:
            page.keyboard.press("Enter")
        else:
            _answer(page, here, answers)
        page.keyboard.press("Tab")
    else:
        raise AssertionError("Save cannot be reached by keyboard")
    assert not answers, f"not to be reached by keyboard: {sorted(answers)}"
    page.keyboard.press("Control+s")


def _to_the_first(page):
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(WHERE)["name"] == "case_number":
            return
    raise AssertionError("the case number cannot be reached by keyboard")


def _answer(page, here, answers):
    """Press what answers the control that has the focus."""
    name = here["name"]
    if name not in answers:
        return
    given = answers[name]
    if here["type"] == "checkbox":
        if here["value"] in given and not here["checked"]:
            page.keyboard.press("Space")
        given.discard(here["value"])
        if not given:
            del answers[name]
    elif here["type"] == "radio":
        page.keyboard.press("y" if given == "true" else "n")
        del answers[name]
    elif here["type"].startswith("select"):
        for _ in range(here["codes"].index(given) - here["chosen"]):
            page.keyboard.press("ArrowDown")
        del answers[name]
    else:
        page.keyboard.type(given)
        del answers[name]


def _add(page, value, answers, added):
    """Press the button for one row more while the document has rows that the page lacks."""
    if " " in value:  # an offer of a row with an answer: the plain button stands beside it
        return False
    wanted = {m[1] for name in answers if (m := re.match(rf"{re.escape(value)}-(\d+)-", name))}
    if not wanted - added.setdefault(value, set()):
        return False
    added[value].add(min(wanted - added[value], key=int))
    page.keyboard.press("Enter")
    return True


def _answers(form, prefix=""):
    """Name and keys of every answer, as the page names its controls."""
    for name, value in form.items():
        control = f"{prefix}{name}"
        if name == "missing":
            yield from ((f"{prefix}{field}-why", reason) for field, reason in value.items())
        elif isinstance(value, dict):
            yield from _answers(value, f"{control}-")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for place, row in enumerate(value):
                yield from _answers(row, f"{control}-{place}-")
        elif isinstance(value, list):
            yield control, set(value)
        elif isinstance(value, bool):
            yield control, "true" if value else "false"
        else:
            yield control, f"{value:g}" if isinstance(value, float) else str(value)
