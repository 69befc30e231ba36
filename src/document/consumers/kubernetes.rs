//! The manifest of a Kubernetes Secret. Any bytes, in base64; names are checked as the API server checks them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::yaml::double;
use super::{Consumer, Frame, Refusal, line};

/// One Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    head: String,
}

/// Why a Secret cannot be called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Not `KEY=VALUE`, or not of the letters that labels take.
    #[error(
        "`{0}` is no label: KEY=VALUE, each up to 63 letters, digits, `-`, `_` and `.` (KEY may follow a domain and `/`)"
    )]
    Label(String),
    /// Not a DNS-1123 subdomain.
    #[error("`{0}` is no name of a Secret: lower-case letters, digits, `-` and `.`, up to 253")]
    Name(String),
    /// Not a DNS-1123 label.
    #[error("`{0}` is no namespace: lower-case letters, digits and `-`, up to 63")]
    Namespace(String),
    /// Not a type.
    #[error("`{0}` is no type of a Secret, such as `Opaque` or `example.com/api-key`")]
    Type(String),
}

impl Manifest {
    /// A Secret called `name`, in the namespace that is current if none is given, of type `Opaque` unless told
    /// otherwise. `labels` are `KEY=VALUE`.
    ///
    /// # Errors
    /// When the API server would not take one of them.
    pub fn new(
        name: &str,
        namespace: Option<&str>,
        labels: &[String],
        kind: Option<&str>,
    ) -> Result<Self, ManifestError> {
        let mut head = "apiVersion: v1\nkind: Secret\nmetadata:\n".to_owned();
        if !is_subdomain(name) {
            return Err(ManifestError::Name(name.to_owned()));
        }
        field(&mut head, 2, "name", name);
        if let Some(namespace) = namespace {
            if !is_dns_label(namespace) {
                return Err(ManifestError::Namespace(namespace.to_owned()));
            }
            field(&mut head, 2, "namespace", namespace);
        }
        if !labels.is_empty() {
            head.push_str("  labels:\n");
        }
        for label in labels {
            let (key, value) = as_label(label).ok_or_else(|| ManifestError::Label(label.clone()))?;
            field(&mut head, 4, &double(key), value);
        }
        let kind = kind.unwrap_or("Opaque");
        let is_kind = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
        if kind.is_empty() || !kind.bytes().all(is_kind) {
            return Err(ManifestError::Type(kind.to_owned()));
        }
        field(&mut head, 0, "type", kind);
        Ok(Self { head })
    }
}

impl Consumer for Manifest {
    fn takes_name(&self, name: &[u8]) -> bool {
        (1..=253).contains(&name.len())
            && name.iter().all(|byte| is_word(*byte))
            && name != b"."
            && !name.starts_with(b"..")
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        line(&[b"  \"", name, b"\": \"", BASE64_STANDARD.encode(value).as_bytes(), b"\""], out);
        Ok(())
    }

    fn frame(&self, is_empty: bool) -> Frame {
        let data = if is_empty { "data: {}\n" } else { "data:\n" };
        Frame { head: format!("{}{data}", self.head), ..Frame::default() }
    }
}

/// Values always in double quotes: a namespace may be called `1e3`.
fn field(text: &mut String, indent: usize, key: &str, value: &str) {
    text.extend([" ".repeat(indent).as_str(), key, ": ", &double(value), "\n"]);
}

fn as_label(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    let name = match key.split_once('/') {
        Some((domain, _)) if !is_subdomain(domain) => return None,
        Some((_, name)) => name,
        None => key,
    };
    (is_qualified(name) && (value.is_empty() || is_qualified(value))).then_some((key, value))
}

/// Up to 63 of the letters of labels, with a letter or digit at both ends.
fn is_qualified(text: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63 && text.bytes().all(is_word) && ends(text.bytes().next()) && ends(text.bytes().last())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

/// RFC 1123, as Kubernetes reads it: labels joined by dots.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns)
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_dns(text)
}

fn is_dns(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !part.starts_with('-')
        && !part.ends_with('-')
        && !part.is_empty()
        && part.bytes().all(|byte| is_plain(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::written;
    use super::*;

    fn manifest(labels: &[&str]) -> Result<Manifest, ManifestError> {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        Manifest::new("app.prod", Some("1e3"), &labels, None)
    }

    #[test]
    fn a_manifest_is_complete() {
        let manifest = manifest(&["app=web", "example.com/tier="]).unwrap();
        let text = written(&manifest, [(b"A.B-c".as_slice(), b"\xFF\n".as_slice())]).unwrap();
        assert_eq!(
            std::str::from_utf8(text.expose()).unwrap(),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"app.prod\"\n  namespace: \"1e3\"\n  labels:\n    \
             \"app\": \"web\"\n    \"example.com/tier\": \"\"\ntype: \"Opaque\"\ndata:\n  \"A.B-c\": \"/wo=\"\n"
        );
        assert!(written(&manifest, []).unwrap().expose().ends_with(b"data: {}\n"));
    }

    #[test]
    fn names_that_the_server_refuses_are_refused() {
        for name in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "a\nb", &"a".repeat(254)] {
            assert_eq!(Manifest::new(name, None, &[], None), Err(ManifestError::Name(name.to_owned())));
        }
        for space in ["", "a.b", "A", &"a".repeat(64)] {
            let wrong = Manifest::new("a", Some(space), &[], None);
            assert_eq!(wrong, Err(ManifestError::Namespace(space.to_owned())));
        }
        for label in ["a", "=b", "a=-", "-/a=b", "a/b/c=d", "a= ", "a=b=c"] {
            assert_eq!(manifest(&[label]), Err(ManifestError::Label(label.to_owned())), "{label}");
        }
        for kind in ["", "a b", "a\nb"] {
            assert_eq!(Manifest::new("a", None, &[], Some(kind)), Err(ManifestError::Type(kind.to_owned())));
        }
        for (key, taken) in
            [("a", true), (".a", true), (".", false), ("..a", false), ("a b", false), ("", false)]
        {
            assert_eq!(Manifest::default().takes_name(key.as_bytes()), taken, "{key}");
        }
    }
}
