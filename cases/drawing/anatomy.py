"""Where everything lies: the inferior vena cava from the iliac confluence to the right atrium, and its neighbours.

A schema, seen from the front: the patient's right is on the left. Heights let every segment be hit and named; they
are not to scale. The extents of the segments are the registry's working definition.
"""

from dataclasses import dataclass

from cases.drawing.ink import ink
from cases.drawing.shapes import Element, Wall, at, node
from cases.vocabulary import Organ, Segment, Vein

WIDTH, HEIGHT = 264, 528
TOP, CONFLUENCE = 30, 470  # the roof of the atrium; where the iliac veins meet
DIAPHRAGM = 140  # where the vein passes it

# Top and bottom of each segment, cranial to caudal.
SPANS: dict[str, tuple[float, float]] = {
    Segment.INTRACARDIAL: (TOP, 94),
    Segment.SUPRADIAPHRAGMATIC: (94, DIAPHRAGM),
    Segment.INFRADIAPHRAGMATIC: (DIAPHRAGM, 186),
    Segment.RETROHEPATIC: (186, 270),
    Segment.SUPRARENAL: (270, 318),
    Segment.INTERRENAL: (318, 376),
    Segment.INFRARENAL: (376, CONFLUENCE),
}

# The walls; above the diaphragm they widen into the right atrium.
_WALLS = (
    (30, 112, 126),
    (36, 99, 139),
    (50, 90, 150),
    (64, 87, 153),
    (80, 92, 149),
    (94, 100, 144),
    (112, 102, 142),
    (140, 100, 141),
    (186, 92, 138),
    (225, 88, 134),
    (270, 92, 136),
    (318, 97, 139),
    (346, 98, 141),
    (376, 101, 141),
    (430, 104, 142),
    (470, 105, 143),
)
_ABOVE = "C112,24 111,14 111,3L129,3C129,14 127,24 126,30"
_ILIACS = (
    "C144,486 158,504 177,519L161,527C145,514 131,503 124,491"
    "C117,503 103,514 87,527L71,519C90,504 104,486 105,470"
)
LEFT = Wall(tuple((y, left) for y, left, _ in _WALLS))
RIGHT = Wall(tuple((y, right) for y, _, right in _WALLS))


def center(y: float) -> float:
    """The middle of the vein."""
    return (LEFT.at(y) + RIGHT.at(y)) / 2


def tube(top: float, bottom: float) -> str:
    """The vein between two heights as a closed path; at its ends it opens into the neck's vein and the iliac veins."""
    above = _ABOVE if top == TOP else f"L{at(RIGHT.at(top), top)}"
    below = _ILIACS if bottom == CONFLUENCE else f"L{at(LEFT.at(bottom), bottom)}"
    return f"M{at(LEFT.at(top), top)}{above}{RIGHT.path(top, bottom)}{below}{LEFT.path(bottom, top)}Z"


def slab(top: float, bottom: float, wider: float = 0.0) -> str:
    """One segment as a closed path, its borders straight; wider to be hit more easily."""
    left, right = LEFT.moved(-wider), RIGHT.moved(wider)
    return (
        f"M{at(left.at(top), top)}L{at(right.at(top), top)}{right.path(top, bottom)}"
        f"L{at(left.at(bottom), bottom)}{left.path(bottom, top)}Z"
    )


# --- veins that enter it ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """A vein as a curve from its organ to the wall: four points of a cubic; `segment` is the one that it enters."""

    start: tuple[float, float]
    bend: tuple[float, float]
    near: tuple[float, float]
    mouth: tuple[float, float]
    width: float
    segment: str

    @property
    def is_on_the_left(self) -> bool:
        """Whether it comes from the left of the picture, the patient's right."""
        return self.start[0] < self.mouth[0]

    def point(self, t: float) -> tuple[float, float]:
        """A point of the curve, from the organ (0) to the wall (1)."""
        u = 1 - t
        weights = (u**3, 3 * u**2 * t, 3 * u * t**2, t**3)
        ends = (self.start, self.bend, self.near, self.mouth)
        return (
            sum(w * p[0] for w, p in zip(weights, ends, strict=True)),
            sum(w * p[1] for w, p in zip(weights, ends, strict=True)),
        )

    def path(self, begin: float = 0.0, end: float = 1.0) -> str:
        """The curve, or a part of it."""
        steps = 8
        points = [self.point(begin + (end - begin) * i / steps) for i in range(steps + 1)]
        return "M" + "L".join(at(*point) for point in points)


