"""Words of the reports that stand in sentences otherwise than alone, for the catalog of each language."""

from collections.abc import Iterator

from cases.rulebook.algorithm import ALGORITHM
from cases.vocabulary import Material
from registry.catalog import Text
from reports import series
from reports.endpoints import RECURRENCE
from reports.landmark import ORIGIN


def declared() -> Iterator[Text]:
    """What follows "after" and "since", how grave a rule is, materials in short, published series."""
    yield Text("after", "resection", "", {"reports/estimates.py"})
    yield Text("after", "diagnosis", "", {"reports/endpoints.py"})
    yield Text("after", ORIGIN, "", {"reports/landmark.py"})
    for context in ("", "after"):
        yield Text(context, RECURRENCE, "", {"reports/endpoints.py"})
    yield Text("", ORIGIN, "", {"reports/landmark.py"})
    for rule in ALGORITHM.rules:
        yield Text("severity", rule.severities or str(rule.severity), "", {"reports/adherence.py"})
    for material in Material:
        yield Text("Material", material.english.partition(",")[0], "", {"reports/operations.py"})
    for text in series.texts():
        yield Text("", text, "", {"reports/series.csv"})
