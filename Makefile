# Everything needs python3.11 and make, nothing else: the first target that needs them installs the
# pinned libraries into .venv.

PYTHON ?= python3.11
BIN := .venv/bin
LOCK := requirements-lock.txt
# Named by what is installed, so that a changed pin installs again, and a changed date does not.
INSTALLED := .venv/installed-$(firstword $(shell cksum < $(LOCK)))
PORT_OPTION := $(if $(PORT),--port $(PORT))
MAIL_OPTION := $(if $(MAIL_DOMAIN),--mail-domain $(MAIL_DOMAIN))
CODE := app.py functions shared infra
# What takes long begins first, so that one process does not wait for the other in the end.
LONGEST := tests/e2e/test_fuzzed.py tests/e2e/test_withdrawals.py

# What each of several targets prints, in one piece, where make can do so.
EACH_WHOLE := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# Each process would compile all libraries again, where an environment says that nothing be kept.
unexport PYTHONDONTWRITEBYTECODE

PIP_INSTALL := pip install --quiet --quiet --no-compile --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup run demo agent merchant test lint lint-code lint-template format unit stack-tests package deploy bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install the pinned libraries into .venv

run: setup ## Run the whole wallet here until Ctrl-C (PORT=... for a stack of its own, MAIL_DOMAIN=...)
	@$(BIN)/python -m infra.run $(PORT_OPTION) $(MAIL_OPTION)

demo: setup ## Show the main paths, against the running stack or one of its own (PORT=...)
	@$(BIN)/python -m infra.demo $(PORT_OPTION)

agent: setup ## Invite who works here (EMAIL=... ROLE=agent|supervisor|finance, STAGE=, PORT=)
	@$(BIN)/python -m infra.agents --stage $(or $(STAGE),local) $(PORT_OPTION) \
		add --email '$(EMAIL)' --role '$(ROLE)'

merchant: setup ## Add who can be paid (NAME=..., STAGE=, PORT=)
	@$(BIN)/python -m infra.merchants --stage $(or $(STAGE),local) $(PORT_OPTION) add --name '$(NAME)'

# The stack tests wait a good deal, for a stack and for time to pass; lint and unit tests fill that.
test: setup ## Check everything: lint, unit tests, tests against a stack
	@echo "Lint, unit tests and stack tests run side by side; each prints when it has ended."
	@$(MAKE) --no-print-directory --jobs 3 $(EACH_WHOLE) stack-tests lint unit

lint: lint-code lint-template ## Style, types, imports, security, template

lint-code: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(CODE)

lint-template: package
	$(BIN)/cfn-lint build/template.json

format: setup ## Put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: setup package ## Tests of one thing at a time, on moto
	nice $(BIN)/pytest --numprocesses 3 --dist worksteal --ignore tests/concurrency --ignore tests/e2e

stack-tests: setup package ## Concurrency and end-to-end tests, against a stack that they start
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(LONGEST) tests/concurrency tests/e2e

package: setup ## Write deployment.zip, layer.zip and template.json to build/
	@$(BIN)/python -m infra.package

deploy: package ## Send the package to AWS (STAGE=test|prod, PARAMETERS="BankUrl=https://...")
	@$(BIN)/python -m infra.deploy --stage $(STAGE) $(PARAMETERS)

bench: package ## Measure the budget and write build/bench.json
	@$(BIN)/python -m infra.bench

lock: ## Pin anew all that requirements-dev.txt needs
	$(PYTHON) -m venv --clear build/pins
	build/pins/bin/python -m $(PIP_INSTALL) -r requirements-dev.txt
	grep '^#' $(LOCK) > build/pins.txt
	build/pins/bin/python -m pip freeze --all | grep -v '^pip==' >> build/pins.txt
	mv build/pins.txt $(LOCK)

clean: ## Forget the built files and every local balance
	rm -rf build .local .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(INSTALLED):
	$(PYTHON) -m venv --clear .venv
	@# Two at once, since one spends its time with unpacking on one core.
	@grep == $(LOCK) | xargs -n 65 -P 2 $(BIN)/python -m $(PIP_INSTALL) --no-deps
	@touch $@
