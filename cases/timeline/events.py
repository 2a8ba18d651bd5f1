"""Something that happened to a patient, and when: the values that the picture and the list are made from."""

from dataclasses import dataclass
from enum import Enum, auto


class Lane(Enum):
    """The rows of the picture, from above."""

    WORK_UP = auto()
    THERAPY = auto()
    OPERATION = auto()
    COMPLICATION = auto()
    FOLLOW_UP = auto()
    OUTCOME = auto()


class Mark(Enum):
    """How an event is drawn."""

    POINT = auto()
    BAR = auto()
    STAY = auto()
    OPERATION = auto()
    GRADE = auto()
    FREE = auto()  # seen without evidence of disease
    DISEASE = auto()  # seen with disease
    SEEN = auto()  # seen, disease not assessed
    LOST = auto()
    IMAGE = auto()
    RECURRENCE = auto()
    DEATH = auto()


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days from day 0: the first and the last that it can have been, and how it is written."""

    first: int
    last: int
    written: str
    brief: str = ""  # the same, as short as a label can take it
    is_open: bool = False  # it went on for an unknown time, or was at least so late

    @property
    def middle(self) -> float:
        """Where a label points."""
        return (self.first + self.last) / 2


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened."""

    lane: Lane
    mark: Mark
    short: str  # beside the mark; empty where only the list tells it
    text: str
    span: Span | None
    grade: str = ""

    @property
    def when(self) -> str:
        """The date or interval as recorded."""
        return self.span.written if self.span else ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything that happened, in order, and what day 0 is."""

    zero: str  # what happened on day 0
    zero_on: str  # its date as recorded
    events: list[Event]

    @property
    def placed(self) -> list[Event]:
        """What has a place in time, in order."""
        return [event for event in self.events if event.span]

    @property
    def unplaced(self) -> list[Event]:
        """What has none."""
        return [event for event in self.events if event.span is None]
