"""Reports as they were cut, whether they may leave, who asked for them, each mail on its way, and data handed out."""

from reports.models.delivery import Delivery, MailBody
from reports.models.membership import ReportCases
from reports.models.report import Audience, Release, Report
from reports.models.research import ResearchExport
from reports.models.subscription import Subscription

__all__ = (
    "Audience",
    "Delivery",
    "MailBody",
    "Release",
    "Report",
    "ReportCases",
    "ResearchExport",
    "Subscription",
)
