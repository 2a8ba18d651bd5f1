"""A case on one page, in words: the facts that a clinician asks for first, and what is still missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from cases import chronology, endpoints
from cases.models import FORMS, Patient
from cases.phrases import answer, heading, label, listed, margin, when, within
from cases.rulebook.completeness import MissingAnswer
from cases.vocabulary import DiseaseStatus, Level, MetastasisSite, Sex

_MODELS = {model.name: model for model in (Patient, *FORMS)}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of the page: what it is about, and what is known."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What one form still lacks."""

    form: str
    labels: list[str]


def facts(document: Any) -> list[Fact]:
    """The key facts of a case; of what is not known, nothing is said here."""
    told = (
        (gettext("Patient"), _patient(document)),
        (gettext("Presentation"), _presentation(document)),
        (gettext("Tumor"), _tumor(document)),
        (gettext("Stage, grade"), _stage(document)),
        (gettext("Treatment"), _treatment(document)),
        (gettext("Operation"), _operation(document)),
        (gettext("Course"), _course(document)),
        (gettext("Result"), _result(document)),
        (gettext("Last known"), _last_known(document)),
    )
    return [Fact(name=name, text=text) for name, parts in told if (text := _joined(parts))]


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _patient(document: Any) -> Iterator[str]:
    form = document.patient
    yield answer(form, "sex") if form and form.sex != Sex.UNKNOWN else ""
    if (age := document.age_at_resection_years) is not None:
        yield gettext("{n} years at the resection").format(n=age)
    if form and form.born_on:
        yield gettext("born {date}").format(date=form.born_on)
    presentation = document.presentation
    if presentation is not None:
        for name, short in (("asa", "ASA"), ("ecog", "ECOG")):
            value = getattr(presentation, name)
            yield f"{short} {value}" if value is not None else ""


def _presentation(document: Any) -> Iterator[str]:
    form = document.presentation
    yield answer(form, "symptoms")
    if form and form.collaterals:
        yield gettext("collaterals: {which}").format(which=answer(form, "collaterals"))
    if document.tumor and document.tumor.presentation_type not in (None, "primary"):
        yield answer(document.tumor, "presentation_type")


def _tumor(document: Any) -> Iterator[str]:
    form = document.tumor
    if form is None:
        return
    yield answer(form, "max_diameter_mm")
    if form.growth_pattern:
        yield gettext("growth: {pattern}").format(pattern=answer(form, "growth_pattern"))
    if document.level:
        yield gettext("level {level}").format(level=label(Level, document.level).partition(" (")[0].lower())
    if form.metastasis_at_diagnosis:
        sites = listed(MetastasisSite, form.metastasis_sites or ())
        yield gettext("metastasis at diagnosis: {sites}").format(sites=sites or gettext("site not recorded"))
    elif form.metastasis_at_diagnosis is False:
        yield gettext("no metastasis at diagnosis")


def _stage(document: Any) -> Iterator[str]:
    form, specimen = document.tumor, document.specimen
    for name in ("c_t", "c_n", "c_m"):
        yield f"c{getattr(form, name)}" if form and getattr(form, name) else ""
    if document.clinical_stage:
        yield gettext("stage {stage} (AJCC 8)").format(stage=document.clinical_stage)
    if specimen and specimen.fnclcc_grade:
        yield gettext("FNCLCC {grade}").format(grade=specimen.fnclcc_grade)
    if specimen and specimen.mitoses_per_10hpf is not None:
        yield gettext("{n} mitoses per 10 HPF").format(n=f"{specimen.mitoses_per_10hpf:g}")


def _treatment(document: Any) -> Iterator[str]:
    for course in document.therapies:
        what = heading(course, "regimen") or course.regimen_text or heading(course, "modality")
        yield " ".join(filter(None, [answer(course, "setting"), within(what or "")]))


def _operation(document: Any) -> Iterator[str]:
    index = document.index
    if index is None:
        yield gettext("no index resection recorded")
        return
    yield answer(index, "operated_on")
    yield answer(index, "approach")
    bypass = (index.bypass or frozenset()) - {"none"}
    yield answer(index, "bypass") if bypass else ""
    if index.skin_to_skin_min is not None:
        yield gettext("operating time {time}").format(time=answer(index, "skin_to_skin_min"))
    if index.blood_loss_ml is not None:
        yield gettext("blood loss {volume}").format(volume=answer(index, "blood_loss_ml"))


def _course(document: Any) -> Iterator[str]:
    if document.index is None:
        return
    if document.highest_clavien_dindo:
        yield gettext("Clavien-Dindo {grade}").format(grade=document.highest_clavien_dindo)
    elif document.discharge and document.discharge.no_complication_90d:
        yield gettext("no complication within 90 days")
    stay = _stay_days(document)
    if stay is not None:
        yield ngettext("{n} day in hospital", "{n} days in hospital", stay).format(n=stay)
    early = endpoints.died_within(document, endpoints.EARLY_DAYS)
    if early is not None:
        yield gettext("died within 90 days") if early else gettext("alive after 90 days")


