//! Floor 5, files and keys brought together: find, open, verify, save. Commands and programs start here.

pub mod base_text;
pub mod chosen;
pub mod environment;
mod error;
pub mod explain;
pub mod handover;
pub mod import;
mod json_node;
pub mod keyring;
pub mod layers;
pub mod members;
pub mod names;
pub mod newcomers;
pub mod open_file;
pub mod rule_book;
pub mod rule_edit;
pub mod rule_file;
pub mod rule_lints;
pub mod save;
pub mod steering;
pub mod template;
pub mod transaction;
pub mod tree;
pub mod user_editor;
mod value_text;

pub use chosen::{Chosen, Overrides};
pub use error::Error;
pub use handover::Handover;
pub use json_node::json_node;
pub use keyring::{Keyring, shown_key};
pub use open_file::OpenFile;
pub use rule_book::RuleBook;
pub use rule_edit::{Newcomer, RuleEditError};
pub use rule_file::RuleFile;
pub use transaction::Plan;
pub use value_text::value_text;
