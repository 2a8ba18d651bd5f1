"""A printed report as plain text, for mail programs and readers without HTML. ASCII punctuation, 78 columns."""

from __future__ import annotations

import textwrap

from reports.printed import Box, Fact, PrintedReport, Section, Table

_WIDTH = 78
_PLAIN = str.maketrans(
    {"–": "-", "\u2212": "-", "\u202f": ",", "\u00a0": " ", "·": "|", "’": "'", "“": '"', "”": '"'}
)


def plain_text(report: PrintedReport) -> str:
    """Write the whole report, in the same order as the other documents."""
    parts = [
        _wrapped(report.title),
        _wrapped(report.subtitle),
        _facts(report.facts),
        _wrapped(report.banner),
        "\n".join(f"{fact.value:>8}  {fact.label} ({fact.detail})" for fact in report.headlines),
        *(_section(section) for section in report.sections),
        _titled("Notes", "\n\n".join(_wrapped(f"{note.label}. {note.value}") for note in report.notes)),
        _titled("Methods", _facts(report.methods)),
        _wrapped("Aggregate figures only; no individual patient is shown. The PDF shows the survival curve."),
    ]
    return "\n\n".join(part for part in parts if part).translate(_PLAIN) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _titled(title: str, body: str) -> str:
    return f"{title}\n{'-' * len(title)}\n\n{body}" if body else ""


def _facts(facts: tuple[Fact, ...]) -> str:
    width = max((len(fact.label) for fact in facts), default=0) + 2
    return "\n".join(
        textwrap.fill(
            fact.value,
            _WIDTH,
            initial_indent=f"{fact.label:<{width}}",
            subsequent_indent=" " * width,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for fact in facts
    )


def _section(section: Section) -> str:
    parts = [_wrapped(section.lead), _flow(section.flow), *(_table(table) for table in section.tables)]
    return _titled(section.title, "\n\n".join(part for part in parts if part))


def _flow(boxes: tuple[Box, ...]) -> str:
    lines: list[str] = []
    for box in boxes:
        lines.append(f"{box.label}: n = {box.value}")
        lines.extend(f"    left: {gone.label} {gone.value}" for gone in box.left)
    return "\n".join(lines)


def _table(table: Table) -> str:
    """Align the columns; the growing column takes what the others leave and is wrapped inside it."""
    heads = [column.label.replace("\n", " ") for column in table.columns]
    if table.wide:
        heads = [_shortened(head) for head in heads]
    body = [[("  " if row.kind == "line" else "") + row.cells[0], *row.cells[1:]] for row in table.rows]
    widths = [max(len(head), *(len(row[i]) for row in body), 0) for i, head in enumerate(heads)]
    grow = next(i for i, column in enumerate(table.columns) if column.grow)
    widths[grow] = min(widths[grow], _WIDTH - sum(widths) + widths[grow] - 2 * (len(widths) - 1))
    lines = [f"Table {table.number}. {table.title}", *_cells(heads, widths, grow, table), "-" * _WIDTH]
    for row in body:
        lines.extend(_cells(row, widths, grow, table))
    lines.extend(_wrapped(note) for note in table.notes)
    return "\n".join(lines)


def _shortened(head: str) -> str:
    return {"Not assessable": "N/assess", "Not applicable": "N/applic", "Concordant": "Conc.", "Deviation": "Dev.",
            "Justified": "Just."}.get(head, head)  # fmt: skip


def _cells(cells: list[str], widths: list[int], grow: int, table: Table) -> list[str]:
    indent = len(cells[grow]) - len(cells[grow].lstrip())
    wrapped = textwrap.wrap(
        cells[grow], widths[grow], subsequent_indent=" " * indent, drop_whitespace=True
    ) or [""]
    wrapped[0] = " " * indent + wrapped[0].lstrip()
    lines = []
    for n, piece in enumerate(wrapped):
        row = [piece if i == grow else cell if n == 0 else "" for i, cell in enumerate(cells)]
        aligned = [
            f"{cell:<{width}}" if column.align == "left" else f"{cell:>{width}}"
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        ]
        lines.append("  ".join(aligned).rstrip())
    return lines
