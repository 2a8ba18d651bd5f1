"""Reports, subscriptions, mails and the algorithm on the admin pages: to read, to download, to see what is stuck."""

from reports.admin import (  # noqa: F401 - loaded so that their pages are on the site
    algorithm,
    deliveries,
    mine,
    people,
    privacy,
    reports,
    subscriptions,
    survival,
)
