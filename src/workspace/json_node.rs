//! JSON as a tree that can be put into a document of any format.

use crate::base::assemble::assemble;
use crate::base::{Node, Outline};
use crate::document::{Document, Json};

/// The tree of one JSON value. `None`: it is none.
#[must_use]
pub fn json_node(text: &[u8]) -> Option<Node> {
    // The format wants an object at the top.
    let wrapped = [b"{\"value\":", text, b"}"].concat();
    let document = Document::parse(wrapped, &Json).ok()?;
    let Outline { events, .. } = document.outline();
    assemble(events, document.text())?.entry("value").cloned()
}
