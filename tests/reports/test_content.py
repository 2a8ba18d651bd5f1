"""A content survives its way into the database and back, to the last digit."""

import json

import pytest

from reports import content as contents
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
