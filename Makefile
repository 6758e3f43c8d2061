# Everything a contributor or an operator runs by hand. `make test` is the whole gate.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUNS := $(VENV)/.runs

# Tests start hundreds of processes, each of which would compile Syncline and itself anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test tests check unit prefect servers real real-tests sandbox-tests crashes stories simulate-long mutants mutation-score coverage bench anchors connectors constraints clean

install: $(STAMP)

# What Syncline needs to run; `install` adds what its tests and tools need. Compiled afterwards, as pip
# would do it on one core; but for HubSpot's client, a fifth of it all, of which tests import little.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
define installed
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --no-compile -r $(1)
	$(PIP) --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 -x /hubspot/ $(VENV)/lib
	$(BIN)/python -m pip check
	touch $@
endef

$(RUNS): constraints-run.txt pyproject.toml
	$(call installed,constraints-run.txt)

$(STAMP): constraints.txt pyproject.toml
	$(call installed,constraints.txt)

# Zendesk, Jira, HubSpot and PostHog of the sandbox, kept in step on Prefect before your eyes; needs
# no account and no server. ONCE=1 ends by itself.
demo: $(RUNS)
	$(BIN)/syncline demo $(if $(ONCE),--once)

# The gate: style, types, import rules, every test, and two real servers where they can be had.
# The parts that wait most, for processes to start and for servers to answer, run beside each other
# and beside what only reads the code; every other test begins when Prefect has been tried. What is
# left of ten minutes then goes to the simulator.
BEGAN := $(shell date +%s)

test: install
	$(MAKE) --no-print-directory -j 3 servers tests SYNCLINE_UNTIL=$$(($(BEGAN) + 600))

tests: check prefect
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory stories

servers: install
	$(BIN)/python -m deployments.real.gate

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: install
	$(BIN)/pytest -m "not real and not prefect and not stories" -n 3 --dist worksteal

# Five thousand stories, and a thousand histories of fifty steps that Hypothesis draws: all of them where
# they are asked for by hand, in the gate as many as fit.
stories: install
	SYNCLINE_STORIES=5000 SYNCLINE_MACHINES=1000 $(BIN)/pytest -m stories -n 2 --dist worksteal \
	  tests/unit/simulation

# Prefect's threads draw from the process's random numbers, which Hypothesis must have for itself:
# so its tests run in a process of their own.
prefect: install
	$(BIN)/pytest -m prefect

# Request Tracker, Redmine and Odoo on loopback, kept the same in all directions. ONCE=1 ends by itself.
real: install
	$(BIN)/python -m deployments.real.show $(if $(ONCE),--once)

# Longer run, not part of the gate: kills, outages, listings, texts and both connectors' whole suites
# against the real servers (about ten minutes).
real-tests: install
	$(BIN)/pytest -m real

# Longer run, not part of the gate: thirty kills between the fakes of Jira and Zendesk, on each
# database.
sandbox-tests: install
	SYNCLINE_KILLS=30 $(BIN)/pytest -s tests/sandbox

# Longer run, not part of the gate: a pass of each scenario dies at every step, in every way, and of
# each tenth of those deaths the pass after it dies at every tenth step.
crashes: install
	SYNCLINE_EVERY_CRASH=10 $(BIN)/pytest -n 2 tests/unit/simulation/test_crashes.py

# Longer run, not part of the gate: a million stories of people, tools and troubles. It may be stopped;
# the next call goes on where it was.
simulate-long: install
	$(BIN)/syncline simulate --seeds 1000000 --state .simulation/long.json --stories .simulation

# What became of every planted bug of tests/mutants.toml, as a table; the gate tries them too.
mutants: install
	$(BIN)/python -m tests.mutants

# Longer run, not part of the gate: how many of four hundred small changes of the engine its own tests
# notice, and which they do not (half an hour).
mutation-score: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	$(BIN)/python -m tests.mutation_score

# Longer run, not part of the gate: the branch coverage of the engine, the store and the SDK by the
# gate's plain tests, and a reason for every line that they leave out.
coverage: install
	$(BIN)/python -m tests.coverage

# Longer run, not part of the gate: requests, CPU and memory beside a floor measured in the same run.
bench: install
	$(BIN)/python -m tests.bench

# Longer run, not part of the gate: the same faults for released syncall, vdirsyncer and jira and for
# Syncline, written into docs/reliability.md. They are installed under .anchors/ the first time.
anchors: install
	$(BIN)/python -m tests.anchors

# What each connector says of itself, written into docs/connectors.md; the gate asks for it.
connectors: install
	$(BIN)/syncline connectors --markdown > docs/connectors.md.new
	mv docs/connectors.md.new docs/connectors.md

# Renew the hash-pinned constraints; they hold no addresses, so any mirror serves them.
constraints: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --extra test --extra build --generate-hashes \
	  --no-emit-index-url --no-header --python-version 3.11 --upgrade --quiet -o constraints.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --no-annotate \
	  --no-emit-index-url --no-header --python-version 3.11 --quiet -c constraints.txt -o constraints-run.txt

clean:
	rm -rf $(VENV) .coverage.json .anchors .mutation .servers .syncline .simulation dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
