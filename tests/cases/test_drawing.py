"""The drawn vena cava: what the data say is in the picture and in its words, and nothing else can get in."""

from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from django.utils.translation import override

from cases import drawing
from cases.drawing.anatomy import BRANCHES, SPANS
from cases.drawing.ink import patterns
from cases.drawing.shapes import Wall, markup, node
from cases.drawing.tumor import runs
from cases.vocabulary import AnastomosisSite, Growth, Handling, IvcMethod, Segment, Thrombus, Vein
from tests.cases.examples import draft, resected

NESTY = "\"><script>alert(1)</script>&'</svg>"


def tumor(**answers):
    return draft(tumor=answers).tumor


def operation(**answers):
    return resected(operation=answers).operations[0]


def told(picture):
    return " ".join(note.text for note in picture.notes)


def read(picture):
    """The drawing as XML; fails where it is not well-formed."""
    return ElementTree.fromstring(picture.svg)


def shapes(picture, name):
    return [one for one in read(picture).iter() if one.get("class") == f"cava-{name}"]


# --- anatomy -------------------------------------------------------------------------------------------------------


def test_the_seven_segments_follow_each_other_without_a_gap():
    spans = list(SPANS.values())

    assert list(SPANS) == list(reversed(Segment))
    assert all(above[1] == below[0] for above, below in pairwise(spans))


@pytest.mark.parametrize("vein", BRANCHES)
def test_each_vein_ends_in_the_segment_it_enters(vein):
    branch = BRANCHES[vein]
    top, bottom = SPANS[branch.segment]

    assert top < branch.mouth[1] < bottom


def test_a_wall_passes_through_its_knots_and_any_part_of_it_is_the_same_line():
    wall = Wall(((0, 10), (50, 20), (100, 5)))

    assert [wall.at(y) for y in (0, 50, 100)] == [10, 20, 5]
    assert wall.path(25, 75).endswith(f"{round(wall.at(75), 1):g},75")


def test_neighbouring_segments_are_one_run():
    assert len(runs({"infrarenal", "interrenal", "retrohepatic"})) == 2
    assert runs(set(SPANS)) == [(30, 470)]


# --- before the operation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", Segment)
def test_an_involved_segment_is_marked_and_named(segment):
    picture = drawing.before(tumor(segments=[segment], growth_pattern="intravasal"), "t-")

    assert len(shapes(picture, "bar")) == 1
    bold = [one.text for one in shapes(picture, "text") if one.get("font-weight")]
    assert bold == [segment.label]
    assert f"Tumor: {segment.label.lower()}; growing inside the lumen." in told(picture)


def test_all_seven_are_named_by_the_first_and_the_last():
    picture = drawing.before(tumor(segments=list(Segment), growth_pattern="mixed"), "t-")

    assert len(shapes(picture, "bar")) == 7
    assert "infrarenal to intracardial" in told(picture)


def test_growth_patterns_look_different():
    drawn = {
        growth: drawing.before(tumor(segments=["suprarenal"], growth_pattern=growth), "t-").svg
        for growth in Growth
    }

    assert all(drawn[a] != drawn[b] for a, b in combinations(Growth, 2))


def test_an_unknown_growth_pattern_is_dashed_and_said():
    picture = drawing.before(tumor(segments=["suprarenal"]), "t-")

    assert shapes(picture, "tumor-edge")[0].get("stroke-dasharray")
    assert "growth pattern not recorded" in told(picture)


def test_a_published_level_is_not_shown_as_segments():
    picture = drawing.before(tumor(reported_level="middle"), "t-")

    assert "Which segments is not recorded" in told(picture)
    assert [one for one in shapes(picture, "text") if one.get("font-weight")] == []


@pytest.mark.parametrize(
    ("side", "count"), [(Thrombus.BELOW_TUMOR, 1), (Thrombus.ABOVE_TUMOR, 1), (Thrombus.BOTH, 2)]
)
def test_thrombus_is_drawn_on_its_side_of_the_tumor(side, count):
    picture = drawing.before(tumor(segments=["suprarenal"], bland_thrombus=side), "t-")

    assert len(shapes(picture, "thrombus-edge")) == count
    assert "Bland thrombus: " in told(picture)


