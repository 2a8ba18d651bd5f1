"""Paint of the timeline, for white paper: told apart in gray as well, and never by color alone."""

from typing import Any

_PAINT: dict[str, dict[str, Any]] = {
    "text": {"fill": "#1f2937"},
    "label": {
        "fill": "#1f2937",
        "stroke": "#ffffff",
        "stroke_width": 2.5,
        "stroke_opacity": 0.8,
        "stroke_linejoin": "round",
        "paint_order": "stroke",
    },
    "quiet": {"fill": "#4b5563"},
    "band": {"fill": "#f3f4f6"},
    "axis": {"fill": "none", "stroke": "#6b7280", "stroke_width": 1},
    "edge": {"fill": "none", "stroke": "#9ca3af", "stroke_width": 0.8, "stroke_dasharray": "2 3"},
    "zero": {"fill": "none", "stroke": "#1f2937", "stroke_width": 1.6},
    "point": {"fill": "#34568b", "stroke": "#34568b", "stroke_width": 1.2},
    "coarse": {"fill": "#cddcf2", "stroke": "#34568b", "stroke_width": 1},
    "bar": {"fill": "#9db8dc", "stroke": "#34568b", "stroke_width": 1},
    "stay": {"fill": "none", "stroke": "#34568b", "stroke_width": 2.4, "stroke_linecap": "round"},
    "operation": {"fill": "#1f2937", "stroke": "#ffffff", "stroke_width": 1},
    "grade": {"fill": "#ffffff", "stroke": "#9b1c1c", "stroke_width": 1.2},
    "grave": {"fill": "#9b1c1c", "stroke": "#9b1c1c", "stroke_width": 1.2},
    "grade-text": {"fill": "#7f1d1d"},
    "grave-text": {"fill": "#ffffff"},
    "free": {"fill": "#ffffff", "stroke": "#15803d", "stroke_width": 1.8},
    "disease": {"fill": "#b45309", "stroke": "#7c2d12", "stroke_width": 1.2},
    "seen": {"fill": "#d1d5db", "stroke": "#4b5563", "stroke_width": 1.2},
    "image": {"fill": "#ffffff", "stroke": "#34568b", "stroke_width": 1.2},
    "recurrence": {"fill": "#b45309", "stroke": "#7c2d12", "stroke_width": 1.2},
    "death": {"fill": "#111827", "stroke": "#111827", "stroke_width": 1.2},
    "cross": {"fill": "none", "stroke": "#ffffff", "stroke_width": 1.4, "stroke_linecap": "round"},
}


def paint(name: str, **other: Any) -> dict[str, Any]:
    """Give the class and the paint of one kind of thing, with what differs here."""
    return {"class_": f"time-{name}", **_PAINT[name], **other}
