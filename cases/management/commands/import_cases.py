"""`manage.py import_cases FILE`: a file of cases through the import door, with an answer for each row.

Exit code 0: every row is saved or already there. 1: rows were rejected. 2: the file or the call cannot be used.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from cases import flat, importing
from cases.flat.tables import MAX_FILE_BYTES
from cases.vocabulary import Source
from registry import access
from registry.models import Center, User

UNUSABLE = 2


class Command(BaseCommand):
    """Import cases."""

    help = "Import cases from a CSV file or workbook; the same file twice adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", type=Path, help="CSV (UTF-8) or .xlsx; see manage.py import_template")
        add("--center", metavar="CODE", help="the center of every row, unless the file has a column 'center'")
        add("--dry-run", action="store_true", help="show what would happen and change nothing")
        add("--atomic", action="store_true", help="save all rows or none; without it, good rows are saved")
        add("--by", metavar="USERNAME", help="import as this person, with what they may do")
        sources = [Source.IMPORT, Source.LITERATURE, Source.RECONSTRUCTION]
        add("--source", choices=[source.value for source in sources], default=Source.IMPORT.value)
        add("--json", action="store_true", help="print the answer as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        with _nothing_changed(file):
            report = self._run(_read(file), **options)
        if options["json"]:
            self.stdout.write(json.dumps({"file": file.name, **report.as_plain()}, ensure_ascii=False))
        else:
            self._tell(report)
        if rejected := report.counts["rejected"]:
            others = report.saved and rejected < len(report.verdicts)
            kept = "The others are saved." if others else "Nothing was saved."
            rows = "1 row was" if rejected == 1 else f"{rejected} rows were"
            raise CommandError(f"{rows} rejected. {kept}", returncode=1)

    def _run(
        self,
        content: bytes,
        *,
        center: str | None,
        by: str | None,
        source: str,
        atomic: bool,
        dry_run: bool,
        **_: Any,
    ) -> importing.Report:
        person = _person(by) if by else None
        with tqdm(unit="row", disable=not sys.stderr.isatty(), leave=False) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return importing.run(
                content,
                centers=_centers(center, person),
                by=person,
                source=source,
                mode="atomic" if atomic else "each",
                dry_run=dry_run,
                progress=progress,
            )

    def _tell(self, report: importing.Report) -> None:
        for row in report.verdicts:
            for problem in row.problems:
                where = f"sheet {problem.sheet}, row {problem.row}" if problem.sheet else f"row {problem.row}"
                column = f", column {problem.column}" if problem.column else ""
                sign = "rejected" if problem.severity == "error" else "query"
                self.stdout.write(f"{sign}: {where}{column}: {problem.message} [{problem.code}]")
            for change in row.changes:
                said = f"{_shown(change.before)} -> {_shown(change.after)}"
                self.stdout.write(f"change: row {row.row}, column {change.column}: {said}")
        counted = ", ".join(f"{count} {verdict}" for verdict, count in report.counts.items())
        total = len(report.verdicts)
        if total == 0:
            self.stdout.write("The file has no rows below its header; fill some in.")
            return
        rows = "1 row" if total == 1 else f"{total} rows"
        self.stdout.write(f"{rows}: {counted}." + ("" if report.saved else " Nothing was saved."))


@contextmanager
def _nothing_changed(file: Path) -> Iterator[None]:
    """Answer what stops the import as a whole with a sentence and exit code 2."""
    try:
        yield
    except flat.UnreadableFile as error:
        _unusable(f"{file.name}: {error} Nothing was changed.")
    except PermissionDenied as error:
        _unusable(f"{error} Nothing was changed.")
    except OSError as error:
        _unusable(f"{file} cannot be read: {error.strerror}.")


def _read(file: Path) -> bytes:
    """Read an ordinary file, and no more of it than a file of cases may have."""
    if file.exists() and not file.is_file() and not file.is_dir():
        _unusable(f"{file} is not an ordinary file; give a CSV file or a workbook.")
    with file.open("rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)


def _shown(value: Any) -> str:
    if value is None:
        return "(empty)"
    return "|".join(value) if isinstance(value, list) else str(value)


def _person(username: str) -> User:
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist:
        _unusable(f"There is no person with the user name {username}.")


def _centers(code: str | None, person: User | None) -> list[Center]:
    """The named center, or all that this import may be for: the file's column says which."""
    if code:
        found = list(Center.objects.filter(code=code))
        if not found:
            known = ", ".join(Center.objects.values_list("code", flat=True)) or "none yet"
            _unusable(f"There is no center with the code {code}. The registry has: {known}.")
        return found
    allowed = Center.objects.all()
    if person:
        allowed = allowed.filter(pk__in=access.centers_of(person, access.Action.IMPORT_CASES))
    return list(allowed)


def _unusable(sentence: str) -> NoReturn:
    raise CommandError(sentence, returncode=UNUSABLE)
