//! A plaintext document. It is a type of its own so that it cannot be written where ciphertext belongs.

use super::FormError;
use crate::base::{Kind, Node, ParseError, Path, Secret, Value};
use crate::document::{Content, Document, EditError, Format};

/// A document in the clear. Wiped on drop; its `Debug` shows the size only.
#[derive(Clone, Debug)]
pub struct Plain(Document);

impl Plain {
    /// Reads a plaintext.
    ///
    /// # Errors
    /// When it is no document of its format, or is encrypted already.
    pub fn parse(text: Vec<u8>, format: &'static dyn Format) -> Result<Self, FormError> {
        let document = Document::parse(text, format)?;
        match document.outline().metadata {
            None => Ok(Self(document)),
            Some(_) => Err(FormError::AlreadyEncrypted),
        }
    }

    /// Text, outline and format.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.0
    }

    /// The value at `path`; `None` when no scalar stands there.
    #[must_use]
    pub fn value(&self, path: &Path) -> Option<Value> {
        self.0.scalar(self.0.find(path)?)
    }

    /// Every scalar with its path, in document order.
    #[must_use]
    pub fn leaves(&self) -> Vec<(Path, Value)> {
        let nodes = self.0.nodes().into_iter();
        nodes.filter_map(|(path, event)| Some((path, self.0.scalar(event)?))).collect()
    }

    /// The same document with `node` at `path`, whatever stood there before. Maps on the way are made.
    ///
    /// # Errors
    /// When something stands in the way, or the format cannot say it.
    pub fn with(&self, path: &Path, node: &Node) -> Result<Self, ChangeError> {
        let document = &self.0;
        let Some(event) = document.find(path) else { return self.with_new(path, node) };
        let kind = document.outline().events.get(event).map(|event| &event.kind);
        match (kind, node) {
            (Some(Kind::Alias), _) => Err(EditError::Alias(path.clone()).into()),
            (Some(Kind::Scalar(..)), Node::Value(value)) => {
                let splice = document.format().replace(document, event, Content::Value(value))?;
                let changed = Self(document.spliced(vec![splice])?);
                // Better refused than written elsewhere. A dotenv value may be spelled otherwise: `\n` for a line feed.
                let printed =
                    document.format().printed(value).map(|text| Value::Str(Secret::new(text.into_owned())));
                let expected = printed.as_ref().unwrap_or(value);
                let is_there =
                    document.format().name() == "dotenv" || changed.value(path).as_ref() == Some(expected);
                if is_there { Ok(changed) } else { Err(EditError::Value(path.clone()).into()) }
            }
            _ => self.without(path)?.with_new(path, node),
        }
    }

    /// The same document without what stands at `path`.
    ///
    /// # Errors
    /// When nothing stands there.
    pub fn without(&self, path: &Path) -> Result<Self, ChangeError> {
        Ok(Self(self.0.spliced(self.0.format().remove(&self.0, path)?)?))
    }

    fn with_new(&self, path: &Path, node: &Node) -> Result<Self, ChangeError> {
        let splice = self.0.format().insert(&self.0, path, node)?;
        Ok(Self(self.0.spliced(vec![splice])?))
    }
}

/// Why a plaintext cannot be changed as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The format or the place refuses.
    #[error("{0}")]
    Edit(#[from] EditError),
    /// The changed text does not read back.
    #[error("the changed document does not read back: {0}")]
    ReadBack(#[from] ParseError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::Yaml;

    #[test]
    fn a_value_stands_where_it_was_put() {
        for (text, path) in [
            ("l:\n- 1\n- -\n", "l[1][0]"),
            ("l:\n- -\n- 2\n", "l[0][0]"),
            ("l:\n- 1\n- - -\n- 2\n", "l[1][0][0]"),
            ("l:\n- 1\n- !t\n  -\n- 2\n", "l[1][0]"),
            ("l:\n- 1\n- &a\n  - # c\n  -\n- 2\n", "l[1][1]"),
        ] {
            let plain = Plain::parse(text.into(), &Yaml).unwrap();
            let path = Path::parse(path).unwrap();
            assert_eq!(plain.value(&path), Some(Value::Null), "{text}");
            let changed = plain.with(&path, &Node::str("x")).unwrap();
            assert_eq!(changed.value(&path), Some(Value::str("x")), "{text}");
        }
    }
}
