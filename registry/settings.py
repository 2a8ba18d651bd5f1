"""Every setting, read once from the environment: safe by default; what is wrong stops the start, named.

`.env.example` lists the variables. Without any, everything runs on this machine alone, with data in `var/`.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# openpyxl takes lxml where it happens to be, and reports broken XML by errors of its own: the same reader everywhere
os.environ["OPENPYXL_LXML"] = "False"

import pghistory
import pgtrigger
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from registry import environment, logs
from registry.database import roles
from registry.database.embedded import DATABASE, socket_directory

BASE_DIR = Path(__file__).resolve().parent.parent
environment.load(BASE_DIR / ".env")
TESTING = "pytest" in sys.modules

# --- where it is --------------------------------------------------------------------------------------------

DEBUG = environment.flag("DEBUG")
VAR = Path(environment.text("VAR_FOLDER", str(BASE_DIR / "var")))
PUBLIC_URL = environment.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL must look like https://registry.example.org, not {PUBLIC_URL!r}.")
HTTPS = _public.scheme == "https"
ALLOWED_HOSTS = [_public.hostname, *environment.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")]
SECRET_KEY = environment.secret("SECRET_KEY", kept_in=VAR / "secret-key")
SECRET_KEY_FALLBACKS = environment.words(
    "SECRET_KEY_FALLBACKS"
)  # earlier ones, which still open what they closed
SECURITY_CONTACT = environment.text("SECURITY_CONTACT")  # for /.well-known/security.txt
if SECURITY_CONTACT and not SECURITY_CONTACT.startswith(("mailto:", "https://", "tel:")):
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT must begin with mailto:, https:// or tel:, not {SECURITY_CONTACT!r}."
    )
ADMIN_PATH = environment.text("ADMIN_PATH", "admin/")  # where the pages for people begin
if not re.fullmatch(r"[a-z0-9-]+/", ADMIN_PATH) or ADMIN_PATH in ("api/", "static/", "unsubscribe/"):
    raise ImproperlyConfigured(
        f"ADMIN_PATH must be one word of small letters, digits and hyphens, with a slash behind, not {ADMIN_PATH!r}."
    )
ROOT_URLCONF = "registry.urls"
WSGI_APPLICATION = "registry.wsgi.application"

# --- what it consists of ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "registry.apps.RegistryAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "pghistory",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_otp_webauthn",
    "registry.apps.RegistryConfig",
    "cases",
    "reports",
]
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # these two first, so that every answer bears their headers
    "django.middleware.security.SecurityMiddleware",
    "registry.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "registry.traffic.TrafficMiddleware",
    "registry.methods.MethodMiddleware",
    "registry.sessions.StoreMiddleware",
    "registry.addresses.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.sessions.SessionMiddleware",
    "registry.api.callers.CallerMiddleware",
    "registry.uploads.ReceiveMiddleware",
    "registry.accounts.oidc.ProviderMiddleware",
    "registry.access.ScopeMiddleware",
    "registry.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "registry" / "templates"],  # before Unfold's, where ours mend them
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "registry.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the database: who connects as what, and how long a statement may hold the others up --------------------


@dataclass(frozen=True, kw_only=True)
class Process:
    """How one kind of process uses the database."""

    role: str = roles.APP
    connections: int = 0  # size of the pool; 0 opens and closes as Django does
    statement: str = "0"
    lock: str = "0"
    idle: str = "0"


PROCESSES = {
    "web": Process(connections=8, statement="5s", lock="2s", idle="10s"),
    "worker": Process(statement="10min", lock="30s", idle="10min"),
    "command": Process(),
    "owner": Process(role=roles.OWNER, lock="10s"),
}
PROCESS = "owner" if TESTING else environment.one_of("REGISTRY_PROCESS", PROCESSES, default="command")
_process = PROCESSES[PROCESS]


def _database(url: str) -> dict[str, Any]:
    """Translate the address into Django's terms; everything but the five names goes to libpq as it is."""
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user@host:5432/registry."
        ) from None
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    limits = {
        "role": _process.role,
        "statement_timeout": _process.statement,
        "lock_timeout": _process.lock,
        "idle_in_transaction_session_timeout": _process.idle,
        "jit": "off",  # where the server has it, it compiles for much longer than our queries run (docs/benchmarks.md)
    }
    options: dict[str, Any] = {key: value for key, value in given.items() if key not in names.values()}
    options["options"] = " ".join(f"-c {name}={value}" for name, value in limits.items())
    if _process.connections:
        # left alone it tries ever more seldom, and minutes after a database is back nobody would have found out
        options["pool"] = {
            "min_size": 1,
            "max_size": _process.connections,
            "timeout": 5,
            "reconnect_timeout": 5,
        }
    return {key: str(given.get(name) or "") for key, name in names.items()} | {"OPTIONS": options}


