# The registry as one image: the same for web, worker, scheduler and migrations. It holds no data and no secret.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 10001 registry
WORKDIR /srv/registry

# first what changes rarely, so that a change of the code does not install everything again
COPY requirements.lock ./
RUN pip install --disable-pip-version-check --require-hashes -r requirements.lock

COPY --chown=registry:registry . .
RUN mkdir --parents var/mail var/kept && chown --recursive registry:registry var
USER registry
# file names of an https:// installation carry a digest of their content; this writes them once
RUN PUBLIC_URL=https://build SECRET_KEY=build-only python manage.py collectstatic --no-input --verbosity 0 && rm -f var/secret-key
# what is translated, for gettext
RUN SECRET_KEY=build-only python manage.py catalog --compile && rm -f var/secret-key

EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
