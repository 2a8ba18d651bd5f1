"""What pages must bear: texts that mean something to a browser or a spreadsheet, files too large; a key shown once."""

import csv
import io
import re

import pytest

from cases import intake
from cases.intake import Submission
from cases.models import FORMS, ImportBatch, Patient
from registry import access
from registry.fields import Text, clinical_fields
from registry.models import ApiKey
from tests.browser.chromium import expect
from tests.browser.pictures import see
from tests.cases.examples import resected
from tests.nightly import at_night

HOSTILE = ('"><img src=x onerror=alert(1)>', '=HYPERLINK("http://x.example")', "@SUM(1+1)")
TEXTS = {
    f"{model.name}-{field.name}"
    for model in (Patient, *FORMS)
    for field in clinical_fields(model)
    if type(field) is Text and field.max_length >= 40
}


@pytest.fixture
def case(north, alice):
    document = resected(complications=[{"type": "bleeding"}], therapies=[{"modality": "chemo"}])
    return intake.save_case(Submission(document=document), center=north, by=alice, source="admin").case_id


@pytest.mark.parametrize("hostile", [HOSTILE[0], *at_night(*HOSTILE[1:])])
def test_a_text_in_any_field_stays_a_text_wherever_it_is_shown(page_of, alice, case, hostile):
    page = page_of(alice)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"/admin/cases/case/{case}/change/")

    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    typed = 0
    for control in page.locator("#case_form input[type=text]:not([disabled])").all():
        name = control.get_attribute("name") or ""
        asked = "-".join([step for step in name.split("-") if not step.isdigit()][-2:])
        if asked in TEXTS or name in ("citation", "note"):
            control.fill(hostile)
            typed += 1
    assert typed > 5
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("[data-said]")).to_contain_text("Saved as version 2")
    expect(page.locator("[name=note]")).to_have_value(hostile)
    for address in ("summary/", "history/", "change/"):
        page.goto(f"/admin/cases/case/{case}/{address}")
        assert page.locator("img[src=x]").count() == 0
        expect(page.get_by_text(hostile, exact=False).or_(page.locator("[name=note]")).first).to_be_attached()
    page.goto("/admin/cases/case/")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="CSV").click()
    for row in csv.reader(io.StringIO(downloading.value.path().read_text(encoding="utf-8-sig"))):
        assert not [cell for cell in row if cell[:1] in ("=", "@")]


POLLUTING = "__proto__[polluted]=yes&constructor[prototype][polluted]=yes&__proto__.polluted=yes"
POLLUTED = "() => [Object, Array].flatMap((one) => Object.keys(one.prototype))"


def test_nothing_from_outside_becomes_part_of_every_object(page_of, dana, case):
    page = page_of(dana)
    for path in ("", "cases/case/", f"cases/case/{case}/change/", "survival/", "algorithm/", "adherence/"):
        page.goto(f"/admin/{path}?{POLLUTING}#{POLLUTING}")
        if path.endswith(
            "change/"
        ):  # what is typed goes to the server, and what it says of each name comes back
            page.locator("[name=note]").fill('{"__proto__": {"polluted": "yes"}}')
            expect(page.get_by_text(re.compile("Unsaved entries kept at"))).to_be_visible(timeout=20_000)
        assert page.evaluate(POLLUTED) == [], path

    page.evaluate("Object.assign({}.__proto__, {polluted: 'yes'})")
    assert page.evaluate(POLLUTED) == ["polluted"], "the control: it would be seen"


def test_a_file_of_50_mb_is_refused_in_a_sentence_and_nothing_is_kept(page_of, watch_of, alice, tmp_path):
    large = tmp_path / "large.csv"
    large.write_bytes(b"case_number,note\n" + b"A-1,x\n" * (50 * 2**20 // 6))
    page = page_of(alice)
    watch_of(page).expect("status of 413", "request failed")
    page.goto("/admin/cases/importbatch/add/")

    page.locator("#file").set_input_files(str(large))
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_text("The file is larger than 20 MiB. Split it by rows.").first).to_be_visible()
    with access.everywhere():
        assert not ImportBatch.objects.exists()


def test_a_key_is_shown_once_and_works(page_of, north, lena, alice):
    page = page_of(lena)
    page.goto("/admin/registry/apikey/add/")
    page.locator("[name=name]").fill("night job")
    page.locator("select[name=center]").select_option(str(north.pk))
    page.locator("select[name=user]").select_option(str(alice.pk))
    page.locator("[name=scopes]").first.check()
    page.get_by_role("button", name="Save", exact=True).click()

    see(page, "new-key")
    key = page.locator("#new-key").inner_text()
    answer = page.request.get("/api/v1/whoami/", headers={"Authorization": f"Bearer {key}", "Cookie": ""})
    assert answer.json()["key"]["name"] == "night job"
    page.get_by_role("link", name=re.compile("I have copied it")).click()
    assert key not in page.content()
    with access.everywhere():
        assert ApiKey.objects.get().name == "night job"
