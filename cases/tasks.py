"""Background work on cases: each task is a bell for a row that says what is to do; twice or never does no harm."""

from celery import shared_task

from cases import drafts, importing, intake, jobs, review, versions
from cases.models import AlgorithmPreview, AssessmentRun, ImportBatch
from registry import access


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
        assess.delay(run.pk, run.center_id)


@shared_task
def remove_old_entries() -> None:
    """Forget what was typed on pages of cases and left there for a month."""
    with access.everywhere():
        drafts.remove_old()


@shared_task
def ring_due_jobs() -> None:
    """Ring again for the jobs that nobody works on: their message was lost, or their worker."""
    with access.everywhere():
        batches, previews = jobs.due(ImportBatch), jobs.due(AlgorithmPreview)
        runs = list(
            AssessmentRun.objects.filter(pk__in=jobs.due(AssessmentRun)).values_list("pk", "center_id")
        )
    for batch_id in batches:
        import_batch.delay(batch_id)
    for preview_id in previews:
        preview_algorithm.delay(preview_id)
    for run_id, center_id in runs:
        assess.delay(run_id, center_id)
