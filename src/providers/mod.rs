//! Floor 4, other programs and services that hold keys.
#![allow(clippy::disallowed_methods, reason = "providers start programs and read what those leave")]

pub mod age_plugin;
