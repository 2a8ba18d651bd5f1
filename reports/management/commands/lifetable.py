"""manage.py lifetable export / merge: counts of an endpoint as a file, and files of several places added up."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry import access, clock
from registry.models import Center
from reports import cohorts, lifetable_file, survival_summary
from reports.cohorts import Cut
from reports.content import Source
from reports.endpoints import ENDPOINTS, OVERALL_SURVIVAL
from reports.lifetable import LifeTable
from reports.lifetable_file import LifeTableFile
from reports.management.commands.report import cut


class Command(BaseCommand):
    """Export a life table, or add exported ones."""

    help = (
        "Write the counts of an endpoint as JSON, or add such files to one: the sum is the pooled analysis."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare both actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="count in this registry")
        export.add_argument(
            "--endpoint", choices=ENDPOINTS, default=OVERALL_SURVIVAL.name, help="what to count"
        )
        export.add_argument("--stratum", choices=cohorts.STRATA, default="", help="by what")
        export.add_argument("--center", default="", metavar="CODE", help="one center (default: all)")
        export.add_argument("--source", choices=get_args(Source), default="clinical", help="which data")
        export.add_argument("--era", type=_era, default="", help="resections of one decade, as 2010s")
        export.add_argument("--as-of", type=cut, help="data cut, YYYY-MM-DD (default: today)")
        export.add_argument(
            "--weekly", action="store_true", help="weeks instead of days: less of each patient"
        )
        export.add_argument(
            "--least",
            type=int,
            default=settings.SMALL_NUMBER_THRESHOLD,
            metavar="N",
            help="refuse a group of fewer patients (default: %(default)s)",
        )
        merge = actions.add_parser("merge", help="add files")
        merge.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what export or merge wrote")
        merge.add_argument(
            "--estimate", action="store_true", help="print estimates and tests, not the counts"
        )

    def handle(self, *, action: str, **options: Any) -> None:
        """Print JSON; exit 2 where a call or a file cannot be used."""
        if action == "export":
            with access.everywhere():
                file = self._export(**options)
            self.stderr.write(lifetable_file.disclosed(file))
            self.stdout.write(lifetable_file.to_json(file))
            return
        try:
            merged = lifetable_file.merge([_read(path) for path in options["files"]])
            table = lifetable_file.life_table(merged)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if not options["estimate"]:
            self.stdout.write(lifetable_file.to_json(merged))
            return
        request = survival_summary.Request()
        summary = survival_summary.summarize([table], range(1, len(table.events) + 1), request)
        self.stdout.write(json.dumps(summary, allow_nan=False))

    def _export(
        self,
        *,
        endpoint: str,
        stratum: str,
        center: str,
        source: Source,
        era: str,
        as_of: date | None,
        weekly: bool,
        least: int,
        **_: Any,
    ) -> LifeTableFile:
        about = Cut(as_of=as_of or clock.now().date(), source=source, center_id=_center(center), era=era)
        counted = ENDPOINTS[endpoint]
        table = cohorts.life_table(about, endpoint=counted, stratum=stratum)
        if stratum == "center":
            codes: dict[Hashable, str] = dict(Center.objects.values_list("pk", "code"))
            table = table.relabel(lambda pk: codes.get(pk, pk))
        _refuse_small(table, least)
        found = (
            cohorts.observed(about, counted).order_by("center__code").values_list("center__code", flat=True)
        )
        return LifeTableFile(
            endpoint=endpoint,
            definition=counted.digest,
            stratum=stratum,
            source=source,
            era=era,
            as_of=about.as_of,
            grid_days=lifetable_file.WEEK if weekly else lifetable_file.DAY,
            least_patients=least,
            centers=tuple(found.distinct()),
            groups=lifetable_file.counts_of(lifetable_file.weekly(table) if weekly else table),
        )


def _refuse_small(table: LifeTable, least: int) -> None:
    small = [str(label) for label, n in zip(table.groups, table.size.tolist(), strict=True) if 0 < n < least]
    if small:
        raise CommandError(
            f"--least: fewer than {least} patients in {', '.join(small)}. Export without --stratum, or of more places.",
            returncode=2,
        )


def _era(text: str) -> str:
    if text and not cohorts.ERA.fullmatch(text):
        raise ArgumentTypeError(f"write the decade as 2010s, not {text!r}")
    return text


def _center(code: str) -> int | None:
    if not code:
        return None
    center = Center.objects.filter(code=code).first()
    if center is None:
        raise CommandError(f"--center: there is no center {code}.", returncode=2)
    return center.pk


def _read(path: Path) -> LifeTableFile:
    try:
        return lifetable_file.from_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