BRANCHES: dict[str, Branch] = {
    Vein.HEPATIC_RIGHT: Branch((34, 226), (54, 204), (72, 176), (99, 166), 11, Segment.INFRADIAPHRAGMATIC),
    Vein.HEPATIC_MIDDLE: Branch(
        (166, 238), (162, 212), (152, 184), (136, 170), 9, Segment.INFRADIAPHRAGMATIC
    ),
    Vein.HEPATIC_LEFT: Branch((208, 180), (188, 170), (164, 158), (136, 158), 9, Segment.INFRADIAPHRAGMATIC),
    Vein.ACCESSORY_HEPATIC: Branch((44, 270), (58, 258), (72, 246), (94, 240), 6, Segment.RETROHEPATIC),
    Vein.RIGHT_ADRENAL: Branch((66, 302), (76, 300), (84, 298), (98, 296), 4.5, Segment.SUPRARENAL),
    Vein.RIGHT_RENAL: Branch((56, 372), (70, 366), (84, 356), (102, 354), 13, Segment.INTERRENAL),
    Vein.LEFT_RENAL: Branch((210, 356), (188, 352), (166, 338), (136, 340), 13, Segment.INTERRENAL),
}
ILIAC = {  # side of the picture: from the confluence downwards
    "left": Branch((80, 522), (98, 506), (110, 490), (115, 456), 18, Segment.INFRARENAL),
    "right": Branch((168, 522), (150, 506), (138, 490), (133, 456), 18, Segment.INFRARENAL),
}

# --- organs around it ---------------------------------------------------------------------------------------------

_LIVER = (
    "M10,214C8,168 46,136 104,146C128,150 150,140 178,144C206,148 226,158 232,172C236,184 210,192 190,206"
    "C172,220 168,244 146,256C118,270 92,268 70,288C54,304 36,322 24,314C12,304 12,250 10,214Z"
)
_HEART = (
    "M126,34C130,24 146,22 156,26C166,18 182,22 190,36C206,46 218,68 226,92C232,112 228,124 214,127"
    "C190,131 160,128 144,112C134,96 130,60 126,34Z"
)
_GROOVE = "M166,28C176,54 188,90 206,127M150,30C158,44 156,60 150,70"
_ARCH = "M137,36C135,10 147,1 162,3C180,5 186,22 184,40L171,40C172,24 170,15 161,14C152,14 151,22 152,38Z"
_AORTA = (
    "M161,160C158,220 158,330 160,436C154,462 134,490 112,520L124,522C144,498 158,478 169,460"
    "C180,480 194,500 206,522L217,518C200,492 188,470 180,436C182,330 182,230 177,160Z"
)
_DIAPHRAGM = "M2,226C0,168 46,130 104,142C130,147 152,134 182,138C220,142 252,160 258,214"
KIDNEYS: dict[str, str] = {  # in the picture the right one lies on the left, and lower
    Organ.RIGHT_KIDNEY: (
        "M46,330C24,326 12,350 14,378C16,408 30,424 46,420C60,416 62,402 54,392C48,384 48,370 54,362"
        "C62,350 62,334 46,330Z"
    ),
    Organ.LEFT_KIDNEY: (
        "M220,312C242,308 254,332 252,360C250,390 236,406 220,402C206,398 204,386 212,376C218,368 218,352 212,344"
        "C204,332 204,316 220,312Z"
    ),
}
_ADRENALS = (
    "M40,322C44,304 56,294 68,296C72,304 62,318 50,326Z"
    "M226,304C222,290 212,282 202,286C200,294 208,304 218,310Z"
)


def surroundings(lost: frozenset[str] = frozenset()) -> list[Element]:
    """What lies around the vein; a kidney that is lost is an outline."""
    organs = [
        node("path", d=_AORTA, **ink("aorta")),
        node("path", d=_ARCH, **ink("aorta")),
        node("path", d=_HEART, **ink("heart")),
        node("path", d=_GROOVE, **ink("groove")),
        node("path", d=_LIVER, **ink("liver")),
        node("path", d=_ADRENALS, **ink("kidney")),
    ]
    organs += [
        node("path", d=shape, **ink("ghost" if organ in lost else "kidney"))
        for organ, shape in KIDNEYS.items()
    ]
    return [*organs, node("path", d=_DIAPHRAGM, **ink("diaphragm"))]
