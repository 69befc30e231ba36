//! The identities and services of one run, and the files they open. Each passphrase and each touch is asked for once.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Error, RuleFile};
use crate::base::ports::Random;
use crate::base::{DataKey, KeyKind, RecipientId};
use crate::envelope::Sealed;
use crate::keys::age::AgeRecipient;
use crate::keys::plugin::{PluginName, Plugins};
use crate::keys::{KeyShare, Recipient, UnwrapError, WrapError, WrappedKey, shamir};
use crate::policy::Names;
use crate::providers::Services;
use crate::world::World;
use crate::world::identities::{Identities, NotOpened, Tried};

/// Who we are in this run.
pub struct Keyring<'w> {
    /// The identities, looked for when first needed.
    pub identities: Identities<'w>,
    /// Other programs and services that hold keys.
    pub services: Services<'w>,
    /// How age plugins are spoken with.
    pub plugins: &'w dyn Plugins,
    /// Refuse files without a seal.
    pub require_seal: bool,
    /// The kinds to try first, in this order (spec 6.3).
    pub order: Vec<KeyKind>,
    /// Services that did not answer while another key opened the file; by what is told, `None` once it was.
    silent: RefCell<BTreeMap<String, Option<UnwrapError>>>,
    /// Only identities that open at once.
    at_hand_only: Cell<bool>,
}

/// Key groups that cannot be written (spec 6.4, 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupsError {
    /// Nobody could open such a group.
    #[error("a key group is empty")]
    Empty,
    /// A share has one byte for its number.
    #[error("more than {} key groups", shamir::MOST_SHARES)]
    TooMany,
    /// One share would be the whole key, or more would be asked for than there are.
    #[error("`shamir_threshold` must lie between 2 and the number of key groups")]
    Threshold,
}

/// No team has so many keys that fail; a file from elsewhere may, to keep us busy or to make us knock everywhere.
const MOST_FAILURES: usize = 64;

/// What did not open, on the way to what might.
#[derive(Default)]
struct Attempts {
    /// The identities, if any was tried.
    tried: Option<Vec<Tried>>,
    /// Keys that were addressed to an identity of ours.
    problem: Option<UnwrapError>,
    /// What services said.
    failed: Vec<UnwrapError>,
    /// Kinds whose services we do not speak with.
    unspoken: Vec<KeyKind>,
}

impl<'w> Keyring<'w> {
    /// The identities that `world` has, after those in the files `explicit`.
    #[must_use]
    pub fn new(world: &'w World, plugins: &'w dyn Plugins, explicit: &[PathBuf], require_seal: bool) -> Self {
        let prompt = &*world.prompt;
        let identities = Identities::gather(explicit, &world.folder, &world.variables, prompt, plugins);
        let by_variable = world.variable("LACRE_REQUIRE_SEAL").is_some_and(|value| value != "0");
        let order = world.variable("SOPS_DECRYPTION_ORDER").map(|order| order.to_string_lossy());
        Self {
            identities,
            services: Services::new(world),
            plugins,
            require_seal: require_seal || by_variable,
            silent: RefCell::default(),
            at_hand_only: Cell::new(false),
            order: order.map_or_else(|| vec![KeyKind::Age, KeyKind::Pgp], |order| order_of(&order)),
        }
    }

    /// From now on, only identities at hand open anything: for programs that call us over and over, where nobody is to
    /// be asked for a passphrase or a touch, and no other program or service is to be started or reached.
    pub fn ask_nobody(&self) {
        self.identities.ask_nobody();
        self.at_hand_only.set(true);
    }

    /// The data key of the file at `path`.
    ///
    /// # Errors
    /// When not enough of its key groups open.
    pub fn unlock(&self, world: &World, path: &Path, sealed: &Sealed) -> Result<DataKey, Error> {
        let metadata = sealed.metadata();
        let mut attempts = Attempts::default();
        let share = match metadata.groups.as_slice() {
            [] => None,
            [group] => self.share(group, |_| true, &mut attempts),
            groups => {
                // As sops: without a threshold, whatever opens is combined, and the MAC tells whether it was enough.
                let needed = if metadata.threshold == 0 { groups.len() } else { metadata.threshold.max(2) };
                let shares = self.shares(groups, needed, &mut attempts);
                if shares.len() < 2 || (metadata.threshold > 0 && shares.len() < needed) {
                    let groups = Some((shares.len(), needed));
                    return Err(self.not_opened(world, path, sealed, attempts, groups));
                }
                let combined = shamir::combine(&shares);
                Some(combined.map_err(|cause| Error::Shares { path: path.to_owned(), cause })?)
            }
        };
        if share.is_some() {
            self.keep_silent(&attempts);
        }
        match share {
            Some(share) => DataKey::from_bytes(&share).ok_or_else(|| Error::Identity {
                path: path.to_owned(),
                cause: UnwrapError::Damaged("this file".to_owned()),
            }),
            None => Err(self.not_opened(world, path, sealed, attempts, None)),
        }
    }

