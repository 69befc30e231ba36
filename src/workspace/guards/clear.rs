//! Secrets in the clear: in files that are encrypted by their name or must be by their rule, in Kubernetes Secrets, and
//! in encrypted files beside the ciphertext. That a rule matches is no reason alone: it may match every manifest.

use std::path::Path as FilePath;

use super::super::names::{FileType, is_never_encrypted, is_twin, plain_name_of};
use super::super::open_file::format_of;
use super::super::rule_file::RULE_FILE;
use super::super::validation::{Finding, key_line};
use super::{code, finding, typed};
use crate::base::{Kind, Path, Step};
use crate::cipher::Ciphertext;
use crate::document::Document;
use crate::envelope::{Sealed, clear_leaves};
use crate::policy::Rule;
use crate::schema::Severity;
use crate::schema::hygiene::is_placeholder;

/// Whether the name says that the file is encrypted. A source file may be called `codec.enc.rs`.
pub fn has_encrypted_name(path: &FilePath) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends_so = name.ends_with(".enc") || name.ends_with(".sops");
    is_twin(path)
        && !matches!(&*name, RULE_FILE | ".sops.yml")
        && !is_never_encrypted(&path.with_file_name(plain_name_of(path)))
        && (ends_so || FileType::of(path) != FileType::Binary)
}

/// Values of an encrypted file that its own selector wants encrypted.
pub fn in_sealed(path: &FilePath, place: &FilePath, sealed: &Sealed) -> Option<Finding> {
    let document = sealed.document();
    let clear = clear_leaves(document, &sealed.metadata().selector);
    if clear.is_empty() && hides_nothing(document) {
        let message = "no value of this file is encrypted: its selector matches nothing".to_owned();
        return Some(finding(place.to_owned(), code::NOTHING, Severity::Error, message));
    }
    let name = typed(path);
    found(place, document, &clear, |others| {
        format!(
            "{others} in the clear in an encrypted file whose selector says otherwise: take it out, and let `lacre set {name} NAME` put it in"
        )
    })
}

/// Whether values stand in it, and none of them encrypted.
fn hides_nothing(document: &Document) -> bool {
    let mut holds_something = false;
    for (_, event) in document.nodes() {
        let Some(value) = document.scalar(event) else { continue };
        let text = value.plain_bytes();
        if Ciphertext::is_meant(&text) {
            return false;
        }
        holds_something |= !text.is_empty();
    }
    holds_something
}

/// Values in the clear of a file without any metadata.
pub fn in_plain(path: &FilePath, place: &FilePath, bytes: Vec<u8>, rule: Option<&Rule>) -> Option<Finding> {
    let is_named = has_encrypted_name(path);
    let must = rule.is_some_and(|rule| rule.lacre.must_encrypt) && !is_for_tools(path);
    let kind = FileType::of(path);
    let name = typed(path);
    if bytes.trim_ascii().is_empty() || is_of_another_tool(&bytes) || (!must && looks_encrypted(&bytes)) {
        return None;
    }
    if !is_named && !must {
        let mentions = memchr::memmem::find(&bytes, b"Secret").is_some();
        let document = (mentions && matches!(kind, FileType::Yaml | FileType::Json))
            .then(|| Document::parse(bytes, format_of(kind)).ok())??;
        return found(place, &document, &of_kubernetes(&document), |others| {
            format!("{others} in the clear in a Kubernetes Secret: `lacre encrypt --in-place {name}`")
        });
    }
    let why = if is_named {
        "its name says that it is encrypted"
    } else {
        "its rule says that it must be encrypted"
    };
    let Ok(document) = Document::parse(bytes, format_of(kind)) else {
        let message = format!("{why}, and it is not: `lacre encrypt --in-place {name}`");
        return must.then(|| finding(place.to_owned(), code::CLEAR, Severity::Error, message));
    };
    let selector = rule.and_then(|rule| rule.selector.clone()).unwrap_or_default();
    let mut clear = clear_leaves(&document, &selector);
    if !document.format().is_whole() {
        // A text without a name is no value: other tools' ciphertext looks so.
        clear.retain(|event| !document.path_of(*event).steps.is_empty());
    }
    found(place, &document, &clear, |others| {
        let encrypt = format!("`lacre encrypt --in-place {name}`");
        format!("{others} in the clear, and {why}: {encrypt}")
    })
}

