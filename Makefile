# What people and CI run. `make` alone lists the targets.
#
#   make test                    make fuzz FUZZTIME=5m
#   make chaos ARGS=-short       make microbench BENCH=Reader ARGS=-benchmem

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory

GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOIMPORTS := go run golang.org/x/tools/cmd/goimports@v0.45.0

ARGS     ?=
BENCH    ?= .
FUZZTIME ?= 20s
CHECKS   ?= 2000

# What generation writes, and nothing else.
GENERATED := ent/generated graph/generated docs/settings.md $(wildcard graph/*.resolvers.go)

.PHONY: help generate migration test race lint deadcode format drift e2e graphiql check bench bench-full microbench chaos fuzz demo

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

generate: ## write ent's and gqlgen's code and docs/settings.md anew (changes nothing on a clean tree)
	go run -mod=mod ./ent/entc.go
	go tool gqlgen generate
	$(GOIMPORTS) -local tenantry -w graph/*.go
	UPDATE_DOCS=1 go test -count=1 -run '^TestSettingsPage$$' ./internal/app

migration: ## write what ent/schema wants beyond the migrations into new files; NAME=add_labels
	go run ./migrations/diff -name '$(NAME)'

test: ## all Go tests; with REQUIRE_SERVICES=1 a missing PostgreSQL or redis-server is a failure
	go test $(ARGS) ./...

race: ## all Go tests under the race detector
	go test -race $(ARGS) ./...

lint: deadcode ## golangci-lint: the code, and who may import whom; and no function that nothing calls
	$(GOLANGCI) run $(ARGS) ./...

# ent/schema is called by ent's generator, and examples without output by nobody.
deadcode:
	@found=$$(go tool deadcode -test ./...); \
	found=$$(grep -vE '^ent/schema/|_test\.go:.* unreachable func: Example' <<<"$$found" || true); \
	[[ -z $$found ]] || { printf '%s\n' "$$found" >&2; exit 1; }

format: ## write the code as the linter wants it
	$(GOLANGCI) fmt $(ARGS)

drift: ## generate, and demand that the committed code is what comes out
	@dirty=$$(git status --porcelain --untracked-files=all -- $(GENERATED)); if [[ -n $$dirty ]]; then \
		printf '%s\n' "drift compares with what is committed, and this is not:" "$$dirty" >&2; exit 1; fi
	@before=$$(git status --porcelain --untracked-files=all); $(MAKE) generate; \
	after=$$(git status --porcelain --untracked-files=all); \
	git --no-pager diff --exit-code -- $(GENERATED); \
	if [[ $$before != "$$after" ]]; then \
		printf '%s\n' "make generate changed the tree:" >&2; diff <(echo "$$before") <(echo "$$after") >&2; exit 1; fi

e2e: ## the real npm clients against the whole server (needs Node 20)
	cd e2e && npm ci --no-audit --no-fund && npm test

graphiql: ## build the page at /graphiql anew from its packages (needs Node 20)
	cd graph/graphiql && npm ci --no-audit --no-fund --ignore-scripts && npm run --silent build

check: test race lint drift e2e ## all of the above

bench: ## the whole program against what it is compared with, in under ten minutes (ARGS=-against=./older)
	go run ./bench all -short $(ARGS)

bench-full: ## the same with all sizes, into bench/RESULTS.md: twenty minutes on a machine that does nothing else
	go run ./bench all -write bench/RESULTS.md $(ARGS)

microbench: ## the Go benchmarks; BENCH chooses by name
	@dirs=$$(git ls-files -co --exclude-standard '*bench_test.go' | xargs -r -n1 dirname | sort -u | sed 's,^,./,'); \
	[[ -n $$dirs ]] || { echo "there are no benchmarks" >&2; exit 1; }; \
	set -x; go test -run '^$$' -bench '$(BENCH)' $(ARGS) $$dirs

chaos: ## the campaign of kills, hangs and losses (ARGS=-short: a selection, under three minutes)
	go run ./chaos $(ARGS)

fuzz: ## every fuzz target for FUZZTIME, and CHECKS drawn files of each kind against the oracle
	@files=$$(git grep -l --untracked '^func Fuzz' -- '*_test.go'); \
	[[ -n $$files ]] || { echo "there are no fuzz targets" >&2; exit 1; }; \
	for file in $$files; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "== $$target in $$(dirname "$$file"), $(FUZZTIME)"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $(ARGS) "./$$(dirname "$$file")"; \
		done; \
	done
	go test -run 'AreAsRowAfterRow$$' -timeout 4h $(ARGS) ./internal/importer -rapid.checks=$(CHECKS) -rapid.nofailfile

demo: ## a server of its own with a partner and an import, live
	go run . demo $(ARGS)
