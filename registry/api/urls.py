"""Addresses of the API that concern no case: who am I, what became of a request, the API's own description."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import path
from drf_spectacular.views import SpectacularSwaggerSplitView

from registry.api.views import Description, Receipt, WhoAmI

# The page of the description is Swagger's own: its styles stand inside it.
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema")
)

urlpatterns = [
    path("whoami/", WhoAmI.as_view(), name="api-whoami"),
    path("receipts/<path:key>/", Receipt.as_view(), name="api-receipt"),
    path("schema/", Description.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
]