/// The first of `clear` by its name and line, and how many there are.
fn found(
    place: &FilePath,
    document: &Document,
    clear: &[usize],
    words: impl FnOnce(&str) -> String,
) -> Option<Finding> {
    let first = *clear.first()?;
    let others = match clear.len() - 1 {
        0 => "stands".to_owned(),
        1 => "and 1 other value stand".to_owned(),
        more => format!("and {more} other values stand"),
    };
    let path = document.named(document.path_of(first));
    if path.steps.is_empty() || document.format().is_whole() {
        return Some(finding(
            place.to_owned(),
            code::CLEAR,
            Severity::Error,
            format!("its content {}", words(&others)),
        ));
    }
    Some(Finding {
        file: place.to_owned(),
        line: key_line(document, first),
        subject: path.to_string(),
        code: code::CLEAR,
        severity: Severity::Error,
        message: words(&others),
    })
}

/// The values of all Kubernetes Secrets in `document` that are neither encrypted nor made elsewhere.
fn of_kubernetes(document: &Document) -> Vec<usize> {
    let nodes = document.nodes();
    let is_kind = |(path, event): &&(Path, usize)| {
        path.steps.last() == Some(&Step::Key(b"kind".to_vec()))
            && document.scalar(*event).is_some_and(|value| *value.plain_bytes() == *b"Secret")
    };
    let secrets: Vec<Path> = nodes.iter().filter(is_kind).map(|(path, _)| parent(path)).collect();
    let is_value = |path: &Path| match path.steps.as_slice() {
        [above @ .., Step::Key(part), Step::Key(_)] if matches!(part.as_slice(), b"data" | b"stringData") => {
            secrets.iter().any(|secret| secret.document == path.document && secret.steps == above)
        }
        _ => false,
    };
    let values = nodes.iter().filter(|(path, event)| is_value(path) && holds_a_secret(document, *event));
    values.map(|(_, event)| *event).collect()
}

fn parent(path: &Path) -> Path {
    let steps = path.steps.split_last().map_or(&[][..], |(_, above)| above);
    Path { document: path.document, steps: steps.to_vec() }
}

/// Neither empty nor ciphertext, nor filled in later, by Helm, Flux or a plugin of Argo CD.
fn holds_a_secret(document: &Document, event: usize) -> bool {
    let is_comment = |event: usize| {
        document.outline().events.get(event).is_some_and(|event| matches!(event.kind, Kind::Comment { .. }))
    };
    let Some(value) = document.scalar(event).filter(|_| !is_comment(event)) else { return false };
    let text = value.plain_bytes();
    let has = |sign: &str| memchr::memmem::find(&text, sign.as_bytes()).is_some();
    !text.is_empty()
        && !Ciphertext::is_meant(&text)
        && !is_placeholder(&text)
        && !["{{", "${", "$(", "<path:"].into_iter().any(has)
}

