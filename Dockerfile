# Cairn's image: the same for web, worker and beat. docs/docker.md says what was checked, and how.
ARG BASE=python:3.13-slim

# --- build: packages, static files, byte code ---------------------------------------------------------------
FROM ${BASE} AS build
WORKDIR /cairn

COPY requirements/base.txt requirements/base.txt
# Wheels only, each by its hash. The image needs no pip afterwards.
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement requirements/base.txt \
 && /venv/bin/python -m pip uninstall --yes pip

COPY . .
# The key is for this one command and signs nothing: the real one comes from the environment of the container.
# Byte code is checked by nothing at start, since nothing in the image changes.
# A checkout may be closed to others; the image's user must read it.
RUN CAIRN_DATA=/tmp/cairn CAIRN_STATIC=/cairn/static SECRET_KEY=for-collectstatic-alone /venv/bin/python manage.py collectstatic --no-input \
 && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash curriculum tracker \
 && chmod -R a+rX /cairn

# --- the image ----------------------------------------------------------------------------------------------
FROM ${BASE}
LABEL org.opencontainers.image.title="Cairn" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
RUN groupadd --system --gid 10001 cairn \
 && useradd --system --uid 10001 --gid cairn --no-create-home --home-dir /tmp --shell /usr/sbin/nologin cairn
COPY --from=build /venv /venv
COPY --from=build /cairn /cairn
WORKDIR /cairn

# No secret here: SECRET_KEY, DATABASE_URL, REDIS_URL, SMTP_HOST and CAIRN_URL are asked for at start.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    CAIRN_MODE=server \
    CAIRN_DATA=/cairn/var \
    CAIRN_STATIC=/cairn/static
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "docker/ready.py"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning", "tracker.wsgi:application"]
