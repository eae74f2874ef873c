"""Settings, all from the environment. The table of variables is `environment.py`."""

from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF

from marketplace_integration import environment
from marketplace_integration.development import development_field_keys, development_secret_key
from marketplace_integration.logging import logging_config

ROOT = environment.ROOT
_values = environment.load()

DEBUG: bool = _values["DEBUG"]
SECRET_KEY: str = _values["SECRET_KEY"] or development_secret_key()
#: Fernet keys for secrets at rest, newest first.
FIELD_KEYS: list[str] = _values["FIELD_KEYS"] or development_field_keys()
ALLOWED_HOSTS: list[str] = _values["ALLOWED_HOSTS"] or (["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
# A marketplace may ask some hundred questions about a product, each with two inputs.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

CSRF_TRUSTED_ORIGINS: list[str] = _values["CSRF_TRUSTED_ORIGINS"]

TESTING_DAYS: int = _values["TESTING_DAYS"]
KEEP_LINES_DAYS: int = _values["KEEP_LINES_DAYS"]
KEEP_RUNS_DAYS: int = _values["KEEP_RUNS_DAYS"]
KEEP_RECONCILER_DAYS: int = _values["KEEP_RECONCILER_DAYS"]
KEEP_IMPORTS_DAYS: int = _values["KEEP_IMPORTS_DAYS"]
KEEP_MOVEMENTS_DAYS: int = _values["KEEP_MOVEMENTS_DAYS"]
KEEP_ORDER_BODIES_DAYS: int = _values["KEEP_ORDER_BODIES_DAYS"]
KEEP_SIGN_INS_DAYS: int = _values["KEEP_SIGN_INS_DAYS"]
CLOCK_OFFSET_SECONDS: int = _values["CLOCK_OFFSET_SECONDS"]
SPEED_UP: int = max(_values["SPEED_UP"], 1)
#: "host:port" that channels may call although the address is private.
OUTBOUND_ALLOWED_HOSTS: list[str] = _values["OUTBOUND_ALLOWED_HOSTS"]
SANDBOX_URL: str = _values["SANDBOX_URL"]
REDIS_URL: str = _values["REDIS_URL"]

INSTALLED_APPS = [
    "inventory.apps.InventoryConfig",
    "channels_app.apps.ChannelsConfig",
    "channels_app.apps.SupportConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "django_otp",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "marketplace_integration.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "inventory.sign_in.second_step_taken",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "marketplace_integration.urls"
WSGI_APPLICATION = "marketplace_integration.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "channels_app.views.navigation.counts",
            ],
        },
    },
]

# --- database --------------------------------------------------------------------------------------------------------
_database = environ.Env.db_url_config(_values["DATABASE_URL"] or "postgres://postgres@127.0.0.1:5432/marketplace")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Keep-alives find a vanished server in about a minute; TCP alone would wait for hours.
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            **_database.get("OPTIONS", {}),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- background jobs -------------------------------------------------------------------------------------------------
#: How many jobs of a lane one worker runs at once. Fewer than its threads, so that ticks always find a free one.
LANE_SLOTS = {"urgent": 6, "orders": 6, "feeds": 6, "bulk": 2}

# --- people ----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "inventory.sign_in.Accounts",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
#: Support staff without two-step sign-in are led to set it up before they reach the support desk.
SUPPORT_SECOND_STEP: bool = _values["SUPPORT_SECOND_STEP"]

# Sign-in is throttled per name and address together: nobody can lock out somebody else from another place.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "proof"]
AXES_ENABLE_ADMIN = False

# --- browser ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "https:"],  # pictures of items stand wherever the seller keeps them
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600

_https_only: bool = _values["HTTPS_ONLY"] and not DEBUG
SECURE_SSL_REDIRECT = _https_only
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the load balancer over plain HTTP
SESSION_COOKIE_SECURE = _https_only
CSRF_COOKIE_SECURE = _https_only
SECURE_HSTS_SECONDS: int = _values["HSTS_SECONDS"] if _https_only else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https_only
SECURE_HSTS_PRELOAD = _https_only
BEHIND_PROXY: bool = _values["BEHIND_PROXY"]
AXES_CLIENT_IP_CALLABLE = "marketplace_integration.middleware.client_address"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"] if (ROOT / "static").is_dir() else []
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}
WHITENOISE_USE_FINDERS = DEBUG

# --- language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = "marketplace_integration.formats"

# --- e-mail and log --------------------------------------------------------------------------------------------------
vars().update(environ.Env.email_url_config(_values["EMAIL_URL"]))
DEFAULT_FROM_EMAIL: str = _values["DEFAULT_FROM_EMAIL"]
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20  # seconds; a mail server that says nothing holds nobody up
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(level=_values["LOG_LEVEL"], form=_values["LOG_FORMAT"])
