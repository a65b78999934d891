# Two commands are enough: `make up` runs the product, `make test` proves it. Both need git, make and Python 3.11+ only.
.DEFAULT_GOAL := help
UV_VERSION := 0.13
BIN := .venv/bin
# A company's own certificate authority is in the system's store, where uv looks only when told to (older ones by the second name),
# and pip before 24.2 only when told the file.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= $(UV_SYSTEM_CERTS)
SYSTEM_CERTS := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem))
PIP_CERTS = $${PIP_CERT:-$${REQUESTS_CA_BUNDLE:-$${CURL_CA_BUNDLE:-$${SSL_CERT_FILE:-$$($(BIN)/pip config get global.cert 2>/dev/null || echo "$(SYSTEM_CERTS)")}}}}

.PHONY: help up test check fix long chaos cluster control nightly bench clients generated schemas clean

help: ## what there is to run
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: .venv/synced ## run the product with an embedded NATS and Postgres, data in ./.collector
	$(BIN)/collector up

test: check ## everything that must hold: lint, types, architecture, tests
	$(BIN)/pytest -n 2 --ignore=tests/bench
	$(BIN)/pytest tests/bench

check: .venv/synced ## lint, types and architecture only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/synced ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

chaos: .venv/synced ## kill and freeze everything for CHAOS_SECONDS (300), as CHAOS_SEED says: nothing lost, nothing twice
	LONG=all CHAOS_SECONDS=$${CHAOS_SECONDS:-300} $(BIN)/pytest -s tests/faults/test_chaos.py tests/faults/test_negative_controls.py

cluster: .venv/synced ## kill and freeze the nodes of a cluster of three nats-servers in every way: nothing lost, nothing twice, one salt
	CLUSTER=all $(BIN)/pytest tests/cluster

control: .venv/synced ## let two processes decide the same a thousand times while nats-server is killed: one wins each time
	CONTROL=all $(BIN)/pytest tests/collector/control/test_races.py tests/collector/control/cluster_races.py

long: .venv/synced ## the tests that are too long for every change
	LONG=all $(BIN)/pytest -m long

nightly: long chaos cluster control bench ## what is too long for every change: long tests, chaos, the cluster, races, then the benchmarks

bench: .venv/synced ## how fast, beside the ceiling of the same run
	$(BIN)/python -m tests.bench

clients: .venv/synced ## run the real clients of the five systems, from the fetched repositories in CLIENTS (tests/clients/README.md)
	$(BIN)/python -m tests.clients $(SYSTEMS)

generated: schemas ## write again what is made from the code: contracts/schemas, env.example, deploy/nginx/edge.conf, compose.yaml's settings, definitions
	$(BIN)/collector config --example > env.example
	$(BIN)/collector config --edge > deploy/nginx/edge.conf
	$(BIN)/python -m collector.settings
	$(BIN)/python -m projections.query

schemas: .venv/synced ## write contracts/schemas again
	$(BIN)/python -m contracts.schemas

clean: ## remove the environment (the data in ./.collector stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The environment comes from uv.lock in both cases: with the uv that is here, else with one that pip installs beside it.
.venv/synced: pyproject.toml uv.lock
	@if command -v uv >/dev/null 2>&1; then \
	  uv sync --locked --all-extras --quiet; \
	else \
	  python3 -m venv .venv && PIP_CERT="$(PIP_CERTS)" $(BIN)/pip install --quiet --upgrade pip "uv>=$(UV_VERSION)" && \
	  $(BIN)/uv sync --locked --all-extras --quiet --inexact; \
	fi
	@touch $@
