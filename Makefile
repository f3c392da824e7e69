PYTHON ?= python3
BIN := .venv/bin

ON_POSTGRES_TOO := $(addprefix tests/reliability/test_,killed.py killed_while_due.py stop*.py large_casebook.py) tests/commands tests/browser/test_the_story.py

.PHONY: help install demo test test-http test-slow test-kill test-kill-all test-postgres lint audit bench bench-load bench-growth quality quality-check learn lock soak

help: ## Show what make can do.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: .venv/installed ## Make .venv with every locked dependency.

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Aside needs Python 3.11 or newer: make install PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "Making .venv with the locked dependencies; this takes a minute …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## Open a make-believe Slack with the bot in it; LOCALE=en-GB, PORT=8766, STORY=promise.
	@$(BIN)/aside demo $(if $(PORT),--port $(PORT)) $(if $(LOCALE),--locale $(LOCALE)) $(if $(STORY),--story $(STORY))

test: install ## Run the tests, but for the long ones; under five minutes on two cores.
	$(BIN)/python -m pytest

test-slow: install ## Run the long ones: the page in a browser, conversations, starts and stops, a large casebook.
	$(BIN)/python -m pytest -m slow --ignore-glob='*/test_killed*.py'

test-http: install ## Play the flow tests with Slack calling us over HTTP; two and a half minutes.
	ASIDE_TEST_TRANSPORT=http $(BIN)/python -m pytest tests/flow

test-kill: install ## Kill the bot after every call of three stories, and at some calls of the others; takes minutes.
	ASIDE_KILL_EVERYWHERE=1 $(BIN)/python -m pytest -m slow tests/reliability/test_killed.py tests/reliability/test_killed_at_work.py
	$(BIN)/python -m pytest -m slow tests/reliability/test_killed_deciding.py tests/reliability/test_killed_while_due.py tests/reliability/test_killed_while_asking.py tests/reliability/test_killed_selling.py

test-kill-all: install ## Kill the bot after every call of every story; takes half an hour.
	ASIDE_KILL_EVERYWHERE=1 $(BIN)/python -m pytest -m slow tests/reliability

test-postgres: install ## The tests that open a casebook, on a PostgreSQL of their own; skipped where there is none.
	ASIDE_TEST_DATABASE=postgresql $(BIN)/python -m pytest -m "not slow" tests/casebook tests/commands tests/flow tests/reliability
	ASIDE_TEST_DATABASE=postgresql $(BIN)/python -m pytest -m slow -k "not every_call" $(ON_POSTGRES_TOO)

lint: install ## Style, types and the walls between the rooms.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

audit: install ## Ask OSV about known weaknesses of every locked dependency; says so when it cannot be asked.
	$(BIN)/python -m tests.audit

bench: install ## Print our speed beside the speed of something plain.
	$(BIN)/python -m tests.bench

bench-load: install ## Drive the bot as Slack would, ever faster, and write docs/load.md; twenty minutes, the machine otherwise idle.
	$(BIN)/python -m tests.bench load

bench-growth: install ## What a deed costs as things grow ×10 and ×100, written and drawn in docs/load.md; ten minutes.
	$(BIN)/python -m tests.bench growth

quality: install ## Read the held-out messages and write docs/quality.md.
	$(BIN)/python -m tests.quality

quality-check: install ## Whether docs/quality.md is still true.
	$(BIN)/python -m tests.quality --check

soak: install ## Put 100,000 events through one process and see that nothing grows or is lost; EVENTS=5000 for a short look.
	$(BIN)/python -m tests.reliability.soak $(EVENTS)

learn: install ## Learn the packaged playbook and write what ships with it; after every edit of its examples.
	$(BIN)/python -m bot.learning

LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml

lock: ## Resolve requirements.lock anew, and of it what a container needs (needs uv).
	$(LOCK) --extra dev -o requirements.lock
	$(LOCK) --extra image --constraint requirements.lock -o docs/deploy/requirements.lock