def _queue_address() -> str:
    """Reach the queue as the role that owns it; as the one login when it may act as that role."""
    given = conninfo_to_dict(DATABASE_URL)
    given["user" if EMBEDDED else "options"] = roles.BROKER if EMBEDDED else f"-c role={roles.BROKER}"
    return make_conninfo(**{name: str(value) for name, value in given.items()})


DATABASE_URL = environment.text("DATABASE_URL")
EMBEDDED = None if DATABASE_URL else VAR / ("pg18-test" if TESTING else "pg18")
if EMBEDDED:
    DATABASE_URL = f"host={socket_directory(EMBEDDED)} dbname={DATABASE} user={_process.role}"
elif PROCESS == "owner":
    DATABASE_URL = environment.text("DATABASE_OWNER_URL", DATABASE_URL)
DATABASES = {
    "default": {
        "ENGINE": "registry.database",
        "EMBEDDED": EMBEDDED,
        "ROLE": _process.role,
        "PATIENCE_S": 3 if PROCESS == "web" else 60,  # for an embedded server that starts: pages answer soon
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": f"test_{DATABASE}_{os.getpid()}"},  # so that two people may test at the same time
        **_database(DATABASE_URL),
    }
}

BACKUP_KEY = environment.text("BACKUP_KEY")  # the public one, see registry/backup/
# what patients wanted, for backups that are older than their wish: best on another machine's disk
ERASURE_LOG = Path(environment.text("ERASURE_LOG", str(VAR / "erasures.jsonl")))

# --- the identity vault: none unless both are set; the newest key first, see registry/vault/ ---------------------

VAULT_KEYS = environment.keys("VAULT_KEYS")
VAULT_SEARCH_KEY = environment.key("VAULT_SEARCH_KEY")
if bool(VAULT_KEYS) != bool(VAULT_SEARCH_KEY):
    raise ImproperlyConfigured("Set VAULT_KEYS and VAULT_SEARCH_KEY together, or neither.")
if len({*VAULT_KEYS.values(), VAULT_SEARCH_KEY}) <= len(VAULT_KEYS):
    raise ImproperlyConfigured("VAULT_SEARCH_KEY and each of VAULT_KEYS must differ.")

# --- the audit trail: database triggers write it, see registry/audit.py -------------------------------------

PGTRIGGER_MIGRATIONS = False  # walls.py installs the triggers, so that migrations stay readable and quick
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_APPEND_ONLY = True
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_CONTEXT_ID_FIELD = pghistory.ContextUUIDField()
# where the head of the chain goes each day: best to another machine's disk, and to people
AUDIT_HEAD_FILE = environment.text("AUDIT_HEAD_FILE")
AUDIT_HEAD_TO = environment.words("AUDIT_HEAD_TO", "")

# --- background work: in the same PostgreSQL, or in RabbitMQ when CELERY_BROKER_URL names one --------------------

