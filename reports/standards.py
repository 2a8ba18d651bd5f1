"""Where a report says what STROBE and RECORD ask of a registry study. Pure.

STROBE: von Elm and others, Lancet 2007;370:1453. RECORD: Benchimol and others, PLoS Med 2015;12:e1001885.
"""

from __future__ import annotations

from reports.content import Note
from reports.remarks import mark

STANDARDS: tuple[Note, ...] = (
    Note(
        title=mark("STROBE 1, title and abstract"), text=mark("Title, subtitle and figures of the first page")
    ),
    Note(
        title=mark("STROBE 2–3, background and objectives"),
        text=mark("Not in a periodic report: protocol of the registry"),
    ),
    Note(
        title=mark("STROBE 4–5, design and setting"), text=mark("First page: data, centers, years, data cut")
    ),
    Note(title=mark("STROBE 6, participants"), text=mark("Methods: definitions; Patients: flow")),
    Note(
        title=mark("STROBE 7–8, variables and sources"), text=mark("Methods; data dictionary; Data quality")
    ),
    Note(title=mark("STROBE 9, bias"), text=mark("Notes, and the remarks below the tables")),
    Note(title=mark("STROBE 10, study size"), text=mark("All registered cases; no size was planned")),
    Note(
        title=mark("STROBE 11–12, quantities and methods"),
        text=mark("Methods; mean and median are named in each row"),
    ),
    Note(title=mark("STROBE 13, participants"), text=mark("Patients: flow")),
    Note(
        title=mark("STROBE 14, descriptive data"),
        text=mark("Patients, Operation, Data quality; follow-up: Survival"),
    ),
    Note(title=mark("STROBE 15, outcome data"), text=mark("Early outcome, Survival and each endpoint")),
    Note(title=mark("STROBE 16, main results"), text=mark("Survival and each endpoint, not adjusted")),
    Note(title=mark("STROBE 17, other analyses"), text=mark("Subgroups; survival of those who lived on")),
    Note(
        title=mark("STROBE 18–22, discussion and funding"),
        text=mark("Not in a periodic report; Published series give context"),
    ),
    Note(title=mark("RECORD 1.1, type of data"), text=mark("First page: data")),
    Note(title=mark("RECORD 1.2, region and time"), text=mark("First page: centers, years")),
    Note(
        title=mark("RECORD 1.3, linkage"),
        text=mark(
            "Registers of deaths, where patients agreed to linkage: a death found there is a follow-up"
        ),
    ),
    Note(title=mark("RECORD 6.1, selection"), text=mark("Methods: definitions")),
    Note(
        title=mark("RECORD 12, access, cleaning, linkage"),
        text=mark("Methods: rulebooks; validity of entries"),
    ),
    Note(title=mark("RECORD 13.1, selection of persons"), text=mark("Patients: flow")),
    Note(
        title=mark("RECORD 22.1, supplemental data"),
        text=mark("Methods: versions and data digest; report.json"),
    ),
)
