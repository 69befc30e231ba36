//! The way to a leaf: keys and list positions, how people write it, and what the cipher binds it to.

use std::fmt;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Position in a list, from 0.
    Index(usize),
    /// Key in a map.
    Key(Vec<u8>),
}

/// Where a leaf stands: which document of the file (from 0), and the steps from its top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// Documents before it in the file; 0 for every format but YAML.
    pub document: usize,
    /// From the top down.
    pub steps: Vec<Step>,
}

/// A text that is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path is `[\"key\"][0]` or `key[0].key`; a key with a dot, bracket or quote needs the long form")]
pub struct PathError;

impl Path {
    /// The path of one top-level key.
    #[must_use]
    pub fn key(name: &[u8]) -> Self {
        Self { document: 0, steps: vec![Step::Key(name.to_vec())] }
    }

    /// Reads `["a"][0]["b"]` (sops's form, either quote, no escapes) or `a[0].b`.
    ///
    /// # Errors
    /// When the text is neither, or is empty.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let steps = if text.starts_with('[') { long_form(text) } else { short_form(text) };
        match steps {
            Some(steps) if !steps.is_empty() => Ok(Self { document: 0, steps }),
            _ => Err(PathError),
        }
    }

    /// The additional authenticated data of a value here (spec 1.3): every key followed by a colon.
    #[must_use]
    pub fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::new();
        for step in &self.steps {
            if let Step::Key(key) = step {
                aad.extend_from_slice(key);
                aad.push(b':');
            }
        }
        if aad.is_empty() {
            aad.push(b':');
        }
        aad
    }
}

/// The short form where it says the same, else the long one. Control characters are escaped: a name from a file
/// must not steer the terminal.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.steps.first().is_some_and(|step| matches!(step, Step::Key(_)))
            && self.steps.iter().all(|step| match step {
                Step::Index(_) => true,
                Step::Key(key) => is_short(key),
            });
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let key = String::from_utf8_lossy(key);
                    let key = key.escape_debug();
                    match (short, position) {
                        (true, 0) => write!(f, "{key}")?,
                        (true, _) => write!(f, ".{key}")?,
                        (false, _) => write!(f, "[\"{key}\"]")?,
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_short(key: &[u8]) -> bool {
    !key.is_empty() && !key.iter().any(|byte| matches!(byte, b'.' | b'[' | b']' | b'"' | b'\''))
}

fn long_form(text: &str) -> Option<Vec<Step>> {
    text.split('[')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let inner = piece.strip_suffix(']')?;
            let quoted =
                ['"', '\''].iter().find_map(|quote| inner.strip_prefix(*quote)?.strip_suffix(*quote));
            match quoted {
                Some(key) => Some(Step::Key(key.as_bytes().to_vec())),
                None => inner.parse().ok().map(Step::Index),
            }
        })
        .collect()
}

fn short_form(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (key, indexes) = part.split_once('[').map_or((part, None), |(key, rest)| (key, Some(rest)));
        if key.is_empty() || key.contains([']', '"', '\'']) {
            return None;
        }
        steps.push(Step::Key(key.as_bytes().to_vec()));
        for index in indexes.into_iter().flat_map(|rest| rest.split('[')) {
            steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same() {
        assert_eq!(Path::parse("a[0].b"), Path::parse("[\"a\"][0]['b']"));
    }

    #[test]
    fn keys_with_a_dot_are_shown_in_the_long_form() {
        let path = Path::key(b"a.b");
        assert_eq!(path.to_string(), "[\"a.b\"]");
        assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "a..b", "[", "a[x]", "[\"a\"", "a[-1]", ".a"] {
            assert_eq!(Path::parse(text), Err(PathError), "{text}");
        }
    }

    #[test]
    fn lists_add_nothing_to_the_aad() {
        let path = Path::parse("l[3].k").unwrap();
        assert_eq!(path.aad(), b"l:k:");
        assert_eq!(Path::default().aad(), b":");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Path::key(b"a\x1b[31m").to_string(), "[\"a\\u{1b}[31m\"]");
    }
}
