"""Centers, the people and machines who work for them, and in which role."""

import zoneinfo
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, gettext_lazy

from registry.access import REGISTRY_WIDE, Role, Scope, ScopedQuerySet
from registry.accounts.models import AccessReview, AccountMail, Session
from registry.audit import audited, audited_except
from registry.chain.models import AuditCheck, AuditForm, AuditLink, AuditSeal, Erasure, Reading
from registry.job_models import Setback, Slot
from registry.tongues import Labeled

__all__ = [
    "AccessReview",
    "AccountMail",
    "AnsweredRequest",
    "ApiKey",
    "AuditCheck",
    "AuditForm",
    "AuditLink",
    "AuditSeal",
    "Center",
    "Erasure",
    "Heartbeat",
    "Membership",
    "Reading",
    "ReferenceTerm",
    "RequestCount",
    "RetentionRun",
    "Session",
    "Setback",
    "SignInAttempts",
    "Slot",
    "User",
    "known_timezone",
]


def known_timezone(value: str) -> None:
    """Accept the names of the IANA time zone database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            gettext("This is not an IANA time zone; write one like Europe/Warsaw."), code="timezone"
        )


@audited_except("password", "last_login")
class User(AbstractUser):
    """A person who signs in."""

    language = models.CharField(
        max_length=8,
        choices=settings.LANGUAGES,
        blank=True,
        default="",
        help_text="Language of pages and mails; empty follows the browser.",
    )
    weekly_mail = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Does this person want the weekly mail about findings to answer or to decide on?",
    )
    password_set_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Moment at which the password was last set, or taken away; the audit trail tells by whom.",
    )

    second_factor_set_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Moment at which the second factor was set up; empty without one. The audit trail tells by whom.",
    )

    oidc_issuer = models.CharField(
        max_length=200,
        blank=True,
        default="",
        editable=False,
        help_text="Identity provider by which this person has come in; empty without one.",
    )
    oidc_subject = models.CharField(
        max_length=255,
        blank=True,
        default="",
        editable=False,
        help_text="The provider's own name of this person.",
    )

    class Meta(AbstractUser.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("oidc_issuer", "oidc_subject"),
                condition=~Q(oidc_subject=""),
                name="%(app_label)s_%(class)s_of_provider_once",
            ),
        )

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Hang sessions on the password and on the second factor: when either changes, the others end."""
        of_password: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if self.second_factor_set_at is None:
            return of_password
        both = f"{of_password} {self.second_factor_set_at.timestamp()}"
        return salted_hmac("registry.session", both, secret=secret, algorithm="sha256").hexdigest()

    def set_password(self, raw_password: str | None) -> None:
        """Set the password, and note when: of the password itself the audit trail says nothing."""
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    def set_unusable_password(self) -> None:
        """Take the password away, and note when."""
        super().set_unusable_password()
        self.password_set_at = timezone.now()


@audited
class Center(models.Model):
    """A hospital that treats patients and records their cases."""

    code = models.CharField(
        max_length=8,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[A-Z0-9]{2,8}\Z", gettext_lazy("A center code has 2 to 8 capital letters or digits.")
            )
        ],
        help_text="Short code given by the registry; it begins the registry number of each patient.",
    )
    name = models.CharField(max_length=200, help_text="Name of the hospital as it should stand in reports.")
    country = models.CharField(
        max_length=2,
        validators=[
            RegexValidator(
                r"\A[A-Z]{2}\Z", gettext_lazy("Write the country as two capital letters, such as PL.")
            )
        ],
        help_text="Country, ISO 3166-1 alpha-2.",
    )
    timezone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[known_timezone],
        help_text="IANA time zone; whether a date lies in the future is judged there.",
    )
    language = models.CharField(
        max_length=16,
        default="en",
        validators=[
            RegexValidator(
                r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z",
                gettext_lazy("Write the language like en or pt-BR."),
            )
        ],
        help_text="Language of mails, BCP 47.",
    )
    is_sarcoma_reference = models.BooleanField(default=False, help_text="Is this a sarcoma reference center?")
    has_cardiac_surgery = models.BooleanField(
        default=False, help_text="Is cardiac surgery available in this hospital (cardiopulmonary bypass)?"
    )
    has_liver_transplant = models.BooleanField(
        default=False, help_text="Does this hospital transplant livers (hepatic vein reconstruction)?"
    )
    data_agreement_signed_on = models.DateField(
        null=True,
        blank=True,
        help_text="Day the data sharing agreement was signed; without it no API key works.",
    )
    is_sandbox = models.BooleanField(
        default=False,
        db_default=False,
        help_text="To try programs with invented cases: the same rules, and never in a report. It is so for ever.",
    )
    report_optout = models.BooleanField(default=False, help_text="Does this center not want reports by mail?")

    class Meta:
        ordering = ("code",)
        # What was invented must never be counted, nor what is real be hidden: no code can change it.
        triggers = (pgtrigger.ReadOnly(name="sandbox_for_ever", fields=["is_sandbox"]),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}{self.mark}"

    def clean(self) -> None:
        """Say in words what the trigger refuses."""
        if Center.objects.filter(pk=self.pk, is_sandbox=not self.is_sandbox).exists():
            told = gettext("A sandbox is one from the beginning and for ever: make another center.")
            raise ValidationError({"is_sandbox": told})

    @property
    def mark(self) -> str:
        """What stands behind its name wherever its name stands, so that nobody takes trials for patients."""
        return " " + gettext("(sandbox)") if self.is_sandbox else ""

    @property
    def short(self) -> str:
        """Its code, with the mark."""
        return self.code + self.mark