def _stay_days(document: Any) -> int | None:
    """Days from the resection to the discharge, where both are known to the day."""
    on, left = document.index.operated_on, document.discharge.discharged_on if document.discharge else None
    if (
        on is None
        or left is None
        or "day" not in (on.precision, left.precision)
        or on.precision != left.precision
    ):
        return None
    return (left.earliest - on.earliest).days


def _result(document: Any) -> Iterator[str]:
    yield margin(document.specimen)
    if document.index and document.index.gross_result:
        yield gettext("gross result: {result}").format(result=answer(document.index, "gross_result"))
    for one in chronology.recurrences(document)[:1]:
        yield _recurrence(one, answer(one, "detected_on") or answer(one, "months_after_resection"))


def _recurrence(one: Any, detected: str) -> str:
    what = _joined([answer(one, "kind"), answer(one, "sites")])
    return (
        gettext("recurrence {when}: {what}").format(when=detected, what=what)
        if what
        else gettext("recurrence")
    )


def _last_known(document: Any) -> Iterator[str]:
    if endpoints.is_dead(document):
        yield gettext("died {when}").format(when=when(document.death, "died_on")).strip()
        yield answer(document.death, "cause_category")
        return
    visit = chronology.last_visit(document)
    yield from _seen(document, visit)
    lost = chronology.lost_since(document)
    if lost is not None:
        since = when(lost, "visit_on")
        yield gettext("lost since {when}").format(when=since) if since else answer(lost, "vital_status")


def _seen(document: Any, visit: Any) -> Iterator[str]:
    """The last visit and, where that is later, the last sign of life; a disease that came back is not passed over."""
    at, seen = _last_seen(document, visit)
    alive = gettext("alive {when}").format(when=seen).strip()
    if visit is None:
        yield alive if seen else ""
        return
    on, of_visit = when(visit, "visit_on"), chronology.of_visit(document, visit)
    is_later = at is not None and (of_visit is None or at.latest > of_visit.latest)
    graft = gettext("graft {state}").format(state=answer(visit, "graft_status")) if visit.graft_status else ""
    back = chronology.recurrence_after(document, visit) if visit.disease_status == DiseaseStatus.NED else None
    if back is None and visit.disease_status in (DiseaseStatus.NED, DiseaseStatus.AWD):
        yield _on(on, answer(visit, "disease_status"))
        yield graft
        yield alive if is_later else ""
    else:
        yield alive
        yield _recurrence(back, when(back, "detected_on")) if back is not None else ""
        yield _on(on, graft) if graft and is_later else graft


def _on(day: str, what: str) -> str:
    return f"{day}: {what}" if day else what


def _last_seen(document: Any, visit: Any) -> tuple[chronology.Moment | None, str]:
    """The last sign of life that can be named, and how it is written."""
    on = endpoints.last_contact(document)
    signs = [(chronology.moment(document, on), str(on or ""))]
    if visit is not None:
        signs.append((chronology.of_visit(document, visit), when(visit, "visit_on")))
    for one in document.recurrences:
        signs.append((chronology.of_recurrence(document, one), when(one, "detected_on")))
    placed = [(at, written) for at, written in signs if at is not None]
    return max(placed, key=lambda sign: sign[0].recency, default=(None, ""))


# --- what is missing ------------------------------------------------------------------------------------------------


def gaps(missing: Iterable[MissingAnswer]) -> list[Gap]:
    """What is missing, form by form in the order of the forms; rows that lack the same share a line."""
    whole: list[str] = []
    rows: dict[tuple[str, int], list[str]] = {}
    for one in missing:
        form, number, is_whole = _form_of(one.pointer)
        (whole if is_whole else rows.setdefault((form, number), [])).append(one.label)
    shared: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for (form, number), labels in rows.items():
        shared.setdefault((form, tuple(labels)), []).append(number)
    found = [Gap(form=gettext("Whole forms"), labels=whole)] if whole else []
    for (form, labels), numbers in shared.items():
        found.append(Gap(form=f"{form} {_ranges(numbers)}".strip(), labels=list(labels)))
    return found


def _form_of(pointer: str) -> tuple[str, int, bool]:
    """The form that a pointer is about, the number of its row (0 without), and whether it is about the whole form."""
    parts = pointer.strip("/").split("/")
    form, number = "", 0
    for part in parts:
        if part in _MODELS:
            form, number = str(_MODELS[part].title), 0
        elif part.isdigit():
            number = int(part) + 1
    return form, number, parts[-1] in _MODELS


def _ranges(numbers: list[int]) -> str:
    """Numbers in a row as people write them: 1–3, 5."""
    told: list[list[int]] = []
    for number in filter(None, numbers):
        if told and number == told[-1][-1] + 1:
            told[-1].append(number)
        else:
            told.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in told)
