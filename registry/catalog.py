"""The catalog of a language: every text that people see, gathered from the source and from what is declared.

Gathering again keeps every translation: what is new comes in empty, what is gone stays at the end, marked as obsolete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation import override
from django.utils.translation.template import templatize
from pghistory.models import Event

from registry.tongues import DECLARED, OWN_APPS, labeled

ROOT = settings.BASE_DIR
# What is called with a text to be said: the place of the text, of its plural, and of its context (c).
CALLS: dict[str, Any] = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop", "say", "mark", "_"), (1,)),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "say_many", "mark_many"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# The refusals of the API; their titles are the phrases of HTTP.
REFUSALS = (400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 415, 422, 428, 429, 500, 503)
HEADER = (
    "# Texts of the registry. Gathered by `manage.py catalog`; only the translations are written by hand."
)
# What the header of a catalog would tell of the moment and the machine.
VOLATILE = (
    *("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Generated-By"),
    *("Project-Id-Version", "Report-Msgid-Bugs-To"),
)
HOLES = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd%]")

Key = tuple[str, str, str]  # context, text, plural


@dataclass
class Text:
    """A text to be translated, and where it stands."""

    context: str
    english: str
    plural: str = ""
    places: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.context, self.english, self.plural


def path_of(language: str) -> Path:
    """Where the catalog of a language is kept."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def languages() -> list[str]:
    """The languages that the texts are translated to."""
    return [code for code, _ in settings.LANGUAGES if code != DECLARED]


# --- gathering -------------------------------------------------------------------------------------------------------


def gathered() -> list[Text]:
    """Every text of the registry, in the order of the places where they stand."""
    found: dict[Key, Text] = {}
    for text in (*_in_source(), *_declared(), *_of_the_framework()):
        if text.english.strip():
            found.setdefault(text.key, text).places.update(text.places)
    return sorted(found.values(), key=lambda text: (min(text.places), text.english, text.context))


def _in_source() -> Iterator[Text]:
    """What is marked in programs and templates of ours."""
    for app in OWN_APPS:
        folder = ROOT / app
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.html"), *folder.rglob("*.txt"))):
            if "migrations" not in path.parts:
                yield from _marked(path, str(path.relative_to(ROOT)))


def _marked(path: Path, place: str) -> Iterator[Text]:
    source = path.read_text()
    if path.suffix != ".py":
        # Django turns a template into something like a program; its indentation means nothing.
        source = "\n".join(line.strip() for line in templatize(source, origin=place).splitlines())
    for _, messages, _, context in extract("python", BytesIO(source.encode()), CALLS):
        one, many = messages if isinstance(messages, tuple) else (messages, "")
        yield Text(context or "", one, many, {place})


def _declared() -> Iterator[Text]:
    """What is declared and said without a mark: labels of choices, names and help of models, what an app adds."""
    for choices in labeled():
        yield from (Text(choices.__name__, member.english, "", {_file(choices)}) for member in choices)
    for model in _models():
        yield from (Text("", english, "", {_file(model)}) for english in _texts_of(model))
    yield from (Text("", HTTPStatus(code).phrase, "", {"registry/api/problems.py"}) for code in REFUSALS)
    for app in OWN_APPS:
        with suppress(ModuleNotFoundError):
            texts: Callable[[], Iterable[Text]] = import_module(f"{app}.texts").declared
            yield from texts()


def _file(declared: type) -> str:
    return declared.__module__.replace(".", "/") + ".py"


def _models() -> list[Any]:
    return [
        model
        for app in OWN_APPS
        for model in apps.get_app_config(app).get_models()
        if not issubclass(model, Event)
    ]


def _texts_of(model: Any) -> list[str]:
    """What people read of a model: forms of a case are called by their titles, other rows by their names."""
    meta = model._meta
    names = [model.title] if hasattr(model, "title") else [meta.verbose_name, meta.verbose_name_plural]
    fields = [f for f in meta.local_fields if not ((f.primary_key and not f.help_text) or _is_of_django(f))]
    with override(None):
        return [str(text) for text in (*names, *(t for f in fields for t in (f.verbose_name, f.help_text)))]


def _is_of_django(declared: Any) -> bool:
    """Tell whether a field comes from a base of Django's, which translates its texts itself."""
    bases = (base for base in declared.model.__mro__ if base.__module__.startswith("django.contrib."))
    return any(
        declared.name == f.name for base in bases if hasattr(base, "_meta") for f in base._meta.local_fields
    )


