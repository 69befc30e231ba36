//! One flat YAML map: name → string in double quotes, so that no reader takes a value for a number, a date or a truth.

use super::super::yaml::{double, key};
use super::{Consumer, Frame, Refusal, text};

/// Any reader of YAML.
#[derive(Clone, Copy, Debug)]
pub struct Yaml;

impl Consumer for Yaml {
    fn takes_name(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| name.chars().count() <= LONGEST_NAME)
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let (name, value) = (text(name)?, text(value)?);
        out.extend_from_slice(key(name, None).as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(double(value).as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn frame(&self, is_empty: bool) -> Frame {
        Frame { head: if is_empty { "{}\n" } else { "" }.to_owned(), ..Frame::default() }
    }
}

/// YAML's longest key without a `?` is 1,024 characters; an escape has up to ten.
const LONGEST_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_a_string() {
        let mut out = Vec::new();
        for (name, value) in [("A", "no"), ("no", "1e3"), ("<<", "2024-01-01"), ("a b", "x\n\"\u{85}")] {
            Yaml.entry(name.as_bytes(), value.as_bytes(), &mut out).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "A: \"no\"\n\"no\": \"1e3\"\n'<<': \"2024-01-01\"\na b: \"x\\n\\\"\\u0085\"\n"
        );
    }
}
