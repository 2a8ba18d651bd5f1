"""The pictures themselves: the vein with its tumor, and the vein after the operation, each with its key in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from cases.drawing import branches, repair, tumor, vessel, words
from cases.drawing.anatomy import BRANCHES, HEIGHT, WIDTH, surroundings
from cases.drawing.ink import filled, ink, patterns
from cases.drawing.shapes import Element, markup, node
from cases.vocabulary import Vein

LETTERS = "abcdefghij"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A line of the key: the sign it explains (a small drawing), the letter in the picture, the sentence."""

    sign: SafeString | str = ""
    letter: str = ""
    text: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing with its heading and its key."""

    title: str
    svg: SafeString
    notes: list[Note]


def before(form: Any, prefix: str) -> Picture:
    """Draw the tumor of a case; `form` may be None. Ids in the drawing begin with the prefix."""
    title = gettext("Before the operation")
    told = list(words.of_tumor(form))
    inside = [*surroundings(), *vessel.whole()]
    marked: Iterable[str] = ()
    if form is not None:
        inside += [*tumor.thrombus(form, prefix), *tumor.mass(form, prefix)]
        marked = form.segments or tumor.segments_of_level(form.reported_level)
    is_faint = form is not None and not form.segments
    inside += vessel.ruler(marked, filled(prefix, "tumor"), words.names(), faint=is_faint)
    notes = [Note(text=text, sign=sign(kind, prefix)) for kind, text in told]
    svg = _svg(inside, prefix, title, [note.text for note in notes], WIDTH + vessel.NAMES)
    return Picture(title=title, svg=svg, notes=notes)


def after(operation: Any, prefix: str) -> Picture:
    """Draw what an operation left: the resected part, what replaced it, and each vein that was dealt with."""
    title = gettext("After the operation")
    done = repair.repair_of(operation)
    told = list(words.of_operation(operation, done))
    inside = [
        *surroundings(branches.lost_kidneys(operation)),
        *repair.cava(operation, done),
        *branches.branches(operation, done),
        *vessel.ruler(operation.resected_segments or (), filled(prefix, "cut"), {}),
        *(vessel.upright(gettext("resected"), (top + bottom) / 2) for top, bottom in done.cut),
    ]
    places = _places(done)
    letters = dict(zip((kind for kind, _ in told if kind in places), LETTERS, strict=False))
    for kind, letter in letters.items():
        inside += vessel.badge(letter, *places[kind])
    notes = [
        Note(
            text=text,
            letter=letters.get(kind, ""),
            sign=sign(kind, prefix) if kind == "cut" else SafeString(""),
        )
        for kind, text in told
    ]
    svg = _svg(inside, prefix, title, [note.text for note in notes], WIDTH + 28)
    return Picture(title=title, svg=svg, notes=notes)


def _places(done: repair.Repair) -> Mapping[str, tuple[float, float]]:
    """Where letters stand: beside each vein, and on what took the place of the cava."""
    beside: dict[str, tuple[float, float]] = {
        Vein.RIGHT_RENAL: (72, 346),
        Vein.LEFT_RENAL: (186, 330),
        Vein.HEPATIC_RIGHT: (46, 190),
        Vein.HEPATIC_MIDDLE: (176, 228),
        Vein.HEPATIC_LEFT: (200, 164),
        Vein.ACCESSORY_HEPATIC: (42, 252),
        Vein.RIGHT_ADRENAL: (64, 318),
        Vein.ILIAC: (62, 504),
    }
    assert set(beside) == {*BRANCHES, Vein.ILIAC}
    span = done.gap or (done.cut[0] if done.cut else None)
    if span is None:
        return beside
    middle = (span[0] + span[1]) / 2
    x = done.axis(middle) if done.gap else repair.center(middle) + 4
    return {**beside, "graft": (x, middle)}


def sign(kind: str, prefix: str) -> SafeString:
    """A small sample of a fill, for the key."""
    if kind not in ("tumor", "level", "thrombus", "cut"):
        return SafeString("")
    fill = "tumor" if kind == "level" else kind
    edge = ink("bar" if kind == "cut" else f"{fill}-edge", fill=filled(prefix, fill))
    if kind == "level":
        edge |= {"fill_opacity": 0.35, "stroke_dasharray": "3 3"}
    box = node("rect", x=1, y=1, width=20, height=10, rx=3, **edge)
    return markup(node("svg", box, viewBox="0 0 22 12", class_="cava-sign", aria_hidden="true"))


def _svg(inside: list[Element], prefix: str, title: str, told: list[str], width: float) -> SafeString:
    sides = vessel.sides(pgettext("side of the patient", "R"), pgettext("side of the patient", "L"))
    drawn = node(
        "svg",
        node("title", title, id=f"{prefix}title"),
        node("desc", " ".join(told), id=f"{prefix}desc"),
        patterns(prefix),
        *inside,
        *sides,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {HEIGHT}",
        class_="cava",
        role="img",
        aria_labelledby=f"{prefix}title",
        aria_describedby=f"{prefix}desc",
        font_family="Inter, system-ui, sans-serif",
    )
    return markup(drawn)
