"""Dates of known precision: what people type, and what it means."""

from datetime import date

import pytest

from registry.dates import PartialDate, as_iso


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("3.5.2012", "2012-05-03"),
        ("03.05.2012", "2012-05-03"),
        ("05.2012", "2012-05"),
        ("5.2012", "2012-05"),
        ("2012/5/3", "2012-05-03"),
        ("2012.5.3", "2012-05-03"),
        ("2012-5-3", "2012-05-03"),
        ("2012/5", "2012-05"),
        ("2012-05-03", "2012-05-03"),
        ("2012", "2012"),
    ],
)
def test_what_has_one_meaning_is_written_as_iso_8601(typed, written):
    assert as_iso(typed) == written
    assert str(PartialDate.parse(as_iso(typed))) == written


@pytest.mark.parametrize(
    "typed", ["3/5/2012", "03-05-2012", "3.5.12", "20120503", "2012/5-3", "May 2012", "٣.٥.٢٠١٢", "", "3.5."]
)
def test_what_has_two_meanings_or_none_is_left_for_the_parser_to_refuse(typed):
    assert as_iso(typed) == typed
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        PartialDate.parse(as_iso(typed))


def test_an_impossible_day_stays_impossible():
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        PartialDate.parse(as_iso("31.2.2012"))


@pytest.mark.parametrize(
    ("day", "precision", "written"),
    [
        ("2026-12-31", "year", "2026"),
        ("2026-12-31", "month", "2026-12"),
        ("2026-12-31", "day", "2026-12-31"),
        ("2026-05-31", "month", "2026-05"),
        # Not known how it was recorded: as exact as such a day surely is.
        ("2026-12-31", "", "2026"),
        ("2026-02-28", "", "2026-02"),
        ("2024-02-28", "", "2024-02-28"),
        ("2026-05-30", "", "2026-05-30"),
    ],
)
def test_a_last_day_is_written_as_it_was_recorded(day, precision, written):
    assert str(PartialDate.ending(date.fromisoformat(day), precision)) == written
