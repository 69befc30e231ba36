//! What people call a recipient: the YAML anchor of its entry in `.sops.yaml` (`- &alice age1…`, the convention of
//! sops), or the comment behind it (`- age1… # alice`).

use crate::base::{KeyKind, Kind, Outline, RecipientId, Scalar, Span};

/// The names in one rule file, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Name and recipient; anchors first.
    pairs: Vec<(String, String)>,
}

impl Names {
    /// Collects the names in a rule file; what is not UTF-8 has none.
    #[must_use]
    pub fn of(outline: &Outline, text: &[u8]) -> Self {
        let mut anchored = Vec::new();
        let mut comments = Vec::new();
        let mut scalars: Vec<(Span, String)> = Vec::new();
        let mut anchor = None;
        for event in &outline.events {
            match &event.kind {
                Kind::Anchor => anchor = Some(event.span.of(text)),
                Kind::Comment { inline: true } => comments.push(event.span),
                Kind::Comment { inline: false } | Kind::Tag => {}
                Kind::Scalar(_, Scalar::Str(string)) => {
                    let recipient = String::from_utf8(string.bytes(event.span, text).to_vec());
                    let name = anchor.take().map(str::from_utf8);
                    if let Ok(recipient) = recipient {
                        if let Some(Ok(name)) = name {
                            anchored.push((name.to_owned(), recipient.clone()));
                        }
                        scalars.push((event.span, recipient));
                    }
                }
                _ => anchor = None,
            }
        }
        let commented = comments.into_iter().filter_map(|comment| {
            let before = scalars.partition_point(|(span, _)| span.end <= comment.start);
            let (span, recipient) = scalars.get(before.checked_sub(1)?)?;
            let between = Span { start: span.end, end: comment.start }.of(text);
            let name = str::from_utf8(comment.of(text)).ok()?.trim();
            let is_behind = between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b',' | b'#'));
            (is_behind && !name.is_empty() && is_recipient(recipient))
                .then(|| (name.to_owned(), recipient.clone()))
        });
        let commented: Vec<_> = commented.collect();
        Self { pairs: [anchored, commented].concat() }
    }

    /// One name.
    #[must_use]
    pub fn of_one(name: &str, recipient: &str) -> Self {
        Self { pairs: vec![(name.to_owned(), recipient.to_owned())] }
    }

    /// Every name with its recipient.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// What `recipient` is called.
    #[must_use]
    pub fn name_of(&self, recipient: &str) -> Option<&str> {
        self.pairs.iter().find(|(_, other)| other == recipient).map(|(name, _)| name.as_str())
    }

    /// Who is called `name`; nobody, when two are.
    #[must_use]
    pub fn recipient_of(&self, name: &str) -> Option<&str> {
        let mut found =
            self.pairs.iter().filter(|(other, _)| other == name).map(|(_, recipient)| recipient.as_str());
        let recipient = found.next()?;
        found.all(|other| other == recipient).then_some(recipient)
    }

    /// A recipient for people to read: `alice (…last six)`, or all of it where it has no name. Escaped: it comes from
    /// a file.
    #[must_use]
    pub fn shown(&self, recipient: &str) -> String {
        match self.name_of(recipient) {
            Some(name) => {
                // The key of `ssh-ed25519 AAAA… comment` is its second word.
                let key = recipient.split_whitespace().nth(1).unwrap_or(recipient);
                let start = key.char_indices().rev().nth(5).map_or(0, |(start, _)| start);
                format!("{} (…{})", escaped(name), escaped(key.get(start..).unwrap_or(key)))
            }
            None => escaped(recipient),
        }
    }
}

/// Without anything that steers a terminal; quotes stay as they are.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped
}

/// Whether a comment behind `text` can be a name; comments stand behind lists of recipients and other things too.
fn is_recipient(text: &str) -> bool {
    let is_one = match RecipientId::guess(text) {
        Some(RecipientId { kind: KeyKind::Age, .. }) => text.starts_with("age1") || text.starts_with("ssh-"),
        other => other.is_some(),
    };
    is_one && !text.contains(',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::outline::Quotes;
    use crate::base::{Event, Shape, Style, Text};

    /// The outline of a list: an anchor after `&`, a comment after ` # `, the rest is a scalar.
    fn names(text: &str) -> Names {
        let mut events = vec![Event { span: Span::new(0, text.len()), kind: Kind::List(Shape::Block) }];
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end();
            let mut scalar = start + 2;
            let end = content.find(" # ").unwrap_or(content.len());
            if end < content.len() {
                // As sops sees it: before the item.
                let span = Span::new(start + end + 2, start + content.len());
                events.push(Event { span, kind: Kind::Comment { inline: true } });
            }
            if content[2..].starts_with('&') {
                let blank = content[2..].find(' ').unwrap() + 2;
                events.push(Event { span: Span::new(start + 3, start + blank), kind: Kind::Anchor });
                scalar = start + blank + 1;
            }
            let kind = Kind::Scalar(Style::Plain, Scalar::Str(Text::Verbatim(Quotes::None)));
            events.push(Event { span: Span::new(scalar, start + end), kind });
            start += line.len();
        }
        Names::of(&Outline { events, ..Outline::default() }, text.as_bytes())
    }

    #[test]
    fn anchors_and_comments_are_names() {
        let names = names(
            "- &alice age1alice\n- age1bob # bob's laptop \n- age1carol\n- &ci ssh-rsa AAAAkey me # robot\n",
        );
        for (name, recipient) in [
            ("alice", "age1alice"),
            ("bob's laptop", "age1bob"),
            ("ci", "ssh-rsa AAAAkey me"),
            ("robot", "ssh-rsa AAAAkey me"),
        ] {
            assert_eq!(names.recipient_of(name), Some(recipient));
        }
        assert_eq!(names.name_of("age1carol"), None);
        assert_eq!(names.name_of("ssh-rsa AAAAkey me"), Some("ci"));
        assert_eq!(names.shown("age1alice"), "alice (…1alice)");
        assert_eq!(names.shown("ssh-rsa AAAAkey me"), "ci (…AAAkey)");
        assert_eq!(names.shown("age1bob"), "bob's laptop (…ge1bob)");
        assert_eq!(names.shown("age1carol"), "age1carol");
    }

    #[test]
    fn a_name_that_two_share_means_nobody() {
        let names = names("- age1a # bob\n- age1b # bob\n- age1c # carol\n- age1c # carol\n");
        assert_eq!(names.recipient_of("bob"), None);
        assert_eq!(names.recipient_of("carol"), Some("age1c"));
    }

    #[test]
    fn comments_behind_other_things_are_no_names() {
        let names = names("- prod/.* # production\n- age1a,age1b # both\n- &path dev/.*\n");
        assert_eq!(names.recipient_of("production"), None);
        assert_eq!(names.recipient_of("both"), None);
        assert_eq!(names.recipient_of("path"), Some("dev/.*"));
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(names("- age1abcdef # \x1b[31m\n").shown("age1abcdef"), "\\u{1b}[31m (…abcdef)");
    }
}
