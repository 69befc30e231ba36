//! What the author of a dotenv file should know before others read it: values that common readers take differently,
//! names that stand twice, and a `\n` that sops would turn into a line feed.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::Context;
use crate::base::Kind;
use crate::document::dotenv::reading::{doubt, holds_escaped_line_feed, name};
use crate::document::{Document, entries, nth_document};
use crate::envelope::Plain;

/// Names in one message at the most; a long list is not read.
const MOST_NAMES: usize = 8;

/// Says so, by name, never by value. Other formats need no such advice.
pub fn advise(context: &Context<'_>, plain: &Plain) {
    let document = plain.document();
    if document.format().name() != "dotenv" {
        return;
    }
    let (outline, text) = (document.outline(), document.text());
    let mut seen = BTreeSet::new();
    let (mut twice, mut doubtful, mut escaped) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in entries(outline, nth_document(outline, 0).unwrap_or(0)) {
        let (Some(key), Some(value)) = (outline.events.get(key), outline.events.get(value)) else { continue };
        let Kind::Key(spelled) = &key.kind else { continue };
        let Some(name) = name(spelled.bytes(key.span, text)) else { continue };
        let (name, raw) = (String::from_utf8_lossy(name).into_owned(), value.span.of(text));
        if doubt(raw).is_some() {
            doubtful.push(name.clone());
        }
        if holds_escaped_line_feed(raw) {
            escaped.push(name.clone());
        }
        if !seen.insert(name.clone()) {
            twice.push(name);
        }
    }
    let ui = context.ui;
    if !twice.is_empty() {
        ui.warn(context.world, format!("{} stands twice; the last one counts", listed(&twice)));
    }
    if !doubtful.is_empty() {
        let names = listed(&doubtful);
        ui.note(
            context.world,
            format!("not all programs read {names} alike: quote the value (`lacre help dotenv`)"),
        );
    }
    if !escaped.is_empty() {
        let names = listed(&escaped);
        ui.note(context.world, format!("`\\n` in {names} becomes a line feed if sops edits the file"));
    }
}

/// Names the comments that look like an assignment and stand in the clear in `written`, the encrypted form of
/// `plain`: a value that was commented out is a secret still, and a selector by names does not reach it.
pub fn advise_on_clear_comments(context: &Context<'_>, path: &Path, plain: &Plain, written: &[u8]) {
    let suspects = |document: &Document| -> Vec<String> {
        let comments =
            document.outline().events.iter().filter(|event| matches!(event.kind, Kind::Comment { .. }));
        let names = comments.filter_map(|event| assigned(event.span.of(document.text())));
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    };
    if suspects(plain.document()).is_empty() {
        return;
    }
    let Ok(document) = Document::parse(written.to_vec(), plain.document().format()) else { return };
    let names = suspects(&document);
    if !names.is_empty() {
        let (shown, names) = (context.shown(path), listed(&names));
        let message = format!("comments stay readable in {shown} that look like values: {names}");
        context.ui.warn(context.world, message);
    }
}

/// The name in a comment that reads as `NAME=value` or `NAME: value`.
fn assigned(comment: &[u8]) -> Option<&[u8]> {
    let comment = comment.trim_ascii();
    let comment = comment.strip_prefix(b"export ").unwrap_or(comment);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = comment.iter().position(|byte| !is_part(byte))?;
    let (name, rest) = comment.split_at_checked(end)?;
    let is_value = match rest.split_first()? {
        (b'=', value) => !value.is_empty(),
        // Behind a colon, several words are prose.
        (b':', value) => {
            let word = value.trim_ascii();
            value.first() == Some(&b' ') && !word.is_empty() && !word.iter().any(u8::is_ascii_whitespace)
        }
        _ => false,
    };
    (is_value && !name.is_empty()).then_some(name)
}

fn listed(names: &[String]) -> String {
    let mut words: Vec<_> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST_NAMES {
        words.push("…".to_owned());
    }
    words.join(", ")
}
