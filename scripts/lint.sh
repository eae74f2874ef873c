#!/bin/sh
# Everything that can be said about the code without running it. Goes through all steps and fails at the end.
set -u
cd "$(dirname "$0")/.."
bin="${BIN:-.venv/bin}"
failed=""

step() {
    name="$1"
    shift
    if output="$("$@" 2>&1)"; then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        echo "$output"
        failed="$failed
  $name"
    fi
}

# The settings as a production site would have them; the keys are made up and thrown away.
production() {
    env -u DEBUG \
        SECRET_KEY="$("$bin/python" -c 'import secrets; print(secrets.token_urlsafe(50))')" \
        FIELD_KEYS="$("$bin/python" -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
        DATABASE_URL=postgres://shop:secret@database.internal/shop REDIS_URL=redis://redis.internal/0 \
        ALLOWED_HOSTS=shop.example.com HTTPS_ONLY=1 HSTS_SECONDS=31536000 BEHIND_PROXY=1 CLOCK_OFFSET_SECONDS=0 \
        "$@"
}

step "ruff check" "$bin/ruff" check .
step "ruff format" "$bin/ruff" format --check .
step "mypy" "$bin/mypy"
step "import rules" "$bin/lint-imports"
step "settings for production" production "$bin/python" manage.py check --deploy --fail-level WARNING
step "migrations are complete" production "$bin/python" -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

if [ -n "$failed" ]; then
    echo "make lint: failed:$failed" >&2
    exit 1
fi
echo "make lint: nothing to complain about."
