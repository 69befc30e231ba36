//! A program that `run` starts behaves as if it had been started by itself: each row of the table in
//! `lacre help running`, measured with real processes, with plain `exec` and, where it is found, with sops beside it.
//! What needs a terminal is in `jobs`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts programs, and says what is skipped"
)]

#[path = "supervise/desk.rs"]
mod desk;
#[path = "supervise/jobs.rs"]
mod jobs;
#[path = "supervise/pipes.rs"]
mod pipes;
#[path = "supervise/table.rs"]
mod table;
