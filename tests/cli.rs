//! Every command from outside, in process: its whole output, its exit code, and every file before and after.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/decrypt.rs"]
mod decrypt;
#[path = "cli/encrypt.rs"]
mod encrypt;
#[path = "cli/get.rs"]
mod get;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/keygen.rs"]
mod keygen;
#[path = "cli/list.rs"]
mod list;
#[path = "cli/seal.rs"]
mod seal;
#[path = "cli/set.rs"]
mod set;
#[path = "cli/shell_and_help.rs"]
mod shell_and_help;
#[path = "cli/tampering.rs"]
mod tampering;
#[path = "cli/twin.rs"]
mod twin;
#[path = "cli/unset.rs"]
mod unset;
