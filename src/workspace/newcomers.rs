//! Who is named on a command line to join: `NAME=RECIPIENT`, `RECIPIENT`, or a file of public keys. A file is written
//! `@FILE`, or is a path that ends in `.pub` or is called `authorized_keys`; with a name before it, `NAME=@FILE`.
//!
//! A file has one key a line: `ssh-ed25519 …` and `ssh-rsa …` as in an `authorized_keys` file (options are passed over,
//! the comment is the name), or `age1…`. Other kinds of key are refused by their line: age has no use for them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::rule_edit::Newcomer;
use crate::base::{KeyKind, RecipientId};
use crate::keys::age::AgeRecipient;
use crate::keys::plugin::NoPlugins;
use crate::keys::{Recipient, WrapError};
use crate::world::terminal::sanitise;
use crate::world::{FileError, World, files};

/// Bytes of a file of public keys, at the most.
const LARGEST: u64 = 1 << 20;

/// Keys in such a file, at the most: no file of ours names more recipients.
const MOST_KEYS: usize = 1024;

/// Why a text names nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file has no key.
    #[error("`{}` has no public key", sanitise(&.0.to_string_lossy()))]
    Empty(PathBuf),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line of the file is no key that can be used.
    #[error("`{}`, line {line}: {problem}", sanitise(&path.to_string_lossy()))]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// No team is that large.
    #[error("`{}` has more than {MOST_KEYS} public keys", sanitise(&.0.to_string_lossy()))]
    Many(PathBuf),
    /// It is no recipient.
    #[error(transparent)]
    Recipient(#[from] WrapError),
}

impl SourceError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Recipient(WrapError::Invalid(_)) => Some(
                "a recipient is `age1…`, `ssh-ed25519 …`, a PGP fingerprint of 40 digits, `arn:…`, an address of \
                 Vault or Azure, or `@FILE` with public keys; `NAME=` before it names it",
            ),
            Self::Recipient(WrapError::Secret) => {
                Some("that is the secret half; replace it if others saw it")
            }
            _ => None,
        }
    }
}

/// Everybody whom `source` names. Names are told apart: a second key of `alice` is called `alice-2`.
///
/// # Errors
/// When a file cannot be read, or something in it is no public key that can be used.
pub fn newcomers(world: &World, source: &str) -> Result<Vec<Newcomer>, SourceError> {
    let (name, text) = split(source.trim());
    let mut found = match file_of(text) {
        Some(path) => from_file(&expanded(world, path))?,
        None => vec![one(text)?],
    };
    let mut names: HashSet<String> = HashSet::new();
    for newcomer in &mut found {
        let Some(wanted) = name.or(newcomer.name.as_deref()) else { continue };
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|one| !names.contains(one));
        names.extend(free.clone());
        newcomer.name = free;
    }
    Ok(found)
}

/// The name before the first `=`. An ssh key has blanks before one.
fn split(source: &str) -> (Option<&str>, &str) {
    match source.split_once('=') {
        Some((name, text)) if !name.is_empty() && !name.starts_with("ssh-") && !name.contains("://") => {
            (Some(name.trim()), text.trim())
        }
        _ => (None, source),
    }
}

fn file_of(text: &str) -> Option<&str> {
    let is_path = || {
        let path = Path::new(text);
        !text.contains(' ')
            && (path.extension().is_some_and(|extension| extension == "pub")
                || path.file_name().is_some_and(|name| name == "authorized_keys"))
    };
    text.strip_prefix('@').or_else(|| is_path().then_some(text))
}

/// The shell leaves a `~` behind `=` as it is.
fn expanded(world: &World, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), world.variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => world.path(Path::new(path)),
    }
}

fn one(text: &str) -> Result<Newcomer, WrapError> {
    let invalid = || WrapError::Invalid(String::new());
    let guessed = RecipientId::guess(text).ok_or_else(invalid)?;
    if guessed.kind != KeyKind::Age {
        return Ok(Newcomer { name: None, recipient: guessed });
    }
    let known = AgeRecipient::parse(text, &NoPlugins)?;
    let mut words = known.id().splitn(3, [' ', '\t']);
    let (kind, key, comment) = (words.next(), words.next(), words.next());
    let id = match (kind, key) {
        (Some(kind), Some(key)) => format!("{kind} {key}"),
        _ => known.id().to_owned(),
    };
    let name = comment.map(str::trim).filter(|name| !name.is_empty() && !name.contains('#'));
    Ok(Newcomer { name: name.map(str::to_owned), recipient: RecipientId::new(KeyKind::Age, id) })
}

fn from_file(path: &Path) -> Result<Vec<Newcomer>, SourceError> {
    let text = files::read(path, LARGEST)?;
    let wrong = |line, problem| SourceError::Line { path: path.to_owned(), line, problem };
    let mut found = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let line = str::from_utf8(line).map_err(|_| wrong(number, "this is not UTF-8"))?.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key_of(line).map_err(|problem| wrong(number, problem))?;
        let newcomer = one(key).map_err(|error| match error {
            WrapError::Secret => wrong(number, "this is a secret key, not a public one"),
            _ => wrong(number, "this is no public key"),
        })?;
        found.push(newcomer);
        if found.len() > MOST_KEYS {
            return Err(SourceError::Many(path.to_owned()));
        }
    }
    if found.is_empty() { Err(SourceError::Empty(path.to_owned())) } else { Ok(found) }
}

