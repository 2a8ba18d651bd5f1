"""A file with bad rows goes through the browser: columns, check, preview, import, and the bad rows come back."""

import re

from cases import intake, tasks
from cases.intake import Submission
from cases.models import Case, ImportBatch
from registry import access
from tests.browser.accessibility import check_axe
from tests.browser.chromium import expect
from tests.browser.conftest import WIDTHS
from tests.browser.pictures import see
from tests.cases.examples import draft
from tests.cases.files import table

ROWS = table(
    ("Nr", "Sex", "Blood loss", "Station"),
    ("A-0", "female", "", "4"),
    ("A-1", "female", "", "4"),
    ("A-2", "femal", "", "2"),
    ("A-3", "=1+1", "", "2"),
)


def work():
    """What the worker does with the file that waits."""
    with access.everywhere():
        batch = ImportBatch.objects.get()
    tasks.import_batch(batch.pk)


@WIDTHS
def test_a_file_with_bad_rows_is_imported_and_the_bad_rows_come_back(page_of, north, alice, width, tmp_path):
    intake.save_case(
        Submission(document=draft("A-0", patient={"sex": "male"})), center=north, by=alice, source="admin"
    )
    page = page_of(alice, width=width)
    page.goto("/admin/cases/importbatch/add/")
    check_axe(page)
    page.locator("#file").set_input_files([{"name": "cases.csv", "mimeType": "text/csv", "buffer": ROWS}])
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_text("Column of your file").first).to_be_attached()
    check_axe(page)
    see(page, "import-columns")
    for column, field in (("0", "case_number"), ("1", "patient.sex")):
        page.locator(f"[name=field-0-{column}]").focus()  # the list of fields comes with the focus
        page.locator(f"[name=field-0-{column}]").select_option(field)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="The file is being checked")).to_be_visible()
    work()

    expect(page.get_by_role("button", name="Import 2 cases")).to_be_visible()
    check_axe(page)
    see(page, "import-preview")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download the rejected rows").click()
    rejected = downloading.value.path().read_text(encoding="utf-8-sig")
    assert "A-2" in rejected
    assert "A-1" not in rejected
    assert not re.search(r"(^|,)=1\+1", rejected, re.MULTILINE)
    page.get_by_role("button", name="Import 2 cases").dblclick()
    expect(page.get_by_role("heading", name="The cases are being imported")).to_be_visible()
    work()

    expect(page.get_by_text("2 cases were imported.")).to_be_visible()
    check_axe(page)
    see(page, "import-result")
    with access.everywhere():
        assert set(Case.objects.values_list("case_number", flat=True)) == {"A-0", "A-1"}
