"""Result, early course and surveillance (L-08, L-14, L-16, L-17, L-20, L-21, L-24) in every verdict."""

from datetime import date, timedelta

import pytest

from cases import synthesis
from cases.rulebook import engine
from cases.rulebook.algorithm import ALGORITHM
from tests.cases.rulebook_reading import AS_OF, NA, NO, OPEN, RULES, YES, case, index, operated, read_one

NEW = "2026-05-20"  # 41 days before the day of reading
PAPER_ONLY = {"operations": [{"operation_type": "index_resection", "intent": "curative"}]}
TRUNK = ("chest", "abdomen", "pelvis")


def cut(margin=None, gross=None, intent="curative"):
    known = {"intent": intent, **({"gross_result": gross} if gross else {})}
    return operated(operation=known, pathology=[{"margin": margin}] if margin else [])


def kidneys(before=80, discharge=90, *visits, on="2020-03-10", to="home", **forms):
    return {
        "operations": [index(operated_on=on)],
        "presentation": {"creatinine_preop_umol_l": before},
        "discharge": {"creatinine_discharge_umol_l": discharge, "discharge_to": to},
        "follow_ups": [{"visit_on": day, "creatinine_umol_l": value} for day, value in visits],
        **forms,
    }


def visit(on="2020-06-10", status="patent", **answers):
    known = {"visit_on": on, "graft_status": status}
    return {name: value for name, value in known.items() if value is not None} | answers


def grafted(*visits, imaging=(), on="2020-03-10", method="tube_graft", **forms):
    operation = index(operated_on=on, reconstruction={"ivc_method": method})
    return {"operations": [operation], "follow_ups": list(visits), "imaging": list(imaging), **forms}


def ct(on, *regions, modality="ct"):
    return {"modality": modality, "performed_on": on, "regions": list(regions or TRUNK)}


REPORT = {
    "fnclcc_grade": "G2",
    "mitoses_per_10hpf": 12.0,
    "specimen_length_mm": 90,
    "margin": "R0",
    "reported_on": "2020-04-21",
}


def reported(on="2020-03-10", *, neoadjuvant=False, resection="circumferential", **answers):
    report = {name: value for name, value in {**REPORT, **answers}.items() if value is not None}
    therapies = [{"setting": "neoadjuvant", "modality": "chemo"}] if neoadjuvant else []
    operation = index(operated_on=on, resection_type=resection)
    return {"operations": [operation], "pathology": [report], "therapies": therapies}


def watched(
    *imaging, on="2024-03-10", visits=({"visit_on": "2024-06-10", "vital_status": "alive"},), **forms
):
    operation = index(operated_on=on) if on else {"operation_type": "index_resection"}
    return {"operations": [operation], "imaging": list(imaging), "follow_ups": list(visits), **forms}


def course(*complications, said=True, on="2020-03-10", seen="2020-12-01", **forms):
    known = {"no_complication_90d": said} if said is not None else {}
    return {
        "operations": [index(operated_on=on)],
        "discharge": known,
        "complications": list(complications),
        "follow_ups": [{"visit_on": seen, "vital_status": "alive"}] if seen else [],
        **forms,
    }


def ago(days):
    return str(AS_OF - timedelta(days=days))


