//! Encrypting and decrypting: byte for byte where that is promised, by value everywhere.

use std::collections::BTreeMap;

use lacre::base::ports::CountedRandom;
use lacre::base::{Kind, Path, Step, Value};
use lacre::document::yaml::Yaml;
use lacre::document::{Document, splice};
use lacre::envelope::{Plain, Sealed, Verdict, reencrypt};
use lacre::policy::{Matcher, Selector, SelectorKind};
use proptest::prelude::*;

use super::cases;
use super::scene::{Case, cases as sealing, ciphertexts, clock, key, meaning, parse, plain, shown};

/// Every path and value, typed.
pub fn values(document: &Document) -> Vec<(Path, Option<lacre::base::Type>, String)> {
    let nodes = document.nodes().into_iter();
    nodes
        .filter_map(|(path, event)| {
            let value = document.scalar(event)?;
            Some((path, value.kind(), shown(&value.plain_bytes())))
        })
        .collect()
}

fn paths(document: &Document) -> Vec<Path> {
    values(document).into_iter().map(|(path, ..)| path).collect()
}

/// The lines of `text`, without those of its metadata.
fn body(sealed: &Sealed) -> String {
    let spans = &sealed.document().outline().metadata_spans;
    let cuts = spans.iter().map(|span| lacre::document::Splice::new(*span, "")).collect();
    shown(&splice(sealed.document().text(), cuts))
}

/// Whether a key selector wants the leaf at `path` encrypted; `None` for selectors that look at comments.
fn wanted(matcher: &Matcher, kind: SelectorKind, path: &Path) -> Option<bool> {
    use SelectorKind::{EncryptedCommentRegex, UnencryptedCommentRegex};
    if matches!(kind, EncryptedCommentRegex | UnencryptedCommentRegex) {
        return None;
    }
    let hit = path.steps.iter().any(|step| matches!(step, Step::Key(key) if matcher.hits(key)));
    Some(hit == matches!(kind, SelectorKind::EncryptedRegex | SelectorKind::EncryptedSuffix))
}

/// Whether a value of several lines stays clear, which dotenv then keeps in one line.
fn folds_a_clear_value(case: &Case, sealed: &[u8]) -> bool {
    let (before, (_, opened)) = (case.prepared().0.leaves(), case.open(sealed));
    let after = opened.leaves.iter().filter(|leaf| !leaf.comment);
    case.format.name() == "dotenv"
        && before
            .iter()
            .zip(after)
            .any(|((_, value), leaf)| !leaf.encrypted && value.plain_bytes().contains(&b'\n'))
}

fn next(case: &Case, sealed: &[u8], change: impl FnOnce(Plain) -> Option<Plain>) -> Option<Vec<u8>> {
    let (old, opened) = case.open(sealed);
    let text = plain(&old.plaintext(&opened).unwrap(), case.format);
    let metadata = old.metadata().clone();
    let written =
        reencrypt(&change(text)?, (&old, &opened), metadata, &key(), &clock(), &CountedRandom::default());
    Some(written.unwrap_or_else(|error| panic!("{error}\n{case:?}\n{}", shown(sealed))).text)
}

