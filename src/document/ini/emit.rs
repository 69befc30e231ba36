//! A whole document in the spelling of sops (spec 5.4): signs aligned in each section, a blank line between sections.

use super::outline::DEFAULT;
use super::spelling::{spelled, spelled_key};
use crate::base::{Path, Style};
use crate::document::EditError;
use crate::document::dotenv::spelling::raw_text;
use crate::document::tree::{Branch, Comment, Tree, Twig, below};

/// Columns that names are aligned to, at the most: one name of a megabyte would lengthen every line.
const WIDEST: usize = 1 << 10;

pub(super) fn emit(tree: &Tree) -> Result<Vec<u8>, EditError> {
    let top = Path::default();
    let Tree::Map(branch) = tree else { return Err(EditError::NotAMap) };
    let mut text = Vec::new();
    for (number, twig) in branch.twigs.iter().enumerate() {
        let path = below(&top, &twig.key);
        let Tree::Map(section) = &twig.node else { return Err(EditError::Value(path)) };
        let is_default = number == 0 && twig.key == DEFAULT;
        if is_default && section.twigs.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push(b'\n');
        }
        comments(&twig.comments, &mut text);
        if !is_default {
            let is_name = !twig.key.is_empty()
                && std::str::from_utf8(&twig.key).is_ok()
                && !twig.key.iter().any(|byte| b"]\n\r\0".contains(byte));
            if !is_name {
                return Err(EditError::Name(path));
            }
            text.extend_from_slice(&[b"[", &*twig.key, b"]\n"].concat());
        }
        lines(section, &path, &mut text)?;
    }
    comments(&branch.tail, &mut text);
    Ok(text)
}

fn lines(section: &Branch, path: &Path, text: &mut Vec<u8>) -> Result<(), EditError> {
    let name = |twig: &Twig| spelled_key(&twig.key).ok_or_else(|| EditError::Name(below(path, &twig.key)));
    let names = section.twigs.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let width = names.iter().map(Vec::len).max().unwrap_or_default().min(WIDEST);
    for (twig, name) in section.twigs.iter().zip(names) {
        let refused = || EditError::Value(below(path, &twig.key));
        let Tree::Value(value) = &twig.node else { return Err(refused()) };
        let value = raw_text(value);
        let value =
            spelled(&value, (Style::Plain, b""), b"").filter(|_| !value.contains(&0)).ok_or_else(refused)?;
        comments(&twig.comments, text);
        text.extend_from_slice(
            &[&name, &*vec![b' '; width.saturating_sub(name.len())], b" = ", &value, b"\n"].concat(),
        );
    }
    comments(&section.tail, text);
    Ok(())
}

fn comments(comments: &[Comment], text: &mut Vec<u8>) {
    for comment in comments {
        let line: Vec<u8> =
            comment.expose().iter().copied().filter(|byte| !matches!(byte, b'\n' | 0)).collect();
        text.extend_from_slice(&[b"; ", line.trim_ascii(), b"\n"].concat());
    }
}