    /// Services that did not answer, though another key opened the file; each is told once.
    #[must_use]
    pub fn take_silent(&self) -> Vec<String> {
        let mut silent = self.silent.borrow_mut();
        silent.values_mut().filter_map(Option::take).map(|error| error.to_string()).collect()
    }

    fn keep_silent(&self, attempts: &Attempts) {
        for error in &attempts.failed {
            if let UnwrapError::Unanswered { problem, .. } = error {
                self.silent.borrow_mut().entry(problem.clone()).or_insert_with(|| Some(error.clone()));
            }
        }
    }

    /// Wraps `key`, or a share of it for each of several groups.
    ///
    /// # Errors
    /// When the groups cannot be written, or somebody among them cannot be wrapped for.
    pub fn wrap(
        &self,
        path: &Path,
        groups: &[Vec<RecipientId>],
        threshold: usize,
        key: &DataKey,
        random: &dyn Random,
    ) -> Result<Vec<Vec<WrappedKey>>, Error> {
        check(groups, threshold).map_err(|cause| Error::KeyGroups { path: path.to_owned(), cause })?;
        let shares = match groups.len() {
            0 | 1 => vec![Zeroizing::new(key.expose().to_vec())],
            count => {
                shamir::split(key.expose(), if threshold == 0 { count } else { threshold }, count, random)?
            }
        };
        let wrapped = groups.iter().zip(&shares).map(|(group, share)| {
            group.iter().map(|to| self.wrap_one(to, share)).collect::<Result<Vec<_>, _>>()
        });
        let wrapped: Result<Vec<_>, _> = wrapped.collect();
        wrapped.map_err(|cause| Error::Wrap { path: path.to_owned(), cause })
    }

    /// Wraps one share for one recipient.
    ///
    /// # Errors
    /// When that cannot be done here.
    pub fn wrap_one(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        match to.kind {
            KeyKind::Age => {
                // A file may name a plugin, but only the user makes us start it.
                let plugin = PluginName::of_recipient(to.id.trim());
                if let Some(name) = plugin.filter(|name| self.identities.has_plugin(name)) {
                    self.plugins.trust(&name);
                }
                AgeRecipient::parse(&to.id, self.plugins)?.wrap(share)
            }
            _ => self.services.wrap(to, share),
        }
    }

    /// Whether recipients of this kind can be wrapped for at all.
    #[must_use]
    pub fn can_wrap(&self, kind: KeyKind) -> bool {
        kind == KeyKind::Age || self.services.knows(kind)
    }

    /// The shares of `needed` groups, or of as many as open. What opens on this machine is tried in all of them before
    /// anybody far away is asked, unless the user's own order begins far away.
    fn shares(&self, groups: &[Vec<WrappedKey>], needed: usize, attempts: &mut Attempts) -> Vec<KeyShare> {
        let passes: &[fn(KeyKind) -> bool] = if self.order.first().is_none_or(|kind| kind.is_local()) {
            &[KeyKind::is_local, |kind| !kind.is_local()]
        } else {
            &[|_| true]
        };
        let mut shares = vec![None; groups.len()];
        let mut opened = 0;
        for wanted in passes {
            for (group, share) in groups.iter().zip(&mut shares) {
                if opened < needed && share.is_none() {
                    *share = self.share(group, *wanted, attempts);
                    opened += usize::from(share.is_some());
                }
            }
        }
        shares.into_iter().flatten().collect()
    }

