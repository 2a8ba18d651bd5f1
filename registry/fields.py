"""Clinical field types: each field says once what it is, its unit, what is possible and what is plausible.

From these declarations come the database checks, the document types, the data dictionary, the forms'
help and the import template. A possible range is enforced by a CHECK constraint and by every door; a
plausible range opens a query. Values are null until known; why one is absent stands in the row's `missing`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, ngettext
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from registry import units
from registry.dates import HOW_TO_WRITE, PATTERN, PartialDate
from registry.tongues import Saying, lazily, reader, term

# R: needed for a complete case, no reason accepted; C: needed, or a reason why not; O: optional.
Need = Literal["R", "C", "O"]
Range = tuple[float, float]
# UCUM codes that nobody says, in words; and the context of a unit among other texts.
UNITS = {
    "1": "",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "a": "years",
    "Cel": "°C",
    "{mitoses}/(10.{HPF})": "per 10 HPF",
}
UNIT = "unit"
# When a field or a form applies: the answer that decides, and the codes it must have one of; ANY is any answer.
Condition = tuple[str, frozenset[str]]
ANY: frozenset[str] = frozenset()


def meets(answer: Any, codes: frozenset[str]) -> bool:
    """Whether an answer, one value or a set of codes, is what a condition asks for."""
    if answer in (None, ""):
        return False
    if not codes:
        return True
    if isinstance(answer, bool):
        return str(answer).lower() in codes
    return bool(answer & codes) if isinstance(answer, frozenset) else answer in codes


class ClinicalField(models.Field):
    """What every clinical field declares.

    `label` is its name as declared, in English; people read `verbose_name` and `help_text`, in their language. `need`
    is R, C or O; `term` a terminology code. `only_if=(answer, codes)` says when the field applies at all: the answer
    is a sibling field, or `/citation`, the case's own, which decides for optional fields alone.
    """

    def __init__(
        self,
        label: str = "",
        help_text: str = "",
        *,
        need: Need = "O",
        term: str = "",
        only_if: Condition | None = None,
        **options: Any,
    ):
        self.label, self.need, self.term, self.only_if = label, need, term, only_if
        options = {"verbose_name": lazily(label) or None, "null": True, "blank": True, **options}
        super().__init__(help_text=lazily(help_text or label), **options)  # type: ignore[misc]

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        # Labels and help are not part of the schema: leaving them out keeps migrations to real changes.
        name, path, args, options = super().deconstruct()
        for key in ("verbose_name", "help_text", "choices", "validators"):
            options.pop(key, None)
        return name, path, list(args), options

    def document_type(self) -> Any:
        """The type that the case document gives this field (without the None of an unknown value)."""
        raise NotImplementedError

    def sentence(self) -> str:
        """What a value must be, in the reader's language, as the end of an error sentence: 'must be ...'."""
        raise NotImplementedError

    def _wrong(self) -> str:
        return gettext("{field} {must}.").format(field=self.verbose_name, must=self.sentence())


class Coded(ClinicalField, models.CharField):
    """One code of a vocabulary."""

    def __init__(
        self,
        vocabulary: type[models.TextChoices] | None = None,
        *texts: str,
        codes: Sequence[str] = (),
        **options: Any,
    ):
        self.vocabulary = vocabulary
        self.codes = tuple(vocabulary.values if vocabulary else codes)
        choices = vocabulary.choices if vocabulary else [(code, code) for code in self.codes]
        super().__init__(*texts, max_length=40, **{"choices": choices, **options})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        options.pop("max_length")
        return name, path, args, {**options, "codes": list(self.codes)}

    def db_check(self, connection: Any) -> str:
        listed = ", ".join(f"'{code}'" for code in self.codes)
        return f"{connection.ops.quote_name(self.column)} IN ({listed})"

    def document_type(self) -> Any:
        return Literal[self.codes]

    def sentence(self) -> str:
        return gettext("must be one of: {codes}").format(codes=", ".join(self.codes))


