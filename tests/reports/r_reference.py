"""What R says of the data sets in tests/data/r, read once: see the README beside them."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from reports.survival import LifeTable

FOLDER = Path(__file__).parent.parent / "data" / "r"
NOT_FINITE = {"NA": np.nan, "NaN": np.nan, "Inf": np.inf}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One data set under one grouping, with R's results for it."""

    dataset: str
    grouping: str
    rows: dict[str, np.ndarray]
    results: dict
    km: dict[str, np.ndarray]
    cif: dict[str, np.ndarray]

    @property
    def late(self):
        return "entry" in self.rows

    @property
    def groups(self):
        """R sorts groups as text: 1, 10, 2."""
        return list(np.atleast_1d(self.results["groups"]))

    @cached_property
    def codes(self):
        labels = self.rows.get(self.grouping, np.full(len(self.rows["time"]), "all"))
        texts = [f"{label:g}" if isinstance(label, float) else label for label in labels.tolist()]
        position = {text: i for i, text in enumerate(self.groups)}
        return np.array([position[text] for text in texts])

    def table(self, event="status", keep=slice(None)):
        return LifeTable.from_arrays(
            self.rows["time"][keep],
            self.rows[event][keep],
            group=self.codes[keep],
            groups=self.groups,
            entry=self.rows["entry"][keep] if self.late else None,
            causes=max(1, int(self.rows[event].max())),
        )

    def strata(self, event="status"):
        by = self.rows[self.results["strata"]]
        return [self.table(event, by == stratum) for stratum in np.unique(by)]


def every(needs=None):
    """Every data set under every grouping, or those for which R gave this result."""
    found = [
        (path.name.removesuffix(".summary.json"), grouping)
        for path in sorted(FOLDER.glob("*/*.summary.json"))
        for grouping, results in _summary(path)["groupings"].items()
        if needs is None or needs in results or (needs == "km" and path.with_name(_km(path)).exists())
    ]
    assert found
    return found


@cache
def load(dataset, grouping):
    (path,) = FOLDER.glob(f"*/{dataset}.summary.json")
    return Reference(
        dataset=dataset,
        grouping=grouping,
        rows=_columns(path.with_name(f"{dataset}.input.csv")),
        results=_summary(path)["groupings"][grouping],
        km=_part(path.with_name(_km(path)), grouping),
        cif=_part(next(path.parent.glob(f"{dataset}.cif*.csv"), None), grouping),
    )


def columns(dataset):
    """The patients of a data set by column, as they are."""
    (path,) = FOLDER.glob(f"*/{dataset}.input.csv")
    return _columns(path)


def numbers(values):
    """R's numbers as floats, its NA and NaN as NaN."""
    return np.vectorize(lambda value: NOT_FINITE.get(value, value), otypes=[float])(values)


def assert_same(actual, expected, relative=1e-12, absolute=0.0):
    np.testing.assert_allclose(np.asarray(actual, float), numbers(expected), rtol=relative, atol=absolute)


def _km(path):
    return path.name.replace(".summary.json", ".km.csv")


@cache
def _summary(path):
    return json.loads(path.read_text())


@cache
def _columns(path):
    columns = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                columns[name].append(value)
    return {name: _typed(name, values) for name, values in columns.items()}


def _part(path, grouping):
    if path is None or not path.exists():
        return {}
    columns = _columns(path)
    return {name: values[columns["grouping"] == grouping] for name, values in columns.items()}


def _typed(name, values):
    if name == "group":
        return np.array(values)
    try:
        return numbers(values)
    except ValueError:
        return np.array(values)
