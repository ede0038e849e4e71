# Two commands matter: `make run` shows the demo, `make test` runs everything.
# Both install what is missing first (Debian 12 or later, Rust, root or sudo) and nothing otherwise.

.DEFAULT_GOAL := help
.PHONY: help run test check setup bench bench-picture deny fmt fuzz

CARGO_TARGET_DIR ?= target
# Where the demo keeps its database, pictures and footage; remove it to begin anew.
DATA ?= data/demo
# More for `zhishou demo`, such as ARGS="--listen 127.0.0.1:9000 --cameras 60", or for
# tests/bench/run.py, such as ARGS="--rounds 1".
ARGS ?=

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

run: ## build in release and start the demo: a made-up district of real cameras
	@.ci/setup run
	cargo build --release --locked -p zhishou-app
	@exec $(CARGO_TARGET_DIR)/release/zhishou demo --data $(DATA) $(ARGS)

test: ## run every test, against real servers and a real browser too
	@.ci/setup test
	cargo build --workspace --all-targets --locked
	@if cargo nextest --version >/dev/null 2>&1; then \
	  echo cargo nextest run --workspace --locked; \
	  cargo nextest run --workspace --locked; \
	else \
	  echo cargo test --workspace --locked --lib --bins --tests; \
	  cargo test --workspace --locked --lib --bins --tests; \
	fi
	cargo test --workspace --locked --doc

check: ## formatting and lints, as CI has them
	@.ci/setup run
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

setup: ## install all that building and testing need
	@.ci/setup test

bench: ## measure pages, probes against ffmpeg and PyAV, and sessions against their goals
	@.ci/setup test
	@tests/bench/run.sh $(ARGS)

# Scenes without fault, videos or stills; a small licensed set unless given.
FOOTAGE ?= picture/testdata

bench-picture: ## measure the picture judge on faults made from FOOTAGE=DIR, beside camera-health
	@.ci/setup run
	@FOOTAGE=$(FOOTAGE) tests/bench/picture/run.sh $(ARGS)

# Seconds for each target of `make fuzz`.
FUZZ_SECONDS ?= 20

fuzz: ## mutate bytes against every parser of foreign ones, FUZZ_SECONDS for each
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
	@fuzz/run.sh $(FUZZ_SECONDS)

deny: ## bans, licences and sources of the dependencies
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

fmt: ## format the code
	cargo fmt --all
