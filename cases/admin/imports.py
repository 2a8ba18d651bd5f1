"""Files that came in, and what became of their rows."""

from django.contrib import admin
from unfold.decorators import display

from cases.models import ImportBatch
from registry.admin import ReadOnlyAdmin, site

STATES = {
    "Done": "success",
    "Running": "info",
    "Waiting": "info",
    "Rejected: nothing was saved": "danger",
    "Failed": "danger",
}


@admin.register(ImportBatch, site=site)
class ImportBatchAdmin(ReadOnlyAdmin):
    """The imports of the centers one sees."""

    list_display = ("file_name", "center", "requested_by", "state_label", "progress", "dry_run", "created_at")
    list_filter = ("state", "center", "dry_run")
    list_select_related = ("center", "requested_by")
    fields = (
        ("file_name", "center"),
        ("requested_by", "source"),
        ("state_label", "dry_run"),
        ("rows_done", "rows_total"),
        ("created_at", "finished_at"),
        "verdicts",
    )
    readonly_fields = (
        *("file_name", "center", "requested_by", "source", "state_label", "dry_run"),
        *("rows_done", "rows_total", "created_at", "finished_at", "verdicts"),
    )

    def get_readonly_fields(self, request: object, obj: object = None) -> tuple[str, ...]:
        return self.readonly_fields

    @display(description="State", label=STATES)
    def state_label(self, batch: ImportBatch) -> str:
        """How far it is."""
        return batch.get_state_display()

    @display(description="Rows read")
    def progress(self, batch: ImportBatch) -> str:
        """How many rows of how many."""
        return f"{batch.rows_done} of {batch.rows_total}"
