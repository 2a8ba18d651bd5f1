"""Reports as they were cut, whether they may leave, who asked to get them, and each mail on its way."""

from reports.models.delivery import Delivery, MailBody
from reports.models.report import Audience, Release, Report
from reports.models.subscription import Subscription

__all__ = ("Audience", "Delivery", "MailBody", "Release", "Report", "Subscription")