    /// The share of one group, by keys of the kinds `wanted`: first those of `order`, then in the order of the file.
    fn share(
        &self,
        group: &[WrappedKey],
        wanted: fn(KeyKind) -> bool,
        attempts: &mut Attempts,
    ) -> Option<KeyShare> {
        let place = |kind: &KeyKind| self.order.iter().position(|first| first == kind).unwrap_or(usize::MAX);
        let mut kinds: Vec<KeyKind> = Vec::new();
        let allowed = |kind: KeyKind| kind == KeyKind::Age || !self.at_hand_only.get();
        for kind in group.iter().map(|key| key.kind).filter(|kind| wanted(*kind) && allowed(*kind)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.sort_by_key(place);
        for kind in kinds {
            if kind == KeyKind::Age {
                match self.identities.open(group) {
                    Ok(opened) => return Some(opened.share),
                    Err(NotOpened { tried, problem }) => {
                        attempts.tried = Some(tried);
                        attempts.problem = attempts.problem.take().or(problem);
                    }
                }
                continue;
            }
            for entry in self.services.sorted(kind, group) {
                if attempts.failed.len() >= MOST_FAILURES {
                    return None;
                }
                match self.services.unwrap(entry) {
                    Some(Ok(share)) => return Some(share),
                    Some(Err(error)) => attempts.failed.push(error),
                    None if attempts.unspoken.contains(&kind) => {}
                    None => attempts.unspoken.push(kind),
                }
            }
        }
        None
    }

    fn not_opened(
        &self,
        world: &World,
        path: &Path,
        sealed: &Sealed,
        attempts: Attempts,
        groups: Option<(usize, usize)>,
    ) -> Error {
        if let (Some(cause), None, []) = (&attempts.problem, groups, attempts.failed.as_slice()) {
            return Error::Identity { path: path.to_owned(), cause: cause.clone() };
        }
        let mut kinds = sealed.metadata().keys().map(|key| key.kind).peekable();
        let has_age = kinds.peek().is_none() || kinds.any(|kind| kind == KeyKind::Age);
        let strange = attempts.unspoken.iter().map(|kind| format!("{}: not spoken with yet", kind.name()));
        // A rule file that cannot be read is no reason to hide why the file does not open.
        let names = RuleFile::find(world, path).ok().flatten().map(|file| file.names).unwrap_or_default();
        let names = &names;
        let tried = attempts.tried.unwrap_or_else(|| self.identities.tried());
        let (failed, usable): (Vec<_>, Vec<_>) = tried.into_iter().partition(|one| one.failure.is_some());
        let services_only = !has_age || (usable.is_empty() && !attempts.failed.is_empty());
        let advice = attempts.failed.iter().find_map(|error| match error {
            UnwrapError::NotAsked { advice, .. } => Some(advice.clone()),
            _ => None,
        });
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
                .chain(attempts.problem.iter().chain(&attempts.failed).map(ToString::to_string))
                .chain(strange)
                .collect(),
            groups: groups.map(|(opened, needed)| (short(opened), short(needed))),
            services_only,
            advice: advice.or_else(|| unspoken_advice(&attempts.unspoken)).map(String::into_boxed_str),
        }
    }
}

/// A number of groups, of which there are 255 at the most.
fn short(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

fn unspoken_advice(kinds: &[KeyKind]) -> Option<String> {
    let names: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.name())).collect();
    (!names.is_empty()).then(|| {
        format!("lacre does not speak with {} yet; `sops` does, and opens the file", names.join(", "))
    })
}

/// A key entry as people know it: a name with the end of the key, or its kind and id.
#[must_use]
pub fn shown_key(key: &WrappedKey, names: &Names) -> String {
    shown_recipient(&key.recipient_id(), names)
}

/// A recipient as people know it.
#[must_use]
pub fn shown_recipient(id: &RecipientId, names: &Names) -> String {
    match id.kind {
        KeyKind::Age => names.shown(&id.id),
        kind => format!("{} {}", kind.name(), without_password(&names.shown(&id.spelling()))),
    }
}

/// All of them, in one line.
#[must_use]
pub fn shown_recipients(ids: &[RecipientId], names: &Names) -> String {
    ids.iter().map(|id| shown_recipient(id, names)).collect::<Vec<_>>().join(", ")
}

/// An address without what stands before its host: it may be a password, and such an address is never asked.
fn without_password(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rfind('@').and_then(|at| rest.get(at..)) {
        Some(rest) => format!("{scheme}://…{rest}").into(),
        None => text.into(),
    }
}

/// The kinds that `SOPS_DECRYPTION_ORDER` names; unknown words are passed over, as sops does.
#[must_use]
pub fn order_of(text: &str) -> Vec<KeyKind> {
    text.split(',').filter_map(|word| KeyKind::from_name(word.trim())).collect()
}

fn check(groups: &[Vec<RecipientId>], threshold: usize) -> Result<(), GroupsError> {
    match groups.len() {
        _ if groups.iter().any(Vec::is_empty) => Err(GroupsError::Empty),
        0 | 1 => Ok(()),
        count if count > shamir::MOST_SHARES => Err(GroupsError::TooMany),
        count if threshold == 1 || threshold > count => Err(GroupsError::Threshold),
        _ => Ok(()),
    }
}
