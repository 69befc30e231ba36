//! The forms in which a secret may be printed: itself and the usual encodings of it.

mod base64;
mod escapes;
mod percent;
mod weight;

use std::collections::HashSet;

use crate::base::Secret;
pub use weight::is_maskable;

/// Longest value of which encodings are looked for too; of longer ones themselves and their lines only.
const LONGEST_ENCODED: usize = 16 * 1024;

/// Shortest line of a value that is a secret by itself.
const SHORTEST_LINE: usize = 16;

/// Every form in which `value` is looked for, itself first: what a job's log must be told to mask. Blanks and line
/// feeds round a value are no secret and stay. Whether the value may be masked at all is for [`is_maskable`] to say.
#[must_use]
pub fn forms(value: &[u8]) -> Vec<Secret<Vec<u8>>> {
    let mut forms = Forms::default();
    let text = value.trim_ascii();
    forms.add(text.to_vec());
    // A terminal puts a carriage return before every line feed.
    forms.add(escapes::replaced(text, |byte| (byte == b'\n').then_some(b"\r\n".as_slice())));
    if value.len() <= LONGEST_ENCODED {
        base64::add(text, &mut forms);
        // What stands behind the value changes its last letter.
        base64::add(value, &mut forms);
        percent::add(text, &mut forms);
        escapes::add(text, &mut forms);
        forms.add(hex(text, b"0123456789abcdef"));
        forms.add(hex(text, b"0123456789ABCDEF"));
        if let Ok(text) = std::str::from_utf8(text) {
            forms.add(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
            forms.add(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
    }
    forms.add_lines(text);
    forms.list
}

/// Forms in the order in which they were found, each once.
#[derive(Default)]
struct Forms {
    list: Vec<Secret<Vec<u8>>>,
    seen: HashSet<Vec<u8>>,
}

impl Forms {
    fn add(&mut self, form: Vec<u8>) {
        if !form.is_empty() && self.seen.insert(form.clone()) {
            self.list.push(Secret::new(form));
        }
    }

    /// The lines of a text of several lines that are secrets by themselves.
    fn add_lines(&mut self, text: &[u8]) {
        if memchr::memchr(b'\n', text).is_none() {
            return;
        }
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            if line.len() >= SHORTEST_LINE && !line.starts_with(b"-----") && is_maskable(line) {
                self.add(line.to_vec());
            }
        }
    }
}

fn hex(text: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    text.iter().flat_map(|byte| [digit(byte >> 4, digits), digit(byte & 15, digits)]).collect()
}

/// The digit of the lower four bits of `value`.
fn digit(value: u8, digits: &[u8; 16]) -> u8 {
    digits.get(usize::from(value & 15)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
