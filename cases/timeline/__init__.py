"""What happened to a patient and when, as a picture and as a list."""

from cases.timeline.events import Event, Story
from cases.timeline.picture import timeline
from cases.timeline.telling import story_of

__all__ = ["Event", "Story", "story_of", "timeline"]
