//! Which leaves are encrypted: the six selectors of sops (spec 2.3). A matcher judges one path element or one
//! comment; walking the path and keeping the comments of every level is the business of `envelope`.

use regex::bytes::Regex;

use super::re2::{self, InvalidRegex};
use crate::base::Node;

/// How a selector selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelectorKind {
    /// Encrypts what a matching comment governs.
    EncryptedCommentRegex,
    /// Encrypts below every key that matches.
    EncryptedRegex,
    /// Encrypts below every key that ends so.
    EncryptedSuffix,
    /// Encrypts all but what a matching comment governs.
    UnencryptedCommentRegex,
    /// Encrypts all but what is below a key that matches.
    UnencryptedRegex,
    /// Encrypts all but what is below a key that ends so.
    UnencryptedSuffix,
}

impl SelectorKind {
    /// All of them, by name.
    pub const ALL: [Self; 6] = [
        Self::EncryptedCommentRegex,
        Self::EncryptedRegex,
        Self::EncryptedSuffix,
        Self::UnencryptedCommentRegex,
        Self::UnencryptedRegex,
        Self::UnencryptedSuffix,
    ];

    /// Its field in the metadata and in creation rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EncryptedCommentRegex => "encrypted_comment_regex",
            Self::EncryptedRegex => "encrypted_regex",
            Self::EncryptedSuffix => "encrypted_suffix",
            Self::UnencryptedCommentRegex => "unencrypted_comment_regex",
            Self::UnencryptedRegex => "unencrypted_regex",
            Self::UnencryptedSuffix => "unencrypted_suffix",
        }
    }

    /// The kind whose field is called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A kind and its suffix or expression, which is not empty: sops takes an empty one for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// How it selects.
    pub kind: SelectorKind,
    /// The suffix, or the expression in Go's syntax.
    pub text: String,
}

/// What sops uses when nothing is said.
impl Default for Selector {
    fn default() -> Self {
        Self { kind: SelectorKind::UnencryptedSuffix, text: "_unencrypted".to_owned() }
    }
}

impl Selector {
    /// The absence of any: everything is encrypted. Only a binary file has it, where sops writes no selector.
    #[must_use]
    pub const fn everything() -> Self {
        Self { kind: SelectorKind::UnencryptedSuffix, text: String::new() }
    }

    /// For listings: field and text, or `none`.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.text.is_empty() { "none".to_owned() } else { format!("{} {}", self.kind.name(), self.text) }
    }
}

/// More than one selector, which sops refuses too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("only one of the six selectors may be given, e.g. `encrypted_regex` or `unencrypted_suffix`")]
pub struct TwoSelectors;

impl Selector {
    /// The selector among the fields of `map` (a creation rule, the metadata); `None` when all are missing or empty.
    ///
    /// # Errors
    /// When there are several.
    pub fn among(map: &Node) -> Result<Option<Self>, TwoSelectors> {
        let mut given = SelectorKind::ALL.into_iter().filter_map(|kind| {
            let text = map.entry(kind.name())?.text()?;
            (!text.is_empty()).then(|| Self { kind, text: text.to_owned() })
        });
        match (given.next(), given.next()) {
            (_, Some(_)) => Err(TwoSelectors),
            (selector, None) => Ok(selector),
        }
    }

    /// Ready to judge, for writing.
    ///
    /// # Errors
    /// When it is an expression that does not compile: sops would silently leave the whole file in the clear.
    pub fn matcher(&self) -> Result<Matcher, InvalidRegex> {
        let test = match self.kind {
            // Every name ends in nothing.
            _ if self.text.is_empty() => Test::Never,
            SelectorKind::EncryptedSuffix | SelectorKind::UnencryptedSuffix => {
                Test::Suffix(self.text.clone().into_bytes())
            }
            _ => Test::Regex(re2::compile(&self.text)?),
        };
        Ok(Matcher { kind: self.kind, test })
    }

    /// Ready to judge, for reading: as in sops, an expression that does not compile matches nothing.
    #[must_use]
    pub fn lenient_matcher(&self) -> Matcher {
        self.matcher().unwrap_or(Matcher { kind: self.kind, test: Test::Never })
    }
}

/// A selector ready to judge.
#[derive(Clone, Debug)]
pub struct Matcher {
    kind: SelectorKind,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Never,
    Regex(Regex),
    Suffix(Vec<u8>),
}

