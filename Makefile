# The commands of the project. `make demo` is the place to begin.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# half of the time tests wait, for browsers and for processes; a worker with nothing left to test takes over from another
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() * 3 // 2)')
SHARED := --numprocesses $(WORKERS) --dist worksteal
CATALOGS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.PHONY: setup develop demo serve test template made-up check audit bench soak contract format lock clean

setup: .venv/.runtime $(CATALOGS)  ## everything that runs, at exactly the locked versions
develop: .venv/.development  ## and what tests and checks need

# the locks name all there is, with digests: nothing is left to resolve
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock | .venv/bin/python
	$(INSTALL) -r $<
	-$(BIN)/python -m compileall -q -j 0 $(CURDIR)/.venv/lib # as pip would, but on all processors
	@touch $@

.venv/.development: requirements-dev.lock .venv/.runtime
	$(INSTALL) -r $<
	@touch $@

%.mo: %.po .venv/.runtime
	$(MANAGE) catalog --compile

demo: setup  ## the published cases through the import door, assessed, reported, mailed to a folder
	$(MANAGE) migrate --verbosity 0
	$(MANAGE) demo

serve: setup  ## web pages, API, worker and scheduler on http://127.0.0.1:8000, until Ctrl-C
	$(MANAGE) migrate --verbosity 0
	@cat var/demo/accounts.txt 2>/dev/null || echo "No accounts yet: make demo, or manage.py appoint NAME registry_admin"
	$(MANAGE) serve

test: develop  ## all tests; TESTS="-m database" or a path for some
	$(BIN)/python -m pytest $(SHARED) $(TESTS)

template: develop  ## the migrated database that tests copy; the first tests would make it, and the others wait
	$(BIN)/python -m pytest --quiet tests/registry/test_months.py

made-up: develop  ## requests made up from the description of the API, in every role; EACH=150 seconds a role instead of 45
	MADE_UP_SECONDS=$(or $(EACH),45) $(BIN)/python -m pytest $(SHARED) -m made_up

check: develop  ## style, types, imports, migrations, settings and documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(MANAGE) check --fail-level WARNING
	$(MANAGE) makemigrations --check --dry-run
	PUBLIC_URL=https://registry.example.org $(MANAGE) check --deploy --fail-level WARNING
	$(MANAGE) dictionary --format markdown | diff docs/dictionary.md -
	$(MANAGE) rules --format markdown | diff docs/algorithm.md -
	$(MANAGE) catalog --check

audit: develop  ## what the locks lack, bandit, the bill of materials (var/sbom.cdx.json), known vulnerabilities of what is locked
	$(BIN)/python -m pip check
	$(BIN)/python .ci/audit.py

bench: setup  ## each measurement prints its figures as one line of JSON
	@for file in $(filter-out $(patsubst %,benchmarks/%.py,soak mutants scratch switches),$(wildcard benchmarks/*.py)); do $(BIN)/python $$file || exit 1; done

soak: develop  ## the long form of every proof of trust, into docs/evidence.md; some hours, or GOALS="G6 G7"
	$(BIN)/python benchmarks/soak.py $(GOALS)

contract: develop  ## release the description of the API as the contract that later ones are held against
	$(MANAGE) spectacular --format openapi-json | $(BIN)/python -m json.tool --indent 1 --no-ensure-ascii > docs/api/openapi-1.0.0.json

format: develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: develop  ## after a change of requirements.txt or requirements-dev.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements.txt --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--custom-compile-command "make lock" --constraints requirements.lock \
		requirements-dev.txt --output-file requirements-dev.lock

clean:  ## all data of this folder, the embedded database too
	rm -rf var
