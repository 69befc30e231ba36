//! The identities of one run and the files they open. Each passphrase and each touch is asked for once.

use std::path::{Path, PathBuf};

use super::{Error, RuleFile};
use crate::base::DataKey;
use crate::envelope::Sealed;
use crate::keys::plugin::Plugins;
use crate::keys::{UnwrapError, WrappedKey};
use crate::policy::Names;
use crate::world::World;
use crate::world::identities::{Identities, NotOpened, Tried};

/// Who we are in this run.
pub struct Keyring<'w> {
    /// The identities, looked for when first needed.
    pub identities: Identities<'w>,
    /// How age plugins are spoken with.
    pub plugins: &'w dyn Plugins,
    /// Refuse files without a seal.
    pub require_seal: bool,
}

impl<'w> Keyring<'w> {
    /// The identities that `world` has, after those in the files `explicit`.
    #[must_use]
    pub fn new(world: &'w World, plugins: &'w dyn Plugins, explicit: &[PathBuf], require_seal: bool) -> Self {
        let prompt = &*world.prompt;
        let identities = Identities::gather(explicit, &world.folder, &world.variables, prompt, plugins);
        let by_variable = world.variable("LACRE_REQUIRE_SEAL").is_some_and(|value| value != "0");
        Self { identities, plugins, require_seal: require_seal || by_variable }
    }

    /// The data key of the file at `path`.
    ///
    /// # Errors
    /// When no identity opens enough of its key groups.
    pub fn unlock(&self, world: &World, path: &Path, sealed: &Sealed) -> Result<DataKey, Error> {
        let groups = &sealed.metadata().groups;
        let damaged = |recipient: &str| Error::Identity {
            path: path.to_owned(),
            cause: UnwrapError::Damaged(recipient.to_owned()),
        };
        let group = match groups.as_slice() {
            [group] => group,
            [] => return Err(self.not_opened(world, path, sealed, None)),
            // Combining shares comes with key groups; reading them as one would give a wrong key.
            _ => return Err(Error::KeyGroups(path.to_owned())),
        };
        match self.identities.open(group) {
            Ok(opened) => DataKey::from_bytes(&opened.share).ok_or_else(|| damaged(&opened.recipient)),
            Err(NotOpened { problem: Some(cause), .. }) => {
                Err(Error::Identity { path: path.to_owned(), cause })
            }
            Err(NotOpened { tried, problem: None }) => Err(self.not_opened(world, path, sealed, Some(tried))),
        }
    }

    fn not_opened(&self, world: &World, path: &Path, sealed: &Sealed, tried: Option<Vec<Tried>>) -> Error {
        // A rule file that cannot be read is no reason to hide why the file does not open.
        let names = RuleFile::find(world, path).ok().flatten().map(|file| file.names).unwrap_or_default();
        let names = &names;
        let tried = tried.unwrap_or_else(|| self.identities.tried());
        let (failed, usable): (Vec<_>, Vec<_>) = tried.into_iter().partition(|one| one.failure.is_some());
        Error::NoIdentity {
            path: path.to_owned(),
            recipients: sealed.metadata().keys().map(|key| shown_key(key, names)).collect(),
            tried: usable
                .into_iter()
                .map(|one| match one.recipients.as_slice() {
                    [] => one.source,
                    keys => format!(
                        "{} ({})",
                        one.source,
                        keys.iter().map(|key| names.shown(key)).collect::<Vec<_>>().join(", ")
                    ),
                })
                .collect(),
            failed: failed
                .into_iter()
                .filter_map(|one| Some(format!("{}: {}", one.source, one.failure?)))
                .collect(),
        }
    }
}

/// A key entry as people know it: a name with the end of the key, or its kind and id.
#[must_use]
pub fn shown_key(key: &WrappedKey, names: &Names) -> String {
    match key.kind {
        crate::keys::KeyKind::Age => names.shown(&key.recipient),
        kind => format!("{} {}", kind.name(), key.recipient),
    }
}
