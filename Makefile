# make demo    the verdict on a small rig that is started for it, nothing to install
# make test    everything: the real stack is installed if needed, started by the tests that use it, and ended
# make faults  the fault matrix in full (two hours): each fault by itself on the real stack, then clean rigs
# make lint    formatting and clippy, no warnings
# make bless   accept changed outputs (snapshots, generated pages); look at the diff afterwards
# make bench   a large rig's memory and time, readers against their peers (see benches/README.md); some minutes, needs jq and promtool
# make fuzz    each reader of foreign bytes is fuzzed for a minute (FUZZ_SECONDS); installs cargo-fuzz if it is missing
.PHONY: demo test faults lint bless bench fuzz
SHELL := bash
CARGO ?= cargo

demo:
	$(CARGO) run --release -- demo

# A part that cannot be installed makes its live tests skip loudly, unless RIGCHECK_LIVE_REQUIRED=1 makes that a failure.
# Test helpers end what they started; the trap is for a run that was ended itself. Tests wait more than they compute: six at once fill
# two processors, and four where those that need a calm machine take turns. What needs no stack runs while it is still being installed.
test:
	@trap 'tests/stack/down --left-over' EXIT; \
	tests/stack/install & installs=$$! rc=0; \
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-6} $(CARGO) test --no-fail-fast --lib --bins --examples --test it || rc=1; \
	$(CARGO) test --doc || rc=1; \
	if ! wait $$installs; then \
	  [[ "$$RIGCHECK_LIVE_REQUIRED" != 1 ]] || { echo "make test: RIGCHECK_LIVE_REQUIRED=1 and a part of the stack is missing" >&2; exit 1; }; \
	fi; \
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} $(CARGO) test --no-fail-fast --test faults --test live || rc=1; \
	exit $$rc

faults:
	@trap 'tests/stack/down --left-over' EXIT; \
	tests/stack/install || { echo "make faults: a part of the stack is missing" >&2; exit 1; }; \
	RIGCHECK_LIVE_REQUIRED=1 $(CARGO) test --test faults -- --ignored --nocapture && \
	RIGCHECK_LIVE_REQUIRED=1 $(CARGO) test --test live -- --ignored --nocapture

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --all-targets --quiet -- -D warnings

bless:
	INSTA_UPDATE=always INSTA_FORCE_PASS=1 BLESS=1 $(CARGO) test --no-fail-fast --test it

bench:
	$(CARGO) bench --bench scale
	benches/peers
	$(CARGO) bench --bench exposition

fuzz:
	@fuzz/run
