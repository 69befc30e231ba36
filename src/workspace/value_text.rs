//! A value as the text that a process or a person gets.

use std::borrow::Cow;

use crate::base::{Secret, Value};
use crate::document::dotenv::reading::reading;

/// Strings as they are, words in lower case, numbers by their shortest digits, times as RFC 3339; null is empty.
#[must_use]
pub fn value_text(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::Bool(true) => Cow::Borrowed(b"true"),
        Value::Bool(false) => Cow::Borrowed(b"false"),
        other => other.plain_bytes(),
    }
}

/// The same as a process gets it: of a dotenv value, which `is_quoted`, what its quotes and escapes stand for.
#[must_use]
pub fn process_text(value: &Value, is_quoted: bool) -> Secret<Vec<u8>> {
    let text = value_text(value);
    Secret::new(if is_quoted { reading(&text).into_owned() } else { text.into_owned() })
}
