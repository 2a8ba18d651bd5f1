"""Every address, read from the URL patterns, so that a page which somebody adds is swept, too."""

import re
from dataclasses import dataclass

from django.urls import URLResolver, get_resolver

from cases.adding import FORMS
from cases.admin.imports import FILES
from cases.models import Case, DataQuery, Deviation, ImportBatch, Transfer
from registry.admin import site
from registry.models import AnsweredRequest
from reports.models import Report, Subscription
from reports.rendering import DOCUMENTS
from reports.survival_files import FILES as SURVIVAL_FILES

ROOT = "/admin/"
ROW = ("object_id", "pk", "id", "key", "token")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
APPS = sorted({model._meta.app_label for model in site._registry})

# What stands for the parameters of an address that has others than the number of a row of its own model.
PARAMETERS = {
    "reports_report_document": [{"name": name} for name in DOCUMENTS],
    "cases_case_export": [{"format": name} for name in ("csv", "xlsx")],
    "cases_importbatch_file": [{"name": name} for name in FILES],
    "survival_file": [{"name": name} for name in SURVIVAL_FILES if name != "survival.csv"],
    "account_link": [{"text": "i.1.forged"}],
    "algorithm_rule": [{"rule_id": "S-06"}],
    "transfer_add": [{"name": name} for name in FORMS],
    "api-case-follow-up": [{"position": 0}],
    "api-case-complication": [{"position": 0}],
    "api-case-recurrence": [{"position": 0}],
    "api-report-document": [{"name": name} for name in DOCUMENTS],
    "app_list": [{"app_label": label} for label in APPS],
}
# The API has no models, nor have pages of their own; whose row stands in an address is read from where it begins.
OF_API = {
    "api/v1/receipts/": AnsweredRequest,
    "api/v1/cases/": Case,
    "api/v1/imports/": ImportBatch,
    "api/v1/queries/": DataQuery,
    "api/v1/deviations/": Deviation,
    "api/v1/reports/": Report,
    "api/v1/transfers/": Transfer,
    "admin/transfers/": Transfer,
    "unsubscribe/": Subscription,
}
# No pages: the catch-all behind all others, and the way from a row to its public page, which no row has.
NO_PAGES = {"admin/(?P<url>.*)$", "admin/r/<path:content_type_id>/<path:object_id>/"}


@dataclass(frozen=True)
class Address:
    """One URL pattern, and the model to whose pages it belongs."""

    route: str
    name: str | None
    model: type | None

    @property
    def parameters(self):
        return [first or second for first, second in PARAMETER.findall(self.route)]

    @property
    def is_of_a_row(self):
        return any(name in ROW for name in self.parameters)

    def written(self, row=None):
        """The addresses themselves, for the row of this primary key."""
        others = {name for name in self.parameters if name not in ROW}
        given = PARAMETERS.get(self.name, [{}])
        assert all(set(one) == others for one in given), (
            f"Say in tests/addresses.py what stands for {sorted(others)} in {self.route} ({self.name})."
        )
        return [self._with({**dict.fromkeys(ROW, row), **one}) for one in given]

    def _with(self, values):
        route = re.sub(r"[\^$]", "", self.route)
        return "/" + PARAMETER.sub(lambda found: str(values[found[1] or found[2]]), route)


def addresses():
    """List those of the admin pages."""
    return [one for one in every_address() if one.route.startswith(ROOT[1:]) and one.route not in NO_PAGES]


def every_address():
    """List all that there are."""
    return list(_walk(get_resolver().url_patterns, "", None))


def _walk(patterns, before, model):
    models = {f"admin/{one._meta.app_label}/{one._meta.model_name}/": one for one in site._registry}
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route, models.get(route, model))
        else:
            yield Address(route=route, name=pattern.name, model=model or _of_api(route))


def _of_api(route):
    return next((one for start, one in OF_API.items() if route.startswith(start + "<")), None)