/// The key in one line, without the options before it.
fn key_of(line: &str) -> Result<&str, &'static str> {
    const OTHERS: [&str; 4] = ["ecdsa-", "sk-", "ssh-dss", "webauthn-sk-"];
    const UNUSABLE: &str = "age has no use for keys of this type, only for ssh-ed25519 and ssh-rsa";
    let is_other =
        |text: &str| OTHERS.iter().any(|start| text.starts_with(start)) || text.contains("-cert-v01@");
    let first = |text: &str| text.split([' ', '\t']).next().unwrap_or_default().to_owned();
    let starts_with_key = |text: &str| {
        let word = first(text);
        word == "ssh-ed25519" || word == "ssh-rsa" || word.starts_with("age1") || is_other(&word)
    };
    let mut rest = line;
    if !starts_with_key(line) && !line.to_ascii_uppercase().contains("PRIVATE KEY") {
        let options = options(line);
        if options.split(',').any(|option| option.eq_ignore_ascii_case("cert-authority")) {
            return Err("the key of a certificate authority is nobody's key");
        }
        let behind = line.get(options.len()..).unwrap_or_default().trim_start();
        if starts_with_key(behind) {
            rest = behind;
        }
    }
    if is_other(&first(rest)) { Err(UNUSABLE) } else { Ok(rest) }
}

/// Up to the first blank that stands in no quotes.
fn options(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    let end = line.bytes().position(|byte| {
        let here = escaped;
        escaped = byte == b'\\' && !here;
        if byte == b'"' && !here {
            quoted = !quoted;
        }
        matches!(byte, b' ' | b'\t') && !quoted
    });
    line.get(..end.unwrap_or(line.len())).unwrap_or(line)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    const ALICE: &str = "age1uyc8v2nuzsp3qugkgg9hx03nm8xr6h8wnm8jnzrvqwqcfe98zpcqdwf65j";
    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn read(source: &str, file: &str) -> Result<Vec<(Option<String>, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys"), file).unwrap();
        std::fs::write(folder.path().join("id.pub"), file).unwrap();
        let (mut world, _) = World::test(folder.path());
        world.variables.insert("HOME".into(), folder.path().into());
        let found = newcomers(&world, source)
            .map_err(|error| error.to_string().replace(&*folder.path().to_string_lossy(), ""))?;
        Ok(found.into_iter().map(|one| (one.name, one.recipient.spelling())).collect())
    }

    fn some(name: &str, key: &str) -> (Option<String>, String) {
        ((!name.is_empty()).then(|| name.to_owned()), key.to_owned())
    }

    #[test]
    fn a_text_names_one() {
        let vault = "https://v:8200/v1/t/keys/k";
        for (source, name, key) in [
            (format!("alice={ALICE}"), "alice", ALICE),
            (ALICE.to_owned(), "", ALICE),
            (format!("{ED25519} alice@laptop"), "alice@laptop", ED25519),
            (format!("bob={ED25519} alice@laptop"), "bob", ED25519),
            (format!("v={vault}"), "v", vault),
            (vault.to_owned(), "", vault),
            ("k=arn:aws:kms:e:1:key/a".to_owned(), "k", "arn:aws:kms:e:1:key/a"),
        ] {
            assert_eq!(read(&source, "").unwrap(), [some(name, key)], "{source}");
        }
    }

    #[test]
    fn what_is_no_recipient_is_refused() {
        for source in ["alice", "alice=", "alice=age1x", "AGE-SECRET-KEY-1QQ", "x=@missing", "missing.pub"] {
            assert!(read(source, "").is_err(), "{source}");
        }
    }

    #[test]
    fn a_file_names_all_in_it() {
        let file = format!(
            "# people\n\n{ED25519} alice\nno-pty,command=\"echo \\\"a b\\\" c\" {ED25519} alice\r\n{ALICE}\n"
        );
        let expected = [some("alice", ED25519), some("alice-2", ED25519), some("", ALICE)];
        assert_eq!(read("@keys", &file).unwrap(), expected);
        assert_eq!(read("id.pub", &file).unwrap(), expected);
        assert_eq!(read("@~/keys", &file).unwrap(), expected);
        assert_eq!(read("bob=id.pub", &format!("{ED25519} alice")).unwrap(), [some("bob", ED25519)]);
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named() {
        let unusable = "age has no use for keys of this type, only for ssh-ed25519 and ssh-rsa";
        for (line, problem) in [
            ("ecdsa-sha2-nistp256 AAAA x", unusable),
            ("no-pty sk-ssh-ed25519@openssh.com AAAA x", unusable),
            ("ssh-ed25519-cert-v01@openssh.com AAAA x", unusable),
            ("cert-authority ssh-ed25519 AAAA", "the key of a certificate authority is nobody's key"),
            ("ssh-ed25519 AAAA", "this is no public key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "this is a secret key, not a public one"),
            ("hello world", "this is no public key"),
        ] {
            let file = format!("{ED25519}\n{line}\n");
            assert_eq!(read("@keys", &file), Err(format!("`/keys`, line 2: {problem}")), "{line}");
        }
        assert_eq!(read("@keys", "# nobody\n"), Err("`/keys` has no public key".to_owned()));
        let crowd = format!("{ED25519} alice\n").repeat(1025);
        assert_eq!(read("@keys", &crowd), Err("`/keys` has more than 1024 public keys".to_owned()));
    }
}
