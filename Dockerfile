# The product in one image: web, workers, beat and the commands of manage.py. What a container does, its command says
# (docker-compose.yml; the list of commands is marketplace_integration/local/stack.py).
# Nothing secret is in it, and nothing secret is needed to build it.

# The Python version that the tests run on.
FROM python:3.11-slim AS build

# requirements.lock has more in it: what the sandbox marketplace needs.
ARG LOCK=requirements-production.lock

RUN python -m venv /venv
WORKDIR /app
COPY requirements.lock requirements-production.lock ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r "$LOCK"

COPY manage.py ./
COPY marketplace_integration/ marketplace_integration/
COPY inventory/ inventory/
COPY channels_app/ channels_app/
COPY sandbox/ sandbox/
COPY templates/ templates/
COPY static/ static/
# The words below only satisfy the check that everything is set; this step reads no database and signs nothing.
RUN SECRET_KEY=unused FIELD_KEYS=unused DATABASE_URL=postgres://unused/unused \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0
RUN /venv/bin/python -m compileall -q marketplace_integration inventory channels_app sandbox


FROM python:3.11-slim

RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /app marketplace \
    && install --directory --owner=marketplace --group=marketplace /data
COPY --from=build /venv /venv
COPY --from=build /app /app

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER marketplace
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "marketplace_integration.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket", \
     "--worker-class", "gthread", "--workers", "1", "--threads", "8", "--timeout", "60", "--graceful-timeout", "10", \
     "--worker-tmp-dir", "/dev/shm"]