EXAMPLES = [
    ("L-08/0", YES, cut("R0")),
    ("L-08/0", YES, cut("R1")),
    ("L-08/0", YES, cut("RX", "complete")),
    ("L-08/0", NO, cut("R2", "complete")),
    ("L-08/0", NO, cut("RX", "macroscopic_residue")),
    ("L-08/0", NA, cut("R2", intent="palliative")),
    ("L-08/0", NO, cut(gross="macroscopic_residue")),
    ("L-08/0", OPEN, cut(gross="complete")),
    ("L-08/0", OPEN, cut("RX")),
    ("L-14/0", YES, kidneys(80, 90, ("2020-06-10", 85))),
    ("L-14/0", YES, kidneys(80, 90, ("2020-09-09", 85))),
    ("L-14/0", NO, kidneys(80, 90, ("2020-09-10", 85))),
    ("L-14/0", YES, kidneys(80, 90, ("2020-06-10", None), ("2020-09", 85))),
    ("L-14/0", NO, kidneys(80, 90)),
    ("L-14/0", NO, kidneys(None, 90, ("2020-06-10", 85))),
    ("L-14/0", NO, kidneys(80, None, ("2020-06-10", 85))),
    ("L-14/0", YES, kidneys(80, None, to="died", death={"died_on": "2020-03-20"})),
    ("L-14/0", YES, kidneys(80, None, to="died")),
    ("L-14/0", NO, kidneys(None, None, to="died")),
    ("L-14/0", YES, kidneys(80, 90, death={"died_on": "2020-09-09"})),
    ("L-14/0", NO, kidneys(80, 90, death={"died_on": "2020-09-10"})),
    ("L-14/0", YES, kidneys(80, 90, (NEW, 85), on=NEW)),
    ("L-14/0", OPEN, kidneys(80, 90, on=ago(183))),
    ("L-14/0", NO, kidneys(80, 90, on=ago(184))),
    ("L-14/0", OPEN, PAPER_ONLY),
    ("L-14/0", YES, {**kidneys(80, 90), **PAPER_ONLY,
                     "follow_ups": [{"months_after_resection": 6.0, "creatinine_umol_l": 85.0}]}),
    ("L-14/0", NA, {}),
    ("L-16/0", YES, grafted(visit())),
    ("L-16/0", YES, grafted(visit("2020-09-09", "occluded"))),
    ("L-16/0", YES, grafted(visit(status="not_assessed"), visit("2020-09", "removed"))),
    ("L-16/0", YES, grafted(visit("2020-09-11", "not_assessed"), death={"died_on": "2020-09-09"})),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10"), imaging=[ct("2021-03-01")])),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10"), visit("2021-09-10", None), imaging=[ct("2021-03-10")])),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10", None), imaging=[ct("2021-04-01"), ct("2020-03-10")])),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10", None),
                            imaging=[ct("2021-03-01", "chest"), ct("2021-03-01", modality="mri")])),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10", None), imaging=[
        {"modality": "ct", "performed_on": "2021-03-01"}, {"modality": "ct", "regions": ["abdomen"]}])),
    ("L-16/0", YES, {**grafted(visit(None, months_after_resection=3.0), visit("2021-03-10", None),
                               imaging=[ct("2021-03-01")]),
                     "operations": [{"operation_type": "index_resection",
                                     "reconstruction": {"ivc_method": "tube_graft"}}]}),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10", None, vital_status="dead"), imaging=[ct("2021-03-01")])),
    ("L-16/0", YES, grafted(visit(), visit("2021-03-10", None, vital_status="lost"), imaging=[ct("2021-03-01")])),
    ("L-16/0", NO, grafted(visit(), visit("2021-03-10", None, vital_status="alive"), imaging=[ct("2021-03-01")])),
    ("L-16/0", NO, grafted(visit("2020-09-10"))),
    ("L-16/0", NO, grafted(visit(status="not_assessed"))),
    ("L-16/0", NO, grafted(visit(status="no_graft"), method="bifurcated_graft")),
    ("L-16/0", NO, grafted(visit(), visit("2021-03-10", None), imaging=[ct("2021-03-01")])),
    ("L-16/0", NO, grafted(visit(), visit("2021-03-10", None), imaging=[ct("2021-03-01", "abdomen")])),
    ("L-16/0", NO, grafted(visit(), visit("2021-09-10", None), visit("2022-01-10"), imaging=[ct("2021-03-01")])),
    ("L-16/0", NO, grafted(visit(status=None), death={"died_on": "2020-09-10"})),
    ("L-16/0", NA, grafted(visit(status="not_assessed"), method="patch")),
    ("L-16/0", OPEN, grafted()),
    ("L-16/0", OPEN, grafted(visit(None))),
    ("L-16/0", OPEN, grafted(visit(ago(10), None), on=ago(183))),
    ("L-16/0", NO, grafted(visit(ago(10), None), on=ago(184))),
    ("L-16/0", OPEN, operated(follow_ups=[visit()])),
    ("L-17/0", YES, reported()),
    ("L-17/0", YES, reported(margin="RX", fnclcc_grade="GX")),
    ("L-17/0", YES, reported(fnclcc_grade=None, neoadjuvant=True)),
    ("L-17/0", YES, reported(reported_on="2020-04")),
    ("L-17/0", NO, reported(reported_on="2020-04-22")),
    ("L-17/0", NO, reported(fnclcc_grade=None)),
    ("L-17/0", NO, reported(mitoses_per_10hpf=None)),
    ("L-17/0", NO, reported(specimen_length_mm=None)),
    ("L-17/0", NO, reported(margin=None)),
    ("L-17/0", NO, operated()),
    ("L-17/0", NA, reported(margin=None, resection="none")),
    ("L-17/0", OPEN, reported(reported_on=None)),
    ("L-17/0", OPEN, reported(ago(42), margin=None)),
    ("L-17/0", NO, reported(ago(43), margin=None)),
    ("L-17/0", OPEN, PAPER_ONLY),
    ("L-17/0", OPEN, {**reported(), **PAPER_ONLY}),
    ("L-20/0", YES, watched(ct(ago(243)))),
    ("L-20/0", NO, watched(ct(ago(244)))),
    ("L-20/0", NO, watched()),
    ("L-20/0", YES, watched(on=ago(243))),
    ("L-20/0", YES, watched(ct(ago(300)), on=ago(100))),
    ("L-20/0", YES, watched(ct(ago(243), "chest"), ct(ago(100), "abdomen", "pelvis"), ct(ago(300), "chest"))),
    ("L-20/0", NO, watched(ct(ago(243), "abdomen", "pelvis"), ct(ago(244), "chest"))),
    ("L-20/0", NO, watched(ct(ago(10), "abdomen", "pelvis"))),
    ("L-20/0", NO, watched(ct(ago(10), "chest", "pelvis"))),
    ("L-20/0", NO, watched(ct(ago(10), "chest", "abdomen"))),
    ("L-20/0", NO, watched(ct("2024-03-10"))),
    ("L-20/0", NO, watched({"modality": "ct", "performed_on": ago(5)}, ct(ago(244)))),
    ("L-20/0", NO, watched({"modality": "ct", "regions": list(TRUNK)})),
    ("L-20/0", NO, watched(on=ago(1827))),
    ("L-20/0", NA, watched(on=ago(1828))),
    ("L-20/0", NA, watched(death={"died_on": "2025-01"})),
    ("L-20/0", NA, watched(visits=[{"visit_on": "2024-06-10", "vital_status": "lost"}])),
    ("L-20/0", NA, watched(consent={"basis": "withdrawn"})),
    ("L-20/0", NA, watched(citation="A paper")),
    ("L-20/0", OPEN, watched(visits=())),
    ("L-20/0", OPEN, watched(ct(ago(10)), on=None)),
    ("L-21/0", YES, course()),
    ("L-21/0", YES, course({"type": "ileus", "onset_on": "2020-03-20", "clavien_dindo": "I"}, said=False)),
    ("L-21/0", YES, course({"type": "ileus", "onset_on": "2020-06-09"})),
    ("L-21/0", YES, course(death={"died_on": "2020-03-20"}, seen=None)),
    ("L-21/0", YES, course(seen="2020-06-08")),
    ("L-21/0", NO, course(seen="2020-06-07")),
    ("L-21/0", NO, course(death={"died_on": "2020-04"}, seen=None)),
    ("L-21/0", YES, course(death={"died_on": "2020-04-09"}, seen=None)),
    ("L-21/0", YES, course(death={"died_on": "2020-05"}, seen=None)),
    ("L-21/0", NO, course({"type": "ileus", "onset_on": "2020-06-08"})),
    ("L-21/0", NO, course({"type": "ileus"})),
    # A late complication says nothing of the first 90 days.
    ("L-21/0", NO, course({"type": "ileus", "onset_on": "2020-06-09"}, said=None)),
    ("L-21/0", NO, course(said=None)),
    ("L-21/0", NO, course(said=False)),
    ("L-21/0", NO, course(seen=None)),
    ("L-21/0", NA, course(on=ago(90), seen=None)),
    ("L-21/0", NO, course(on=ago(91), seen=None)),
    ("L-21/0", NO, course(on=ago(20), seen=None, death={"cause_category": "unknown"})),
    ("L-21/0", OPEN, PAPER_ONLY),
    ("L-24/0", YES, operated(operation={"tumor_rupture": False})),
    ("L-24/0", YES, {"operations": [index(operated_on=NEW, tumor_rupture=True)]}),
    ("L-24/0", NO, {"operations": [index(operated_on=ago(91))]}),
    ("L-24/0", OPEN, {"operations": [index(operated_on=ago(90))]}),
    ("L-24/0", OPEN, PAPER_ONLY),
    ("L-24/0", NA, {}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


SEVERITIES = [
    ("L-08/0", "major", cut("R2")),
    ("L-14/0", "minor", kidneys(80, 90)),
    ("L-16/0", "minor", grafted(visit("2020-09-10"))),
    ("L-17/0", "minor", reported(margin=None)),
    ("L-20/0", "minor", watched(ct(ago(366)))),
    ("L-20/0", "major", watched(ct(ago(367)))),
    ("L-20/0", "major", watched(on=ago(1096))),
    ("L-20/0", "minor", watched(on=ago(1097))),
    ("L-21/0", "minor", course(said=None)),
    ("L-21/0", "major", course(seen="2020-06-07")),
    ("L-21/0", "major", course(said=None, seen=None)),
    ("L-24/0", "minor", operated()),
]


@pytest.mark.parametrize(("rule", "severity", "forms"), SEVERITIES)
def test_severity(rule, severity, forms):
    finding = read_one(rule, forms)

    assert (finding.verdict, finding.severity) == (NO, severity)


WAITING = {
    "surveillance": watched(ct("2026-01-02")),
    "overdue": watched(ct("2025-09-02")),
    "report, kidneys, rupture": reported("2026-05-20", margin=None),
    "graft": grafted(visit("2026-05-20", None), on="2026-05-01"),
}


@pytest.mark.parametrize("forms", WAITING.values(), ids=WAITING.keys())
def test_days_that_pass_without_a_limit_reached_say_the_same(forms):
    """A reading that finds nothing new stores no assessment, whatever the calendar says."""
    document = case(**forms)
    said = [
        [
            finding.as_json()
            for finding in engine.read(ALGORITHM, document, AS_OF + timedelta(days=days)).findings
        ]
        for days in (0, 1)
    ]

    assert said[0] == said[1]


def test_readings_of_two_days_differ_only_where_a_verdict_or_a_severity_does():
    for document in synthesis.documents(40):
        for days in (1, 45, 200, 400):
            before, after = (
                engine.read(ALGORITHM, document, AS_OF + timedelta(days=shift)).findings
                for shift in (0, days)
            )
            for one, other in zip(before, after, strict=True):
                if (one.verdict, one.severity) == (other.verdict, other.severity):
                    assert one.as_json() == other.as_json()


def test_an_overdue_patient_becomes_serious_once():
    document = case(**watched(ct("2025-09-01")))
    said = {}
    for days in range(300):
        on = AS_OF + timedelta(days=days)
        (finding,) = engine.judge(RULES["L-20/0"], document, on)
        said.setdefault((finding.verdict, finding.severity), on)

    # Due after 183 days and 60 of grace, serious from the 367th day without imaging.
    assert said == {(NO, "minor"): AS_OF, (NO, "major"): date(2026, 9, 3)}
    assert engine.judge(RULES["L-20/0"], document, AS_OF)[0].sentence.endswith("(last: 2025-09-01).")
    assert read_one("L-20/0", watched()).sentence.endswith("(last: not recorded).")


def test_days_count_from_the_resection_itself():
    assert read_one("L-17/0", reported(reported_on="2020-03-10")).values["report_days"] == 0
    assert read_one("L-20/0", watched(ct("2024-03-10"))).sentence.endswith("(last: not recorded).")


def test_a_list_without_members_is_said_to_have_none():
    (finding,) = engine.judge(ALGORITHM.rule("L-16"), case(**grafted(visit("2020-09-10"))), AS_OF)

    assert finding.sentence.endswith("do not tell of it: none.")
