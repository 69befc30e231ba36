//! lacre keeps an application's secrets encrypted inside its git repository.

pub mod base;
pub mod cipher;
pub mod document;
pub mod envelope;
pub mod keys;
pub mod policy;
pub mod providers;
pub mod workspace;
pub mod world;
