"""A content survives its way into the database and back, to the last digit."""

import hashlib
import json
from pathlib import Path

import pytest

from reports import content as contents
from reports import documents
from tests.reports.handmade import founding_content


def test_json_round_trip_gives_the_same_content_and_text():
    content = founding_content()

    again = contents.from_json(contents.to_json(content))

    assert again == content
    assert contents.to_json(again) == contents.to_json(content)


def test_key_order_does_not_matter_because_jsonb_keeps_none():
    content = founding_content()
    shuffled = json.loads(json.dumps(contents.to_plain(content), sort_keys=True))

    assert contents.digest(contents.from_plain(shuffled)) == contents.digest(content)


def test_a_changed_number_changes_the_digest():
    assert contents.digest(founding_content()) != contents.digest(founding_content(rules_read=9))


def test_foreign_json_is_refused_with_its_path():
    plain = contents.to_plain(founding_content())
    plain["rules"][0]["concordant"] = "many"

    with pytest.raises(ValueError, match=r"rules\.0\.concordant"):
        contents.from_plain(plain)


# --- contents of earlier versions, as they were stored: the founding cohort, a registry for its members and for others

STORED = sorted((Path(__file__).parent.parent / "data" / "reports").glob("*.json"))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_content_keeps_its_text_and_digest(path):
    stored = path.read_text()

    content = contents.from_plain(json.loads(stored))

    assert contents.to_json(content) == stored
    assert contents.to_plain(content) == json.loads(stored)
    assert contents.digest(content) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_content_is_printed_as_it_was(path):
    content = contents.from_json(path.read_text())

    assert documents.text(content) == path.with_suffix(".txt").read_text()
    pictures = (content.survival, *content.outcomes, *content.subgroups)
    assert 1 <= documents.html(content).count("<img") <= len(pictures) + 1
    assert documents.pdf(content).startswith(b"%PDF")


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_content_is_printed_in_ukrainian(path):
    """Words are longer: the widest table leaves little for the column that grows."""
    content = contents.from_json(path.read_text())

    assert documents.text(content, "uk").count("\nТаблиця ") == documents.text(content).count("\nTable ")


def test_the_present_version_stores_everything():
    assert set(contents.to_plain(founding_content())) > set(json.loads(STORED[0].read_text()))
    assert {path.stem for path in STORED} == {"founding-1.0", "inside-1.1", "outside-1.0", "outside-1.1"}
