//! Floor 5, files and keys brought together: find, open, verify, save. Commands and programs start here.
//!
//! | rooms | what for |
//! | --- | --- |
//! | [`open_file`] · [`save`] · [`keyring`] · [`secrets`] | one encrypted file |
//! | [`tree`] · [`bearers`] · [`transaction`] | many, as one |
//! | [`members`] · [`handover`] · [`newcomers`] | who may open them |
//! | [`names`] · [`chosen`] · `rule_*` · [`explain`] · [`development`] | what rules and names say |
//! | [`environment`] · [`layers`] · [`steering`] | the variables of a process |
//! | [`template`] · [`user_editor`] · [`base_text`] · [`import`] | plaintext on its way in |
//! | [`validation`] · [`guards`] · [`review`] | what `check` finds: in values, in what is committed, since a commit |
//! | [`installation`] · [`merging`] · [`resolution`] | git's drivers and hook; three versions become one; what a merge left open |
//! | [`comparison`] · [`digest`] | two files or versions, value by value; values told apart without being kept |
//! | [`history`] · [`revision`] · [`timeline`] | old versions opened; one of them without its values; all of one file |
//! | [`exposure`] · [`find`] | who could ever read what; where a value stands |

pub mod base_text;
pub mod bearers;
pub mod chosen;
pub mod comparison;
pub mod development;
pub mod digest;
pub mod environment;
mod error;

pub mod explain;
pub mod exposure;
pub mod find;
pub mod guards;
pub mod handover;
pub mod history;
pub mod import;
pub mod installation;
mod json_node;
pub mod keyring;
pub mod layers;
pub mod members;
pub mod merging;
pub mod names;
pub mod newcomers;
pub mod open_file;
pub mod resolution;
pub mod review;
pub mod revision;
pub mod rule_book;
pub mod rule_edit;
pub mod rule_file;
pub mod rule_lints;
pub mod save;
pub mod secrets;
pub mod steering;
pub mod template;
pub mod timeline;
pub mod transaction;
pub mod tree;
pub mod user_editor;
pub mod validation;
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
pub use value_text::{process_text, value_text};
