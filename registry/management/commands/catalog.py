"""`manage.py catalog`: gather the texts to translate and compile what is translated."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry import catalog

SHOWN_AT_MOST = 50


class Command(BaseCommand):
    """Gather, compile, or check."""

    help = "Gather every text that people see into locale/, keeping the translations, and compile them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--compile", action="store_true", help="only compile what is translated")
        what.add_argument(
            "--check", action="store_true", help="change nothing; fail unless all is translated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for language in catalog.languages():
            if options["check"]:
                self._check(language)
            elif options["compile"]:
                catalog.make(language)
            else:
                self._gather(language)

    def _gather(self, language: str) -> None:
        texts = catalog.gathered()
        catalog.write(language, catalog.merged(language, texts, catalog.read(language)))
        catalog.make(language)
        left = len(catalog.faults(language))
        self.stdout.write(f"{language}: {len(texts)} texts, {left} to translate or mend")

    def _check(self, language: str) -> None:
        if found := catalog.faults(language):
            told = "\n".join(found[:SHOWN_AT_MOST])
            raise CommandError(
                f"{language}: {len(found)} texts to translate or mend; gather with manage.py catalog.\n{told}"
            )
