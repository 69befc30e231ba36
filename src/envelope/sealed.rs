//! An encrypted document: readable names, ciphertext values, metadata. Needs no key until it is opened.

use super::{FormError, Metadata};
use crate::document::{Document, Format};
use crate::policy::Selector;

/// A sops file as it stands on disk.
#[derive(Clone, Debug)]
pub struct Sealed {
    document: Document,
    metadata: Metadata,
}

impl Sealed {
    /// Reads an encrypted file.
    ///
    /// # Errors
    /// When it is no document of its format, or has no metadata that can be used.
    pub fn parse(text: Vec<u8>, format: &'static dyn Format) -> Result<Self, FormError> {
        let document = Document::parse(text, format)?;
        let node = document.outline().metadata.as_ref().ok_or(FormError::NotEncrypted)?;
        let mut metadata = Metadata::from_node(node)?;
        if format.is_whole() {
            metadata.selector = Selector::everything();
        }
        Ok(Self { document, metadata })
    }

    /// Text, outline and format.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The `sops` block.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
