//! Every command from outside, in process: its whole output, its exit code, and every file before and after.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/binary.rs"]
mod binary;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/check_all.rs"]
mod check_all;
#[path = "cli/check_base.rs"]
mod check_base;
#[path = "cli/check_schemas.rs"]
mod check_schemas;
#[path = "cli/check_staged.rs"]
mod check_staged;
#[path = "cli/ci.rs"]
mod ci;
#[path = "cli/cloud_keys.rs"]
mod cloud_keys;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/convert.rs"]
mod convert;
#[path = "cli/decrypt.rs"]
mod decrypt;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/encrypt.rs"]
mod encrypt;
#[path = "cli/find.rs"]
mod find;
#[path = "cli/get.rs"]
mod get;
#[path = "cli/import_dotenvx.rs"]
mod import_dotenvx;
#[path = "cli/import_plain.rs"]
mod import_plain;
#[path = "cli/import_sops.rs"]
mod import_sops;
#[path = "cli/ini.rs"]
mod ini;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/init_agent.rs"]
mod init_agent;
#[path = "cli/keygen.rs"]
mod keygen;
#[path = "cli/list.rs"]
mod list;
#[path = "cli/log.rs"]
mod log;
#[path = "cli/log_model.rs"]
mod log_model;
#[path = "cli/no_plaintext.rs"]
mod no_plaintext;
#[path = "cli/plugins.rs"]
mod plugins;
#[path = "cli/recipients.rs"]
mod recipients;
#[path = "cli/recipients_talk.rs"]
mod recipients_talk;
#[path = "cli/redact.rs"]
mod redact;
#[path = "cli/rekey.rs"]
mod rekey;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/seal.rs"]
mod seal;
#[path = "cli/services.rs"]
mod services;
#[path = "cli/set.rs"]
mod set;
#[path = "cli/set_all.rs"]
mod set_all;
#[path = "cli/shell_and_help.rs"]
mod shell_and_help;
#[path = "cli/sops.rs"]
mod sops;
#[path = "cli/tampering.rs"]
mod tampering;
#[path = "cli/textconv.rs"]
mod textconv;
#[path = "cli/twin.rs"]
mod twin;
#[path = "cli/unset.rs"]
mod unset;
