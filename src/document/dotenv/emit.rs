//! A whole document in the spelling of sops (spec 5.1): one line a value, raw.

use super::spelling::{escape, raw_text};
use super::{is_storable_key, memchr};
use crate::base::Path;
use crate::document::EditError;
use crate::document::tree::{Comment, Tree, below};

pub(super) fn emit(tree: &Tree) -> Result<Vec<u8>, EditError> {
    let top = Path::default();
    let Tree::Map(branch) = tree else { return Err(EditError::NotAMap) };
    let mut text = Vec::new();
    let comments = |comments: &[Comment], text: &mut Vec<u8>| {
        for comment in comments {
            text.extend_from_slice(&[b"#", &*escape(comment.expose()), b"\n"].concat());
        }
    };
    for twig in &branch.twigs {
        comments(&twig.comments, &mut text);
        if !is_storable_key(&twig.key) {
            return Err(EditError::Name(below(&top, &twig.key)));
        }
        let Tree::Value(value) = &twig.node else { return Err(EditError::Value(below(&top, &twig.key))) };
        let value = raw_text(value);
        if memchr(0, &value).is_some() {
            return Err(EditError::Value(below(&top, &twig.key)));
        }
        text.extend_from_slice(&[&twig.key, &b"="[..], &*escape(&value), b"\n"].concat());
    }
    comments(&branch.tail, &mut text);
    Ok(text)
}
