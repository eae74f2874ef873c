"""Settings of the tests: the product's own, on throw-away servers that `tests/conftest.py` starts when first needed."""

import os

from marketplace_integration.local.ports import any_free

# A test never touches the databases of a running demo, nor servers of the environment, unless told by TEST_*.
TEST_POSTGRES_PORT = any_free()
TEST_REDIS_PORT = any_free()
TEST_PASSWORD = "for-tests-only"  # noqa: S105 - servers on 127.0.0.1 that live as long as the tests
os.environ |= {
    "DEBUG": "0",
    "HTTPS_ONLY": "0",
    "SECRET_KEY": "for-tests-only-" + "x" * 40,
    "FIELD_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "DATABASE_URL": os.environ.get(
        "TEST_DATABASE_URL", f"postgres://marketplace:{TEST_PASSWORD}@127.0.0.1:{TEST_POSTGRES_PORT}/marketplace"
    ),
    "REDIS_URL": os.environ.get("TEST_REDIS_URL", f"redis://:{TEST_PASSWORD}@127.0.0.1:{TEST_REDIS_PORT}/0"),
    "CLOCK_OFFSET_SECONDS": "0",
    "SUPPORT_SECOND_STEP": "0",
    "TESTING_DAYS": "30",
    "KEEP_LINES_DAYS": "30",
    "KEEP_RUNS_DAYS": "30",
    "KEEP_RECONCILER_DAYS": "30",
    "KEEP_IMPORTS_DAYS": "90",
    "KEEP_MOVEMENTS_DAYS": "400",
    "KEEP_ORDER_BODIES_DAYS": "400",
    "KEEP_SIGN_INS_DAYS": "90",
    "OUTBOUND_ALLOWED_HOSTS": "",
    "SANDBOX_URL": "",
    "EMAIL_URL": "memorymail://",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "json",
}

from marketplace_integration.settings import *  # noqa: E402, F403
from marketplace_integration.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
DATABASES["default"]["CONN_MAX_AGE"] = 0
