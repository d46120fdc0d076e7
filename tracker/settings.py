"""Every setting, read once from the environment and typed. docs/settings.md lists the variables.

Two modes. *embedded* (the default, `make run`) needs nothing: SQLite, a broker of its own on a private
socket, mail as files. *server* (`CAIRN_MODE=server`, `docker compose up`) takes a database, a broker, an
SMTP server and a secret from the environment and refuses to start when one is missing.
"""

import hashlib
import importlib.util
import os
import re
import secrets
import tempfile
from email.utils import parseaddr
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.folders import close_own, make_private

BASE_DIR = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    """The variable, stripped; `default` where it is missing or empty."""
    return os.environ.get(name, "").strip() or default


def whole(name: str, default: int, low: int, high: int) -> int:
    """The variable as a whole number from `low` to `high`."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return int(value)


def choice(name: str, *options: str) -> str:
    """The variable as one of `options`; the first where it is missing."""
    value = text(name, options[0])
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """The variable as yes or no: 1 or 0."""
    return choice(name, *(("1", "0") if default else ("0", "1"))) == "1"


def required(name: str) -> str:
    """The variable; outside the embedded default it must be there."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. CAIRN_MODE=server needs it; see docs/settings.md.")
    return value


def hosts(name: str) -> frozenset[str]:
    """The variable as hosts with or without a port, comma between them: `ntfy.lan, 10.0.0.5:8080`."""
    found = frozenset(entry for each in text(name).split(",") if (entry := each.strip().lower()))
    for entry in sorted(found):
        if not re.fullmatch(r"([a-z0-9._-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", entry):
            raise ImproperlyConfigured(
                f"{name} must be hosts with or without a port, such as ntfy.lan:8080; not {entry!r}."
            )
    return found


def listening_host() -> str:
    """HOST: an IP address, IPv6 without brackets, or a name that is looked up when the web server starts."""
    host = text("HOST", "127.0.0.1")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    try:
        named = re.fullmatch(r"[A-Za-z0-9._-]+", host) or IPv6Address(host)
    except ValueError:
        named = None
    if not named:
        raise ImproperlyConfigured(
            f"HOST must be an address such as 127.0.0.1 or ::1, or a name, without a port; not {host!r}."
        )
    return host


def in_url(host: str) -> str:
    """The host as a URL spells it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def own_data_folder(folder: Path) -> None:
    """Makes the embedded mode's data folder; one that others may enter is closed to them."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_own(folder)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {folder} cannot be made ({error.strerror}): set CAIRN_DATA to another one."
        ) from None


def kept_secret(path: Path) -> str:
    """The embedded default's secret: made once, readable by its owner alone, then kept."""
    if not path.exists():
        # Written whole under another name and linked into place: a second process starting at the same
        # moment reads a whole secret or makes none.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def socket_path(data_dir: Path) -> Path:
    """Where the embedded broker listens. A Unix socket's path has at most about 100 bytes.

    Where the data folder's own is longer, it is in a folder for temporary files, which others may write to.
    Whoever listens there is believed, so the folder is made, or found to be this user's, by whoever asks.
    """
    inside = data_dir / "run" / "broker.sock"
    if len(os.fsencode(inside)) <= 100:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"cairn-{os.getuid()}-{digest}"
    try:
        make_private(folder)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The broker's folder {folder} cannot be used ({error.strerror}): remove it, "
            "or set CAIRN_DATA to a folder with a shorter path."
        ) from None
    return folder / "broker.sock"


# --- the machine -------------------------------------------------------------------------------------------

MODE = choice("CAIRN_MODE", "embedded", "server")
EMBEDDED = MODE == "embedded"
DEBUG = flag("CAIRN_DEBUG")
DATA_DIR = Path(text("CAIRN_DATA", str(BASE_DIR / "var"))).expanduser().resolve()
HOST = listening_host()
PORT = whole("PORT", 8000, 1, 65535)
PUBLIC_URL = (
    text("CAIRN_URL", f"http://{in_url(HOST)}:{PORT}") if EMBEDDED else required("CAIRN_URL")
).rstrip("/")
if urlsplit(PUBLIC_URL).scheme not in {"http", "https"} or not urlsplit(PUBLIC_URL).hostname:
    raise ImproperlyConfigured(f"CAIRN_URL must look like https://cairn.example.org, not {PUBLIC_URL!r}.")
HTTPS = PUBLIC_URL.startswith("https://")
SIGN_UP_OPEN = choice("CAIRN_SIGNUP", "open", "closed") == "open"

if EMBEDDED:
    # Here, because every way in reads the settings before it makes a file of the data folder: `run` and its
    # children, the other commands, a server started by hand. Database, logs and all are the owner's alone.
    os.umask(0o077)
    own_data_folder(DATA_DIR)