CELERY_BROKER_URL = environment.text("CELERY_BROKER_URL", "pgmq://localhost")
if CELERY_BROKER_URL == "pgmq://localhost":
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "conn_string": _queue_address(),
        "init_extension": False,  # registry/queue.py installs it
        "visibility_timeout": 1800,  # a task that is not done by then runs again; the limit below ends it before
        "use_notify": True,
        "wait_time_seconds": 0,
        "polling_interval": 0.05,  # seconds; it bounds how many short tasks a worker takes (37 a second)
        "pool_size": 2,
    }
else:
    if CELERY_BROKER_URL.startswith(
        "amqps:"
    ):  # without a name, any certificate of a known authority would do
        CELERY_BROKER_USE_SSL = {"server_hostname": urlsplit(CELERY_BROKER_URL).hostname}
    # quorum queues keep what a lost node held; delayed delivery on them needs topic exchanges
    CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE = "topic"
# one for work, one for mail, so that a sender of its own can do nothing else; two installations on one RabbitMQ differ
CELERY_TASK_DEFAULT_QUEUE = environment.text("QUEUE", "registry")
MAIL_QUEUE = f"{CELERY_TASK_DEFAULT_QUEUE}_mail"
CELERY_TASK_ROUTES = {
    "reports.tasks.send_mail": {"queue": MAIL_QUEUE},
    "reports.tasks.deliver": {"queue": MAIL_QUEUE},
    "registry.tasks.send_account_mail": {"queue": MAIL_QUEUE},
}
# either alone loses tasks of a killed worker
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True  # results are rows of ours
CELERY_TASK_TIME_LIMIT, CELERY_TASK_SOFT_TIME_LIMIT = 1500, 1440
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = environment.number("WORKER_PROCESSES", 2, least=1)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = CELERY_WORKER_SEND_TASK_EVENTS = False  # pgmq has neither
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = (
    None  # for ever: else a worker ends when the queue was away for an hour
)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds; it bounds how long a clean stop takes
CELERY_BEAT_SCHEDULER = "registry.slots:Scheduler"  # each time is a row
CELERY_BEAT_SCHEDULE = {
    "seal the audit trail": {"task": "registry.tasks.seal_audit", "schedule": crontab()},
    "verify the audit trail": {
        "task": "registry.tasks.check_audit",
        "schedule": crontab(hour=4, minute=40),
    },
    "hand over the head of the audit trail": {
        "task": "registry.tasks.hand_over_head",
        "schedule": crontab(hour=5, minute=10),
    },
    "sign of life": {"task": "registry.tasks.beat", "schedule": crontab()},
    "read the rulebooks again": {"task": "cases.tasks.reassess_all", "schedule": crontab(hour=2, minute=30)},
    "forget old counts": {"task": "registry.tasks.forget_counts", "schedule": crontab(hour=3, minute=50)},
    "forget old times": {"task": "registry.tasks.forget_old_slots", "schedule": crontab(hour=3, minute=20)},
    "let go of what was kept long enough": {
        "task": "reports.tasks.let_go",
        "schedule": crontab(hour=3, minute=40),
    },
    "ring the bell for mails about accounts": {
        "task": "registry.tasks.ring_account_mails",
        "schedule": crontab(),
    },
    "close unused accounts": {
        "task": "registry.tasks.close_unused_accounts",
        "schedule": crontab(hour=3, minute=20),
    },
    "forget old uploads": {"task": "cases.tasks.tidy_imports", "schedule": crontab(hour=3, minute=30)},
    "forget old entries": {"task": "cases.tasks.remove_old_entries", "schedule": crontab(hour=3, minute=10)},
    "write weekly mails": {
        "task": "reports.tasks.write_weekly_mails",
        "schedule": crontab(hour=4, minute=20),
    },
    "send reports that are due": {"task": "reports.tasks.send_due", "schedule": crontab()},
}

