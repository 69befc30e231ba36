//! The ledger of who could ever read what, and people who leave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

#[path = "exposure/team.rs"]
mod team;

#[path = "exposure/story.rs"]
mod story;

#[path = "exposure/model.rs"]
mod model;

#[path = "exposure/history.rs"]
mod history;

#[cfg(unix)]
#[path = "exposure/killed.rs"]
mod killed;

#[path = "exposure/strange.rs"]
mod strange;