SECRET_KEY = text("SECRET_KEY") or (
    kept_secret(DATA_DIR / "secret_key") if EMBEDDED else required("SECRET_KEY")
)
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = sorted(
    {
        in_url(str(urlsplit(PUBLIC_URL).hostname)),
        *LOOPBACK,
        *([in_url(HOST)] if HOST not in {"0.0.0.0", "::"} else []),  # noqa: S104
    }
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# --- the application ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials",
    "csp",
    "curriculum",
    "tracker.operations",
    "tracker.library",
    "tracker.people",
    "tracker.journal",
    "tracker.evidence",
    "tracker.plans",
    "tracker.recall",
    "tracker.coverage",
    "tracker.milestones",
    "tracker.reminders",
    "tracker.badges",
    "tracker.cohorts",
    "tracker.sharing",
    "tracker.desk",
]

MIDDLEWARE = [
    "tracker.api.middleware.ProblemMiddleware",
    "tracker.people.middleware.Utf8Middleware",
    "tracker.people.middleware.UploadSizeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tracker.people.middleware.LoginRequiredMiddleware",
    "tracker.people.middleware.PrivatePagesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.desk.context.base_page",
            ],
            "builtins": ["tracker.library.templatetags.words"],
        },
    },
]

# Forms are rendered by our own templates under templates/django/forms/.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CURRICULUM_DIR = Path(text("CAIRN_CURRICULUM", str(BASE_DIR / "curriculum" / "content")))

# --- data stores -------------------------------------------------------------------------------------------

DATABASE_URL = text("DATABASE_URL") if EMBEDDED else required("DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {}
if DATABASE_URL and not DATABASE_URL.startswith(("sqlite:", "postgres:", "postgresql:")):
    raise ImproperlyConfigured("DATABASE_URL must begin with postgresql: or sqlite:.")
if DATABASE_URL and not DATABASE_URL.startswith("sqlite:"):
    DATABASES["default"] = {
        **dj_database_url.parse(DATABASE_URL),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": whole("CAIRN_DB_POOL", 8, 1, 100), "timeout": 10}},
    }
else:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": dj_database_url.parse(DATABASE_URL)["NAME"] if DATABASE_URL else DATA_DIR / "cairn.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # synchronous=FULL: a reminder's hand-over must be on the disk before the mail leaves.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        # A thread keeps its connection: opening the file and setting it up again would cost every page.
        "CONN_MAX_AGE": None,
    }

REDIS_URL = text("REDIS_URL") if EMBEDDED else required("REDIS_URL")
BROKER_SOCKET = DATA_DIR / "run" / "broker.sock" if REDIS_URL else socket_path(DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": text("CACHE_URL", REDIS_URL) or f"unix://{BROKER_SOCKET}?db=1",
        "KEY_PREFIX": "cairn",
        # A page that counts log-ins waits for the cache a second at most; see docs/decisions/0007.
        "OPTIONS": {
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            "retry": Retry(NoBackoff(), 0),
        },
    }
}

CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}?virtual_host=0"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "reminders"
# What reads foreign files has a queue and a worker of its own: neither kind of work starves the other.
IMPORT_QUEUE = "imports"
CELERY_TASK_ROUTES = {"tracker.evidence.tasks.*": {"queue": IMPORT_QUEUE}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The reminder table is the outbox: a tick that cannot be published is published again a minute later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
TICK_SECONDS = whole("CAIRN_TICK_SECONDS", 60, 1, 3600)
# How long a worker keeps the reminders it took, and how long one waits after its first refusal for now.
REMINDER_LEASE_SECONDS = whole("CAIRN_LEASE_SECONDS", 600, 5, 3600)
REMINDER_RETRY_SECONDS = whole("CAIRN_RETRY_SECONDS", 300, 1, 3600)
# How many mails a worker takes at a time, for one connection to the mail server.
REMINDER_BATCH = whole("CAIRN_BATCH", 200, 1, 500)
# On so many connections side by side; a server that wants fewer is content with fewer.
SMTP_CONNECTIONS = whole("SMTP_CONNECTIONS", 4, 1, 20)
# Kept in memory: ticks carry nothing, so beat has nothing to remember over a restart.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "wake-reminders": {
        "task": "tracker.reminders.tasks.wake",
        "schedule": TICK_SECONDS,
        "options": {"expires": max(1, TICK_SECONDS - 1)},
    },
    "delete-accounts": {
        "task": "tracker.people.tasks.delete_due_accounts",
        "schedule": 3600,
        "options": {"expires": 3000},
    },
    # Every hour, though a day would do: beat remembers nothing over a restart, and some restart each day.
    "forget-old-answers": {
        "task": "tracker.people.tasks.forget_old_answers",
        "schedule": 3600,
        "options": {"expires": 3000},
    },
    "look-for-evidence": {
        "task": "tracker.evidence.tasks.look_for_waiting",
        "schedule": TICK_SECONDS,
        "options": {"expires": max(1, TICK_SECONDS - 1)},
    },
    "send-copies": {
        "task": "tracker.sharing.tasks.send_copies",
        "schedule": 600,
        "options": {"expires": 590},
    },
    "forget-waiting-files": {
        "task": "tracker.journal.tasks.forget_waiting_files",
        "schedule": 3600,
        "options": {"expires": 3000},
    },
}

