"""Values of every kind of field are told in a history, also what is kept as JSON."""

import pytest

from cases.models import ImportBatch
from registry.history import Words


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"b": 1, "a": "x"}, '{"a": "x", "b": 1}'),
        ([{"row": 2}], '[{"row": 2}]'),
        ([2, 1], "[2, 1]"),
        ({}, "nothing"),
    ],
)
def test_what_is_kept_as_json_is_told_as_it_is(value, told):
    column = next(one for one in ImportBatch._meta.fields if one.get_internal_type() == "JSONField")

    assert Words().of(column, value) == told