def _of_the_framework() -> Iterator[Text]:
    """What the pages around ours say (Unfold) and no catalog of theirs translates."""
    translated = _of_django()
    folder = Path(import_module("unfold").__path__[0])
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.html"))):
        inner = path.relative_to(folder).parts
        if inner[0] == "contrib" and not apps.is_installed(f"unfold.contrib.{inner[1]}"):
            continue
        for text in _marked(path, f"unfold/{'/'.join(inner)}"):
            if text.english not in translated:
                yield text


def _of_django() -> set[str]:
    """What Django and its applications translate themselves, in every language of ours."""
    folders = [Path(import_module("django.conf").__path__[0])]
    folders += [Path(app.path) for app in apps.get_app_configs() if app.name.startswith("django.")]
    found: list[set[str]] = []
    for language in languages():
        paths = [folder / "locale" / language / "LC_MESSAGES" / "django.po" for folder in folders]
        known = (_by_key(_read(path, language)) for path in paths if path.exists())
        found.append({key[1] for keys in known for key, message in keys.items() if message.string})
    return set.intersection(*found)


# --- keeping ---------------------------------------------------------------------------------------------------------


def _read(path: Path, language: str) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=language)


def _by_key(catalog: Catalog) -> dict[Key, Message]:
    messages = [*catalog.obsolete.values(), *(message for message in catalog if message.id)]
    return {_key(message): message for message in messages}


def _key(message: Message) -> Key:
    one, many = message.id if isinstance(message.id, list | tuple) else (message.id, "")
    return message.context or "", one, many


def read(language: str) -> Catalog:
    """The catalog as it is kept; an empty one where there is none yet."""
    path = path_of(language)
    return _read(path, language) if path.exists() else Catalog(locale=language)


def merged(language: str, texts: Iterable[Text], old: Catalog) -> Catalog:
    """A catalog of these texts with every translation that was there."""
    known = _by_key(old)
    new = Catalog(locale=language, project="IVC registry", header_comment=HEADER, fuzzy=False)
    for text in texts:
        message_id: Any = (text.english, text.plural) if text.plural else text.english
        before = known.pop(text.key, None)
        new.add(
            message_id,
            before.string if before else "",
            locations=[(place, 0) for place in sorted(text.places)],
            user_comments=before.user_comments if before else (),
            context=text.context or None,
        )
    for message in known.values():
        if any(_strings(message)):
            new.obsolete[message.id, message.context] = message  # type: ignore[index]
    return new


def write(language: str, catalog: Catalog) -> None:
    """Keep a catalog, in a form in which only what changed looks different."""
    out = BytesIO()
    write_po(out, catalog, width=118, include_lineno=False)
    lines = [
        line
        for line in out.getvalue().decode().splitlines()
        if not line.startswith(tuple(f'"{name}:' for name in VOLATILE))
    ]
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n")


def is_stale(language: str) -> bool:
    """Tell whether the compiled catalog is older than the one that people write."""
    source, made = path_of(language), path_of(language).with_suffix(".mo")
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def make(language: str) -> None:
    """Compile the catalog for gettext; whoever reads it meanwhile has the old one or the new one, whole."""
    catalog, out = read(language), BytesIO()
    for message in list(catalog):
        if message.id and not all(_strings(message)):
            catalog.delete(message.id, message.context)  # English shows, rather than nothing
    write_mo(out, catalog)
    made = path_of(language).with_suffix(".mo")
    fresh = made.with_suffix(f".{id(out)}.new")
    fresh.write_bytes(out.getvalue())
    fresh.replace(made)


# --- checking --------------------------------------------------------------------------------------------------------


def faults(language: str) -> list[str]:
    """What is wrong with a catalog: texts that it lacks, translations that are missing or say something else."""
    catalog = read(language)
    known = {_key(message): message for message in catalog if message.id}
    lacking = [f"not gathered: {text.english!r}" for text in gathered() if text.key not in known]
    return [*lacking, *(fault for message in known.values() for fault in _faults(message, catalog))]


def _faults(message: Message, catalog: Catalog) -> Iterator[str]:
    context, one, many = _key(message)
    name = f"{context}: {one!r}" if context else repr(one)
    if message.fuzzy:
        yield f"fuzzy: {name}"
    if not all(_strings(message)) or len(_strings(message)) != (catalog.num_plurals if many else 1):
        yield f"not translated: {name}"
        return
    for said in _strings(message):
        if set(HOLES.findall(said)) != set(HOLES.findall(many or one)):
            yield f"other placeholders than in English: {name}"
        if said.strip() != said and one.strip() == one:
            yield f"blanks around it: {name}"


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ("",))
