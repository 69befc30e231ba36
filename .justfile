# The chores of this house, a line each. `just` lists them.

[private]
default:
    @just --list --justfile {{justfile()}}

# the whole gate, as on a clean checkout
ci:
    .ci/run

build:
    cargo build

test:
    cargo test

lint:
    cargo fmt --check && cargo clippy --all-targets -- -D warnings

docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

# both directions against the real sops: SOPS_BINARY, or `sops` on PATH
interop:
    LACRE_REQUIRE_SOPS=1 cargo test --test interop

# accept the help texts as they are now
snapshots:
    LACRE_UPDATE_SNAPSHOTS=1 cargo test --test readme

# the speed table of the README
bench:
    cargo build --release && python3 tests/bench/run.py

# one target for a while: just fuzz yaml
fuzz target seconds='60':
    tests/fuzz/run {{seconds}} {{target}}

# the static program with its SHA-256 and SBOM, in target/dist
dist:
    .ci/dist
