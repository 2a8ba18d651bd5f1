"""What the registry says of itself, refusals and reasons, is said in the language of whoever reads it."""

import ast
from functools import cache

import pytest
from django.conf import settings
from django.utils.translation import override

from registry.chain import catching_up
from registry.history import REASONS, reason_in_words
from registry.tongues import OWN_APPS

GIVING_REASONS = {"because", "by_machine", "save_case", "save_cases", "end"}


@cache
def modules():
    """Every module of ours: where it is, and its syntax."""
    files = (file for app in OWN_APPS for file in sorted((settings.BASE_DIR / app).rglob("*.py")))
    return [(file.relative_to(settings.BASE_DIR), ast.parse(file.read_text())) for file in files]


def calls(tree):
    """Every call, with the bare name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, getattr(node.func, "attr", getattr(node.func, "id", ""))


def is_text(node):
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_no_refusal_is_said_in_english_alone():
    plain = [
        f"{file}:{call.lineno}"
        for file, tree in modules()
        for call, name in calls(tree)
        if name == "PermissionDenied" and any(map(is_text, call.args))
    ]

    assert plain == []


def test_every_reason_that_the_registry_gives_can_be_told():
    given = set()
    for _, tree in modules():
        named = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call, name in calls(tree):
            values = [word.value for word in call.keywords if word.arg == "reason"]
            if name in GIVING_REASONS and values:
                parts = values[0].values if isinstance(values[0], ast.BoolOp) else values
                given |= {getattr(part, "value", named.get(getattr(part, "id", ""))) for part in parts}

    given.add(catching_up.REASON)  # written by a statement of its own
    assert {reason for reason in given if isinstance(reason, str) and reason} == set(REASONS)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("follow-up recorded", "внесено дані спостереження"),
        ("export of the list", "вивантаження списку"),
        ("file 0123456789ab", "файл 0123456789ab"),
        ("file of Dr House", "file of Dr House"),
        ("Typing error", "Typing error"),
        ("", ""),
    ],
)
def test_a_reason_of_the_registry_is_told_in_the_language_of_its_reader(stored, said):
    with override("uk"):
        assert reason_in_words(stored) == said
    with override("en"):
        assert reason_in_words(stored) == stored
