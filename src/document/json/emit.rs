//! A whole document in the spelling of sops (spec 5.3): a tab a level, Go's escapes and numbers. JSON has no comments.

use std::io::Write as _;

use time::format_description::well_known::Rfc3339;

use crate::base::{Path, Step, Value};
use crate::document::EditError;
use crate::document::tree::{Branch, Tree};

/// Bytes at the most: deep trees under a wide indentation grow by what is blank.
const LARGEST: usize = 256 << 20;

/// `tree` with `indent` blanks a level, or a tab; 0: line breaks without indentation.
pub(super) fn emit(tree: &Tree, indent: Option<usize>) -> Result<Vec<u8>, EditError> {
    let unit = indent.map_or_else(|| "\t".to_owned(), |blanks| " ".repeat(blanks));
    let mut emitter = Emitter { unit, out: Vec::new(), path: Path::default() };
    emitter.node(tree, 0)?;
    emitter.out.push(b'\n');
    Ok(emitter.out)
}

struct Emitter {
    unit: String,
    out: Vec<u8>,
    path: Path,
}

impl Emitter {
    fn node(&mut self, tree: &Tree, depth: usize) -> Result<(), EditError> {
        match tree {
            Tree::List(branch) => self.branch(branch, *b"[]", depth),
            Tree::Map(branch) => self.branch(branch, *b"{}", depth),
            Tree::Value(value) => self.value(value).ok_or_else(|| EditError::Value(self.path.clone())),
        }
    }

    fn branch(&mut self, branch: &Branch, brackets: [u8; 2], depth: usize) -> Result<(), EditError> {
        let [open, close] = brackets;
        self.out.push(open);
        for (index, twig) in branch.twigs.iter().enumerate() {
            if self.out.len() > LARGEST {
                return Err(EditError::Value(self.path.clone()));
            }
            if index > 0 {
                self.out.push(b',');
            }
            self.line(depth + 1);
            if open == b'{' {
                self.path.steps.push(Step::Key(twig.key.clone()));
                self.string(&twig.key).ok_or_else(|| EditError::Name(self.path.clone()))?;
                self.out.extend_from_slice(b": ");
            } else {
                self.path.steps.push(Step::Index(index));
            }
            self.node(&twig.node, depth + 1)?;
            self.path.steps.pop();
        }
        if !branch.twigs.is_empty() {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        self.out.push(b'\n');
        for _ in 0..depth {
            self.out.extend_from_slice(self.unit.as_bytes());
        }
    }

    fn value(&mut self, value: &Value) -> Option<()> {
        match value {
            Value::Bool(bool) => self.out.extend_from_slice(bool.to_string().as_bytes()),
            Value::Float(float) if !float.is_finite() => return None,
            Value::Float(float) => self.out.extend_from_slice(number(*float).as_bytes()),
            Value::Int(int) => self.out.extend_from_slice(int.to_string().as_bytes()),
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Str(bytes) => self.string(bytes.expose())?,
            Value::Time(time) => self.string(time.format(&Rfc3339).ok()?.as_bytes())?,
        }
        Some(())
    }

    /// With the escapes of Go: `<`, `>`, `&` and the line ends of JavaScript too.
    fn string(&mut self, bytes: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(bytes).ok()?;
        self.out.push(b'"');
        for character in text.chars() {
            match character {
                '"' | '\\' => self.out.extend_from_slice(&[b'\\', character as u8]),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    // Writing to a `Vec` cannot fail.
                    drop(write!(self.out, "\\u{:04x}", u32::from(character)));
                }
                _ => self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.out.push(b'"');
        Some(())
    }
}

/// Positional from 1e-6 up to below 1e21, else with an exponent.
fn number(float: f64) -> String {
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return float.to_string();
    }
    let scientific = format!("{float:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_go() {
        for (float, text) in [
            (1.0, "1"),
            (1.5, "1.5"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1e-7, "1e-7"),
            (-0.0, "-0"),
        ] {
            assert_eq!(number(float), text);
        }
    }
}