impl Matcher {
    /// Whether `element`, one key of a path or the text of one comment, matches.
    #[must_use]
    pub fn hits(&self, element: &[u8]) -> bool {
        match &self.test {
            Test::Never => false,
            Test::Regex(regex) => regex.is_match(element),
            Test::Suffix(suffix) => element.ends_with(suffix),
        }
    }

    /// Whether it is comments that it judges, not keys.
    #[must_use]
    pub const fn looks_at_comments(&self) -> bool {
        matches!(self.kind, SelectorKind::EncryptedCommentRegex | SelectorKind::UnencryptedCommentRegex)
    }

    /// Whether what it hits is encrypted, and the rest is not; else the other way round.
    #[must_use]
    pub const fn encrypts_hits(&self) -> bool {
        matches!(
            self.kind,
            SelectorKind::EncryptedCommentRegex
                | SelectorKind::EncryptedRegex
                | SelectorKind::EncryptedSuffix
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(kind: SelectorKind, text: &str) -> Selector {
        Selector { kind, text: text.to_owned() }
    }

    #[test]
    fn each_kind_judges_as_in_sops() {
        use SelectorKind::{
            EncryptedCommentRegex, EncryptedRegex, EncryptedSuffix, UnencryptedCommentRegex,
            UnencryptedRegex, UnencryptedSuffix,
        };
        for (kind, text, element, hits, encrypts_hits, looks_at_comments) in [
            (EncryptedCommentRegex, "sops:enc", " sops:enc", true, true, true),
            (EncryptedRegex, "^(data|key)", "keys", true, true, false),
            (EncryptedRegex, "^(data|key)$", "keys", false, true, false),
            (EncryptedSuffix, "_enc", "a_enc", true, true, false),
            (EncryptedSuffix, ".enc", "a_enc", false, true, false),
            (UnencryptedCommentRegex, "clear", "unclear", true, false, true),
            (UnencryptedRegex, "^kind$", "kind", true, false, false),
            (UnencryptedSuffix, "_unencrypted", "_unencrypted", true, false, false),
            (UnencryptedSuffix, "_unencrypted", "a_unencrypted_b", false, false, false),
        ] {
            let matcher = selector(kind, text).matcher().unwrap();
            assert_eq!(matcher.hits(element.as_bytes()), hits, "{kind:?} {text} on {element}");
            assert_eq!(matcher.encrypts_hits(), encrypts_hits, "{kind:?}");
            assert_eq!(matcher.looks_at_comments(), looks_at_comments, "{kind:?}");
        }
    }

    #[test]
    fn an_invalid_expression_is_refused_for_writing_and_matches_nothing_for_reading() {
        let broken = selector(SelectorKind::EncryptedRegex, "([");
        assert_eq!(broken.matcher().err(), Some(InvalidRegex));
        assert!(!broken.lenient_matcher().hits(b"(["));
        assert!(broken.lenient_matcher().encrypts_hits());
    }

    #[test]
    fn a_suffix_is_no_expression() {
        assert!(selector(SelectorKind::EncryptedSuffix, "([").matcher().unwrap().hits(b"x(["));
    }

    #[test]
    fn keys_that_are_not_utf8_are_judged_too() {
        assert!(selector(SelectorKind::EncryptedRegex, "key$").matcher().unwrap().hits(b"\xff_key"));
        assert!(Selector::default().matcher().unwrap().hits(b"\xff_unencrypted"));
    }

    #[test]
    fn names_lead_back_to_their_kinds() {
        for kind in SelectorKind::ALL {
            assert_eq!(SelectorKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(SelectorKind::from_name("encrypted"), None);
    }

    #[test]
    fn at_most_one_selector_stands_among_the_fields() {
        let map = |fields: &[(&str, &str)]| {
            Node::Map(fields.iter().map(|(name, text)| (name.as_bytes().to_vec(), Node::str(text))).collect())
        };
        assert_eq!(Selector::among(&map(&[("mac", "x"), ("encrypted_regex", "")])), Ok(None));
        assert_eq!(
            Selector::among(&map(&[("encrypted_regex", ""), ("encrypted_suffix", "_s")])),
            Ok(Some(selector(SelectorKind::EncryptedSuffix, "_s")))
        );
        assert_eq!(
            Selector::among(&map(&[("unencrypted_regex", "a"), ("encrypted_suffix", "_s")])),
            Err(TwoSelectors)
        );
    }
}
