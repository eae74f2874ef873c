#!/bin/sh
# Makes .venv and installs exactly what requirements.lock says. Does nothing when that was done before.
set -eu
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
venv=.venv
stamp="$venv/.lock-hash"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.12" >&2
    exit 1
}

wanted="$("$python" -c 'import hashlib, sys; print(hashlib.sha256(open("requirements.lock", "rb").read()).hexdigest())')"
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    echo "Making $venv."
    "$python" -m venv --clear "$venv"
fi
echo "Installing what requirements.lock lists."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
echo "$wanted" > "$stamp"
