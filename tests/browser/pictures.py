"""Pictures of pages, for people to look at."""

from django.conf import settings

FOLDER = settings.VAR / "screenshots"


def see(page, name):
    """Write the whole page as var/screenshots/NAME-WIDTH.png, and say where it is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{page.viewport_size['width']}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path
