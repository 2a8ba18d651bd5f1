"""The admin pages: the base of every page, and the administration of people, centers and keys."""

from registry.admin import account, centers, keys, people  # noqa: F401 - loaded so that their pages are on the site
from registry.admin.base import ReadOnlyAdmin, RegistryAdmin, RegistryInline, centers_where, site

__all__ = ["ReadOnlyAdmin", "RegistryAdmin", "RegistryInline", "centers_where", "site"]