proptest! {
    #![proptest_config(cases(768))]

    #[test]
    fn reading_changes_nothing(Case { format, text, .. } in sealing(false)) {
        let document = parse(text.as_bytes(), format);
        prop_assert_eq!(document.text(), text.as_bytes());
        prop_assert_eq!(splice(document.text(), Vec::new()), text.as_bytes());
        for (path, event) in document.nodes() {
            prop_assert_eq!(document.path_of(event).document, path.document);
            if !matches!(document.outline().events[event].kind, Kind::Comment { .. }) {
                prop_assert_eq!(document.path_of(event), path);
            }
        }
    }

    #[test]
    fn decrypting_what_was_encrypted_gives_the_same_bytes(case in sealing(true)) {
        let Some(sealed) = case.seal() else { return Ok(()) };
        if folds_a_clear_value(&case, &sealed) {
            return Ok(());
        }
        prop_assert_eq!(shown(&case.decrypt(&sealed)), case.text.as_str(), "\n{}", shown(&sealed));
    }

    #[test]
    fn decrypting_what_was_encrypted_gives_the_same_values(case in sealing(false)) {
        let Some(sealed) = case.seal() else { return Ok(()) };
        let (before, _) = case.prepared();
        let decrypted = case.decrypt(&sealed);
        let prepared = case.format.prepare(decrypted.clone());
        let after = plain(prepared.text.expose(), case.format);
        if case.format.name() == "dotenv" {
            prop_assert_eq!(paths(after.document()), paths(before.document()));
        } else {
            prop_assert_eq!(meaning(after.document()), meaning(before.document()), "\n{}", shown(&sealed));
        }
        let again = Case { text: shown(&decrypted), ..case.clone() };
        let twice = again.seal().expect("it could be encrypted before");
        prop_assert_eq!(shown(&again.decrypt(&twice)), shown(&decrypted), "\n{}", shown(&twice));
    }

    #[test]
    fn exactly_the_selected_leaves_are_ciphertext(case in sealing(false)) {
        let Some(text) = case.seal() else { return Ok(()) };
        let (sealed, opened) = case.open(&text);
        prop_assert_eq!(opened.verdict, Verdict::Sealed);
        prop_assert_eq!(opened.stuck_comments, 0);
        let matcher = case.selector.matcher().unwrap();
        for leaf in opened.leaves.iter().filter(|leaf| !leaf.comment) {
            let path = sealed.document().path_of(leaf.event);
            let span = sealed.document().outline().events[leaf.event].span;
            let cipher = shown(span.of(sealed.document().text())).contains("ENC[AES256_GCM");
            prop_assert_eq!(cipher, leaf.encrypted);
            if let Some(wanted) = wanted(&matcher, case.selector.kind, &path) {
                prop_assert_eq!(cipher, wanted && !leaf.value.plain_bytes().is_empty(), "{}", path);
            }
        }
    }

    #[test]
    fn encrypting_again_unchanged_keeps_every_ciphertext(case in sealing(false)) {
        let Some(first) = case.seal() else { return Ok(()) };
        let second = next(&case, &first, Some).unwrap();
        let ciphers = |text: &[u8]| -> Vec<String> {
            let sealed = case.parse_sealed(text);
            ciphertexts(sealed.document()).into_iter().map(|span| shown(&text[span])).collect()
        };
        prop_assert_eq!(ciphers(&second), ciphers(&first));
        if case.decrypt(&first) == case.text.as_bytes() {
            prop_assert_eq!(body(&case.parse_sealed(&second)), body(&case.parse_sealed(&first)));
        }
    }

    #[test]
    fn one_changed_value_changes_its_own_lines_and_the_metadata(case in sealing(true), pick in any::<prop::sample::Index>()) {
        let Some(first) = case.seal() else { return Ok(()) };
        let mut target = None;
        let second = next(&case, &first, |plain| {
            let leaves = plain.leaves();
            // The last of equal names is the one that a path means.
            let counts = leaves.iter().fold(BTreeMap::new(), |mut counts, (path, _)| {
                *counts.entry(path.clone()).or_insert(0) += 1;
                counts
            });
            let fit: Vec<_> = leaves.into_iter()
                .filter(|(path, value)| counts[path] == 1 && !value.plain_bytes().is_empty())
                .collect();
            let (path, _) = fit.get(pick.index(fit.len().max(1)))?;
            target = plain.document().find(path);
            plain.document().scalar(target?)?;
            (plain.document().path_of(target?) == *path).then_some(())?;
            Some(plain.with(path, &lacre::base::Node::Value(Value::str("another"))).unwrap())
        });
        let (Some(second), Some(_)) = (second, target) else { return Ok(()) };
        let (old, new) = (body(&case.parse_sealed(&first)), body(&case.parse_sealed(&second)));
        let old: Vec<_> = old.lines().collect();
        let new: Vec<_> = new.lines().collect();
        let front = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let back = old[front..].iter().rev().zip(new[front..].iter().rev()).take_while(|(old, new)| old == new).count();
        // A block scalar becomes one line and may keep its header; JSON in one line is one line.
        prop_assert!(new.len() - front - back <= 2, "{}\n---\n{}", old.join("\n"), new.join("\n"));
    }
}

#[test]
fn every_selector_finds_its_leaves() {
    use SelectorKind::{
        EncryptedCommentRegex, EncryptedRegex, EncryptedSuffix, UnencryptedCommentRegex, UnencryptedRegex,
        UnencryptedSuffix,
    };
    let text = "# sops:enc\na: x\nb: y\nm_enc:\n  c: z\n  d_unencrypted: w\n# OLD\nn:\n  e: [1, true]\n";
    for (kind, expression, found) in [
        (EncryptedCommentRegex, "sops:enc", "a"),
        (EncryptedRegex, "^[a-m]", "a b m_enc.c m_enc.d_unencrypted n.e[0] n.e[1]"),
        (EncryptedSuffix, "_enc", "m_enc.c m_enc.d_unencrypted"),
        (UnencryptedCommentRegex, "OLD|sops:", "b m_enc.c m_enc.d_unencrypted"),
        (UnencryptedRegex, "_(unencrypted|url)$", "a b m_enc.c n.e[0] n.e[1]"),
        (UnencryptedSuffix, "_unencrypted", "a b m_enc.c n.e[0] n.e[1]"),
    ] {
        for only_encrypted in [false, true] {
            let selector = Selector { kind, text: expression.to_owned() };
            let case = Case { format: &Yaml, text: text.to_owned(), selector, only_encrypted };
            let sealed = case.seal().unwrap();
            let (read, opened) = case.open(&sealed);
            let encrypted = opened.leaves.iter().filter(|leaf| leaf.encrypted && !leaf.comment);
            let paths: Vec<_> =
                encrypted.map(|leaf| read.document().path_of(leaf.event).to_string()).collect();
            assert_eq!(paths.join(" "), found, "{kind:?}");
            assert_eq!(shown(&case.decrypt(&sealed)), text);
        }
    }
}
