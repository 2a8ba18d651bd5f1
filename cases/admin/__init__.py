"""Cases on the admin pages: entered and corrected by coordinators, with what the rulebooks say beside them."""

from cases.admin import audit, case, duplicates, findings, follow_up, imports, journal, versions  # noqa: F401 - loaded so that their pages are on the site
