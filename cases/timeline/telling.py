"""What happened to a patient and when, told from a document: from diagnosis to the last contact, day 0 the resection.

A date known to the month or year is a span; a published interval is a day without a date; what has neither is kept,
without a place in time.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from cases.endpoints import DAYS_PER_MONTH
from cases.phrases import answer, heading, interval, label
from cases.timeline.events import Event, Lane, Mark, Span, Story
from cases.vocabulary import (
    Agent,
    ComplicationType,
    DischargeTo,
    DiseaseStatus,
    GraftStatus,
    OperationType,
    TherapyModality,
    TimeQualifier,
    VitalStatus,
)
from registry.dates import PartialDate

AS_HOPED = frozenset({None, GraftStatus.PATENT, GraftStatus.NO_GRAFT, GraftStatus.NOT_ASSESSED})


class Teller:
    """Reads one document."""

    def __init__(self, document: Any):
        self.document = document
        self.zero, self.zero_on = self._day_zero()

    def _day_zero(self) -> tuple[str, PartialDate | None]:
        index, diagnosis = self.document.index, self.document.diagnosis
        if index is not None:
            return label(OperationType, OperationType.INDEX_RESECTION), index.operated_on
        dated = [operation for operation in self.document.operations if operation.operated_on]
        if dated:
            first = min(dated, key=lambda operation: operation.operated_on.imputed())
            return heading(first, "operation_type") or gettext("Operation"), first.operated_on
        return gettext("Diagnosis"), diagnosis.diagnosis_on if diagnosis else None

    def story(self) -> Story:
        """Tell everything, in order."""
        found = [
            *self._work_up(),
            *self._therapy(),
            *self._operations(),
            *self._complications(),
            *self._follow_up(),
            *self._outcome(),
        ]
        last = float("inf")
        found.sort(key=lambda event: event.span.middle if event.span else last)
        return Story(zero=self.zero, zero_on=str(self.zero_on or ""), events=found)

    # --- time ---------------------------------------------------------------------------------------------------

    def _span(self, on: PartialDate | None, *, after: bool = False) -> Span | None:
        """A date; what came after the resection is not drawn before it, however coarse the date."""
        if on is None or self.zero_on is None:
            return None
        zero = self.zero_on.imputed()
        first, last = (on.earliest - zero).days, (on.latest - zero).days
        if after and not on.surely_before(self.zero_on):
            first, last = max(0, first), max(0, last)
        return Span(first=first, last=last, written=str(on), brief=str(on))

    def _since(
        self, on: PartialDate | None, months: float | None, qualifier: str | None = None
    ) -> Span | None:
        """A date, or the published interval that stands in for it."""
        if on is not None or months is None or self.document.index is None:
            return self._span(on, after=True)
        days = round(months * DAYS_PER_MONTH)
        written, brief = interval(months, qualifier)
        is_open = qualifier == TimeQualifier.AT_LEAST
        return Span(first=days, last=days, written=written, brief=brief, is_open=is_open)

    def _course(self, begun: PartialDate | None, ended: PartialDate | None) -> Span | None:
        """From a first to a last day; without the last, it is open."""
        first, last = self._span(begun), self._span(ended)
        if first is None or last is None:
            known = first or last
            return known and Span(
                first=known.first,
                last=known.last,
                written=gettext("from {date}").format(date=begun)
                if begun
                else gettext("until {date}").format(date=ended),
                is_open=begun is not None,
            )
        written = gettext("{first} to {last}").format(first=begun, last=ended)
        return Span(first=first.first, last=max(first.last, last.last), written=written)

    # --- before and around the operation ------------------------------------------------------------------------

    def _work_up(self) -> Iterator[Event]:
        document = self.document
        if document.presentation and document.presentation.first_symptom_on:
            yield self._point(
                gettext("First symptom"), "", self._span(document.presentation.first_symptom_on)
            )
        if document.diagnosis and document.diagnosis.diagnosis_on:
            basis = answer(document.diagnosis, "diagnosis_basis")
            yield self._point(gettext("Diagnosis"), basis, self._span(document.diagnosis.diagnosis_on))
        for study in document.imaging:
            yield self._image(study)
        for biopsy in document.biopsies:
            kind = answer(biopsy, "type")
            yield self._point(gettext("Biopsy"), kind, self._span(biopsy.performed_on))
        for meeting in document.mdt_meetings:
            decision = answer(meeting, "decision")
            yield self._point(gettext("Tumor board"), decision, self._span(meeting.held_on))

    def _point(self, what: str, how: str, span: Span | None) -> Event:
        text = f"{what}: {how}" if how else what
        return Event(lane=Lane.WORK_UP, mark=Mark.POINT, short=text, text=text, span=span)

    def _image(self, study: Any) -> Event:
        """Before the operation a part of the work-up, after it a mark among the visits."""
        span = self._span(study.performed_on)
        modality = heading(study, "modality") or gettext("Imaging")
        told = [answer(study, "regions"), answer(study, "result")]
        text = f"{modality}: {'; '.join(filter(None, told))}" if any(told) else modality
        is_after = span is not None and span.first > 0
        if is_after:
            return Event(lane=Lane.FOLLOW_UP, mark=Mark.IMAGE, short="", text=text, span=span)
        return Event(lane=Lane.WORK_UP, mark=Mark.POINT, short=modality, text=text, span=span)

    def _therapy(self) -> Iterator[Event]:
        for course in self.document.therapies:
            if course.modality == TherapyModality.NONE_GIVEN:
                continue
            what = (
                heading(course, "regimen")
                or course.regimen_text
                or heading(course, "modality")
                or gettext("Therapy")
            )
            setting = answer(course, "setting")
            text = ", ".join(filter(None, [what, setting, self._dose(course)]))
            span = self._course(course.started_on, course.ended_on)
            yield Event(lane=Lane.THERAPY, mark=Mark.BAR, short=what, text=text, span=span)
        for drug in self.document.antithrombotics:
            if drug.agent in (None, Agent.NONE):
                continue
            what = heading(drug, "agent")
            text = ", ".join(filter(None, [what, answer(drug, "intent"), answer(drug, "planned_duration")]))
            span = self._course(drug.started_on, drug.stopped_on)
            yield Event(lane=Lane.THERAPY, mark=Mark.BAR, short=what, text=text, span=span)

    def _dose(self, course: Any) -> str:
        if course.cycles is not None:
            return gettext("{n} cycles").format(n=course.cycles)
        return answer(course, "rt_dose_gy")

    def _operations(self) -> Iterator[Event]:
        for operation in self.document.operations:
            is_zero = operation is self.document.index
            what = heading(operation, "operation_type") or gettext("Operation")
            span = self._span(operation.operated_on) or (
                Span(first=0, last=0, written="") if is_zero else None
            )
            yield Event(lane=Lane.OPERATION, mark=Mark.OPERATION, short=what, text=what, span=span)
        discharge = self.document.discharge
        if discharge is None:
            return
        if discharge.discharged_on and self.zero_on:
            left = self._span(discharge.discharged_on, after=True)
            where = answer(discharge, "discharge_to")
            text = gettext("Discharged: {where}").format(where=where) if where else gettext("Discharged")
            mark = Mark.STAY if discharge.discharge_to != DischargeTo.DIED else Mark.DEATH
            yield Event(lane=Lane.OPERATION, mark=mark, short=text, text=text, span=left)
        if discharge.readmitted_on:
            back = self._span(discharge.readmitted_on, after=True)
            text = gettext("Readmitted")
            yield Event(lane=Lane.OPERATION, mark=Mark.POINT, short=text, text=text, span=back)

    # --- after it -------------------------------------------------------------------------------------------------

    def _complications(self) -> Iterator[Event]:
        for one in self.document.complications:
            what = label(ComplicationType, one.type) if one.type else gettext("Complication")
            grade = f"{one.clavien_dindo}{'d' if one.disability else ''}" if one.clavien_dindo else "?"
            told = gettext("{what}, grade {grade}") if one.clavien_dindo else gettext("{what}, not graded")
            text = ", ".join(
                filter(
                    None,
                    [told.format(what=what, grade=grade), answer(one, "treatment"), answer(one, "outcome")],
                )
            )
            span = self._span(one.onset_on)
            if span is None and one.onset_days_after_resection is not None and self.document.index:
                days = one.onset_days_after_resection
                span = Span(first=days, last=days, written=gettext("day {n}").format(n=days))
            yield Event(
                lane=Lane.COMPLICATION, mark=Mark.GRADE, short=what, text=text, span=span, grade=grade
            )

    def _follow_up(self) -> Iterator[Event]:
        told: tuple[str, ...] = ()
        visits = [
            (v, self._since(v.visit_on, v.months_after_resection, v.time_qualifier))
            for v in self.document.follow_ups
        ]
        visits.sort(key=lambda pair: pair[1].middle if pair[1] else float("inf"))
        last = max((span.last for _, span in visits if span), default=None)
        for visit, span in visits:
            state = tuple(filter(None, [self._state(visit), self._graft(visit)]))
            text = "; ".join([gettext("Visit"), *state]) if state else gettext("Visit")
            is_news = state != told or (span is not None and span.last == last)
            told = state
            short = ", ".join([_brief(visit) or state[0], *state[1:]]) if is_news and state else ""
            yield Event(lane=Lane.FOLLOW_UP, mark=_mark_of(visit), short=short, text=text, span=span)
        consent = self.document.consent
        if consent and consent.withdrawn_on:
            text = gettext("Consent withdrawn")
            span = self._span(consent.withdrawn_on)
            yield Event(lane=Lane.FOLLOW_UP, mark=Mark.LOST, short=text, text=text, span=span)

    def _state(self, visit: Any) -> str:
        if visit.vital_status in (VitalStatus.DEAD, VitalStatus.LOST):
            return answer(visit, "vital_status")
        return answer(visit, "disease_status") or answer(visit, "vital_status")

    def _graft(self, visit: Any) -> str:
        """The graft where it is not as hoped for."""
        if visit.graft_status in AS_HOPED:
            return ""
        return gettext("graft: {state}").format(state=answer(visit, "graft_status"))

    def _outcome(self) -> Iterator[Event]:
        for one in self.document.recurrences:
            what = gettext("Recurrence")
            told = [answer(one, "kind"), answer(one, "sites")]
            text = f"{what}: {', '.join(filter(None, told))}" if any(told) else what
            span = self._since(one.detected_on, one.months_after_resection, one.time_qualifier)
            yield Event(lane=Lane.OUTCOME, mark=Mark.RECURRENCE, short=text, text=text, span=span)
        death = self.document.death
        if death is not None:
            cause = answer(death, "cause_category")
            text = gettext("Death: {cause}").format(cause=cause) if cause else gettext("Death")
            span = self._since(death.died_on, death.months_after_resection, death.time_qualifier)
            yield Event(lane=Lane.OUTCOME, mark=Mark.DEATH, short=text, text=text, span=span)


def _brief(visit: Any) -> str:
    """The status as clinicians abbreviate it."""
    status = visit.disease_status
    alive = visit.vital_status not in (VitalStatus.DEAD, VitalStatus.LOST)
    return str(status) if alive and status in (DiseaseStatus.NED, DiseaseStatus.AWD) else ""


def _mark_of(visit: Any) -> Mark:
    if visit.vital_status == VitalStatus.DEAD:
        return Mark.DEATH
    if visit.vital_status == VitalStatus.LOST:
        return Mark.LOST
    return {DiseaseStatus.NED: Mark.FREE, DiseaseStatus.AWD: Mark.DISEASE}.get(
        visit.disease_status, Mark.SEEN
    )


def story_of(document: Any) -> Story:
    """Tell what happened in a case."""
    return Teller(document).story()
