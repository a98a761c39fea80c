# Everything a developer or a user types. Each target does its own set-up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORACLES := .venv-third-party
QT6 := .venv-qt6

.PHONY: demo test check acceptance blind-check repeat-check search-check bench driver-campaign reference pictures docs third-party campaign fuzz soak audit plan-campaign fuzz-analysis screenshots test-qt6 clean

demo: $(VENV)/.ready  ## run a light-induced regrowth on the simulated bench
	$(BIN)/regrow demo

test: $(VENV)/.test-ready  ## run the tests with the coverage gate
	$(BIN)/python -m pytest -n auto --dist loadscope --cov --cov-report=term

check: $(VENV)/.test-ready  ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

third-party:  ## hold drivers and simulators against independent programs, in a .venv of their own
	$(MAKE) VENV=$(ORACLES) $(ORACLES)/.test-ready
	$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[usb]' -r tests/third_party/requirements.txt
	$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(ORACLES)/aside/instrumentkit -r tests/third_party/instrumentkit.txt
	$(ORACLES)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(ORACLES)/aside/matterlab -r tests/third_party/matterlab.txt
	REGROW_ASIDE=$(ORACLES)/aside $(ORACLES)/bin/python -m pytest tests/third_party

acceptance: $(VENV)/.ready  ## print value, target and tolerance of the acceptance table, write JSON
	$(BIN)/python tests/acceptance/run.py

blind-check: $(VENV)/.ready  ## fit 100 sets of hidden rate constants, count how many are found
	$(BIN)/python tests/acceptance/run.py blind

repeat-check: $(VENV)/.ready  ## run one experiment twenty times, compare every document
	$(BIN)/python tests/acceptance/run.py repeat

search-check: $(VENV)/.ready  ## ten searches for the best condition against full grids
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[optimise]'
	$(BIN)/python tests/acceptance/run.py search

bench: $(VENV)/.ready  ## measure the speed against lmfit, write benchmarks.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python tests/benchmarks/run.py

driver-campaign: $(VENV)/.test-ready  ## every driver under every fault, print outcomes, write JSON
	$(BIN)/python tests/driver_campaign/run.py

fuzz-analysis: $(VENV)/.ready  ## 100 000 hostile arrays and 10 000 mutated files: no exception, no number without a peak
	$(BIN)/python tests/analysis_fuzz/run.py

plan-campaign: $(VENV)/.test-ready  ## 500 faults at any point of any plan: everything must be off
	REGROW_ENDINGS=500 $(BIN)/python -m pytest --timeout 14400 tests/system/test_every_plan_ends_safe.py

reference: $(VENV)/.ready  ## write the reference page of the plans again
	$(BIN)/python docs/reference/write_plans.py

campaign: $(VENV)/.test-ready  ## faults at random points of the plans, write campaign.json; goes on where it was ended
	$(BIN)/python -m tests.campaign.run

fuzz: $(VENV)/.test-ready  ## feed damaged files and replies to every parser, write fuzz.json
	$(BIN)/python -m tests.fuzz.run --seconds $(or $(SECONDS_EACH),60)

soak: $(VENV)/.test-ready  ## 24 h at 1 Hz and 1 h at 100 Hz: memory and cost of an event, write soak.json
	$(BIN)/python -m tests.soak.run

audit: $(VENV)/.test-ready  ## look for known weaknesses of the packages that are installed
	$(BIN)/python -m tests.audit

pictures: $(VENV)/.ready  ## draw the pictures of the documentation again
	$(BIN)/python docs/pictures/draw.py

screenshots: $(VENV)/.ready  ## take pictures of every panel of the window
	$(BIN)/python docs/pictures/window.py

test-qt6: $(QT6)/.ready  ## run the tests of the window with PyQt6, which lies beside .venv
	PYTHONPATH=$(QT6) QT_API=pyqt6 PYTEST_QT_API=pyqt6 $(BIN)/python -m pytest $(or $(TESTS),tests/unit/gui)

$(QT6)/.ready: | $(VENV)/.test-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 --upgrade --target $(QT6) 'PyQt6>=6.6'
	@touch $@

docs: $(VENV)/.ready  ## build the documentation as HTML in build/docs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python -m sphinx --fail-on-warning --quiet --builder html docs build/docs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	"regrow needs Python 3.11 or later, %s is %d.%d; try: make PYTHON=python3.11" \
	% (sys.executable, v[0], v[1]))'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test-ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) $(ORACLES) $(QT6) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
