"""`manage.py import_template FILE`: the workbook or CSV file that `import_cases` takes, to fill in."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.flat import template


class Command(BaseCommand):
    """Write the file to fill in."""

    help = "Write an empty import file with every column, what it means and its codes. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="ends in .xlsx (a sheet a form) or .csv (a row a case)")

    def handle(self, *, file: Path, **options: Any) -> None:
        made = {".xlsx": template.workbook, ".csv": lambda: template.table().encode()}.get(
            file.suffix.lower()
        )
        if made is None:
            raise CommandError("The name of the file must end in .xlsx or .csv.", returncode=2)
        content = made()
        try:
            with file.open("xb") as new:
                new.write(content)
        except FileExistsError:
            told = f"{file} is there already, and stays as it is. Give another name."
            raise CommandError(told, returncode=2) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=2) from None
        self.stdout.write(f"{file} is ready to be filled in.")
