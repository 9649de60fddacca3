# SaqBol. `make test` is all a new machine needs: it installs what is missing on
# Debian, or says what to install. `make check` is what CI runs after it.
GO ?= go
GOLANGCI = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BENCHSTAT = $(GO) run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
# A count: where a duration ends while workers are busy, go test may call that a failure.
FUZZTIME ?= 20000x
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
DATE ?= $(shell TZ=UTC git show -s --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd HEAD 2>/dev/null)
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

.PHONY: help demo test deps race lint fuzz bench benchstat bench-smoke build golden screenshots check torture torture-short reproducible image unit

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## the bot with a chat page on http://127.0.0.1:8088, no token, no network
	$(GO) run ./cmd/saqbol demo

deps: ## what the tests need from Debian's packages
	@sh .ci/deps

test: deps ## all tests, browser tests too
	$(GO) test -timeout 30m ./...

race: deps ## all tests under the race detector
	$(GO) test -timeout 30m -race ./...

lint: ## golangci-lint, gofmt and vet
	$(GO) vet ./...
	$(GOLANGCI) run --allow-parallel-runners ./...

fuzz: ## each fuzz target for FUZZTIME
	@sh .ci/fuzz $(FUZZTIME)

bench: ## SaqBol beside its peers, then the Go benchmarks: one table of ratios, each to a baseline of the same run
	cd bench && $(GO) run ./load $(BENCHFLAGS)
	@$(MAKE) --no-print-directory benchstat

benchstat: ## the short Go benchmarks, six times each, as benchstat sums them up; OLD=FILE compares with the bench.txt of before
	$(GO) test -run '^$$' -bench . -skip Linear -benchtime 100ms -count 6 ./recognize ./storage/seal ./handlers ./emulator > bench.txt
	$(BENCHSTAT) $(OLD) bench.txt

bench-smoke: ## the programs of the benchmark build, and SaqBol answers its load
	cd bench && $(GO) vet ./... && $(GO) run ./load -smoke

torture: deps ## kills, power cuts, storms: the long version, its table is in docs/reliability.md
	$(GO) run ./cmd/torture --long

# The other rows are shown by tests that `make test` has run.
torture-short: deps ## the rows that need the real binary, few of each, for every change
	$(GO) run ./cmd/torture --short --only kill,cut,stop,instances,outbox,storm,replicas

# What the build is made of is told by the linker alone, not by the folder: with
# the same Go the same commit gives the same bytes anywhere, in an image too.
build: ## bin/saqbol with version information
	CGO_ENABLED=0 GOFLAGS= GOAMD64=v1 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/saqbol ./cmd/saqbol

reproducible: ## the last commit built twice, in two folders: the same bytes
	@sh .ci/reproducible

image: ## a container image, saqbol:VERSION, with what docker is at hand
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --build-arg DATE=$(DATE) -t saqbol:$(VERSION) .

unit: ## ops/saqbol.service, checked with systemd's own tool
	@sh .ci/unit

golden: ## rewrite the golden files after a change of text, and schema.sql after a migration; read the diff
	$(GO) test ./locales ./handlers -update
	$(GO) test ./storage -run TestANewSchema -update

screenshots: deps ## docs/screenshots/ anew from the browser tests
	$(GO) test ./cmd/saqbol -run TestBrowser -screenshots ../../docs/screenshots

check: lint race fuzz ## what CI runs after the tests
