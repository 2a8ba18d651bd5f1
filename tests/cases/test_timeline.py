"""The timeline: everything that happened is told, in order and as precisely as known; dense cases stay readable."""

from itertools import combinations
from xml.etree import ElementTree

import pytest

from cases import timeline
from cases.timeline.events import Lane, Mark
from cases.timeline.picture import LEFT, MOST_ROWS, WIDTH, Placed, Rows, _arranged
from cases.timeline.scale import scale_of
from tests.cases.examples import draft, resected

NASTY = "<script>alert(1)</script>&\"'"
DENSE = {
    "imaging": [{"modality": "ct", "performed_on": f"2015-02-{day:02d}"} for day in range(1, 29)],
    "follow_ups": [
        {"visit_on": f"20{year}-{month:02d}-10", "vital_status": "alive", "disease_status": "NED"}
        for year in range(16, 26)
        for month in (1, 4, 7, 10)
    ],
    "complications": [
        {"type": kind, "onset_on": f"2015-03-{day:02d}", "clavien_dindo": "II"}
        for day, kind in enumerate(
            ("pe", "dvt", "bleeding", "aki", "ileus", "sepsis", "stroke", "other"), start=3
        )
    ],
}


def told(document):
    story = timeline.story_of(document)
    return [(event.when, event.text) for event in story.events]


def drawn(document):
    return ElementTree.fromstring(timeline.timeline(timeline.story_of(document)))


def marks(svg, name):
    return [one for one in svg.iter() if one.get("class") == f"time-{name}"]


# --- what is told ---------------------------------------------------------------------------------------------------


def test_everything_that_happened_is_told_in_order():
    document = resected(
        presentation={"first_symptom_on": "2014"},
        diagnosis={"diagnosis_on": "2015-01", "diagnosis_basis": "biopsy"},
        imaging=[{"modality": "ct", "performed_on": "2015-01-20", "regions": ["chest", "abdomen"]}],
        biopsies=[{"type": "core_needle", "performed_on": "2015-01-12"}],
        mdt_meetings=[{"held_on": "2015-02-01", "decision": "surgery"}],
        therapies=[
            {"setting": "adjuvant", "modality": "rt", "started_on": "2015-05-01", "ended_on": "2015-06-10"},
            {"setting": "adjuvant", "modality": "none_given"},
        ],
        complications=[
            {
                "type": "graft_thrombosis",
                "onset_on": "2015-03-09",
                "clavien_dindo": "IIIa",
                "disability": True,
            }
        ],
        discharge={"discharged_on": "2015-03-20", "discharge_to": "home", "readmitted_on": "2015-04-01"},
        antithrombotics=[{"agent": "aspirin", "started_on": "2015-03-05"}, {"agent": "none"}],
        follow_ups=[
            {
                "visit_on": "2016-03",
                "vital_status": "alive",
                "disease_status": "NED",
                "graft_status": "occluded",
            }
        ],
        recurrences=[{"detected_on": "2017-01-01", "kind": "distant", "sites": ["lung", "liver"]}],
        death={"died_on": "2018", "cause_category": "disease"},
    )

    assert told(document) == [
        ("2014", "First symptom"),
        ("2015-01-12", "Biopsy: core needle"),
        ("2015-01", "Diagnosis: biopsy"),
        ("2015-01-20", "CT: chest, abdomen"),
        ("2015-02-01", "Tumor board: surgery"),
        ("2015-03-02", "Index resection"),
        ("from 2015-03-05", "Aspirin"),
        ("2015-03-09", "Graft thrombosis, grade IIIad"),
        ("2015-03-20", "Discharged: home"),
        ("2015-04-01", "Readmitted"),
        ("2015-05-01 to 2015-06-10", "Radiotherapy, adjuvant"),
        ("2016-03", "Visit; no evidence of disease; graft: occluded"),
        ("2017-01-01", "Recurrence: distant, liver, lung"),
        ("2018", "Death: disease (DOD)"),
    ]


def test_published_intervals_stand_where_they_belong():
    document = draft(
        operations=[{"operation_type": "index_resection"}],
        follow_ups=[{"months_after_resection": 48.0, "time_qualifier": "at_least", "vital_status": "alive"}],
        recurrences=[{"months_after_resection": 24.0, "kind": "local"}],
        complications=[{"type": "pe", "onset_days_after_resection": 5}],
    )
    story = timeline.story_of(document)

    assert [(round(event.span.first), event.when) for event in story.placed] == [
        (0, ""),
        (5, "day 5"),
        (730, "24 months after the resection"),
        (1461, "at least 48 months after the resection"),
    ]
    assert story.placed[-1].span.is_open


def test_what_has_no_date_is_kept_without_a_place():
    document = draft(
        operations=[{"operation_type": "index_resection", "operated_on": "2015"}],
        biopsies=[{"type": "fna"}],
        complications=[{"type": "graft_thrombosis"}],
    )
    story = timeline.story_of(document)

    assert [event.text for event in story.unplaced] == [
        "Biopsy: fine-needle aspiration",
        "Graft thrombosis, not graded",
    ]


def test_without_a_resection_the_diagnosis_is_day_0():
    story = timeline.story_of(
        draft(diagnosis={"diagnosis_on": "2015-06-01"}, death={"died_on": "2015-07-01"})
    )

    assert (story.zero, story.zero_on) == ("Diagnosis", "2015-06-01")
    assert [event.span.first for event in story.placed] == [0, 30]


def test_nothing_known_is_no_error():
    story = timeline.story_of(draft())

    assert story.events == []
    assert ElementTree.fromstring(timeline.timeline(story)).get("role") == "img"


