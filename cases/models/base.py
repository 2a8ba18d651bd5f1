"""What every form of a case has: its case, its center, its place in the list, its reasons for absence."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from registry.access import ScopedQuerySet
from registry.fields import Condition
from registry.tongues import lazily


class Form(models.Model):
    """One row of one form of one case.

    `name` is its key in the case document, `repeats` says whether that key holds a list. A row is known
    by its case and position: the position in the list of the document. The foreign keys are declared
    without their own constraints because one composite key, (case, center), holds both: a child row
    cannot point at a case of another center.
    """

    name: ClassVar[str]
    title: ClassVar[Any]  # said in the reader's language
    repeats: ClassVar[bool] = False

    case = models.ForeignKey(
        "cases.Case",
        on_delete=models.PROTECT,
        related_name="%(class)s_rows",
        db_constraint=False,
        db_index=False,
        help_text="The case this row belongs to",
    )
    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The center of the case",
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Place in the list, from 0")
    missing = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text="Why a value is absent, by field: NK, ND, NA or NR",
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["case", "position"], name="%(app_label)s_%(class)s_one_per_position"
            )
        ]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "title" in vars(cls):
            cls.title = lazily(cls.title)

    def __str__(self) -> str:
        return f"{self.title} {self.position + 1}" if self.repeats else str(self.title)


class OperationForm(Form):
    """A form of one operation, tied to it by that operation's position in the case.

    `only_if` says by which of the operation's answers it applies.
    """

    only_if: ClassVar[Condition]

    operation_position = models.PositiveSmallIntegerField(
        "Operation", default=0, help_text="Place of the operation in the list of operations, from 0"
    )

    class Meta(Form.Meta):
        abstract = True
