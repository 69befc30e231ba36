//! Floor 0, the words: the nouns that every other room speaks with. Imports nothing of ours.

pub mod assemble;
pub mod data_key;
pub mod flatten;
pub mod node;
pub mod outline;
pub mod parse_error;
pub mod path;
pub mod ports;
pub mod recipient_id;
pub mod secret;
pub mod span;
pub mod value;

pub use data_key::DataKey;
pub use node::Node;
pub use outline::{Event, Kind, Outline, Scalar, Shape, Style, Text};
pub use parse_error::{ParseError, Problem};
pub use path::{Path, PathError, Step};
pub use recipient_id::{KeyKind, RecipientId};
pub use secret::Secret;
pub use span::Span;
pub use value::{Type, Value, ValueError};
