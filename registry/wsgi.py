"""The entry point of a web server process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
os.environ["REGISTRY_PROCESS"] = "web"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
