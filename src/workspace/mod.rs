//! Floor 5, files and keys brought together: find, open, verify, save. Commands and programs start here.

pub mod base_text;
pub mod environment;
mod error;
mod json_node;
mod keyring;
pub mod layers;
pub mod names;
pub mod open_file;
pub mod recipients;
pub mod save;
pub mod steering;
pub mod template;
pub mod user_editor;
mod value_text;

pub use error::Error;
pub use json_node::json_node;
pub use keyring::{Keyring, shown_key};
pub use open_file::OpenFile;
pub use recipients::{Chosen, RuleFile};
pub use value_text::value_text;
