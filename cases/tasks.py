"""Background work on cases: each task is a bell for a row that says what is to do; twice or never does no harm."""

from celery import shared_task
from django.db.models import Q
from django.utils.translation import gettext_lazy

from cases import drafts, importing, intake, review, versions
from cases.models import AlgorithmPreview, AssessmentRun, ImportBatch
from registry import access, bell
from registry.jobs import Kind

KINDS = (
    Kind(
        model=ImportBatch,
        title=gettext_lazy("Import"),
        task="cases.tasks.import_batch",
        again=~Q(content=b""),  # a week later, what came in is forgotten
    ),
    Kind(
        model=AssessmentRun,
        title=gettext_lazy("Reading of the rules over a center"),
        task="cases.tasks.assess",
        arguments=("pk", "center_id"),
        again=Q(state="failed"),
    ),
    Kind(
        model=AlgorithmPreview,
        title=gettext_lazy("Preview of a draft of the algorithm"),
        task="cases.tasks.preview_algorithm",
        again=Q(state="failed"),
    ),
)


@shared_task
def import_batch(batch_id: int) -> None:
    """Import a file that waits."""
    importing.apply(batch_id)


@shared_task
def tidy_imports() -> None:
    """Forget the values that came in with files and are needed no more."""
    importing.tidy()


@shared_task
def assess(run_id: int, center_id: int) -> None:
    """Read the rulebooks again over a center's cases."""
    review.carry_out(run_id, center_id)


@shared_task
def preview_algorithm(preview_id: int) -> None:
    """Read a draft of the algorithm over the whole registry."""
    versions.carry_out_preview(preview_id)


@shared_task
def reassess_all() -> None:
    """Ask for a reading of every center's cases for its own day."""
    for run in review.start_runs(intake.today_everywhere()):
        bell.ring(assess.name, run.pk, run.center_id)


@shared_task
def remove_old_entries() -> None:
    """Forget what was typed on pages of cases and left there for a month."""
    with access.everywhere():
        drafts.remove_old()
