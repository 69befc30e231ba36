//! Keys that live in another program: the names `age1NAME1…` and `AGE-PLUGIN-NAME-1…`. Starting the program is the
//! business of `providers`, which stands behind the trait `Plugins`.

use std::collections::HashSet;

use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};

use super::bech32;
use crate::base::Secret;

/// The name of a plugin, `[a-z0-9-]+`: neither a path nor anything that a shell or terminal would take amiss.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginName(String);

impl PluginName {
    /// `name`, if it may be one.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!name.is_empty() && name.bytes().all(fits)).then(|| Self(name.to_owned()))
    }

    /// The name that a recipient `age1NAME1…` carries; `None` for every other text.
    #[must_use]
    pub fn of_recipient(text: &str) -> Option<Self> {
        Self::new(bech32::prefix(text)?.strip_prefix("age1")?)
    }

    /// The name that an identity `AGE-PLUGIN-NAME-1…` carries; `None` for every other text.
    #[must_use]
    pub fn of_identity(text: &str) -> Option<Self> {
        Self::new(bech32::prefix(text)?.strip_prefix("age-plugin-")?.strip_suffix('-')?)
    }

    /// The name alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The program: `age-plugin-NAME`.
    #[must_use]
    pub fn program(&self) -> String {
        format!("age-plugin-{}", self.0)
    }
}

/// Speaks with plugins. Errors say what happened, escaped, without anything secret.
pub trait Plugins {
    /// Has `file_key` wrapped for `recipient`, an `age1NAME1…` text.
    ///
    /// # Errors
    /// When the plugin may not be started, is not to be had, or fails.
    fn wrap(&self, name: &PluginName, recipient: &str, file_key: &FileKey) -> Result<Vec<Stanza>, String>;

    /// Has one of `stanzas` unwrapped by `identity`, an `AGE-PLUGIN-NAME-1…` text; `None` if none is addressed to it.
    fn unwrap(
        &self,
        name: &PluginName,
        identity: &Secret<String>,
        stanzas: &[Stanza],
    ) -> Option<Result<FileKey, String>>;

    /// An identity of the user's own is in the hands of the plugin `name`: from now on it may wrap, too.
    fn trust(&self, _name: &PluginName) {}
}

/// No plugin is ever started.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPlugins;

impl Plugins for NoPlugins {
    fn wrap(&self, _: &PluginName, _: &str, _: &FileKey) -> Result<Vec<Stanza>, String> {
        Err("may not be started here".to_owned())
    }

    fn unwrap(&self, _: &PluginName, _: &Secret<String>, _: &[Stanza]) -> Option<Result<FileKey, String>> {
        None
    }
}

/// An `AGE-PLUGIN-NAME-1…` text: where the plugin finds the key, secret for some plugins.
#[derive(Clone, Debug)]
pub struct PluginIdentity {
    /// Which plugin has the key.
    pub name: PluginName,
    text: Secret<String>,
}

impl PluginIdentity {
    /// Reads `text`; `None` unless it is a plugin's identity.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { name: PluginName::of_identity(text)?, text: Secret::new(text.to_owned()) })
    }

    /// As age sees it, when `plugins` does the work.
    pub fn with<'a>(&'a self, plugins: &'a dyn Plugins) -> impl age::Identity + 'a {
        Connected { identity: self, plugins }
    }
}

struct Connected<'a> {
    identity: &'a PluginIdentity,
    plugins: &'a dyn Plugins,
}

impl age::Identity for Connected<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let opened = self.plugins.unwrap(&self.identity.name, &self.identity.text, stanzas)?;
        Some(opened.map_err(|problem| DecryptError::Io(carry(problem))))
    }
}

/// An `age1NAME1…` text, as age sees it.
pub(super) struct PluginRecipient<'a> {
    pub(super) name: &'a PluginName,
    pub(super) text: &'a str,
    pub(super) plugins: &'a dyn Plugins,
}

impl age::Recipient for PluginRecipient<'_> {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        match self.plugins.wrap(self.name, self.text, file_key) {
            // Labels matter among several recipients; a sops file has one a wrapped key.
            Ok(stanzas) => Ok((stanzas, HashSet::new())),
            Err(problem) => Err(EncryptError::Io(carry(problem))),
        }
    }
}

/// A plugin's own words travel through age as the one kind of I/O error that age itself never makes.
fn carry(words: String) -> std::io::Error {
    std::io::Error::other(words)
}

/// The words of a plugin, if it is one that spoke.
pub(super) fn words(error: &std::io::Error) -> Option<String> {
    (error.kind() == std::io::ErrorKind::Other).then(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_letters_digits_and_dashes() {
        for (name, fits) in [
            ("yubikey", true),
            ("fido2-hmac", true),
            ("", false),
            ("a/b", false),
            ("..", false),
            ("A", false),
        ] {
            assert_eq!(PluginName::new(name).is_some(), fits, "{name}");
        }
    }

    #[test]
    fn texts_carry_their_plugin() {
        let recipient = bech32::encode("age1se", &[1]).unwrap();
        let identity = bech32::encode("age-plugin-se-", &[1]).unwrap().to_uppercase();
        assert_eq!(PluginName::of_recipient(&recipient), PluginName::new("se"));
        assert_eq!(PluginName::of_identity(&identity), PluginName::new("se"));
        assert_eq!(PluginName::of_recipient(&bech32::encode("age", &[1]).unwrap()), None);
        let crooked = bech32::encode("age1../x", &[1]).unwrap();
        assert_eq!(PluginName::of_recipient(&crooked), None);
    }
}