/// Files that git, or lacre itself, must be able to read.
fn is_for_tools(path: &FilePath) -> bool {
    const NAMES: [&str; 6] =
        [RULE_FILE, ".gitattributes", ".gitignore", ".gitkeep", ".gitmodules", ".pre-commit-config.yaml"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    NAMES.contains(&&*name) || name.ends_with(".schema.json") || is_never_encrypted(path)
}

/// Bytes that another tool encrypted: age, ansible-vault, git-crypt, gpg or openssl.
fn is_of_another_tool(bytes: &[u8]) -> bool {
    const SIGNS: [&[u8]; 7] = [
        b"$ANSIBLE_VAULT;",
        b"-----BEGIN AGE ENCRYPTED FILE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"Salted__",
        b"U2FsdGVkX1",
        b"\0GITCRYPT\0",
        b"age-encryption.org/",
    ];
    let text = bytes.trim_ascii_start();
    SIGNS.iter().any(|sign| text.starts_with(sign) || bytes.starts_with(sign))
}

/// Bytes that are no text, or base64, which has neither blanks nor what settings have: Rails's credentials look so.
fn looks_encrypted(bytes: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(byte);
    memchr::memchr(0, bytes).is_some()
        || std::str::from_utf8(bytes).is_err()
        || (bytes.len() >= SHORTEST_CIPHERTEXT && bytes.iter().all(is_letter) && !has_assignment(bytes))
}

/// A name before an equals sign that is no padding.
fn has_assignment(bytes: &[u8]) -> bool {
    let sign = memchr::memchr(b'=', bytes);
    sign.and_then(|at| bytes.get(at + 1)).is_some_and(|next| !b"=\r\n".contains(next))
}

/// Bytes of what may be base64 of something encrypted: a nonce, a tag and a little text.
const SHORTEST_CIPHERTEXT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::Yaml;

    #[test]
    fn only_names_of_encrypted_files_promise_anything() {
        for (name, promises) in [
            (".env.enc", true),
            (".enc.env", true),
            ("a/secrets.sops.yaml", true),
            ("id_rsa.enc", true),
            (".sops.yaml", false),
            (".env.example.enc", false),
            ("codec.enc.rs", false),
            ("enc.yaml", false),
            (".env", false),
        ] {
            assert_eq!(has_encrypted_name(FilePath::new(name)), promises, "{name}");
        }
    }

    #[test]
    fn what_other_tools_encrypted_is_not_in_the_clear() {
        for text in [
            "-----BEGIN PGP MESSAGE-----\n\nhQ==\n",
            "$ANSIBLE_VAULT;1.1;AES256\n62\n",
            "U2FsdGVkX1+abc=\n",
            "a8Fj+sdkfj3rKQ0sl2kfj3lkj/dlskfj==--Zm9vYmFyYmF6--cXV1eHF1dXg=\n",
        ] {
            assert!(is_of_another_tool(text.as_bytes()) || looks_encrypted(text.as_bytes()), "{text}");
        }
        for text in ["A=1\n", "password: hunter2\n", "DATABASE_PASSWORD=abcdefghijklmnopqrstuvwxyz0123\n"] {
            assert!(!is_of_another_tool(text.as_bytes()) && !looks_encrypted(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_secret_of_kubernetes_is_told_from_what_mentions_one() {
        let found = |text: &str| {
            let document = Document::parse(text.into(), &Yaml).unwrap();
            let found = of_kubernetes(&document);
            found.into_iter().map(|event| document.path_of(event).to_string()).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(found("kind: Secret\ndata:\n  a: eA==\nstringData: {b: x}\n"), ["data.a", "stringData.b"]);
        assert_eq!(found("a: 1\n---\nstringData: {b: x}\nkind: Secret\n"), ["stringData.b"]);
        assert_eq!(found("kind: List\nitems:\n- kind: Secret\n  data: {a: eA==}\n"), ["items[0].data.a"]);
        assert_eq!(found("kind: ConfigMap\ndata: {a: x}\n---\nkind: Secret\ndata: {}\n"), none);
        assert_eq!(found("kind: SealedSecret\ndata: {a: x}\n"), none);
        assert_eq!(found("spec:\n  valuesFrom:\n  - kind: Secret\n    name: x\n"), none);
        assert_eq!(found("kind: Secret\nstringData: {a: '${A}', b: '{{ .b }}', c: changeme, d: ''}\n"), none);
        assert_eq!(
            found("kind: Secret\ndata:\n  a: ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\n"),
            none
        );
    }
}
