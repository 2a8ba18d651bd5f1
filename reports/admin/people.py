"""What the page of a person tells of their mails."""

from registry.admin import people
from reports import bounces

people.tell(bounces.warning)