# --- people ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"  # which leads to Today, or to the first plan
ACCOUNT_ADAPTER = "tracker.people.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "tracker.people.forms.SignUpForm",
    "login": "tracker.people.forms.LogInForm",
    "add_email": "tracker.people.forms.AddressForm",
    "change_password": "tracker.people.forms.ChangePasswordForm",
    "set_password": "tracker.people.forms.SetPasswordForm",
    "reset_password": "tracker.people.forms.LostPasswordForm",
    "reset_password_from_key": "tracker.people.forms.NewPasswordForm",
    "reauthenticate": "tracker.people.forms.ConfirmPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = whole("CAIRN_PROXIES", 0, 0, 10)

# --- programs ----------------------------------------------------------------------------------------------

# How many requests a token is good for, in a minute and in an hour.
API_A_MINUTE = whole("CAIRN_API_MINUTE", 120, 1, 100_000)
API_AN_HOUR = whole("CAIRN_API_HOUR", 2000, 1, 10_000_000)
# How many refused tokens a minute one address may try before it is told to wait.
API_REFUSALS_A_MINUTE = 30

# --- mail --------------------------------------------------------------------------------------------------

SMTP_HOST = text("SMTP_HOST") if EMBEDDED else required("SMTP_HOST")
MAIL_AS_FILES = not SMTP_HOST
MAIL_DIR = DATA_DIR / "mail"
EMAIL_BACKEND = (
    "tracker.operations.mailfiles.FileBackend"
    if MAIL_AS_FILES
    else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_HOST = SMTP_HOST
EMAIL_PORT = whole("SMTP_PORT", 587, 1, 65535)
EMAIL_HOST_USER = text("SMTP_USER")
EMAIL_HOST_PASSWORD = text("SMTP_PASSWORD")
SMTP_SECURITY = choice("SMTP_SECURITY", "starttls", "tls", "none")
EMAIL_USE_TLS = SMTP_SECURITY == "starttls"
EMAIL_USE_SSL = SMTP_SECURITY == "tls"
EMAIL_TIMEOUT = 20
MAIL_DOMAIN = str(urlsplit(PUBLIC_URL).hostname)
DEFAULT_FROM_EMAIL = text("CAIRN_FROM", f"Cairn <cairn@{'localhost' if EMBEDDED else MAIL_DOMAIN}>")
if not DEFAULT_FROM_EMAIL.isprintable() or "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise ImproperlyConfigured(
        f"CAIRN_FROM must be one line like Cairn <cairn@example.org>, not {DEFAULT_FROM_EMAIL!r}."
    )
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where mail only lands in files, a confirmation is needed for reminders alone; see docs/decisions/0005.
ACCOUNT_EMAIL_VERIFICATION = "optional" if MAIL_AS_FILES else "mandatory"

# Hosts that a learner's web hook or ntfy topic may be on although they are on a private network, or without
# TLS. All others are reached over https alone, and only at addresses on the open Internet.
HOOK_HOSTS = hosts("CAIRN_HOOK_HOSTS")

# Who reports mails that came back by signed posts, read by django-anymail (an optional package).
ANYMAIL_PROVIDER = text("CAIRN_ANYMAIL")
ANYMAIL = {}
if ANYMAIL_PROVIDER:
    choice("CAIRN_ANYMAIL", "mailgun")
    if importlib.util.find_spec("anymail") is None:
        raise ImproperlyConfigured("CAIRN_ANYMAIL needs the package django-anymail; see docs/reminders.md.")
    ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"] = text("CAIRN_ANYMAIL_SECRET")
    if not ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"].isascii() or not text("CAIRN_ANYMAIL_SECRET"):
        raise ImproperlyConfigured(
            "CAIRN_ANYMAIL_SECRET must be the key that the provider signs its reports with."
        )

# --- what leaves the server --------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(text("CAIRN_STATIC", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "cairn_session"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether the domain's other hosts can do without http is not Cairn's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# One file, and all that a learner keeps. A request is refused by what it says of its length, unread.
UPLOAD_BYTES_MAX = whole("CAIRN_UPLOAD_MB", 100, 1, 1_000) * 1_000_000
STORED_BYTES_MAX = whole("CAIRN_STORED_MB", 500, 1, 100_000) * 1_000_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": text("CAIRN_LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