def test_imaging_before_the_operation_is_work_up_and_after_it_follow_up():
    document = resected(
        imaging=[{"modality": "ct", "performed_on": "2015-02"}, {"modality": "mri", "performed_on": "2016"}]
    )
    lanes = {event.text: event.lane for event in timeline.story_of(document).events}

    assert (lanes["CT"], lanes["MRI"]) == (Lane.WORK_UP, Lane.FOLLOW_UP)


def test_a_visit_of_the_year_of_the_operation_is_not_drawn_before_it():
    document = resected(follow_ups=[{"visit_on": "2015", "vital_status": "alive"}])
    (visit,) = [event for event in timeline.story_of(document).placed if event.lane == Lane.FOLLOW_UP]

    assert (visit.span.first, visit.span.last) == (0, 304)


# --- where it is drawn ----------------------------------------------------------------------------------------------


def test_time_runs_from_left_to_right_across_the_stretches():
    scale = scale_of(timeline.story_of(resected(diagnosis={"diagnosis_on": "2015-01-01"}, **DENSE)))
    places = [scale.place(day) for day in range(-60, 4000, 7)]

    assert places == sorted(places)
    assert places[0] >= LEFT
    assert places[-1] <= WIDTH


def test_a_first_symptom_years_before_leaves_room_for_the_rest():
    document = resected(presentation={"first_symptom_on": "1999"}, diagnosis={"diagnosis_on": "2014-12-01"})
    scale = scale_of(timeline.story_of(document))

    assert not scale.reaches(-5000)
    assert scale.place(-91) < scale.zero - 20


@pytest.mark.parametrize("months", [0.1, 1, 3, 11, 36, 120, 500])
def test_the_names_on_the_axis_do_not_run_into_each_other(months):
    document = draft(
        operations=[{"operation_type": "index_resection"}], death={"months_after_resection": float(months)}
    )
    scale = scale_of(timeline.story_of(document))
    places = [stretch.place(day) for stretch in scale.stretches for day, _ in stretch.ticks]

    assert all(b - a > 24 for a, b in zip(sorted(places), sorted(places)[1:], strict=False))


def test_a_date_known_to_the_month_is_a_span_and_a_day_is_a_point():
    coarse = drawn(resected(diagnosis={"diagnosis_on": "2015-01"}))
    exact = drawn(resected(diagnosis={"diagnosis_on": "2015-01-05"}))

    assert len(marks(coarse, "coarse")) == 1
    assert marks(exact, "coarse") == []


def test_major_complications_look_different():
    one = {"type": "pe", "onset_on": "2015-03-04"}

    assert marks(drawn(resected(complications=[{**one, "clavien_dindo": "II"}])), "grave") == []
    assert len(marks(drawn(resected(complications=[{**one, "clavien_dindo": "IIIa"}])), "grave")) == 1


# --- dense cases ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", [Lane.WORK_UP, Lane.COMPLICATION, Lane.FOLLOW_UP])
def test_labels_of_a_dense_case_do_not_cover_each_other(lane):
    story = timeline.story_of(resected(**DENSE))
    events = [event for event in story.placed if event.lane == lane]

    placed, _ = _arranged(events, scale_of(story))

    labels = [(one.row, *_extent(one)) for one in placed if one.label]
    assert labels
    assert [(a, b) for a, b in combinations(labels, 2) if a[0] == b[0] and a[1] < b[2] and b[1] < a[2]] == []
    assert max(one.row for one in placed) < MOST_ROWS


def _extent(one):
    width = 5 * len(one.label)
    return (one.label_x, one.label_x + width) if one.anchor == "start" else (one.label_x - width, one.label_x)


def test_a_label_that_finds_no_room_is_left_to_the_list():
    rows = Rows()
    story = timeline.story_of(resected(complications=DENSE["complications"][:1]))
    event = next(event for event in story.placed if event.mark == Mark.GRADE)
    crowd = [Placed(event=event, left=400, right=420, label="Pulmonary embolism") for _ in range(30)]
    for one in crowd:
        rows.put(one)

    assert sum(1 for one in crowd if one.label) >= MOST_ROWS
    assert any(not one.label for one in crowd)


def test_only_news_at_a_visit_has_a_label():
    story = timeline.story_of(resected(**DENSE))
    visits = [event.short for event in story.placed if event.lane == Lane.FOLLOW_UP]

    assert [short for short in visits if short] == ["NED", "NED"]


def test_news_is_news_since_the_visit_before_in_time():
    visits = [("2018", "NED"), ("2016", "NED"), ("2017", "AWD")]
    document = resected(
        follow_ups=[
            {"visit_on": on, "vital_status": "alive", "disease_status": status} for on, status in visits
        ]
    )
    story = timeline.story_of(document)

    assert [event.short for event in story.placed if event.lane == Lane.FOLLOW_UP] == ["NED", "AWD", "NED"]


def test_without_a_resection_the_earliest_operation_is_day_0():
    document = draft(
        operations=[
            {"operation_type": "palliative", "operated_on": "2016-02"},
            {"operation_type": "exploration_only", "operated_on": "2015-03-02"},
        ]
    )

    assert timeline.story_of(document).zero_on == "2015-03-02"


# --- for everybody --------------------------------------------------------------------------------------------------


def test_the_picture_has_a_title_and_says_how_much_it_tells():
    svg = drawn(resected())

    assert svg[0].text == "Timeline"
    assert "Events: 1. Day 0: Index resection." in svg[1].text
    assert svg.get("aria-describedby") == svg[1].get("id")


def test_texts_of_people_are_escaped():
    document = resected(
        therapies=[
            {"setting": "adjuvant", "modality": "chemo", "started_on": "2015-05", "regimen_text": NASTY},
        ]
    )

    picture = timeline.timeline(timeline.story_of(document))

    assert "<script" not in picture
    assert NASTY in "".join(ElementTree.fromstring(picture).itertext())