class CodedSet(ClinicalField, ArrayField):
    """Several codes of a vocabulary, without order; never empty (`exclusive` is the code for none)."""

    def __init__(
        self,
        vocabulary: type[models.TextChoices] | None = None,
        *texts: str,
        codes: Sequence[str] = (),
        exclusive: str = "",
        **options: Any,
    ):
        self.vocabulary = vocabulary
        self.codes = tuple(vocabulary.values if vocabulary else codes)
        self.exclusive = exclusive or ("none" if "none" in self.codes else "")
        options.pop("base_field", None)
        super().__init__(*texts, base_field=models.CharField(max_length=40), **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        options.pop("base_field")
        return name, path, args, {**options, "codes": list(self.codes), "exclusive": self.exclusive}

    def db_check(self, connection: Any) -> str:
        column = connection.ops.quote_name(self.column)
        listed = ", ".join(f"'{code}'" for code in self.codes)
        check = f"{column} <@ ARRAY[{listed}]::varchar[] AND cardinality({column}) > 0"
        if self.exclusive:
            check += f" AND NOT ('{self.exclusive}' = ANY({column}) AND cardinality({column}) > 1)"
        return check

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else frozenset(value)

    def to_python(self, value: Any) -> Any:
        return frozenset(value) if isinstance(value, list | tuple | set) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else self.in_order(value)

    def value_to_string(self, obj: models.Model) -> str:
        return ",".join(self.in_order(self.value_from_object(obj) or ()))

    def in_order(self, codes: Any) -> list[str]:
        """The codes as a list in the vocabulary's order, so that equal sets are equal texts."""
        return [code for code in self.codes if code in codes]

    def document_type(self) -> Any:
        return Annotated[frozenset[Literal[self.codes]], Field(min_length=1), AfterValidator(self._alone)]  # type: ignore[name-defined]

    def _alone(self, codes: frozenset[str]) -> frozenset[str]:
        if self.exclusive in codes and len(codes) > 1:
            raise ValueError(f"'{self.exclusive}' excludes every other code")
        return codes

    def sentence(self) -> str:
        said = gettext("must be a list of one or more of: {codes}").format(codes=", ".join(self.codes))
        if not self.exclusive:
            return said
        return gettext("{must}; '{code}' stands alone").format(must=said, code=self.exclusive)

    def formfield(self, **options: Any) -> Any:
        choices = self.vocabulary.choices if self.vocabulary else [(code, code) for code in self.codes]
        return forms.MultipleChoiceField(
            choices=choices,
            required=False,
            label=self.verbose_name,
            help_text=self.help_text,
            widget=options.get("widget", forms.CheckboxSelectMultiple),
        )


class Measurement(ClinicalField):
    """A number with its UCUM unit, its possible range (refused outside) and its plausible one (queried).

    `also` names units of another kind with their factors (mg/dL of a substance); those of the same kind are known.
    """

    def __init__(
        self,
        *texts: str,
        unit: str = "1",
        possible: Range = (0, 0),
        plausible: Range | None = None,
        decimals: int = 0,
        also: Mapping[str, str] | None = None,
        **options: Any,
    ):
        self.unit, self.possible, self.plausible, self.decimals = unit, possible, plausible, decimals
        self.units = units.taken(unit, also or {})
        super().__init__(*texts, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        return (
            name,
            path,
            args,
            {**options, "unit": self.unit, "possible": self.possible, "decimals": self.decimals},
        )

    def get_internal_type(self) -> str:
        return "FloatField" if self.decimals else "IntegerField"

    def db_check(self, connection: Any) -> str:
        low, high = self.possible
        return f"{connection.ops.quote_name(self.column)} BETWEEN {low:g} AND {high:g}"

    def to_python(self, value: Any) -> Any:
        if value in (None, ""):
            return None
        try:
            number = float(value) if self.decimals else int(value)
        except (TypeError, ValueError):
            raise ValidationError(self._wrong(), code="not_a_number") from None
        return number

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def document_type(self) -> Any:
        low, high = self.possible
        sent = BeforeValidator(self._in_own_unit)
        if self.decimals:
            limits = Field(strict=True, ge=low, le=high, allow_inf_nan=False)
            return Annotated[float, limits, AfterValidator(self._rounded), sent]
        return Annotated[int, Field(strict=True, ge=low, le=high), sent]

    def _in_own_unit(self, sent: Any) -> Any:
        """Read a quantity with its unit, and 22.0 as the whole number that it is."""
        if isinstance(sent, dict) and self.units:
            try:
                sent = units.convert(sent, self.units, self.decimals)
            except units.UnknownUnitError:
                raise PydanticCustomError("unknown_unit", "unit") from None
        if type(sent) is float and not self.decimals and sent.is_integer():
            return int(sent)
        return sent

    def _rounded(self, number: float) -> float:
        if not math.isclose(number, round(number, self.decimals), abs_tol=1e-9):
            raise ValueError(f"at most {self.decimals} decimals")
        return round(number, self.decimals)

    def sentence(self) -> str:
        low, high = self.possible
        said = (
            ngettext(
                "must be a number with at most {decimals} decimal from {low} to {high}",
                "must be a number with at most {decimals} decimals from {low} to {high}",
                self.decimals,
            )
            if self.decimals
            else gettext("must be a whole number from {low} to {high}")
        ).format(decimals=self.decimals, low=f"{low:g}", high=f"{high:g}")
        return f"{said} {self.unit_said.put(reader())}".rstrip()

    @property
    def unit_said(self) -> Saying:
        """The unit as people say it."""
        return term(UNITS.get(self.unit, self.unit), UNIT)

    def formfield(self, **options: Any) -> Any:
        kind = forms.FloatField if self.decimals else forms.IntegerField
        return super().formfield(**{"form_class": kind, **options})


class PartialDateField(ClinicalField, models.CharField):
    """A date with its precision, kept as ISO 8601 writes it: 2012-05-03, 2012-05 or 2012."""

    def __init__(self, *texts: str, **options: Any):
        super().__init__(*texts, max_length=10, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        options.pop("max_length")
        return name, path, args, options

    def db_check(self, connection: Any) -> str:
        return f"{connection.ops.quote_name(self.column)} ~ '{PATTERN}'"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else PartialDate.parse(value)

    def to_python(self, value: Any) -> Any:
        if value in (None, "") or isinstance(value, PartialDate):
            return value or None
        try:
            return PartialDate.parse(str(value))
        except ValueError:
            raise ValidationError(self._wrong(), code="date_format") from None

    def get_prep_value(self, value: Any) -> Any:
        return None if value in (None, "") else str(value)

    def document_type(self) -> Any:
        return PartialDate

    def sentence(self) -> str:
        return gettext(HOW_TO_WRITE)


class Flag(ClinicalField, models.BooleanField):
    """Yes, no, or not known yet."""

    def document_type(self) -> Any:
        return StrictBool

    def sentence(self) -> str:
        return gettext("must be true or false")


class Text(ClinicalField, models.CharField):
    """A short text; free text is for what no code says and never for identifiers of a person.

    `offers` names the list of reference terms that is offered while one types; another text is taken as well.
    """

    def __init__(self, *texts: str, max_length: int = 200, offers: str = "", **options: Any):
        self.offers = offers
        super().__init__(*texts, max_length=max_length, **options)

    def document_type(self) -> Any:
        # NUL cannot be stored, and a browser drops line breaks from a line: refused at every door, never lost.
        return Annotated[
            str,
            StringConstraints(
                strict=True, min_length=1, max_length=self.max_length, pattern=r"^[^\x00-\x1f]*$"
            ),
        ]

    def sentence(self) -> str:
        return gettext("must be a text of 1 to {most} characters on one line").format(most=self.max_length)


class Digest(Text):
    """A keyed hash, as hexadecimal digits: what a person could read an identifier in is refused."""

    PATTERN = "^[0-9a-f]{32,64}$"

    def __init__(self, *texts: str, **options: Any):
        super().__init__(*texts, **{**options, "max_length": 64})

    def db_check(self, connection: Any) -> str:
        return f"{connection.ops.quote_name(self.column)} ~ '{self.PATTERN}'"

    def document_type(self) -> Any:
        return Annotated[str, StringConstraints(strict=True, pattern=self.PATTERN)]

    def sentence(self) -> str:
        return gettext(
            "must be a keyed hash of 32 to 64 digits from 0 to 9 and a to f, such as an HMAC-SHA-256"
        )


def clinical_fields(model: type[models.Model]) -> tuple[ClinicalField, ...]:
    """The clinical fields of a model in the order of their declaration."""
    return tuple(field for field in model._meta.local_fields if isinstance(field, ClinicalField))
