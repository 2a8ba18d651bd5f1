"""What is sent: to the API the examples of its own description, to the pages what their own forms would send.

A request that would be refused for its body proves nothing about who may send it.
"""

import json
import re
from urllib.parse import urlencode

from cases.api.examples import BY_SHAPE
from cases.api.merge_patch import MEDIA_TYPE as MERGE_PATCH
from cases.models import Case
from tests.pages import filled

DOCUMENT = {**BY_SHAPE["CaseDocument"], "case_number": "MATRIX-1"}
ROWS = {"follow-up": "FollowUp", "complication": "Complication", "recurrence": "Recurrence"}
BODIES = {
    ("api-cases", "POST"): DOCUMENT,
    ("api-bulk", "POST"): [DOCUMENT],
    ("api-case", "PUT"): DOCUMENT,
    ("api-case", "PATCH"): {"note": "changed"},
    ("api-case-death", "PUT"): {"died_on": "2025-01", "cause_category": "disease"},
    ("api-case-identity", "PUT"): BY_SHAPE["Identity"],
    ("api-plan", "POST"): BY_SHAPE["PlanDocument"],
    ("api-query-answer", "POST"): BY_SHAPE["Confirmation"],
    ("api-query-decide", "POST"): BY_SHAPE["Decision"],
    ("api-deviation-explain", "POST"): BY_SHAPE["Explanation"],
    ("api-deviation-decide", "POST"): BY_SHAPE["Decision"],
    ("api-case-transfer", "POST"): BY_SHAPE["TransferOffer"],
    **{
        (f"api-transfer-{step}", "POST"): BY_SHAPE["TransferReason"]
        for step in ("decline", "withdraw", "return")
    },
    **{(f"api-case-{name}s", "POST"): BY_SHAPE[shape] for name, shape in ROWS.items()},
    **{(f"api-case-{name}", "PUT"): BY_SHAPE[shape] for name, shape in ROWS.items()},
}
FINDINGS = {f"admin/cases/{model}/<path:object_id>/change/" for model in ("deviation", "dataquery")}
DECIDING = "rR"  # who decides on a finding and answers none; the page shows a form once there is an answer
DECISION = {"act": ["decide"], "decision": ["accepted"]}
FORM = re.compile(r'<form[^>]*method="post"[^>]*>')
NOTHING = {"data": "post=yes", "content_type": "application/x-www-form-urlencoded"}
NOT_OF_THE_PAGE = ("logout", "set_language")
ABLE = "lDA"  # whose pages hold the most forms


def body_of(world, cell):
    """What this cell sends, as the test client takes it."""
    if cell.method in ("GET", "HEAD", "OPTIONS"):
        return {}
    if cell.route.startswith("api/"):
        return _json(world, cell)
    if cell.twin not in world.forms:
        world.forms[cell.twin] = _forms(world, cell)
    fields = world.forms[cell.twin] | (DECISION if cell.route in FINDINGS and cell.who in DECIDING else {})
    return {
        "data": urlencode(fields, doseq=True),
        "content_type": "application/x-www-form-urlencoded",
    }


def _json(world, cell):
    sent = BODIES.get((cell.name, cell.method))
    content_type = MERGE_PATCH if cell.method == "PATCH" else "application/json"
    return {
        "data": json.dumps(sent) if sent is not None else "",
        "content_type": content_type,
        "HTTP_IF_MATCH": f'"{world.rows[cell.whose][Case].version}"' if cell.whose in world.rows else '"1"',
        "HTTP_CHANGE_REASON": "Asked by the matrix.",
    }


def _forms(world, cell):
    """All fields of all forms of the page, as somebody gets it who may: of the row itself, if there is one."""
    for client in [world.client(letter) for letter in ABLE] + [world.client_far()]:
        response = client.get(cell.twin)
        if response.status_code != 200 or "html" not in response["Content-Type"]:
            continue
        html, fields = response.content.decode(), {}
        for tag in FORM.findall(html):
            name = re.search(r'id="([\w-]+)"', tag)
            if name and not name[1].startswith(NOT_OF_THE_PAGE):
                fields |= filled(response, form=name[1])
        if fields:
            return fields
    return {"post": ["yes"]}
