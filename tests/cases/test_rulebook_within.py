"""Validity within one form or list (X-61 to X-69): every rule in every verdict."""

import pytest

from tests.cases.rulebook_reading import NA, NO, OPEN, YES, index, operated, read_one, rebuilt


def veins(*names):
    return operated(operation={"veins": [{"vein": name} for name in names]})


EXAMPLES = [
    ("X-61/0", YES, {}),
    ("X-61/0", YES, {"operations": [index(), {"operation_type": "metastasectomy"}]}),
    ("X-61/0", NO, {"operations": [index(), index(operated_on="2021")]}),
    ("X-62/0", YES, veins("left_renal", "right_renal")),
    ("X-62/0", NO, veins("left_renal", "right_renal", "left_renal")),
    ("X-62/0", NA, {}),
    ("X-63/0", YES, {"therapies": [{"started_on": "2020-03-05", "ended_on": "2020-03"}]}),
    ("X-63/0", NO, {"therapies": [{"started_on": "2020-03-05", "ended_on": "2020-02"}]}),
    ("X-63/0", NA, {}),
    ("X-63/0", OPEN, {"therapies": [{"started_on": "2020-03-05"}]}),
    ("X-64/0", YES, {"antithrombotics": [{"started_on": "2020", "stopped_on": "2020"}]}),
    ("X-64/0", NO, {"antithrombotics": [{"started_on": "2020", "stopped_on": "2019"}]}),
    ("X-64/0", NA, {}),
    ("X-64/0", OPEN, {"antithrombotics": [{"started_on": "2020"}]}),
    ("X-65/0", YES, {"consent": {"signed_on": "2020-01-01", "withdrawn_on": "2020-01-01"}}),
    ("X-65/0", NO, {"consent": {"signed_on": "2020-01-02", "withdrawn_on": "2020-01-01"}}),
    ("X-65/0", NA, {}),
    ("X-65/0", OPEN, {"consent": {"signed_on": "2020-01-02"}}),
    ("X-66/0", YES, {"consent": {"basis": "written", "scopes": ["registry", "tissue"]}}),
    ("X-66/0", NO, {"consent": {"basis": "written", "scopes": ["tissue"]}}),
    ("X-66/0", NA, {"consent": {"basis": "waiver_retrospective", "scopes": ["reports"]}}),
    ("X-66/0", OPEN, {"consent": {"basis": "written"}}),
    ("X-67/0", YES, {"pathology": [{"nodes_examined": 4, "nodes_positive": 4}]}),
    ("X-67/0", NO, {"pathology": [{"nodes_examined": 4, "nodes_positive": 5}]}),
    ("X-67/0", NA, {}),
    ("X-67/0", OPEN, {"pathology": [{"nodes_positive": 5}]}),
    ("X-68/0", YES, rebuilt(distal_anastomosis_segment="iliac", proximal_anastomosis_segment="suprarenal")),
    ("X-68/0", YES, rebuilt(distal_anastomosis_segment="suprarenal", proximal_anastomosis_segment="suprarenal")),
    ("X-68/0", NO, rebuilt(distal_anastomosis_segment="atrium", proximal_anastomosis_segment="suprarenal")),
    ("X-68/0", NA, {}),
    ("X-68/0", OPEN, rebuilt(distal_anastomosis_segment="iliac")),
    ("X-69/0", YES, operated(pathology=[{"reported_on": "2020-03"}])),
    ("X-69/0", NO, operated(pathology=[{"reported_on": "2020-03-09"}])),
    ("X-69/0", NA, {"pathology": [{"reported_on": "2020-03-09"}]}),
    ("X-69/0", OPEN, operated()),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "verdict", "forms"), EXAMPLES)
def test_rule_in_each_verdict(rule, verdict, forms):
    assert read_one(rule, forms).verdict == verdict


def test_the_second_row_of_a_vein_is_named():
    finding = read_one("X-62/0", veins("left_renal", "left_renal"))

    assert finding.pointer == "/operations/0/veins"
    assert "(left renal vein)" in finding.sentence
