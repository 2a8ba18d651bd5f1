"""The chapters of a report: endpoints, subgroups, published series, standards; and every figure in every document."""

import csv
import email
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import policy

import pytest

from reports import (
    context_chapters,
    documents,
    drawings,
    estimates,
    letters,
    outcome_chapters,
    printing,
    series,
    standards,
)
from reports.chapters import Numbers
from reports.content import Changes, CountChange, Group, Line, Share
from reports.endpoints import ENDPOINTS
from reports.letters import Envelope
from reports.lifetable import LifeTable
from reports.survival_content import Estimate, GroupTest, Stratum, Subgroups
from tests.reports import r_reference, registry_sample
from tests.reports.handmade import founding_content

ENVELOPE = Envelope(
    sender="a@example.org",
    recipient="b@example.org",
    message_id="<1@example.org>",
    written_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def strata(test=None):
    at = Estimate(months=36, at_risk=30, died=9, survival=0.7, lower=0.5, upper=0.8)
    none = Estimate(months=36, at_risk=2, died=1, survival=None, lower=None, upper=None)
    found = (
        Stratum(label="R0", n=50, events=12, at=at),
        Stratum(label="R2", n=8, events=1, at=none),
        Stratum(label="R1", n=None, events=None, at=None, hidden="[c]"),
    )
    return Subgroups(heading="Margin", strata=found, test=test)


@pytest.fixture(scope="module")
def content():
    patients = registry_sample.lives(3, 120)
    test = GroupTest(test="log-rank", groups=("R0", "R1"), events=1234, statistic=9.0, df=1, p_value=0.0004)
    return registry_sample.content(
        patients, subgroups=(strata(test),), series=series.published(), standards=standards.STANDARDS
    )


@pytest.fixture(scope="module")
def large():
    """Ten thousand patients, with everything that a mail may carry."""
    patients = registry_sample.lives(3, 10_000)
    found = registry_sample.content(patients, series=series.published(), standards=standards.STANDARDS)
    told = Line(label="Readmission within 90 days", value=Share(n=1234, of=9876, lower=0.1, upper=0.2))
    group = Group(
        heading="After the operation", statistic="n", recorded=None, applicable=None,
        lines=(told,) * 10, note="Note. " * 60,
    )  # fmt: skip
    since = estimates.overall_survival(
        LifeTable.from_arrays([p.last for p in patients], [p.died for p in patients])
    )
    counted = tuple(CountChange(label="Registered cases", before=9000 + i, now=9100) for i in range(8))
    changes = Changes(since=date(2025, 1, 1), counts=counted)
    return replace(found, short_term=(group, group), from_day_90=since, changes=changes)


@pytest.fixture(scope="module")
def printed(content):
    return printing.printed(content)


def section(printed, title):
    return next(one for one in printed.sections if one.title == title)


def chapter(name, *args, **kwargs):
    outcome = estimates.outcome(LifeTable.from_arrays(*args, **kwargs), ENDPOINTS[name])
    return outcome_chapters.chapter(outcome, Numbers().next, Numbers().next)


# --- endpoints -------------------------------------------------------------------------------------------------------


def test_an_incidence_is_printed_as_r_estimates_it():
    """bmt_cr of package KMsurv, in R 4.2.2: summary(survfit(Surv(time, factor(cause)) ~ 1, conf.type = "log-log"))."""
    table = r_reference.load("bmt_cr", "all").table("cause")
    found = estimates.outcome(table, ENDPOINTS["local_recurrence"])

    made = outcome_chapters.chapter(found, Numbers().next, Numbers().next)

    assert "137 patients were followed from resection; 42 had the event: first local recurrence;" in made.lead
    assert "41 another that competes: death without it." in made.lead
    assert "Cumulative incidence was 21.2% (95% CI 14.8–28.4) at 12 months" in made.lead
    assert [row.cells for row in made.tables[0].rows] == [
        ("12", "79", "29", "28", "21.2%", "14.8–28.4"),
        ("24", "56", "41", "38", "30.1%", "22.6–37.9"),
        ("36", "45", "42", "40", "30.9%", "23.3–38.7"),
        ("60", "18", "42", "40", "30.9%", "23.3–38.7"),
    ]


def test_words_agree_with_numbers():
    days, nobody = [400 + i for i in range(12)], [0] * 12
    one = chapter("local_recurrence", days, [1, 2, *nobody[2:]], causes=2)
    none = chapter("local_recurrence", days, nobody, causes=2)

    assert "1 had the event: first local recurrence; 1 another that competes: death without it." in one.lead
    assert "none had the event: first local recurrence." in none.lead
    assert "competes" not in none.lead
    assert one.lead.startswith("Patients: those made free of tumor")


def test_survival_of_an_endpoint_has_a_median_and_an_incidence_none():
    days, events = [100 * (i + 1) for i in range(20)], [1] * 20

    # half are free between days 1000 and 1100: the middle, as R's quantile of a survfit says
    assert "Median: 34 months" in chapter("disease_free_survival", days, events).lead
    assert "Median:" not in chapter("local_recurrence", days, events, causes=2).lead


def test_every_endpoint_has_figure_and_table(printed):
    for title in (
        *(
            "Overall survival after diagnosis",
            "Death of disease",
            "Disease-free survival",
            "Local recurrence",
        ),
        *("Distant metastasis", "Graft occlusion"),
    ):
        found = section(printed, title)
        assert (len(found.figures), len(found.tables)) == (1, 1), title
        assert "at 12 months" in found.figures[0].alternative


def test_competing_events_have_a_row_of_their_own_and_all_add_up(content):
    for outcome in content.outcomes:
        for column in outcome.risk_table[0]:
            assert column.at_risk + column.censored + column.events + column.competing == outcome.n
        if outcome.kind == "survival":
            assert outcome.competing == 0


def test_few_followed_are_told_without_figure():
    made = chapter("local_recurrence", [100, 200, 300], [1, 0, 0], causes=2)

    assert (made.figures, made.tables) == ((), ())
    assert "no curve is drawn" in made.lead


# --- figures ---------------------------------------------------------------------------------------------------------


def all_figures(printed):
    return (*printed.figures, *(figure for one in printed.sections for figure in one.figures))


def test_figures_and_tables_are_numbered_in_the_order_of_reading(printed):
    tables = [table.number for one in printed.sections for table in one.tables]
    tables += [table.number for table in printed.standards]

    assert [figure.number for figure in all_figures(printed)] == list(range(1, 9))
    assert tables == list(range(1, len(tables) + 1))


def test_every_figure_is_drawn_and_every_drawing_printed(content, printed):
    assert [figure.name for figure in all_figures(printed)] == list(drawings.drawn(content))
    assert documents.html(content).count("data:image/svg+xml;base64,") == 8


def test_every_drawing_is_the_same_each_time(content):
    for make in drawings.drawn(content).values():
        assert make("svg") == make("svg")
        assert b"<svg" in make("svg")


def test_a_mail_shows_each_figure_once(content):
    raw = letters.mail(letters.letter(content), ENVELOPE).whole
    assert raw == letters.mail(letters.letter(content), ENVELOPE).whole
    message = email.message_from_bytes(raw, policy=policy.default)

    pictures = [
        part["Content-ID"].strip("<>") for part in message.walk() if part.get_content_type() == "image/png"
    ]
    shown = re.findall(r'src="cid:([^"]+)"', message.get_body(("html",)).get_content())
    assert shown == pictures
    assert len(set(pictures)) == 6, "those of subgroups and from diagnosis are in the PDF alone"


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("made", ["large", "founding"])
def test_the_html_of_a_mail_is_not_cut_off(large, made, language):
    """Gmail shows 102 kB of a mail (support.google.com); what is left out is named."""
    found = letters.letter(large if made == "large" else founding_content(), language)

    assert len(found.html.encode()) < 100_000


def test_a_mail_names_what_only_its_pdf_has(content):
    html = letters.letter(content).html

    assert "<h2" in html
    for title in ("Early outcome", "Survival", "Local recurrence"):
        assert re.search(rf"<h2[^>]*>{title}</h2>", html), title
    for title in ("Patients", "Subgroups", "Treatment algorithm", "Methods"):
        assert not re.search(rf"<h2[^>]*>{title}</h2>", html), title
    assert re.search(r"In the attached PDF: Patients, Operation, .*Subgroups, .* and Methods\.", html)
    assert "<h2>Methods</h2>" in documents.html(content)


def test_plain_text_says_what_the_figures_show(content):
    text = " ".join(documents.text(content).split())

    assert "Figure 5. Local recurrence after resection. Curve of local recurrence:" in text
    assert "The PDF shows the figures." in text


def test_the_whole_report_is_a_tagged_pdf(content):
    pdf = documents.pdf(content)
    documents.forget()
    assert documents.pdf(content) == pdf
    assert pdf.startswith(b"%PDF")


# --- subgroups -------------------------------------------------------------------------------------------------------


def test_a_p_value_stands_beside_its_number_of_deaths(printed):
    rows = section(printed, "Subgroups").tables[0].rows

    assert rows[0].remark == "log-rank p < 0.001, 1\u202f234 deaths"
    assert rows[1].cells == ("R0", "50", "12", "30", "70.0%", "50.0–80.0")
    assert rows[2].cells == ("R2", "8", "1", "2", "–", "–")
    assert rows[3].cells == ("R1", "[c]", "[c]", "[c]", "–", "–")


def test_rounded_subgroups_are_printed_as_rounded(content):
    rounded = printing.printed(replace(content, subgroups=(replace(strata(), is_rounded=True),)))

    table = section(rounded, "Subgroups").tables[0]
    assert table.rows[1].cells == ("R0", "50", "12", "30", "70%", "50–80")
    assert "percentages to whole ones" in table.notes[1]


def test_untested_subgroups_have_no_p_value(content):
    untested = printing.printed(replace(content, subgroups=(strata(),)))

    assert section(untested, "Subgroups").tables[0].rows[0].remark == ""


def test_subgroups_whose_estimates_are_withheld_name_no_time(content):
    bare = replace(strata(), strata=tuple(replace(s, at=None) for s in strata().strata), is_rounded=True)
    made = section(printing.printed(replace(content, subgroups=(bare,))), "Subgroups")

    assert len(made.tables[0].notes) == 1
    assert made.figures == ()


def test_subgroups_without_estimate_have_a_table_and_no_figure(content):
    few = replace(strata(), strata=strata().strata[1:])
    made = section(printing.printed(replace(content, subgroups=(few,))), "Subgroups")

    assert made.figures == ()
    assert len(made.tables[0].rows) == 3


# --- context ---------------------------------------------------------------------------------------------------------


def test_published_series_are_context_with_a_warning(printed):
    """52 to 87.5% at 3 years: Kieffer 2006, and three of 87.5%; 25 to 78% at 5: the review of Hu 2023."""
    found = section(printed, "Published series")

    assert "survival was 52–87.5% at 3 years and 25–78% at 5 years" in found.lead
    assert "never a target and never a test of a center" in found.lead


def test_a_series_prints_what_its_abstract_prints(printed):
    """Mingoli 1996 (PMID 8920790): 49.4 and 29.5% at 5 and 10 years of 218; Rusin 2021: 87.5 and 62.5% of 8."""
    rows = {row.cells[0]: row.cells[1:] for row in section(printed, "Published series").tables[0].rows}

    (mingoli,) = [cells for name, cells in rows.items() if name.startswith("Mingoli")]
    (seed,) = [cells for name, cells in rows.items() if name.startswith("Rusin 2021")]
    assert mingoli == ("218", "to 1996", "–", "–", "49.4", "29.5")
    assert seed == ("8", "30 years", "87.5", "62.5", "–", "–")


def test_every_series_names_its_publication_and_the_file_where_it_was_seen():
    for one in series.published():
        assert one.citation
        assert not one.source or one.source.startswith(("https://", "PMID "))
    with series._FILE.open(encoding="utf-8", newline="") as lines:
        assert all(row["where_seen"] for row in csv.DictReader(lines))
    assert all(
        0 <= rate.low <= rate.high <= 100 for one in series.published() for rate in one.at_years if rate
    )


def test_the_items_of_strobe_stand_below_the_methods(printed):
    (table,) = printed.standards

    named = " ".join(row.cells[0] for row in table.rows)
    covered = {
        n
        for first, last in re.findall(r"STROBE (\d+)(?:–(\d+))?", named)
        for n in range(int(first), int(last or first) + 1)
    }
    assert covered == set(range(1, 23)), "STROBE has 22 items"
    assert {"RECORD 1.1", "RECORD 1.2", "RECORD 1.3"} <= set(re.findall(r"RECORD [\d.]+\d", named))


def test_a_report_without_the_new_chapters_prints_none_of_them(content):
    bare = replace(
        content,
        from_diagnosis=None,
        outcomes=(),
        prognosis=None,
        subgroups=(),
        changes=None,
        series=(),
        standards=(),
    )

    made = printing.printed(bare)
    assert [one.title for one in made.sections] == [
        "Patients", "Operation", "Early outcome", "Survival", "Treatment algorithm", "Data quality",
    ]  # fmt: skip
    assert made.standards == ()
    assert context_chapters.standards((), Numbers().next) is None
