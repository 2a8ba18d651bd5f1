"""`make audit`: code that looks dangerous, the bill of materials, known vulnerabilities of what is locked.

It fails on a finding of bandit of medium or high severity and on a known vulnerability. Packages that could not be
looked up, as on a machine without the network, are counted and said; they fail nothing.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
CODE = ("registry", "cases", "reports", "manage.py", "gunicorn.conf.py")
BILL = ROOT / "var/sbom.cdx.json"


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the development environment in the project folder."""
    return subprocess.run(
        [str(PROGRAMS / program), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def look_at_code() -> bool:
    """Show what bandit finds from medium severity on; its warnings about comments without a finding are noise."""
    done = run("bandit", "--quiet", "--recursive", "-ll", *CODE)
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    print(done.stdout, *errors, sep="\n", end="")
    print("bandit: nothing of medium or high severity" if done.returncode == 0 else "bandit: see above")
    return done.returncode == 0 and not errors


def write_bill() -> bool:
    """Write what the product consists of: name, version and digests of each locked package."""
    BILL.parent.mkdir(exist_ok=True)
    options = ("--output-reproducible", "--pyproject", "pyproject.toml", "--output-file", str(BILL))
    done = run("cyclonedx-py", "requirements", *options, "requirements.lock")
    if done.returncode:
        print(done.stderr)
        return False
    print(f"bill of materials: {len(json.loads(BILL.read_text())['components'])} packages in {BILL}")
    return True


def look_up_vulnerabilities() -> bool:
    """Ask the package index for known vulnerabilities of everything that is locked."""
    done = run(
        "pip-audit", "--disable-pip", "--require-hashes", "-r", "requirements-dev.lock", "--format", "json"
    )
    is_good, told = verdict(done.stdout)
    print(told, *([] if done.stdout else done.stderr.splitlines()[-1:]), sep="\n")
    return is_good


def verdict(report: str) -> tuple[bool, str]:
    """Judge a report of pip-audit; an empty one means that nothing could be looked up."""
    found: list[dict[str, Any]] = json.loads(report)["dependencies"] if report.strip() else []
    known = [
        f"{package['name']} {package['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'none'}"
        for package in found
        for flaw in package.get("vulns", ())
    ]
    asked = sum("skip_reason" not in package for package in found)
    told = f"pip-audit: {len(known)} known vulnerabilities in {asked} packages"
    if asked < len(found) or not found:
        left = len(found) - asked if found else "all"
        told += f"; NOT LOOKED UP: {left}, the database of vulnerabilities was not reached"
    return not known, "\n".join([told, *known])


if __name__ == "__main__":
    sys.exit(0 if all([look_at_code(), write_bill(), look_up_vulnerabilities()]) else 1)
