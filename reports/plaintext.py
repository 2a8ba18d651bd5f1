"""A printed report as plain text, for mail programs and readers without HTML. ASCII punctuation, 78 columns."""

from __future__ import annotations

import textwrap

from reports.printed import Box, Fact, PrintedReport, Section, Table, Words
from reports.speech import say, voice

_WIDTH = 78
_LEAST = 8  # of the growing column: in a language of long words a line may be longer than the others
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "\u2212": "-", "\u00a0": " ", "·": "|", "’": "'", "“": '"', "”": '"'}
)


def plain_text(report: PrintedReport) -> str:
    """Write the whole report, in the same order as the other documents."""
    parts = [
        _wrapped(report.title),
        _wrapped(report.subtitle),
        _facts(report.facts),
        _wrapped(report.banner),
        "\n".join(f"{fact.value:>8}  {fact.label} ({fact.detail})" for fact in report.headlines),
        *(_section(section, report.words) for section in report.sections),
        _titled(
            report.words.notes, "\n\n".join(_wrapped(f"{note.label}. {note.value}") for note in report.notes)
        ),
        _titled(report.words.methods, _facts(report.methods)),
        *(_table(table, report.words) for table in report.standards),
        _wrapped(f"{report.words.footer} {report.words.without_figure}"),
    ]
    plain = {**_PLAIN, ord("\u202f"): voice().thousands}
    return "\n\n".join(part for part in parts if part).translate(plain) + "\n"


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


def _section(section: Section, words: Words) -> str:
    figures = (_wrapped(f"{words.figure} {f.number}. {f.title}. {f.alternative}") for f in section.figures)
    tables = (_table(table, words) for table in section.tables)
    parts = [_wrapped(section.lead), _flow(section.flow, words), *figures, *tables]
    return _titled(section.title, "\n\n".join(part for part in parts if part))


def _flow(boxes: tuple[Box, ...], words: Words) -> str:
    lines: list[str] = []
    for box in boxes:
        lines.append(f"{box.label}: n = {box.value}")
        lines.extend(f"    {words.left} {gone.label} {gone.value}" for gone in box.left)
    return "\n".join(lines)


def _table(table: Table, words: Words) -> str:
    """Align the columns; the growing column takes what the others leave and is wrapped inside it."""
    heads = [
        _shortened(column.label) if table.wide else column.label.replace("\n", " ")
        for column in table.columns
    ]
    body = [[("  " if row.kind == "line" else "") + row.cells[0], *row.cells[1:]] for row in table.rows]
    widths = [max(len(head), *(len(row[i]) for row in body), 0) for i, head in enumerate(heads)]
    grow = next(i for i, column in enumerate(table.columns) if column.grow)
    left = _WIDTH - sum(widths) + widths[grow] - 2 * (len(widths) - 1)
    widths[grow] = min(widths[grow], max(left, _LEAST))
    lines = [
        f"{words.table} {table.number}. {table.title}",
        *_cells(heads, widths, grow, table),
        "-" * _WIDTH,
    ]
    for row in body:
        lines.extend(_cells(row, widths, grow, table))
    lines.extend(_wrapped(note) for note in table.notes)
    return "\n".join(lines)


def _shortened(head: str) -> str:
    short = {
        say("Not\nassessable"): say("N/assess"),
        say("Not\napplicable"): say("N/applic"),
        say("Concordant"): say("Conc."),
        say("Deviation"): say("Dev."),
        say("Justified"): say("Just."),
    }
    return short.get(head, head.replace("\n", " "))


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