@audited
class Membership(models.Model):
    """One role of one person, in one center or in the whole registry."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="memberships", help_text="The person who has the role."
    )
    center = models.ForeignKey(
        Center,
        on_delete=models.PROTECT,
        related_name="memberships",
        null=True,
        blank=True,
        help_text="The center in which the role holds; empty for the whole registry.",
    )
    role = models.CharField(max_length=20, choices=Role, help_text="What the person may do there.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "center", "role"),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_once",
                violation_error_message=gettext_lazy("This person already has this role there."),
            ),
            models.CheckConstraint(
                condition=Q(center__isnull=False) | Q(role__in=REGISTRY_WIDE),
                name="%(app_label)s_%(class)s_center",
                violation_error_message=gettext_lazy("This role belongs to a center: name the center."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.center or gettext('whole registry')}"


@audited_except("last_used_at")
class ApiKey(models.Model):
    """The key of a machine that reads or sends the cases of one center. Only a digest of it is kept."""

    center = models.ForeignKey(
        Center,
        on_delete=models.PROTECT,
        related_name="api_keys",
        help_text="The one center this key can reach.",
    )
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="api_keys",
        help_text="The person who answers for this key.",
    )
    name = models.CharField(max_length=100, help_text="Which machine or program uses the key.")
    prefix = models.CharField(
        max_length=16, unique=True, help_text="Beginning of the key, to find and to recognize it."
    )
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the whole key.")
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope),
        help_text="What the key may do, never more than its person may.",
    )
    expires_at = models.DateTimeField(help_text="Moment from which the key is refused, at most a year ahead.")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Last time the key was accepted.")
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="Moment at which the key was withdrawn."
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, help_text="Moment at which the key was made."
    )
    first = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="The first of the keys that took each other's place; empty for itself.",
    )

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"


@audited
class ReferenceTerm(models.Model):
    """A term that is offered where a text is typed: the data manager keeps these lists without a release.

    They are offers: another text is taken as well. Coded answers are decided in `cases/vocabulary.py` alone.
    """

    class List(Labeled):
        GRAFT_BRAND = "graft_brand", "Graft brands"
        REGIMEN = "regimen", "Chemotherapy regimens"
        CAUSE_OF_DEATH = "cause_of_death", "Causes of death, ICD-10"
        PLACE_OF_DEATH = "place_of_death", "Places of death"
        CONSENT_FORM = "consent_form", "Versions of the consent form"

    list = models.CharField(max_length=20, choices=List, help_text="Where the term is offered.")
    term = models.CharField(max_length=120, help_text="The term as it is to be written.")
    explanation = models.CharField(
        max_length=200, blank=True, default="", help_text="What it means, shown beside it."
    )
    is_retired = models.BooleanField(
        default=False, help_text="No longer offered; cases that have it keep it."
    )

    class Meta:
        ordering = ("list", "term")
        constraints = (
            models.UniqueConstraint(
                "list",
                Lower("term"),
                name="%(app_label)s_%(class)s_once",
                violation_error_message=gettext_lazy("This list has this term already."),
            ),
        )

    def __str__(self) -> str:
        return self.term


class Heartbeat(models.Model):
    """The last sign of life of a background process."""

    name = models.CharField(max_length=20, primary_key=True, help_text="Which process.")
    seen_at = models.DateTimeField(help_text="Moment of the sign, by the clock of the database.")

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at}"


class RequestCount(models.Model):
    """Requests of one caller of the API that one connection saw in a minute; not worth keeping over a crash."""

    who = models.CharField(max_length=48, help_text="Key, person, or digest of an address.")
    backend = models.IntegerField(help_text="The database's number of the connection that counts.")
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    n = models.PositiveIntegerField(help_text="Requests in that minute.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("who", "backend"), name="%(app_label)s_%(class)s_once"),
        )

    def __str__(self) -> str:
        return f"{self.who}: {self.n}"


class RetentionRun(models.Model):
    """What went in one night because it had been kept long enough: numbers alone."""

    ran_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When it went.")
    removed = models.JSONField(help_text="How many, by kind.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.ran_at}"


class SignInAttempts(models.Model):
    """Failed attempts to sign in under one name. The name is kept as a digest: people type passwords there, too."""

    key = models.CharField(
        max_length=64, primary_key=True, help_text="Keyed digest of the name that was typed."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="Failed attempts in a row.")
    blocked_until = models.DateTimeField(null=True, blank=True, help_text="No attempt is looked at before.")
    changed_at = models.DateTimeField(
        db_default=Now(), editable=False, db_index=True, help_text="Moment of the last attempt."
    )

    def __str__(self) -> str:
        return f"{self.failures} failures"


class SignIn(models.Model):
    """One attempt to sign in that was looked at, and what became of it. The application only adds to them.

    What was typed as a name is kept as a keyed digest: people type passwords there, too. A trigger refuses every
    change, and to remove a row before 24 months are over.
    """

    class Way(Labeled):
        PASSWORD = "password"  # noqa: S105 - a word
        APP = "app", "Code of the app"
        RECOVERY_CODE = "recovery_code", "Recovery code"
        PASSKEY = "passkey"
        PROVIDER = "provider", "Identity provider"
        LINK = "link", "Link in a mail"

    class Outcome(Labeled):
        SIGNED_IN = "signed_in", "Signed in"
        FIRST_STEP = "first_step", "Password right, second step asked"
        WRONG = "wrong"
        NAME_PAUSED = "name_paused", "Wrong; then a pause for this name"
        ADDRESS_PAUSED = "address_paused", "Wrong; then a pause for this address"
        NO_ROLE = "no_role", "Right, without any role"
        AGAIN = "again", "Signed in again, to change the account"
        PASSWORD_SET = "password_set", "Password set"

    at = models.DateTimeField(db_default=Now(), db_index=True, help_text="Moment of the attempt.")
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="sign_ins",
        null=True,
        blank=True,
        help_text="The person of this name; empty for a name that nobody has.",
    )
    name_digest = models.CharField(max_length=64, help_text="Keyed digest of the name that was typed.")
    address = models.GenericIPAddressField(null=True, blank=True, help_text="Where the attempt came from.")
    way = models.CharField(max_length=20, choices=Way, help_text="What was shown to come in.")
    outcome = models.CharField(max_length=20, choices=Outcome, help_text="What became of it.")

    class Meta:
        verbose_name = "sign-in"
        indexes = (models.Index(fields=("address", "at")),)
        triggers = (
            pgtrigger.Trigger(
                name="kept",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '24 months' THEN RETURN OLD; END IF;
                    RAISE EXCEPTION 'Sign-ins are kept as they are for 24 months.';
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_outcome_display()}"


class AnsweredRequest(models.Model):
    """A request that came with an Idempotency-Key, and what it was answered: sent again, it is answered alike.

    It is written in the transaction of what the request saved, and kept for 90 days (api/idempotency.py).
    """

    center = models.ForeignKey(
        Center,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The center whose data the answer tells.",
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", help_text="Who sent it.")
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        help_text="The machine's key that it came with, or the first that this one took the place of; empty for a"
        " person in a session.",
    )
    key = models.CharField(max_length=255, help_text="The Idempotency-Key, as it was sent.")
    digest = models.BinaryField(
        max_length=32, help_text="SHA-256 of address, deciding headers and body: another request is refused."
    )
    status = models.PositiveSmallIntegerField(null=True, help_text="Status of the answer.")
    headers = models.JSONField(default=dict, help_text="Headers of the answer that are sent again.")
    body = models.BinaryField(default=b"", help_text="Body of the answer, byte for byte.")
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_index=True, help_text="Moment of the request."
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "api_key", "key"), nulls_distinct=False, name="%(app_label)s_%(class)s_once"
            ),
        )

    def __str__(self) -> str:
        return self.key
