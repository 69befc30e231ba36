//! Encrypted files merged by the real git, with our driver: what each side changed is there, and only true conflicts
//! stop it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

#[path = "merge/by_sops.rs"]
mod by_sops;
#[path = "merge/calls.rs"]
mod calls;
#[path = "merge/clean.rs"]
mod clean;
#[path = "merge/conflict.rs"]
mod conflict;
#[path = "merge/killed.rs"]
mod killed;
#[path = "merge/people.rs"]
mod people;
#[path = "merge/repository.rs"]
mod repository;
#[path = "merge/terms.rs"]
mod terms;
#[path = "merge/ways.rs"]
mod ways;