def test_thrombus_has_no_room_above_the_atrium():
    picture = drawing.before(tumor(segments=["intracardial"], bland_thrombus="above_tumor"), "t-")

    assert shapes(picture, "thrombus-edge") == []


def test_the_veins_that_a_tumor_reaches_are_named():
    picture = drawing.before(
        tumor(
            segments=["interrenal"],
            renal_vein_left_involved="lumen",
            renal_vein_right_involved="no",
            hepatic_veins_involved=["right", "accessory"],
            extends_to_iliac_veins=True,
        ),
        "t-",
    )

    assert "left renal vein (lumen); hepatic veins (right, accessory); iliac veins" in told(picture)
    assert "right renal vein" not in told(picture)


@pytest.mark.parametrize("form", [None, tumor()])
def test_without_segments_the_picture_says_so(form):
    picture = drawing.before(form, "t-")

    assert "not recorded" in told(picture)
    assert shapes(picture, "bar") == []


# --- after the operation -------------------------------------------------------------------------------------------


def test_a_graft_takes_the_place_of_what_was_resected():
    picture = drawing.after(
        operation(
            reconstruction={
                "ivc_method": "tube_graft",
                "material": "eptfe",
                "brand": "Gore-Tex",
                "ringed": True,
                "diameter_mm": 20.0,
                "length_mm": 84,
                "distal_anastomosis_segment": "infrarenal",
                "proximal_anastomosis_segment": "suprarenal",
            }
        ),
        "o-",
    )

    assert len(shapes(picture, "graft")) == 1
    assert shapes(picture, "ring")
    assert "Resected: infrarenal, interrenal; circumferential (circular)." in told(picture)
    assert "Tube graft, expanded PTFE (Gore-Tex), ringed, 20 mm wide, 84 mm long" in told(picture)
    assert "sewn in caudally: infrarenal, cranially: suprarenal" in told(picture)


def test_a_narrow_graft_is_drawn_narrower():
    def drawn(mm):
        form = {"ivc_method": "tube_graft", "diameter_mm": mm}
        return shapes(drawing.after(operation(reconstruction=form), "o-"), "graft")[0].get("d")

    assert drawn(12.0) != drawn(22.0)


def test_every_vein_that_was_dealt_with_has_a_letter_in_the_picture_and_in_the_key():
    picture = drawing.after(operation(), "o-")

    assert [(note.letter, note.text) for note in picture.notes if note.letter] == [
        ("a", "Tube graft, PTFE, not specified further, 20 mm wide."),
        ("b", "Left renal vein: reimplanted into the graft."),
        ("c", "Right renal vein: reimplanted into the graft."),
    ]
    assert [one.text for one in shapes(picture, "badge-text")] == ["a", "b", "c"]


def test_a_renal_vein_of_a_resected_segment_is_not_taken_for_preserved():
    picture = drawing.after(operation(veins=[]), "o-")

    assert "Left renal vein: not recorded. Right renal vein: not recorded." in told(picture)


def test_ligation_leaves_a_gap_with_tied_ends():
    picture = drawing.after(
        operation(reconstruction={"ivc_method": "ligation", "no_reconstruction_reason": "collaterals"}), "o-"
    )

    assert shapes(picture, "graft") == []
    assert len(shapes(picture, "tie")) == 2
    assert "Ligation, sufficient collaterals." in told(picture)


def test_a_removed_kidney_is_an_outline():
    veins = [{"vein": "right_renal", "handling": "with_nephrectomy"}]
    picture = drawing.after(operation(veins=veins, organs_resected=["right_kidney"]), "o-")

    assert len(shapes(picture, "kidney")) == 1 + 1  # the adrenals, and the kidney that is left
    assert "Also resected: right kidney." in told(picture)


