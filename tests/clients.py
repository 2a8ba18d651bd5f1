"""Clients for tests: a machine with a key, a person in a browser."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from registry import keys
from registry.access import Role
from registry.models import Membership, User


def issue(center, user, *scopes, by=None, **fields):
    """Make a key and return it with its text."""
    wanted = {"name": "script", "expires_at": timezone.now() + timedelta(days=30), **fields}
    return keys.issue(
        center=center, user=user, scopes=scopes or ("read", "record"), by=by or _manager(center), **wanted
    )


def machine(center, user, *scopes):
    """A program with a key of this center."""
    _, text = issue(center, user, *scopes)
    return bearing(text)


def bearing(text):
    """A program with this key."""
    client = APIClient(raise_request_exception=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def browser(user):
    """A person who has signed in."""
    client = Client()
    client.force_login(user)
    return client


def described(client):
    """The description of the API as programs get it; the same in YAML takes Python seconds to read."""
    return client.get("/api/v1/schema/", HTTP_ACCEPT="application/json").json()


def _manager(center):
    user, _ = User.objects.get_or_create(username=f"lead-{center.code}")
    Membership.objects.get_or_create(user=user, center=center, role=Role.CENTER_LEAD)
    return user
