"""Cases on the admin pages: entered and corrected by coordinators, with what the rulebooks say beside them."""

from cases.admin import (  # noqa: F401 - loaded so that their pages are on the site
    adding,
    audit,
    case,
    duplicates,
    findings,
    follow_up,
    imports,
    journal,
    transfers,
    versions,
)
