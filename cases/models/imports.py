"""Files of cases on their way in, and what becomes of their rows."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import ngettext

from cases.vocabulary import Source
from registry.access import ScopedQuerySet
from registry.tongues import Labeled


class ImportBatch(models.Model):
    """Cases on their way in, as a file or as JSON: a row before any work starts, so that nothing depends on the broker.

    In the browser it is uploaded, its columns are confirmed, it is checked, and imported when somebody says so; a file
    that is handed in with its columns as they are, and documents that come over the API, are imported at once. What was
    imported once is never imported again.
    """

    class Format(Labeled):
        TABLE = "table", "File of rows and columns"
        DOCUMENTS = "documents", "Documents over the API"

    class State(Labeled):
        UPLOADED = "uploaded", "Uploaded: its columns are to be confirmed"
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        CHECKED = "checked", "Checked: nothing is saved yet"
        DONE = "done", "Done"
        CANCELED = "canceled", "Canceled: nothing was saved"
        REJECTED = "rejected", "Rejected: nothing was saved"
        FAILED = "failed", "Failed"

    center = models.ForeignKey(
        "registry.Center", on_delete=models.PROTECT, related_name="imports", help_text="Center of every row"
    )
    requested_by = models.ForeignKey(
        "registry.User", null=True, on_delete=models.PROTECT, related_name="imports", help_text="Who asked"
    )
    language = models.CharField(
        max_length=10,
        default="en",
        help_text="Language of whoever asked last: what is said of its rows is said in it",
    )
    file_name = models.CharField(max_length=255, help_text="Name of the file as given")
    format = models.CharField(
        max_length=10, choices=Format, default=Format.TABLE, help_text="What it is: rows or documents"
    )
    content = models.BinaryField(
        help_text="The file, or the documents, packed by gzip; emptied when the import ends"
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    source = models.CharField(
        max_length=20, choices=Source, default=Source.IMPORT, help_text="Origin of the cases"
    )
    sender = models.CharField(
        max_length=60, blank=True, default="", help_text="The machine that sent it, as the history names it"
    )
    api_key = models.ForeignKey(
        "registry.ApiKey",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The key it came with: once that is withdrawn, nothing of it is saved",
    )
    reason = models.CharField(
        max_length=200, blank=True, default="", help_text="Why complete cases change, as whoever sent it says"
    )
    dry_run = models.BooleanField(default=False, help_text="Say what would happen, save nothing")
    mapping = models.JSONField(
        default=dict, blank=True, help_text="For each sheet of the file, the field that each column holds"
    )
    blank_erases = models.BooleanField(
        default=False, help_text="An empty cell erases the answer that is stored"
    )
    preview = models.JSONField(
        default=dict, blank=True, help_text="Its sheets, columns and first values; emptied with the rows"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, help_text="How far it is")
    all_or_nothing = models.BooleanField(default=False, help_text="One bad row holds all rows back")
    round = models.PositiveSmallIntegerField(
        default=0,
        help_text="Times it was handed to the workers: a page that shows an older one is out of date",
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Times the work of this round was started"
    )
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it until then")
    rows_done = models.PositiveIntegerField(default=0, help_text="Rows read so far")
    rows_total = models.PositiveIntegerField(default=0, help_text="Rows in the file")
    verdicts = models.JSONField(
        default=dict, blank=True, help_text="Counts of its rows, or why it was refused"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Asked for")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Finished")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "import"

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"

    @property
    def shown_name(self) -> str:
        """Say what it is called on pages: the name of its file, or how many documents came over the API."""
        if self.format != self.Format.DOCUMENTS:
            return self.file_name
        n = self.rows_total
        return ngettext("API, {n} document", "API, {n} documents", n).format(n=n)


class ImportRow(models.Model):
    """What becomes of one row of a file; a case's rows in other sheets belong to it.

    Values of patients stand here only as long as somebody needs them: old and new answers until the import ends, the
    row as it came, if it was rejected, and the sentences, which may repeat values, for 30 days more
    (importing/keeping.py).
    """

    class Verdict(Labeled):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        REJECTED = "rejected", "Rejected"

    batch = models.ForeignKey(
        ImportBatch, on_delete=models.CASCADE, related_name="rows", db_index=False, help_text="Its file"
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Center of the file",
    )
    position = models.PositiveIntegerField(help_text="Which row of the file it is, from 1")
    row = models.PositiveIntegerField(help_text="Its number as a spreadsheet program counts")
    sheet = models.CharField(max_length=100, blank=True, default="", help_text="Its sheet, if not the first")
    reference = models.CharField(
        max_length=100, blank=True, default="", help_text="What whoever sent it calls it"
    )
    case_number = models.CharField(max_length=60, blank=True, help_text="The case that it names")
    verdict = models.CharField(max_length=10, choices=Verdict, help_text="What becomes of it")
    version = models.PositiveIntegerField(default=0, help_text="Version of the case it was compared with")
    is_rejudged = models.BooleanField(
        default=False, help_text="The case was changed after the check, so the row was judged again"
    )
    problems = models.JSONField(default=list, blank=True, help_text="What is wrong, or asked, and where")
    columns = models.JSONField(default=list, blank=True, help_text="The answers it changes")
    values = models.JSONField(default=list, blank=True, help_text="Each of them before and after")
    erases = models.PositiveIntegerField(default=0, help_text="How many of them it erases")
    cells = models.JSONField(default=list, blank=True, help_text="A rejected row as it came")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="cases_importrow_once"),
        ]
        indexes = [
            models.Index(fields=["batch", "verdict", "position"], name="cases_importrow_by_verdict"),
        ]
        ordering = ["batch", "position"]

    def __str__(self) -> str:
        return f"Row {self.row} of import {self.batch_id}"
