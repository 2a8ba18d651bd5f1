"""Reports, subscriptions and mails on the admin pages: to read, to download, to see what is stuck."""

from reports.admin import deliveries, reports, subscriptions  # noqa: F401 - loaded so that their pages are on the site
