//! The laws of the house, over generated documents: nothing is lost, nothing unasked is changed, and what was
//! tampered with does not open. `PROPTEST_CASES` asks for more cases than the default.
#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[path = "properties/merge.rs"]
mod merge;
#[path = "properties/round_trip.rs"]
mod round_trip;
#[path = "properties/rule_files.rs"]
mod rule_files;
#[path = "properties/samples.rs"]
mod samples;
#[path = "properties/scene.rs"]
mod scene;
#[path = "properties/tamper.rs"]
mod tamper;

/// `cases`, or as many times more as `PROPTEST_CASES` exceeds proptest's own default.
fn cases(cases: u32) -> proptest::prelude::ProptestConfig {
    let usual = proptest::prelude::ProptestConfig::default();
    proptest::prelude::ProptestConfig {
        cases: (cases * usual.cases).div_ceil(256),
        failure_persistence: None,
        ..usual
    }
}
