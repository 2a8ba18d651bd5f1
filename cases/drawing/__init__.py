"""Pictures of the inferior vena cava, drawn from data alone: before an operation, after it, to choose from."""

from cases.drawing.chooser import chooser, heights
from cases.drawing.pictures import Note, Picture, after, before

__all__ = ["Note", "Picture", "after", "before", "chooser", "heights"]
