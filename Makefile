# Loyaltill. `make demo` shows the product at work, `make test` proves it; both install what a Debian machine lacks.
.DEFAULT_GOAL := help
SHELL := /bin/sh
GO    ?= go
export CGO_ENABLED ?= 1

# Looked up when a recipe runs, that is after `deps` has installed what it could.
HAVE_CC   = $(shell command -v gcc >/dev/null 2>&1 && echo yes)
HAVE_PCSC = $(if $(HAVE_CC),$(shell pkg-config --exists libpcsclite 2>/dev/null && echo yes))
TAGS      = $(if $(HAVE_PCSC),-tags pcsc)
CGO       = $(if $(HAVE_CC),$(CGO_ENABLED),0)
RACE      = $(if $(filter 1,$(CGO)),-race)
BUILD     = CGO_ENABLED=$(CGO) $(GO) build -trimpath $(TAGS)

FUZZTIME ?= 5000x
SECOND   ?= 8
PAPERS   ?= 10000
LEVEL    ?= S
SEED     ?= 1
SEEDS    ?= 1
TIME     ?= 10m

.PHONY: help deps go-version build demo run sandbox test check cross ifd lint mutate tears soak fleet torture fuzz graph cost pictures bench clean web client

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

go-version:
	@./tools/go-version.sh $(GO)

deps: go-version ## install what is missing (apt, as root or through sudo -n); names what could not be
	@./tools/deps.sh run

build: deps ## build the programs into bin/
	@$(if $(HAVE_PCSC),,echo "make: no PC/SC headers or no gcc: building without readers, cards go over the direct link";) \
	mkdir -p bin && $(BUILD) -o bin/ ./cmd/...

demo: build ## play a store's morning on real parts and check every printed figure
	@$(GO) build -o bin/ ./internal/demo && ./bin/demo -bin bin -out out/demo

run: build ## start everything and stay: prints the address of the till page, Ctrl-C stops it all
	@$(GO) build -o bin/ ./internal/demo && exec ./bin/demo -bin bin -out out/run -stay

sandbox: build ## for whoever writes a till: the same with every answer of the agent to be had (docs/sandbox.md)
	@exec ./bin/loyaltill-sandbox -bin bin -out out/sandbox

test: go-version ## all tests, with the race detector where a C compiler is
	@./tools/deps.sh test
	@$(MAKE) --no-print-directory test-only

.PHONY: test-only
test-only: # the longest first, and one more at once than there are cores: tests mostly wait for devices and browsers
	@$(if $(RACE),,echo "make: no gcc: tests run without the race detector";) \
	CGO_ENABLED=$(CGO) $(GO) test $(TAGS) $(RACE) -shuffle=on -timeout 35m -p $$(($$(nproc) + 1)) ./internal/e2e ./sync/headoffice ./...
	@$(MAKE) --no-print-directory test-postgres
	@$(MAKE) --no-print-directory fuzz

.PHONY: test-postgres
CONTRACT = BothEngines|HotQueries|VerifyNames|CannotBeChanged|TheOrderInWhich|Doctor|StoreIsTold|AnyCut|Gap|IsAFork|Fences|SameStart|LostAfterTheCommit|SignedPosition|FeedTells|Pages|Cursor
test-postgres: ## head office's books on PostgreSQL: the contract tests of both engines, and a fleet on each, on a server that they start
	@LOYALTILL_TEST_DATABASE=postgres CGO_ENABLED=$(CGO) $(GO) test $(TAGS) $(RACE) -shuffle=on -timeout 10m ./store/hodb
	@LOYALTILL_TEST_DATABASE=postgres CGO_ENABLED=$(CGO) $(GO) test $(TAGS) $(RACE) -shuffle=on -timeout 10m -run '$(CONTRACT)' ./sync/headoffice
	@CGO_ENABLED=$(CGO) $(GO) test $(TAGS) -timeout 10m -run SameOnBothEngines ./internal/fleet

check: ## gofmt, vet (also without PC/SC and cgo), tests
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	@CGO_ENABLED=0 $(GO) vet ./...
	@$(MAKE) --no-print-directory test
	@CGO_ENABLED=$(CGO) $(GO) vet $(TAGS) $(RACE) ./...

cross: ## build the programs for Windows, and for arm64 without readers
	@mkdir -p out/cross && for target in windows/amd64 linux/arm64; do \
	CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -trimpath -o out/cross/$${target%/*}-$${target#*/}/ ./cmd/loyaltill ./cmd/headoffice || exit 1; done

ifd: ## build the driver for simulated readers with a pinpad (needs gcc and libpcsclite-dev)
	@mkdir -p bin && sh firmware-sim/ifd/driver/build.sh bin/libifdloyaltill.so

lint: ## golangci-lint, from the tools module
	@$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

mutate: ## small wrong edits to the engine, and to what the tear proof proves; a test must catch each (minutes)
	@$(GO) test -tags mutate -run TestEveryWrongEditIsCaught -p 1 -parallel 2 -timeout 30m -v ./agent/loyalty ./internal/tears