# --- people -------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["registry.signin.PatientBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "registry.accounts.passwords.GuessableValidator"},
]
# links in mails: how many hours an invitation and the way to a new password are good for
INVITATION_HOURS = environment.number("INVITATION_HOURS", 72, least=1)
RESET_HOURS = environment.number("RESET_HOURS", 1, least=1)
PASSWORD_RESET_TIMEOUT = 3600 * max(
    INVITATION_HOURS, RESET_HOURS
)  # Django's bound; each kind has its own besides
# an account that nobody used for so many days closes by itself; 0 is never
ACCOUNT_UNUSED_DAYS = environment.number("ACCOUNT_UNUSED_DAYS", 365)
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
SESSION_ENGINE = "registry.accounts.session_store"
SESSION_COOKIE_AGE = 60 * environment.number("SESSION_IDLE_MINUTES", 30, least=1)
SESSION_SAVE_EVERY_REQUEST = True  # minutes without a click, not since the login
SESSION_HOURS = environment.number("SESSION_HOURS", 12, least=1)  # since the login, see registry/sessions.py
SECOND_FACTOR = environment.one_of(
    "SECOND_FACTOR", ("required", "offered"), default="required" if HTTPS else "offered"
)
OTP_TOTP_ISSUER = OTP_WEBAUTHN_RP_NAME = "IVC registry"
# browsers make passkeys for a name under https, and for localhost
PASSKEYS = HTTPS or _public.hostname == "localhost"
OTP_WEBAUTHN_RP_ID = _public.hostname
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_URL if PASSKEYS else "https://localhost"]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False  # a passkey is the second step, never the first

# an identity provider of a hospital, see registry/accounts/oidc.py: none unless it is named
OIDC_ISSUER = environment.text("OIDC_ISSUER")
OIDC_NAME = environment.text("OIDC_NAME", "identity provider")  # on the button of the sign-in page
OIDC_CLIENT_ID = environment.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = environment.text("OIDC_CLIENT_SECRET")
OIDC_SIGN_ALGO = environment.one_of("OIDC_SIGN_ALGO", ("RS256", "ES256"), default="RS256")
# values of `amr` or `acr` that stand for the second factor, such as mfa; without any, ours is asked for
OIDC_SECOND_FACTOR = environment.words("OIDC_SECOND_FACTOR", "")
if OIDC_ISSUER:
    if not OIDC_ISSUER.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ImproperlyConfigured(f"OIDC_ISSUER must begin with https://, not {OIDC_ISSUER!r}.")
    if not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
        raise ImproperlyConfigured("With OIDC_ISSUER, set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET as well.")
    AUTHENTICATION_BACKENDS.append("registry.accounts.oidc.Backend")

