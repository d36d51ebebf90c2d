# Leat: make demo shows it, make test proves it, make check is what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The package registry that Leat asks by default is the one npm uses here.
REGISTRY ?= $(shell npm config get registry 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X leat/internal/npm.DefaultRegistry=$(REGISTRY)

NPM := npm --no-fund --no-audit --no-update-notifier
HAVE_NPM := $(shell command -v npm 2>/dev/null)

.PHONY: build ui demo test check format race bench bench-parts generate where pictures clean

build: ui ## bin/leat, with the web interface where Node.js is there to build it
	@echo "building bin/leat $(VERSION)$(if $(wildcard bin/leat),, (two minutes the first time))"
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/leat ./cmd/leat

## The web interface

UI_SOURCES := $(shell find ui -name node_modules -prune -o -path ui/dist -prune -o -name '*.d.ts' -prune -o -type f -not -name '*.go' -print 2>/dev/null)

ifeq ($(HAVE_NPM),)
ui:
	@echo "npm is not here: leat is built without its web interface"
else
ui: bin/ui.built
endif

bin/ui.built: $(UI_SOURCES) ui/node_modules/.leat $(if $(wildcard ui/dist/index.html),,ui-is-missing)
	@echo "building the web interface (half a minute)"
	@cd ui && $(NPM) run --silent build
	@mkdir -p bin && touch $@

.PHONY: ui-is-missing
ui-is-missing:

# npm ci, once for every lock.
%/node_modules/.leat: %/package-lock.json
	@echo "fetching the packages of $* (a minute the first time)"
	@cd $* && $(NPM) ci --ignore-scripts --loglevel=error
	@touch $@

## A plant on this machine

demo: build ## build, then run a whole small plant on this machine
	@bin/leat demo $(ARGS)

## Proof

# Tests that are real start Node-RED, Chromium and PostgreSQL and confine
# processes: they share two cores badly, so few packages run at a time.
REAL_PARALLEL ?= 2
# Stacks for tests and figures are laid out here once. An instance's own user must reach
# it, so it is not under a home directory.
TEST_DIR ?= /var/tmp/leat-test-$(shell id -u)
REAL := LEAT_BIN=$(CURDIR)/bin/leat LEAT_TEST_RUNTIME=$(TEST_DIR)/runtime \
	go test -tags real -ldflags '-X leat/internal/npm.DefaultRegistry=$(REGISTRY)' -p $(REAL_PARALLEL) -timeout 30m ./...

test: build test-tools ## everything: vet, tests, tests on the real thing, web interface, browser
	@tools/test "vet: go vet ./... && go vet -tags real ./..." \
		"tests: go test ./..." \
		"real: $(REAL)" \
		"interface: cd ui && $(NPM) run --silent check" \
		"browser: cd e2e && LEAT_BIN=$(CURDIR)/bin/leat LEAT_TEST_RUNTIME=$(TEST_DIR)/runtime $(NPM) test --silent"

.PHONY: test-tools test-dir
test-tools: test-dir ui/node_modules/.leat e2e/node_modules/.leat
	@tools/need chromium postgres gcc

test-dir:
	@mkdir -p -m 0755 $(TEST_DIR) && [ -O $(TEST_DIR) ] || { echo "$(TEST_DIR) belongs to somebody else"; exit 1; }

race: ## the tests under the race detector
	CGO_ENABLED=1 go test -race -timeout 20m ./...

format: ## fails where gofmt would change something
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

check: format test race ## what must hold before anything lands

bench: build test-dir ## the table of figures beside the goals; make bench only="start memory" for some
	@go run ./cmd/leat-bench -leat bin/leat -runtime $(TEST_DIR)/runtime $(only)

bench-parts: ## figures of single functions
	go test -run '^$$' -bench . -benchmem ./internal/...

## Work on the code

generate: bin/sqlc ## what is made from other files: queries from SQL, the interface's client from docs/openapi.json
	@cd internal/store && ../../bin/sqlc generate
	@if [ -f docs/openapi.json ]; then cd ui && $(NPM) run --silent generate; fi

bin/sqlc: tools/go.mod tools/go.sum
	@echo "building sqlc (two minutes, once)"
	@CGO_ENABLED=0 go build -C tools -o ../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc

where: ## every file of a noun: make where n=device_group
	@tools/where '$(n)'

pictures: build test-dir e2e/node_modules/.leat ## the pictures of README.md and docs/, taken from a demo plant
	@tools/need chromium
	@cd e2e && LEAT_BIN=$(CURDIR)/bin/leat LEAT_TEST_RUNTIME=$(TEST_DIR)/runtime node shots.mjs

clean: ## remove what was built
	rm -rf bin ui/node_modules e2e/node_modules
	find ui/dist -mindepth 1 -not -name placeholder.html -delete
