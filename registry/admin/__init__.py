"""The admin pages: the base of every page, and the administration of people, centers, keys and terms."""

from registry.admin import account, centers, keys, people, review, second_step, setbacks, signins, terms  # noqa: F401 - loaded so that their pages exist
from registry.admin.base import ReadOnlyAdmin, RegistryAdmin, RegistryInline, centers_where, site

__all__ = ["ReadOnlyAdmin", "RegistryAdmin", "RegistryInline", "centers_where", "site"]
