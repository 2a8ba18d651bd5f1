"""What a picture shows, in words: for its key, and for those who cannot see it."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from cases.drawing.anatomy import BRANCHES
from cases.drawing.branches import is_displaced
from cases.drawing.repair import Repair
from cases.phrases import answer, label, listed, within
from cases.vocabulary import (
    GRAFTS,
    Growth,
    Handling,
    HepaticVein,
    IvcMethod,
    Level,
    Organ,
    Segment,
    Thrombus,
    ThrombusSite,
    Vein,
    VeinInvolvement,
)

GROWTH: dict[str, Any] = {
    Growth.INTRAVASAL: gettext_lazy("growing inside the lumen"),
    Growth.EXTRAVASAL: gettext_lazy("growing outwards from the wall"),
    Growth.MIXED: gettext_lazy("growing inside the lumen and outwards"),
}

THROMBUS: dict[str, Any] = {
    Thrombus.BELOW_TUMOR: gettext_lazy("below the tumor"),
    Thrombus.ABOVE_TUMOR: gettext_lazy("above the tumor"),
    Thrombus.BOTH: gettext_lazy("below and above the tumor"),
}


def names() -> dict[str, str]:
    """The segments' names."""
    return {str(segment): label(Segment, segment) for segment in Segment}


def in_order(segments: Iterable[str]) -> str:
    """Name segments caudal to cranial; three and more neighbours by the first and the last."""
    chosen = frozenset(segments)
    runs: list[list[str]] = [[]]
    for segment in Segment:
        if segment in chosen:
            runs[-1].append(within(label(Segment, segment)))
        elif runs[-1]:
            runs.append([])
    told = [
        gettext("{first} to {last}").format(first=run[0], last=run[-1]) if len(run) > 2 else ", ".join(run)
        for run in runs
        if run
    ]
    return ", ".join(told)


# --- before the operation -----------------------------------------------------------------------------------------


def of_tumor(tumor: Any) -> Iterator[tuple[str, str]]:
    """What the picture before the operation shows: kind of mark, and sentence."""
    if tumor is None or not (tumor.segments or tumor.reported_level):
        yield "", gettext("Which segments are involved is not recorded.")
    elif tumor.segments:
        growth = GROWTH.get(tumor.growth_pattern, gettext("growth pattern not recorded"))
        told = gettext("Tumor: {segments}; {growth}.")
        yield "tumor", told.format(segments=in_order(tumor.segments), growth=growth)
    else:
        told = gettext("Level as published: {level}. Which segments is not recorded.")
        yield "level", told.format(level=within(label(Level, tumor.reported_level)))
    if tumor is None:
        return
    if reached := list(_reached(tumor)):
        yield "", gettext("Reaches into: {veins}.").format(veins="; ".join(reached))
    if thrombus := _thrombus(tumor):
        yield "thrombus", thrombus


def _reached(tumor: Any) -> Iterator[str]:
    for vein, how in (
        (Vein.LEFT_RENAL, tumor.renal_vein_left_involved),
        (Vein.RIGHT_RENAL, tumor.renal_vein_right_involved),
    ):
        if how in (VeinInvolvement.OSTIUM, VeinInvolvement.LUMEN):
            yield f"{within(label(Vein, vein))} ({within(label(VeinInvolvement, how))})"
    hepatic = (tumor.hepatic_veins_involved or frozenset()) - {HepaticVein.NONE}
    if hepatic:
        yield gettext("hepatic veins ({which})").format(which=listed(HepaticVein, hepatic))
    if tumor.extends_to_iliac_veins:
        yield gettext("iliac veins")


def _thrombus(tumor: Any) -> str:
    sites = listed(ThrombusSite, tumor.bland_thrombus_extent or ())
    if tumor.bland_thrombus in (None, Thrombus.NONE):
        return gettext("Bland thrombus: {sites}.").format(sites=sites) if sites else ""
    where = THROMBUS[tumor.bland_thrombus]
    if not sites:
        return gettext("Bland thrombus: {where}.").format(where=where)
    return gettext("Bland thrombus: {where} ({sites}).").format(where=where, sites=sites)


# --- after it -----------------------------------------------------------------------------------------------------


def of_operation(operation: Any, repair: Repair) -> Iterator[tuple[str, str]]:
    """What the picture after the operation shows: kind of mark (a vein's code has a letter), and sentence."""
    yield "cut", _resected(operation)
    if operation.reconstruction is not None and operation.reconstruction.ivc_method:
        yield "graft", _rebuilt(operation.reconstruction, repair)
    for vein in Vein:
        how = operation.handling_of.get(vein)
        if how is not None:
            yield vein, f"{label(Vein, vein)}: {within(label(Handling, how))}."
        elif vein in BRANCHES and is_displaced(vein, operation, repair):
            yield vein, gettext("{vein}: not recorded.").format(vein=label(Vein, vein))
    organs = (operation.organs_resected or frozenset()) - {Organ.NONE}
    if organs:
        yield "", gettext("Also resected: {organs}.").format(organs=listed(Organ, organs))


def _resected(operation: Any) -> str:
    how = answer(operation, "resection_type")
    if not operation.resected_segments:
        return (
            gettext("Resection: {how}; which segments is not recorded.").format(how=how)
            if how
            else gettext("Which segments were resected is not recorded.")
        )
    segments = in_order(operation.resected_segments)
    told = gettext("Resected: {segments}; {how}.") if how else gettext("Resected: {segments}.")
    return told.format(segments=segments, how=how)


def _rebuilt(form: Any, repair: Repair) -> str:
    parts = [label(IvcMethod, form.ivc_method)]
    parts += [answer(form, "no_reconstruction_reason")]
    parts += list(_graft(form))
    parts += [_anastomoses(form)]
    if form.ivc_method in GRAFTS and not repair.is_graft:
        parts.append(gettext("where is not recorded"))
    if form.av_fistula:
        parts.append(gettext("with an arteriovenous fistula"))
    if form.omental_wrap:
        parts.append(gettext("wrapped in omentum"))
    return f"{_joined(parts)}."


def _graft(form: Any) -> Iterator[str]:
    material = answer(form, "material")
    yield f"{material} ({form.brand})" if material and form.brand else material or form.brand or ""
    if form.ringed is not None:
        yield gettext("ringed") if form.ringed else gettext("without rings")
    if form.diameter_mm:
        yield gettext("{diameter} wide").format(diameter=answer(form, "diameter_mm"))
    if form.length_mm:
        yield gettext("{length} long").format(length=answer(form, "length_mm"))


def _anastomoses(form: Any) -> str:
    caudal, cranial = answer(form, "distal_anastomosis_segment"), answer(form, "proximal_anastomosis_segment")
    if caudal and cranial:
        return gettext("sewn in caudally: {caudal}, cranially: {cranial}").format(
            caudal=caudal, cranial=cranial
        )
    if caudal:
        return gettext("sewn in caudally: {caudal}").format(caudal=caudal)
    return gettext("sewn in cranially: {cranial}").format(cranial=cranial) if cranial else ""


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)
