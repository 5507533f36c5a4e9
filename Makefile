# Two commands are enough: make book, make test. README.md gives the same without make.

PYTHON ?= python3
VENV ?= .venv
# For example PIP_OPTIONS="--extra-index-url ..." to take another build of torch (README.md, "Install").
PIP_OPTIONS ?=
# For example LAB_OPTIONS="--no-browser --port=9000".
LAB_OPTIONS ?=

# As many tests, and notebooks, at a time as there are cores; nproc would take the variable below for their number.
JOBS ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || sysctl -n hw.ncpu)
# Tests wait for browsers, limits and processes for a third of their time: half as many again.
TEST_JOBS ?= $(shell echo $$(( ($(JOBS) * 3 + 1) / 2 )))

# In recipes as it is named: the folder's own name may have blanks or quotes.
BIN := $(VENV)/bin
export PATH := $(abspath $(VENV))/bin:$(PATH)
# Small tensors: a second thread only waits.
export OMP_NUM_THREADS ?= 1
# Where it is set, as in many images, each of the processes that the tests start would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE
# Kernels are forked from a process that has torch loaded; where that can't be, they are ordinary ones.
export JUPYTER_DEFAULT_PROVISIONER_NAME ?= warm-provisioner

.PHONY: setup book pdf serve lab test test-fast lint nbval refresh versions lock benchmark clean

setup: $(VENV)/.installed

# An environment knows the folder that it was made in: where that was moved or copied, it is made anew.
MOVED := $(shell made=$$(cat $(VENV)/.installed 2>/dev/null); [ "$${made:-$$(cd $(VENV) 2>/dev/null && pwd)}" = \
  "$$(cd $(VENV) 2>/dev/null && pwd)" ] || echo moved)
.PHONY: moved
moved:

# Said before anything is made. An environment of an older Python, as a failed attempt leaves one, is made anew; one
# without pip, as Debian leaves one that lacks python3-venv, gets it.
TOO_OLD := import sys; sys.exit(sys.version_info < (3, 11, 5) and "This needs Python 3.11.5 or later, and " \
  + sys.executable + " is " + sys.version.split()[0] + ". Name another: make setup PYTHON=python3.12")

$(VENV)/.installed: requirements.txt pyproject.toml $(MOVED)
	@$(PYTHON) -c '$(TOO_OLD)'
	$(if $(MOVED),$(PYTHON) -m venv --clear $(VENV))
	$(BIN)/python -c '$(TOO_OLD)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	# Kernels remark at each start that loopback is not encrypted; only errors are news.
	mkdir -p $(VENV)/etc/ipython
	echo "c.IPKernelApp.log_level = 40" > $(VENV)/etc/ipython/ipython_kernel_config.py
	cd $(VENV) && pwd > .installed

# Built again when anything has changed that may be in it; a folder changes when a page is taken away.
BUILT := _build/html/.complete
SOURCES := $(wildcard *.yml *.md *.txt *.toml) book/. exercises/. \
  $(shell find book exercises -mindepth 1 -not -path '*/.*' -not -path '*/__pycache__*' 2>/dev/null) \
  $(shell find gradstop solutions -type f -not -name '*.pyc' 2>/dev/null)

$(BUILT): $(VENV)/.installed $(SOURCES)
	jupyter-book build . --all --warningiserror --nitpick --keep-going --quiet
	touch $@

book: $(BUILT)
	@echo "The book is built. Open $$PWD/_build/html/index.html in a browser, or run: make serve"

# The whole book as one file, from the pages of the site. Needs chromium.
pdf: book
	python -m gradstop.authoring.book_pdf

serve: book
	python -m http.server --bind 127.0.0.1 --directory _build/html 8000

# A clone's notebooks are not trusted, and JupyterLab strips the drawings from those. Without a root it would take
# book/ for one, and the exercises would be out of reach. book/_lab keeps the answers to predictions folded, and leads a
# link to its section.
lab: setup
	jupyter trust book/*.ipynb
	jupyter lab --ServerApp.root_dir="$$PWD" --LabServerApp.extra_labextensions_path="$$PWD/book/_lab" \
	  $(LAB_OPTIONS) book/01-computation-graph.ipynb

# What needs one core side by side: building the book, and checking the types.
test: setup
	$(MAKE) --jobs lint book nbval
	pytest -p no:nbval --numprocesses $(TEST_JOBS) --dist loadgroup

test-fast: setup
	pytest -p no:nbval --numprocesses $(JOBS) --dist loadgroup -m "not slow"

lint: setup
	ruff check .
	ruff format --check .
	mypy

# Every stored output of every notebook must equal a fresh one; what may be another stands in tests/nbval.cfg.
nbval: setup
	pytest --nbval --nbval-sanitize-with tests/nbval.cfg --numprocesses $(JOBS) --dist loadfile -W default book solutions

refresh: setup
	gradstop refresh

# What is another one on another torch, such as make versions TORCH=2.15.0: book/torch-versions.json. Some 6 GB for a CUDA
# build; it runs on the CPU.
VERSION := _build/torch-$(TORCH)
versions: setup
	$(BIN)/python -m venv $(VERSION)
	sed 's/^torch==.*/torch==$(TORCH)/' requirements.txt > $(VERSION)/requirements.txt
	$(VERSION)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r $(VERSION)/requirements.txt
	$(VERSION)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	mkdir -p $(VERSION)/etc/ipython
	cp $(VENV)/etc/ipython/ipython_kernel_config.py $(VERSION)/etc/ipython/
	PATH="$$PWD/$(VERSION)/bin:$$PATH" $(VERSION)/bin/python -m gradstop.authoring.torch_versions .
	PYTHONPATH=tests:tests/book $(VERSION)/bin/python -m support.probes

lock: setup
	pip-compile --quiet --extra dev --strip-extras --no-header --no-emit-options --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt pyproject.toml
	sed -i -e 's/^\(torch==[0-9.]*\)+.*/\1/' -e '/^gradstop @/,+1d' requirements.txt

benchmark: setup
	python benchmarks/check_time.py
	python benchmarks/kernel_start.py
	python benchmarks/kernel_start.py --whole
	python benchmarks/grading.py
	python benchmarks/grading.py --growth

clean:
	rm -rf _build $(VENV)
