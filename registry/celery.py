"""Background work: the Celery application. Its settings stand in settings.py under CELERY_."""

from celery import Celery

app = Celery("registry")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