# --- the browser --------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-session", "__Host-csrf") if HTTPS else ("session", "csrf")
SECURE_REDIRECT_EXEMPT = [
    r"\A(healthz|readyz|metrics)\Z",  # monitors ask the process itself, behind the proxy
    r"\Aapi/",  # refused there instead (methods.py)
]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
MESSAGE_STORAGE = (
    "django.contrib.messages.storage.session.SessionStorage"  # they name cases; a cookie would keep them
)
X_FRAME_OPTIONS = "DENY"
_self = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": _self,
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": _self,
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 2**20  # of a file, too
FILE_UPLOAD_HANDLERS = [
    "registry.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a case with all its forms in one admin page

# --- the API: closed unless a view opens it ------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "registry.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["registry.api.permissions.Allowed"],
    "DEFAULT_THROTTLE_CLASSES": ["registry.api.limits.PerCaller"],
    "DEFAULT_PARSER_CLASSES": ["registry.api.strict_json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "registry.api.openapi.Schema",
    "NUM_PROXIES": environment.number("PROXIES", 0),
    "EXCEPTION_HANDLER": "registry.api.problems.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# requests a minute: a key may send 100 cases a second one by one, a page of a person asks for less
API_LIMITS = {
    "key": environment.number("API_REQUESTS_PER_KEY", 6000, least=1),
    "person": environment.number("API_REQUESTS_PER_PERSON", 1200, least=1),
    "address": environment.number("API_REQUESTS_PER_ADDRESS", 600, least=1),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Registry of leiomyosarcoma of the inferior vena cava",
    "DESCRIPTION": "Cases in and out, what the rulebooks say of them, and the data dictionary.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "cases.api.openapi.add_case_document",
        "cases.api.openapi_rows.add_rows",
        "cases.api.openapi_reading.add_components",
        "cases.api.openapi_findings.add_components",
        "cases.api.openapi_transfers.add_components",
        "cases.api.openapi_identity.add_components",
        "cases.api.examples.add_examples",
    ],
}

# --- the admin pages ----------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": gettext_lazy("IVC registry"),
    "SITE_HEADER": gettext_lazy("IVC registry"),
    "SITE_SUBHEADER": gettext_lazy("Vena cava leiomyosarcoma"),
    "SITE_SYMBOL": "cardiology",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "registry.adminsite.icon"}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,  # each page says whether its reader may see it
    "STYLES": ["registry.adminsite.style_sheet"],
    "SCRIPTS": ["registry.adminsite.keyboard", "registry.adminsite.sending"],
    "ACCOUNT": {
        "navigation": [
            {"title": gettext_lazy("My account"), "link": reverse_lazy("account")},
            {"title": gettext_lazy("My subscriptions"), "link": reverse_lazy("admin:my_subscriptions")},
        ],
    },
    "SIDEBAR": {"navigation": "registry.sidebar.navigation"},
}

# --- language, time, files ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("uk", "Українська")]
LOCALE_PATHS = [BASE_DIR / "locale"]  # `manage.py catalog` gathers, docs/decisions/0009-languages.md
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "registry.formats"
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
WHITENOISE_USE_FINDERS = not HTTPS  # on one's own machine without `collectstatic`
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing one
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR / "files")},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if HTTPS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- how long what is no case is kept, in days; what is due goes each night (reports/retention.py) ---------------

KEEP_DAYS = {
    "answers": environment.number("KEEP_ANSWERS_DAYS", 90, least=1),
    "uploads": environment.number("KEEP_UPLOADS_DAYS", 60, least=1),
    "mails": environment.number("KEEP_MAILS_DAYS", 90, least=1),
    "accesses": environment.number(
        "KEEP_ACCESSES_DAYS", 732, least=732
    ),  # the database lets none go before 24 months
    "research files": environment.number("KEEP_RESEARCH_FILES_DAYS", 7, least=1),
}

# --- what leaves a center: counts below this are withheld -----------------------------------------------------

SMALL_NUMBER_THRESHOLD = environment.number("SMALL_NUMBER_THRESHOLD", 5, least=1)

# --- who lets a report of all centers go: no mail can be called back, so a person, unless it is said otherwise ---

REPORT_RELEASE = environment.one_of("REPORT_RELEASE", ("person", "automatic"), default="person")

# --- mail: into a folder until a server is named ------------------------------------------------------------

EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.number("EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", "IVC registry <registry@localhost>")
MAIL_FOLDER = Path(environment.text("MAIL_FOLDER", str(VAR / "mail")))
BOUNCE_ADDRESS = environment.address("BOUNCE_ADDRESS")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "registry.mailbox.EmailBackend"
)

# --- log: one line per event, ids and never names -----------------------------------------------------------

LOG_LEVEL = environment.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
LOG_FORM = environment.one_of("LOG_FORM", ("line", "json"), default="line")
LOGGING = logs.config(level=LOG_LEVEL, form=LOG_FORM)

# --- measurements: /metrics is there for who shows this ------------------------------------------------------

METRICS_TOKEN = environment.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN must have at least 20 characters; 40 random ones are good.")
