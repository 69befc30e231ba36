//! age: who a recipient text names, and the `enc` of a key entry: one armored age file a recipient (spec 6.1).
//! The kinds of key themselves are next door: `post_quantum`, `ssh`, `plugin`; X25519 is the `age` crate's.

use std::io::{Read, Write};
use std::iter;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use zeroize::Zeroizing;

use super::plugin::{self, PluginName, PluginRecipient, Plugins};
use super::{KeyKind, KeyShare, Recipient, WrapError, WrappedKey, escaped, post_quantum};

/// Someone who is known by an age or ssh public key.
#[derive(Clone)]
pub struct AgeRecipient<'a> {
    text: String,
    form: Form,
    plugins: &'a dyn Plugins,
}

#[derive(Clone)]
enum Form {
    Plugin(PluginName),
    PostQuantum(Box<post_quantum::Recipient>),
    Ssh(Box<age::ssh::Recipient>),
    X25519(age::x25519::Recipient),
}

/// Bytes of an `enc` at the most; a post-quantum one has less than 3,000.
const LONGEST_ENC: usize = 64 << 10;
/// Bytes of a share at the most; a real one has 32 or 33.
const LONGEST_SHARE: u64 = 64;
/// Characters of a text that an error repeats.
const SHOWN: usize = 100;

impl<'a> AgeRecipient<'a> {
    /// Reads `age1…`, `age1pq1…`, `age1NAME1…`, `ssh-ed25519 …` or `ssh-rsa …`. Outer blanks go; an ssh comment stays.
    ///
    /// # Errors
    /// `Invalid` for any other text, `Secret` for a secret key.
    pub fn parse(text: &str, plugins: &'a dyn Plugins) -> Result<Self, WrapError> {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        if ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY"].iter().any(|secret| upper.contains(secret)) {
            return Err(WrapError::Secret);
        }
        // A line feed would end an armored line or a list item somewhere.
        let form = if text.contains(char::is_control) { None } else { Form::parse(text) };
        match form {
            Some(form) => Ok(Self { text: text.to_owned(), form, plugins }),
            None => Err(WrapError::Invalid(escaped(&text.chars().take(SHOWN).collect::<String>()))),
        }
    }

    /// The plugin that wraps for it, if it needs one.
    #[must_use]
    pub fn plugin(&self) -> Option<&PluginName> {
        match &self.form {
            Form::Plugin(name) => Some(name),
            Form::PostQuantum(_) | Form::Ssh(_) | Form::X25519(_) => None,
        }
    }
}

impl Form {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with("ssh-") {
            return text.parse().ok().map(|recipient| Self::Ssh(Box::new(recipient)));
        }
        if text.starts_with("age1pq1") {
            return post_quantum::Recipient::parse(text)
                .map(|recipient| Self::PostQuantum(Box::new(recipient)));
        }
        text.parse().ok().map(Self::X25519).or_else(|| PluginName::of_recipient(text).map(Self::Plugin))
    }
}

impl Recipient for AgeRecipient<'_> {
    fn id(&self) -> &str {
        &self.text
    }

    fn wrap(&self, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        let enc = match &self.form {
            Form::Plugin(name) => {
                seal(&PluginRecipient { name, text: &self.text, plugins: self.plugins }, share)
            }
            Form::PostQuantum(recipient) => seal(recipient.as_ref(), share),
            Form::Ssh(recipient) => seal(recipient.as_ref(), share),
            Form::X25519(recipient) => seal(recipient, share),
        };
        let enc = enc.map_err(|error| match (&error, self.plugin()) {
            (EncryptError::Io(error), Some(name)) => WrapError::Plugin {
                name: name.as_str().to_owned(),
                problem: plugin::words(error).unwrap_or_else(|| "failed".to_owned()),
            },
            _ => WrapError::Failed(self.text.clone()),
        })?;
        Ok(WrappedKey { kind: KeyKind::Age, recipient: self.text.clone(), enc, other: Vec::new() })
    }
}

/// Encrypts `plain` to `recipient` as one armored age file, with line feeds on every system and one at its end.
pub(super) fn seal(recipient: &dyn age::Recipient, plain: &[u8]) -> Result<String, EncryptError> {
    let mut armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = Encryptor::with_recipients(iter::once(recipient))?.wrap_output(&mut armor)?;
    writer.write_all(plain)?;
    writer.finish()?;
    let text = String::from_utf8_lossy(&armor.finish()?).replace("\r\n", "\n");
    Ok(text.trim_end().to_owned() + "\n")
}

