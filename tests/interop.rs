//! Both directions against the real sops program: what it writes opens here, and what we write opens there, for every
//! format, value, selector and odd spelling. The program is `SOPS_BINARY`, or `sops` on `PATH`; without one, every
//! test says that it was skipped. With `LACRE_REQUIRE_SOPS=1` its absence is a failure.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "interop/bench.rs"]
mod bench;
#[path = "interop/comments.rs"]
mod comments;
#[path = "interop/dotenv.rs"]
mod dotenv;
#[path = "interop/generated.rs"]
mod generated;
#[path = "interop/recipients.rs"]
mod recipients;
#[path = "interop/rounds.rs"]
mod rounds;
#[path = "interop/selectors.rs"]
mod selectors;
#[path = "interop/shapes.rs"]
mod shapes;
#[path = "interop/tampering.rs"]
mod tampering;
#[path = "interop/values.rs"]
mod values;

#[test]
fn the_program_is_there_where_it_must_be() {
    let required = std::env::var_os("LACRE_REQUIRE_SOPS").is_some_and(|value| value != "0");
    let found = bench::program();
    assert!(found.is_some() || !required, "no sops program found: set SOPS_BINARY, or put `sops` on PATH");
    if found.is_none() {
        bench::skipped();
    }
}