tears: go-version ## the tear proof: power lost at every moment, then again at one in SECOND; SECOND=1 takes all (minutes)
	@CGO_ENABLED=0 $(GO) test -run TestNoPointIsLost -timeout 3h -v ./internal/tears -tears.second=$(SECOND)

soak: go-version ## 10 000 papers on four tills, every twentieth with an accident; PAPERS=N for another number (half an hour)
	@CGO_ENABLED=0 $(GO) test -run TestEveryPaperIsTrue -count=1 -timeout 6h -v ./internal/e2e -papers $(PAPERS) -papers.faults 5 -papers.lanes 4

fleet: go-version ## stores and head office for days under faults; LEVEL=S (a minute), M (1000 stores, a month; hours) or L (volume; hours), SEED=n, SEEDS=n; every tenth seed plays a bug
	@CGO_ENABLED=0 $(GO) test -run '^TestFleet$$|SameOnBothEngines' -count=1 -timeout 0 -v ./internal/fleet -fleet.level $(LEVEL) -fleet.seed $(SEED) -fleet.seeds $(SEEDS)

torture: go-version ## every fault at random against the real programs for TIME (10m), SEED=; counts what was lost (0) and doubled (0)
	@./tools/deps.sh test
	@CGO_ENABLED=0 $(GO) test -run TestTorture -count=1 -timeout 12h -v ./internal/faults -torture $(TIME) -seed $(SEED)

# A count, not a time: at the end of a time Go 1.26 may say that a fuzz test failed, with "context deadline exceeded" (golang/go#75804).
fuzz: ## every fuzz test of the tree, FUZZTIME runs of it (5000x); FUZZTIME=10m looks longer
	@grep -rEo --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9]+' . | while IFS=: read -r file name; do \
	CGO_ENABLED=$(CGO) $(GO) test -run '^$$' -fuzz "^$${name#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$${file%/*}" || exit 1; done

graph: ## draw docs/img/quote-cost.svg from the benchmark (needs gnuplot)
	@command -v gnuplot >/dev/null || { echo "make: gnuplot is missing: apt-get install gnuplot-nox"; exit 1; }
	@mkdir -p out && $(GO) test -run '^$$' -bench QuoteCost ./agent/loyalty | awk '/^BenchmarkQuoteCost/ { \
		split($$1, a, /[\/=-]/); print a[2], a[3], $$3 / 1000, $$7 }' >out/quote-cost.dat && gnuplot docs/img/quote-cost.gp

cost: ## draw docs/img/cost.svg: what a sale and a posted entry cost as everything grows (needs gnuplot; minutes)
	@command -v gnuplot >/dev/null || { echo "make: gnuplot is missing: apt-get install gnuplot-nox"; exit 1; }
	@mkdir -p out && { $(GO) test -run '^$$' -bench SaleCost -benchtime 5x ./store/agentdb; $(GO) test -run '^$$' -bench PostCost -benchtime 5x ./sync/headoffice; } | awk ' \
		/^Benchmark(Sale|Post)Cost/ { split($$1, a, /[\/=-]/); for (i = 3; i < NF; i++) if ($$(i + 1) ~ /cpu-µs/) print a[1], a[2], a[3], $$i }' >out/cost.dat && gnuplot docs/img/cost.gp

pictures: ## draw the receipts and coupons of docs/img anew, and the pages of docs/pages (needs Chromium; minutes)
	@$(GO) test -count=1 -run TestPicturesOfTheDocumentationAreTheProducts ./cmd/loyaltill -update
	@CI=true $(GO) test $(TAGS) -count=1 -timeout 30m -run "$$(grep -ho '^func Test[A-Za-z]*' internal/e2e/browser*_test.go | cut -c6- | paste -sd'|')" ./internal/e2e -pages.write

bench: build ## figures: ratios, counts, allocations, receipts beside those of another program
	@./tools/deps.sh bench
	@CGO_ENABLED=$(CGO) $(GO) test $(TAGS) -run '^$$' -bench . -benchmem ./...
	@command -v strace >/dev/null || { echo "make: strace is missing, the slow disk is left out: apt-get install strace"; exit 0; }; \
	mkdir -p out && CGO_ENABLED=$(CGO) $(GO) test -c -o out/sale.test ./store/agentdb && echo "every sync takes 5 ms longer:" && cd store/agentdb && \
	strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=5000 ../../out/sale.test -test.run '^$$' -test.bench SaleBesideSync
	@LOYALTILL_TEST_DATABASE=postgres CGO_ENABLED=$(CGO) $(GO) test $(TAGS) -run '^$$' -bench 'Append|Copy|Replay|Post' -benchmem ./store/hodb ./sync/headoffice

web: ## rebuild the pages (needs Node); the result is committed
	@cd internal/web/pages && npm ci --no-fund --no-audit && npm run check && npm run build

client: ## make docs/examples/agent.d.ts of docs/agent.openapi.yaml (needs Node); the result is committed
	@cd tools/peers && npm ci --ignore-scripts --no-fund --no-audit --loglevel error && npx openapi-typescript ../../docs/agent.openapi.yaml -o ../../docs/examples/agent.d.ts

clean: ## remove what was built
	@rm -rf bin out
