"""What is left to the nights (NIGHTLY=1): long controls, and the same again in other sizes, widths or roles."""

import os

import pytest

NIGHTLY = bool(os.environ.get("NIGHTLY"))


def at_night(*values):
    """Parameters that are tried at night alone."""
    return [pytest.param(value, marks=pytest.mark.nightly) for value in values]
