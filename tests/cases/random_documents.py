"""Case documents at random from the fields' own declarations: any possible value, in any combination."""

from cases.document import FIELDS, OPERATION_FORMS, OUTER_FORMS, TYPES
from cases.models import Patient
from cases.vocabulary import Missing
from registry.fields import Coded, CodedSet, Digest, Flag, Measurement, PartialDateField


def make(rng):
    """One document as plain values."""
    case = {"case_number": str(rng.randint(1, 999)), "patient": _form(rng, Patient)}
    for model in OUTER_FORMS:
        rows = [_form(rng, model) for _ in range(rng.randint(0, 3))]
        if model.name == "operations":
            for row in rows:
                row |= {inner.name: _inner(rng, inner) for inner in OPERATION_FORMS if rng.random() < 0.8}
            if rows:
                rows[0]["operation_type"] = "index_resection"
                rows[0].get("missing", {}).pop("operation_type", None)
        if rows:
            case[model.name] = rows if model.repeats else rows[0]
    return case


def _inner(rng, model):
    return [_form(rng, model) for _ in range(rng.randint(0, 4))] if model.repeats else _form(rng, model)


def _form(rng, model):
    answers, missing = {}, {}
    for name, field in FIELDS[TYPES[model]].items():
        if rng.random() < 0.7:
            answers[name] = _value(rng, field)
        elif rng.random() < 0.3:
            missing[name] = rng.choice(Missing.values)
    return {**answers, **({"missing": missing} if missing else {})}


def _value(rng, field):
    if isinstance(field, Coded):
        return rng.choice(field.codes)
    if isinstance(field, CodedSet):
        others = [code for code in field.codes if code != field.exclusive]
        alone = field.exclusive and rng.random() < 0.2
        return [field.exclusive] if alone else rng.sample(others, rng.randint(1, min(4, len(others))))
    if isinstance(field, Measurement):
        low, high = field.possible
        return round(rng.uniform(low, high), field.decimals) if field.decimals else rng.randint(low, high)
    if isinstance(field, PartialDateField):
        return f"{rng.randint(1935, 2028)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"[
            : rng.choice((4, 7, 10))
        ]
    if isinstance(field, Flag):
        return rng.random() < 0.5
    if isinstance(field, Digest):
        return f"{rng.getrandbits(256):064x}"
    return "UA" if field.max_length < 3 else "text"
