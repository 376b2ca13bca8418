# make help lists the targets.

GO ?= go

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

.PHONY: build
build: ## Build ./otpravka, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o otpravka ./cmd/otpravka

# The rooms whose tests take longest begin first, so that no core waits for them
# at the end.
SLOW = ./storage ./internal/app ./otpcore ./internal/cli ./internal/demo

# SQLite is C turned into Go: it works on memory of its own, which the race
# detector does not watch, so watching its every step only makes it five times
# slower. The sockets of whatsmeow are left out because they read a pointer without
# their lock while another goroutine ends the connection: the reader finds either
# the connection or none, and takes both, but the detector cannot know. Its store is
# left out because a device that the phone has taken off loses its number while a
# message of it may be under way, which then fails as it must.
RACE = -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=go.mau.fi/whatsmeow/socket=-race=false -gcflags=go.mau.fi/whatsmeow/store=-race=false

.PHONY: test
test: lint ## Lint, then run every test under the race detector; needs Go and a C compiler
	$(GO) test $(RACE) -timeout 9m $(SLOW) ./...
	$(GO) test -tags nowhatsmeow ./bot ./bot/whatsapp... ./internal/sim/...
	$(GO) test -tags nowhatsmeow -run 'WithoutDevices|Cloud|Shared|Examine|Switches|Rooms' ./internal/app ./internal/cli ./internal/demo

.PHONY: crash
crash: ## Kill the server at every named point, on both databases, and see what survives
	$(GO) test -timeout 20m -v ./internal/crash -full

.PHONY: lint
lint: ## go vet, staticcheck, gofumpt and a tidy go.mod
	$(GO) vet ./...
	$(GO) vet -tags nowhatsmeow ./...
	$(GO) tool staticcheck ./...
	$(GO) tool staticcheck -tags nowhatsmeow ./bot/... ./internal/app ./internal/demo ./internal/sim/...
	@unformatted=$$($(GO) tool gofumpt -l .); \
		if [ -n "$$unformatted" ]; then echo "not formatted, run make format:"; echo "$$unformatted"; exit 1; fi
	$(GO) mod tidy -diff

.PHONY: format
format: ## Format all code
	$(GO) tool gofumpt -w .

.PHONY: generate
generate: ## Make the API's types from openapi.yaml
	$(GO) generate ./...

.PHONY: bench
bench: ## Measure starts, checks and full cycles per second over HTTP
	$(GO) run ./cmd/otpravka bench

.PHONY: bench-security
bench-security: ## Measure what timing and slowness give an attacker; wants a quiet machine
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 10m ./internal/security

.PHONY: demo
demo: ## Open the demo: a shop and a phone to click, against simulators
	$(GO) run ./cmd/otpravka demo
