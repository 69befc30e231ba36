//! Both directions against the real sops program: what it writes opens here, and what we write opens there, for every
//! format, value, selector and odd spelling. The program is `SOPS_BINARY`, or `sops` on `PATH`; without one, every
//! test says that it was skipped. With `LACRE_REQUIRE_SOPS=1` its absence is a failure. The same holds for two peers that
//! have keys: `gpg` (`LACRE_REQUIRE_GPG=1`), and OpenBao, `BAO_BINARY` or `bao` on `PATH` (`LACRE_REQUIRE_BAO=1`).
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

#[path = "interop/aws.rs"]
mod aws;
#[path = "interop/bench.rs"]
mod bench;
#[path = "interop/comments.rs"]
mod comments;
#[path = "interop/convert.rs"]
mod convert;
#[path = "interop/dotenv.rs"]
mod dotenv;
#[path = "interop/face.rs"]
mod face;
#[path = "interop/generated.rs"]
mod generated;
#[path = "interop/groups.rs"]
mod groups;
#[path = "interop/import.rs"]
mod import;
#[path = "interop/ini.rs"]
mod ini;
#[path = "interop/log.rs"]
mod log;
#[path = "interop/matrix.rs"]
mod matrix;
#[path = "interop/members.rs"]
mod members;
#[path = "interop/peers.rs"]
mod peers;
#[path = "interop/pgp.rs"]
mod pgp;
#[path = "interop/publish.rs"]
mod publish;
#[path = "interop/recipients.rs"]
mod recipients;
#[path = "interop/reserialised.rs"]
mod reserialised;
#[path = "interop/rounds.rs"]
mod rounds;
#[path = "interop/rules.rs"]
mod rules;
#[path = "interop/selectors.rs"]
mod selectors;
#[path = "interop/shapes.rs"]
mod shapes;
#[path = "interop/sops_files.rs"]
mod sops_files;
#[path = "interop/tampering.rs"]
mod tampering;
#[path = "interop/transit.rs"]
mod transit;
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
