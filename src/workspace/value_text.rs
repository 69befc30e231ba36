//! A value as the text that a process or a person gets.

use std::borrow::Cow;

use crate::base::Value;

/// Strings as they are, words in lower case, numbers by their shortest digits, times as RFC 3339; null is empty.
#[must_use]
pub fn value_text(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::Bool(true) => Cow::Borrowed(b"true"),
        Value::Bool(false) => Cow::Borrowed(b"false"),
        other => other.plain_bytes(),
    }
}
