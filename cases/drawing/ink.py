"""Paint for white paper, by kind of thing; segments.css paints the same classes for dark pages.

Nothing is told by color alone: tumor is dotted, thrombus hatched, a graft white and sewn in, what is gone dashed.
"""

from typing import Any

from cases.drawing.shapes import Element, node

_INK: dict[str, dict[str, Any]] = {
    "vein": {"fill": "#cddcf2", "stroke": "#34568b", "stroke_width": 1.4},
    "branch": {"fill": "none", "stroke": "#34568b"},
    "lumen": {"fill": "none", "stroke": "#cddcf2"},
    "border": {"fill": "none", "stroke": "#34568b", "stroke_width": 0.9, "stroke_dasharray": "2.5 2.5"},
    "liver": {"fill": "#efe0d6", "stroke": "#b59a86", "stroke_width": 1.1},
    "heart": {"fill": "#f5dfe0", "stroke": "#b98a8c", "stroke_width": 1.1},
    "groove": {"fill": "none", "stroke": "#d9b3b5", "stroke_width": 1, "stroke_linecap": "round"},
    "kidney": {"fill": "#ecd6ca", "stroke": "#b08f7d", "stroke_width": 1.1},
    "aorta": {"fill": "#f7eceb", "stroke": "#dcc6c4", "stroke_width": 0.8},
    "diaphragm": {"fill": "none", "stroke": "#7a5c4a", "stroke_width": 2.2, "stroke_linecap": "round"},
    "ghost": {"fill": "none", "stroke": "#6b7280", "stroke_width": 1.2, "stroke_dasharray": "3 3"},
    "graft": {"fill": "#ffffff", "stroke": "#111827", "stroke_width": 1.8},
    "own-graft": {"fill": "#e3ecf8", "stroke": "#111827", "stroke_width": 1.8},
    "limb-wall": {"fill": "none", "stroke": "#111827"},
    "limb": {"fill": "none", "stroke": "#ffffff"},
    "ring": {"fill": "none", "stroke": "#4b5563", "stroke_width": 0.9},
    "stitch": {"fill": "none", "stroke": "#111827", "stroke_width": 1.3, "stroke_linecap": "round"},
    "tie": {"fill": "none", "stroke": "#9b1c1c", "stroke_width": 1.6, "stroke_linecap": "round"},
    "tumor-base": {"fill": "#e58a4e"},
    "tumor-mark": {"fill": "#6b2208"},
    "tumor-edge": {"fill": "none", "stroke": "#8a2c0a", "stroke_width": 1.8},
    "through": {"fill": "none", "stroke": "#34568b", "stroke_width": 1.3, "stroke_dasharray": "5 3"},
    "thrombus-base": {"fill": "#8b93a1"},
    "thrombus-mark": {"fill": "none", "stroke": "#1f2937", "stroke_width": 1.3},
    "thrombus-edge": {"fill": "none", "stroke": "#1f2937", "stroke_width": 1.2},
    "cut-base": {"fill": "#ffffff"},
    "cut-mark": {"fill": "none", "stroke": "#4b5563", "stroke_width": 1.1},
    "bar": {"stroke": "#1f2937", "stroke_width": 1},
    "chosen": {"stroke": "#1f2937", "stroke_width": 1.6},
    "other": {"fill": "none", "stroke": "#8a2c0a", "stroke_width": 1.8, "stroke_dasharray": "4 2.5"},
    "ruler": {"fill": "none", "stroke": "#6b7280", "stroke_width": 1},
    "text": {"fill": "#1f2937"},
    "quiet": {"fill": "#4b5563"},
    "badge": {"fill": "#1f2937", "stroke": "#ffffff", "stroke_width": 1.2},
    "badge-text": {"fill": "#ffffff"},
}


def ink(name: str, **other: Any) -> dict[str, Any]:
    """Give the class and the paint of one kind of thing, with what differs here."""
    return {"class_": f"cava-{name}", **_INK[name], **other}


def patterns(prefix: str) -> Element:
    """Fills of one picture: dots for tumor, strokes for thrombus, thin strokes for what was cut out."""
    dots = [node("circle", cx=x, cy=y, r=1.25, **ink("tumor-mark")) for x, y in ((2, 2), (6, 6))]
    strokes = node("path", d="M-1,6L6,-1M4,11L11,4", **ink("thrombus-mark"))
    thin = node("path", d="M0,0L7,7M-1,6L1,8M6,-1L8,1", **ink("cut-mark"))
    return node(
        "defs",
        _pattern(f"{prefix}tumor", 8, "tumor-base", *dots),
        _pattern(f"{prefix}thrombus", 5, "thrombus-base", strokes),
        _pattern(f"{prefix}cut", 7, "cut-base", thin),
    )


def _pattern(name: str, size: float, base: str, *marks: Element) -> Element:
    ground = node("rect", width=size, height=size, **ink(base))
    return node("pattern", ground, *marks, id=name, width=size, height=size, patternUnits="userSpaceOnUse")


def filled(prefix: str, kind: str) -> str:
    """Name a fill of the picture with this prefix."""
    return f"url(#{prefix}{kind})"
