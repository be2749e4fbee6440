# Công Văn. `make help` lists the verbs; each works from a clean clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools/bin:$(PATH)
export CGO_ENABLED := 1

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
GOBUILD := go build -trimpath -ldflags '-X main.version=$(VERSION)'

# make walk DB=postgres BLOBS=s3
DB    ?= sqlite
BLOBS ?= fs

# make test PKG=./signing/... RUN=TestSeal
PKG ?= ./...
RUN ?=

# One after the other: set-up comes before everything that needs it.
.NOTPARALLEL:
.PHONY: help setup build run walk test e2e chaos fuzz interop lint fmt bench web clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  make walk DB=postgres BLOBS=s3   the same road on PostgreSQL and an S3 server"

setup: ## bring what this Debian 12 machine lacks
	@scripts/setup

build: setup-build web ## bin/congvan and bin/axissim
	$(GOBUILD) -o bin/congvan ./cmd/congvan
	$(GOBUILD) -o bin/axissim ./cmd/axissim

run: setup-run build ## demonstration data, one dispatch through the whole road, then the servers until Ctrl-C
	bin/congvan demo

walk: $(if $(filter sqlite-fs,$(DB)-$(BLOBS)),setup-run,setup) build ## the whole road in a temporary folder, every step printed
	bin/congvan walk --start --db $(DB) --blobs $(BLOBS)

test: setup web ## every test, the browser journey included
	go test -timeout 20m $(if $(RUN),-run '$(RUN)') $(PKG)

e2e: setup web ## only the journeys over running processes and a real browser
	go test -timeout 20m ./test/e2e/...

# make chaos N=600 SEED=7: seconds of storm, and which
N    ?= 60
SEED ?=
chaos: setup ## three installations and the axis, killed at random while everything goes wrong (N=seconds SEED=n)
	CONGVAN_CHAOS_SECONDS=$(N) CONGVAN_CHAOS_SEED=$(SEED) go test -count 1 -timeout $$(($(N) / 60 + 15))m -v -run TestChaos ./test/chaos

# All targets together take about as long as T says.
T ?= 6m
fuzz: setup ## new inputs for every parser of foreign bytes: make fuzz T=10m
	scripts/fuzz $(T)

# make interop FULL=1: every combination instead of all pairs (1,952 files, some 25 minutes); KIND='PDF/A-1b'
FULL ?=
KIND ?=
interop: setup ## signatures made here before pyHanko, EU DSS, veraPDF, pdfsig, openssl and qpdf, and theirs before us
	FULL=$(FULL) KIND='$(KIND)' go test -tags interop -count 1 -timeout $(if $(FULL),180,20)m -v ./test/interop

lint: setup ## golangci-lint: floors, errors, format
	golangci-lint run

fmt: setup ## format every Go file
	gofumpt -l -w $$(git ls-files -co --exclude-standard '*.go')

bench: setup build ## the table of speed and memory
	bin/congvan bench

# The pages' assets are built again when their sources change. A plain `go build` works
# without them: the folder it embeds is then all but empty.
web: web/dist/.built ## build the pages' scripts and styles

WEB_SOURCES := $(shell find web -name node_modules -prune -o -path web/dist -prune -o -type f \
	\( -path 'web/src/*' -o -name 'package*.json' -o -name 'vite.config.*' -o -name 'tsconfig*.json' -o -name '*.html' \) -print 2>/dev/null)

web/dist/.built: $(WEB_SOURCES) | setup-build
	@if [ -f web/package.json ]; then cd web && npm ci --no-audit --no-fund && npm run build; fi
	@mkdir -p web/dist && touch web/dist/.gitkeep $@

clean: ## remove what was built here (not .tools)
	rm -rf bin web/dist/.built

.PHONY: setup-build setup-run
setup-build:
	@scripts/setup --build-only
setup-run:
	@scripts/setup --run-only
