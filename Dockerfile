# One image for web, worker, beat and migrate; docker-compose.yml says which is which.

FROM python:3.13-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes --requirement /requirements.txt \
    # At run time nothing is installed any more.
    && /venv/bin/pip uninstall --yes pip


FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/app/var
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin emitter
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py ./
COPY chatbots chatbots
COPY webhooks webhooks
COPY inbox inbox
COPY emitter emitter
COPY templates templates
# The files for browsers, with hashed names. The secrets serve this one command and are not kept.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    ENCRYPTION_KEYS="$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
    ALLOWED_HOSTS=not-used \
    BROKER_URL=redis://not-used \
    DATABASE_URL=postgres://not-used/not-used \
    python manage.py collectstatic --no-input --verbosity 0
USER emitter
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.build_opener(urllib.request.ProxyHandler({})).open('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["python", "-m", "emitter.web_server", "--host=0.0.0.0", "--port=8000", "--workers=2"]
