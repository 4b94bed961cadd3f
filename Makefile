# The verbs of this project. `make` alone, or `make help`, lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
BENCH ?= run hdfs postgres
FUZZ_SECONDS ?= 600
DESTDIR ?=
# The binary carries Swift's libraries, so that it runs where no toolchain is.
RELEASE := -c release --product holdfast --static-swift-stdlib
BIN := .build/release/holdfast
SWIFT_PATHS := Sources Tests Package.swift $(wildcard Benchmarks/EngineBench)

.PHONY: help demo test test-long lint build bench format man completions install deb fuzz fuzz-files clean

help: ## list the verbs
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

demo: ## build, and run the whole story on a generated cluster (under a minute)
	@scripts/need build --wish restic
	@scripts/quietly "building (a few minutes the first time)" swift build $(RELEASE)
	@$(BIN) demo $(ARGS)

test: ## build with every warning an error, and run all tests
	@scripts/need build test
	@scripts/test $(ARGS)

test-long: ## the same with every case of every kind, and ten minutes of hostile files (hours)
	@HOLDFAST_LONG_TESTS=1 HOLDFAST_FUZZ_SECONDS=$(FUZZ_SECONDS) HOLDFAST_MANY_FILES=1000000 $(MAKE) --no-print-directory test

lint: ## check format, layers and house rules
	@scripts/lint

build: ## build .build/release/holdfast
	@scripts/need build
	swift build $(RELEASE)

bench: ## measure against its peers on the same data, ratios in one run (BENCH=run, hdfs or postgres: one part)
	@scripts/need build bench
	@for part in $(BENCH); do Benchmarks/$$part $(ARGS) || exit; done

format: ## format the sources in place
	swift format format --in-place --parallel --recursive $(SWIFT_PATHS)

man: build ## write the manual pages to .build/man
	@scripts/manual $(BIN) .build/man

completions: build ## write the shell completions to .build/completions
	@scripts/completions $(BIN) .build/completions

install: man completions ## install binary, manual and completions under PREFIX (/usr/local), DESTDIR before it
	install -D -m 755 $(BIN) "$(DESTDIR)$(PREFIX)/bin/holdfast"
	install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system"
	sed 's|/usr/bin/holdfast|$(PREFIX)/bin/holdfast|' packaging/holdfast@.service >"$(DESTDIR)$(PREFIX)/lib/systemd/system/holdfast@.service"
	install -d "$(DESTDIR)$(PREFIX)/share/man/man1"
	install -m 644 .build/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
	install -D -m 644 .build/completions/holdfast.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/holdfast"
	install -D -m 644 .build/completions/_holdfast "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_holdfast"
	install -D -m 644 .build/completions/holdfast.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/holdfast.fish"

deb: man completions ## make a Debian package of it all in .build/deb
	@scripts/need build deb --wish lintian
	@scripts/deb $(BIN) .build/man .build/completions .build/deb

fuzz: build ## hold the HTTP interface against its own description with schemathesis (minutes)
	@scripts/need fuzz
	@scripts/fuzz $(BIN) $(ARGS)

fuzz-files: ## hold every command against changed files and requests for FUZZ_SECONDS (600) each; HOLDFAST_TEST_SEED repeats a run
	@scripts/need build test
	@HOLDFAST_FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/test --filter 'MutatedFilesTests|MutatedRequestsTests'

clean: ## remove what was built
	rm -rf .build
