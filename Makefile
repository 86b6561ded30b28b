# A fresh machine needs Python 3.11 or later, git and make; the rest is installed into .venv.
PYTHON ?= python3
PYENV_ROOT ?= $(HOME)/.pyenv
PYTHONS ?= $(or $(wildcard $(PYENV_ROOT)/versions/3.1[1-9]*/bin/python3),$(PYTHON))
BIN := .venv/bin
NEEDED := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help demo test test-all lint app docs screenshots manifest release soak chaos bench \
  bench-generate bench-store bench-dashboard bench-postgres requirements clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 17

demo: .venv/made ## Make an app in a temporary folder, and watch it run a job.
	@$(BIN)/python scripts/demo.py

test: .venv/made ## Test the template, and two apps that it makes.
	$(BIN)/pytest --numprocesses 2 --dist loadgroup $(ARGS)

test-all: .venv/made lint ## The same, every release, and all answers on each of PYTHONS.
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --all --pythons "$(PYTHONS)" $(ARGS)

lint: .venv/made ## Check the Python that is not rendered first; `make test` checks the apps.
	$(BIN)/ruff check --extend-ignore N999
	$(BIN)/ruff format --check
	$(BIN)/mypy

app: .venv/made ## Make an app from this tree: make app DEST=../my-app
	@test -n "$(DEST)" || { echo "Say where: make app DEST=../my-app" >&2; exit 2; }
	@test -t 0 && answers= || answers=--defaults; \
	$(BIN)/copier copy $$answers --vcs-ref HEAD "$(CURDIR)" "$(DEST)"

screenshots: .venv/made ## Make the pictures of the dashboard for the docs; needs chromium.
	@PYTHONPATH=tests $(BIN)/python scripts/screenshots.py

docs: .venv/made ## Make the site of docs/ in site/; a link that leads nowhere is an error.
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet --conf-dir . \
	  --doctree-dir site/.doctrees docs site
	@echo "site/index.html"

manifest: .venv/made ## List the hashes of the runtime's files, by which an app's doctor tells edits.
	@$(BIN)/python scripts/manifest.py

release: .venv/made ## Make a release, after `make test-all`: make release VERSION=1.2.3
	@$(BIN)/python scripts/release.py $(VERSION)

soak: .venv/made ## Kill workers and schedulers, count every job: make soak JOBS=50000 KILLS=50
	@PYTHONPATH=tests $(BIN)/python benchmarks/soak.py --jobs $(or $(JOBS),50000) \
	  --kills $(or $(KILLS),50)

chaos: .venv/made .venv-bench/made ## Drain jobs while a worker or the server is killed each second.
	@PYTHONPATH=tests $(BIN)/python benchmarks/chaos.py $(ARGS)

bench-generate: .venv/made ## Measure `generate job` beside Copier doing the same.
	@PYTHONPATH=tests $(BIN)/python benchmarks/generate.py $(ARGS)

bench-store: .venv/made .venv-bench/made ## Measure the SQLite store beside diskcache.
	@PYTHONPATH=tests $(BIN)/python benchmarks/store.py $(ARGS)

bench-dashboard: .venv/made ## Measure what an open dashboard costs the workers.
	@PYTHONPATH=tests $(BIN)/python benchmarks/dashboard.py $(ARGS)

bench-postgres: .venv/made ## Measure the queue on PostgreSQL beside plain Procrastinate.
	@PYTHONPATH=tests $(BIN)/python benchmarks/postgres.py $(ARGS)

bench: .venv/made .venv-bench/made ## Measure an app beside four peers: make bench ARGS=--quick
	@PYTHONPATH=tests $(BIN)/python benchmarks/bench.py $(ARGS)

requirements: .venv/made ## Choose the newest versions of the tools, and of what we compare with.
	cd requirements && ../$(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --output-file dev.txt dev.in
	cd benchmarks && ../$(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --output-file requirements.txt requirements.in

clean: ## Remove what the other targets made here.
	rm -rf .venv .venv-bench site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made: requirements/dev.txt
	@$(PYTHON) -c '$(NEEDED)' || { echo "Chuckwalla needs Python 3.11 or later, but '$(PYTHON)' \
	is not: try make PYTHON=python3.12" >&2; exit 1; }
	@test ! -L .venv || { echo ".venv is a link, and what it leads to would be emptied: remove it" >&2; \
	exit 1; }
	@echo "Installing the tools of requirements/dev.txt into .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement requirements/dev.txt
	@touch $@

.venv-bench/made: benchmarks/requirements.txt | .venv/made
	@echo "Installing what benchmarks/requirements.txt compares with into .venv-bench"
	@$(PYTHON) -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement benchmarks/requirements.txt
	@touch $@
