"""What /metrics tells of the mails."""

from collections.abc import Iterator
from typing import Any

from registry import metrics
from reports.models import Delivery


def mails() -> Iterator[Any]:
    """How many mails are in which state."""
    yield metrics.by_state("registry_mails", "Mails", Delivery.objects.all())
