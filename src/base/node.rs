//! A small tree of values: metadata as read, and what `set` puts into a document.

use super::Value;

/// A map, a list or a single value. Keys keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Items in order.
    List(Vec<Node>),
    /// Entries in order; a name should occur once.
    Map(Vec<(Vec<u8>, Node)>),
    /// One scalar.
    Value(Value),
}

impl Node {
    /// The entry of a map called `name`.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find(|(key, _)| key == name.as_bytes()).map(|(_, node)| node)
            }
            Self::List(_) | Self::Value(_) => None,
        }
    }

    /// The text of a string value.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Value(Value::Str(text)) => std::str::from_utf8(text.expose()).ok(),
            _ => None,
        }
    }

    /// A string value.
    #[must_use]
    pub fn str(text: &str) -> Self {
        Self::Value(Value::str(text))
    }
}