def test_a_graft_of_which_the_place_is_unknown_is_told_and_not_drawn():
    picture = drawing.after(
        draft(
            operations=[{"operation_type": "index_resection", "reconstruction": {"ivc_method": "tube_graft"}}]
        ).operations[0],
        "o-",
    )

    assert shapes(picture, "graft") == []
    assert "Tube graft, where is not recorded." in told(picture)


@pytest.mark.parametrize("method", IvcMethod)
@pytest.mark.parametrize(
    "segments", [["infrarenal"], ["intracardial"], ["interrenal", "suprarenal"], list(Segment)]
)
def test_every_method_can_be_drawn_anywhere(method, segments):
    picture = drawing.after(
        operation(resected_segments=segments, reconstruction={"ivc_method": method}), "o-"
    )

    assert read(picture).get("role") == "img"


@pytest.mark.parametrize("cranial", [None, *AnastomosisSite])
@pytest.mark.parametrize("caudal", [None, *AnastomosisSite])
def test_anastomoses_in_any_order_can_be_drawn(caudal, cranial):
    form = {"ivc_method": "tube_graft"}
    form |= {"distal_anastomosis_segment": caudal} if caudal else {}
    form |= {"proximal_anastomosis_segment": cranial} if cranial else {}

    assert read(drawing.after(operation(reconstruction=form), "o-")).get("role") == "img"


@pytest.mark.parametrize("handling", Handling)
@pytest.mark.parametrize("vein", Vein)
def test_every_handling_of_every_vein_can_be_drawn_and_is_told(vein, handling):
    picture = drawing.after(operation(veins=[{"vein": vein, "handling": handling}]), "o-")

    assert read(picture).get("role") == "img"
    assert f"{vein.label}: {handling.label.lower()}." in told(picture)


# --- what everybody can read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture", [drawing.before(tumor(segments=["interrenal"]), "x-"), drawing.after(operation(), "x-")]
)
def test_a_picture_has_a_title_and_says_in_words_what_it_shows(picture):
    svg = read(picture)
    title, description = svg[0], svg[1]

    assert (title.text, title.get("id")) == (picture.title, svg.get("aria-labelledby"))
    assert (description.text, description.get("id")) == (told(picture), svg.get("aria-describedby"))
    assert svg.get("role") == "img"


def test_ids_begin_with_the_prefix_so_that_pictures_share_a_page():
    ids = [one.get("id") for one in read(drawing.after(operation(), "op-3-")).iter() if one.get("id")]

    assert ids
    assert all(one.startswith("op-3-") for one in ids)


def test_texts_of_people_are_escaped():
    form = {"ivc_method": "tube_graft", "brand": NESTY[:60]}
    picture = drawing.after(operation(reconstruction=form), "o-")

    assert "<script" not in picture.svg
    assert NESTY[:60] in read(picture)[1].text


def test_a_prefix_cannot_break_out():
    assert "<script" not in drawing.chooser(NESTY, "tumor")
    assert "<script" not in markup(patterns(NESTY))


def test_elements_escape_texts_and_attributes():
    assert markup(node("text", "<&", title='"<')) == '<text title="&quot;&lt;">&lt;&amp;</text>'


def test_a_long_name_in_another_language_keeps_its_room():
    with override("uk"):
        picture = drawing.before(tumor(segments=["supradiaphragmatic"]), "t-")

    (name,) = [one for one in shapes(picture, "text") if one.get("font-weight")]
    assert float(name.get("x")) + float(name.get("textLength")) <= float(
        read(picture).get("viewBox").split()[2]
    )


# --- to choose from ------------------------------------------------------------------------------------------------


def test_the_drawing_to_choose_from_has_the_seven_segments_and_is_not_read_out():
    svg = ElementTree.fromstring(drawing.chooser("f-", "tumor"))
    chosen = [one.get("data-segment") for one in svg.iter() if one.get("data-segment")]

    assert chosen == list(reversed(Segment.values))
    assert svg.get("aria-hidden") == "true"
    assert [one for one in svg.iter() if one.get("tabindex")] == []


def test_every_segment_has_a_height():
    assert set(drawing.heights()) == set(Segment)
