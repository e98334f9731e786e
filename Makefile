# make demo | run | test | check | build. Each target first sets up what it lacks, or names the command that does.

# More than one recipe at a time would mix the output of two cargos; cargo itself uses every core.
.NOTPARALLEL:
.DEFAULT_GOAL := help
SHELL := /bin/sh

CARGO ?= cargo
SITE := target/site
WASM := target/wasm32-unknown-unknown
MODULE := launchway_frontend.wasm
TOOLS := target/tools
BUNDLE := $(CARGO) run --quiet --package launchway-bundle --
say = @printf '\n==> %s\n'

.PHONY: help demo run test check build bench-page pictures clean \
	setup-build setup-test setup-check site site-release program test-rust test-browser test-optimised

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: setup-build setup-demo program ## A sample repository, three throw-away servers, a first release; stays up until Ctrl-C
	$(say) 'Starting the demo'
	@exec target/debug/launchway demo $(ARGS)

run: setup-build program ## An empty Launchway on http://127.0.0.1:3000; the first visit makes the administrator
	$(say) 'Starting Launchway'
	@exec target/debug/launchway serve $(ARGS)

test: setup-build setup-test test-rust test-browser test-optimised ## Every test: Rust, then the browser

check: setup-build setup-check ## Formatting, clippy with warnings as errors, unused dependencies
	$(say) 'Formatting'
	$(CARGO) fmt --all --check
	$(say) 'Clippy: the program'
	$(CARGO) clippy --workspace --exclude launchway-frontend --all-targets -- -D warnings
	$(say) 'Clippy: the browser'
	$(CARGO) clippy --package launchway-frontend --target wasm32-unknown-unknown -- -D warnings
	$(say) 'Unused dependencies'
	@$(TOOLS)/bin/cargo-machete --skip-target-dir

build: setup-build setup-node site-release ## One self-contained program: target/release/launchway
	$(say) 'Building the program (release)'
	$(CARGO) build --release --package launchway
	@ls -lh target/release/launchway | awk '{ print "\ntarget/release/launchway: " $$5 }'

bench-page: setup-build setup-node setup-browser site-release ## Sizes and times of the pages, with GoJS as the baseline
	$(say) 'Building the program (release)'
	$(CARGO) build --release --package launchway
	$(say) 'Measuring'
	cd end2end && LAUNCHWAY_BIN=../target/release/launchway npx --no-install playwright test --config bench.config.ts

pictures: setup-build setup-test program ## The pictures of the docs, from the real pages
	cd end2end && npx --no-install playwright test --config pictures.config.ts

clean: ## Remove everything that was built
	$(CARGO) clean

# ---- the parts

setup-build:
	@scripts/setup build

.PHONY: setup-demo setup-node setup-browser
setup-demo:
	@scripts/setup demo

setup-node:
	@scripts/setup node

setup-browser:
	@scripts/setup browser

setup-test:
	@scripts/setup demo node browser postgres busybox

setup-check:
	@scripts/setup machete

# The browser's part, quick to build.
site:
	$(say) 'Building the pages (WASM)'
	$(CARGO) build --package launchway-frontend --target wasm32-unknown-unknown
	@$(BUNDLE) --wasm $(WASM)/debug/$(MODULE) --out $(SITE)

# The browser's part, as small as it gets.
site-release:
	$(say) 'Building the pages (WASM, release)'
	$(CARGO) build --package launchway-frontend --target wasm32-unknown-unknown --profile wasm-release
	@$(BUNDLE) --release --wasm $(WASM)/wasm-release/$(MODULE) --wasm-opt end2end/node_modules/.bin/wasm-opt --out $(SITE)

program: site
	$(say) 'Building the program'
	$(CARGO) build --package launchway

test-rust:
	$(say) 'Rust tests'
	$(CARGO) test --workspace --exclude launchway-frontend

test-browser: program
	$(say) 'Browser tests'
	cd end2end && npx --no-install playwright test

# The pages as they are released, and what they weigh. After the others: it leaves the optimised site behind.
test-optimised: program
	@$(MAKE) --no-print-directory site-release
	$(say) 'Browser tests of the optimised pages'
	cd end2end && npx --no-install playwright test --config optimised.config.ts