/// Opens the age file `sealed`, armored or not, of at most `limit` plain bytes.
///
/// # Errors
/// Those of the `age` crate; `NoMatchingKeys` if it is not addressed to `identity`.
pub fn open(
    sealed: &[u8],
    identity: &dyn age::Identity,
    limit: u64,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    // Blanks may surround the armor, but are part of a file without one.
    let armored = sealed.trim_ascii();
    let sealed = if armored.starts_with(b"-----BEGIN AGE") { armored } else { sealed };
    let mut reader = Decryptor::new_buffered(ArmoredReader::new(sealed))?.decrypt(iter::once(identity))?;
    let mut plain = Zeroizing::new(Vec::new());
    // Reading to the end authenticates the last chunk.
    let read = (&mut reader).take(limit + 1).read_to_end(&mut plain)?;
    if u64::try_from(read).map_or(true, |read| read > limit) {
        return Err(DecryptError::InvalidHeader);
    }
    Ok(plain)
}

/// Unwraps one key entry with one identity; `None` if it is not addressed to it.
pub(super) fn unwrap(
    key: &WrappedKey,
    identity: &dyn age::Identity,
) -> Option<Result<KeyShare, DecryptError>> {
    if key.kind != KeyKind::Age {
        return None;
    }
    if key.enc.len() > LONGEST_ENC {
        return Some(Err(DecryptError::InvalidHeader));
    }
    match open(key.enc.as_bytes(), identity, LONGEST_SHARE) {
        Err(DecryptError::NoMatchingKeys) => None,
        result => Some(result),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plugin::NoPlugins;
    use super::*;

    const MINE: &str = "AGE-SECRET-KEY-1PVC9275LCN5SUV6C0K3V0MQ3XEDCPFW2AU2RJH5R4RXLY9EUVXRQ98K663";
    const RECIPIENT: &str = "age1t6wng2mu48whfq7pv97g6p7raxdl7gwg2k5fj509fry9m7t4h9xsqhuzsx";

    fn refusal(text: &str) -> String {
        AgeRecipient::parse(text, &NoPlugins).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_share_wrapped_for_me_opens_with_my_key() {
        let identity: age::x25519::Identity = MINE.parse().unwrap();
        let recipient = AgeRecipient::parse(&format!(" {RECIPIENT}\n"), &NoPlugins).unwrap();
        let mut key = recipient.wrap(&vec![5; 33].into()).unwrap();
        assert_eq!(key.recipient, RECIPIENT);
        assert!(key.enc.ends_with("-----END AGE ENCRYPTED FILE-----\n"));
        assert_eq!(unwrap(&key, &identity).unwrap().unwrap().as_slice(), [5; 33]);
        key.enc = format!("\n  {}\n", key.enc.replace('\n', "\r\n"));
        assert_eq!(unwrap(&key, &identity).unwrap().unwrap().as_slice(), [5; 33]);
        assert!(unwrap(&key, &age::x25519::Identity::generate()).is_none());
        key.kind = KeyKind::Pgp;
        assert!(unwrap(&key, &identity).is_none());
    }

    #[test]
    fn what_is_too_large_for_a_share_is_refused() {
        let identity: age::x25519::Identity = MINE.parse().unwrap();
        let sealed = seal(&identity.to_public(), &[0; 65]).unwrap();
        assert!(open(sealed.as_bytes(), &identity, 64).is_err());
        assert!(open(sealed.as_bytes(), &identity, 65).is_ok());
        let enc = sealed + &"\n".repeat(LONGEST_ENC);
        let key = WrappedKey { kind: KeyKind::Age, recipient: String::new(), enc, other: Vec::new() };
        assert!(unwrap(&key, &identity).unwrap().is_err());
    }

    #[test]
    fn other_texts_are_no_recipients() {
        let dss = "ssh-dss AAAAB3NzaC1kc3MAAAAA";
        for text in ["", "alice", "age1", &RECIPIENT.replace('t', "v"), &format!("{RECIPIENT} x"), dss] {
            assert_eq!(refusal(text), format!("`{text}` is no age recipient"));
        }
        assert_eq!(refusal("a\u{1b}[2Jb"), "`a\\u{1b}[2Jb` is no age recipient");
        assert!(refusal(&"x".repeat(10_000)).len() < 200);
        let control = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ65pLaryDVUMEWzLtSBwFlZKroecDfYn2JOAbULn5uw a\nb";
        assert!(AgeRecipient::parse(control, &NoPlugins).is_err());
    }

    #[test]
    fn a_secret_key_in_the_wrong_place_is_not_repeated() {
        for text in [MINE, &MINE.to_lowercase(), "AGE-PLUGIN-X-1Q", "-----BEGIN OPENSSH PRIVATE KEY-----"] {
            assert_eq!(refusal(text), "that is a secret key, not a recipient");
        }
    }
}
