"""Addresses that are open to everybody: the link in a mail that ends it."""

from django.urls import path

from reports import public

urlpatterns = [path("unsubscribe/<str:token>/", public.unsubscribe, name="unsubscribe")]
