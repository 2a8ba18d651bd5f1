"""What `make audit` says of a report of pip-audit."""

import importlib.util
import json
from pathlib import Path

spec = importlib.util.spec_from_file_location("audit", Path(__file__).parent.parent / ".ci/audit.py")
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

# As pip-audit 2.10 writes them; the flaw is the one that DRF 3.18.2 mended.
CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
FLAWED = {
    "name": "djangorestframework",
    "version": "3.18.1",
    "vulns": [{"id": "CVE-2026-114136", "fix_versions": ["3.18.2"], "aliases": [], "description": ""}],
}
SKIPPED = {
    "name": "vine",
    "skip_reason": "Dependency not found on PyPI and could not be audited: vine (5.1.0)",
}


def judged(*packages):
    return audit.verdict(json.dumps({"dependencies": packages, "fixes": []}))


def test_nothing_known_is_good():
    assert judged(CLEAN) == (True, "pip-audit: 0 known vulnerabilities in 1 packages")


def test_a_known_vulnerability_fails_and_is_named_with_its_remedy():
    is_good, told = judged(CLEAN, FLAWED)

    assert not is_good
    assert "djangorestframework 3.18.1: CVE-2026-114136, fixed in 3.18.2" in told


def test_what_could_not_be_looked_up_is_said_and_fails_nothing():
    assert judged(CLEAN, SKIPPED)[0]
    assert "in 1 packages; NOT LOOKED UP: 1" in judged(CLEAN, SKIPPED)[1]
    assert audit.verdict("")[0]
    assert "in 0 packages; NOT LOOKED UP: all" in audit.verdict("")[1]
