"""The data dictionary, generated from the forms' own fields: nothing is described twice.

`entries()` is the plain list. It is told as JSON Schema, as a REDCap data dictionary and as Markdown;
none of them needs a database.
"""

import json
from collections.abc import Callable

from cases.dictionary import markdown, redcap
from cases.dictionary.entries import Entry, entries, forms
from cases.dictionary.schema import json_schema

FORMATS: dict[str, Callable[[], str]] = {
    "json-schema": lambda: json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n",
    "redcap": redcap.data_dictionary,
    "markdown": markdown.page,
}

__all__ = ["FORMATS", "Entry", "entries", "forms", "json_schema"]
