//! Floor 4, other programs and services that hold keys. Each is one room and one line in [`Services`]; which of them
//! is asked, and when, is decided above.
#![allow(clippy::disallowed_methods, reason = "providers start programs and read what those leave")]

pub mod age_plugin;
pub mod aws;
pub mod gpg;
pub mod vault_transit;

use std::cell::RefCell;

use time::format_description::well_known::Rfc3339;

use crate::base::{KeyKind, Node, RecipientId};
use crate::keys::{KeyShare, UnwrapError, WrapError, WrappedKey, escaped};
use crate::world::World;

/// A program or service that wraps and unwraps shares with a key that never leaves it.
pub trait KeyService {
    /// Wraps `share` with the key called `to`. The entry says its date, where its kind has one.
    ///
    /// # Errors
    /// [`WrapError::Service`] when it cannot, may not or does not answer.
    fn wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError>;

    /// Unwraps the share of `entry`.
    ///
    /// # Errors
    /// [`UnwrapError::Service`] when it cannot, may not or does not answer.
    fn unwrap(&self, entry: &WrappedKey) -> Result<KeyShare, UnwrapError>;

    /// The user, and not a file, named the key called `to`: what it says about where to ask may be followed.
    fn allow(&mut self, _to: &RecipientId) {}

    /// `false` when this entry is worth a try only after all others of its kind. Asks nobody far away.
    fn may_open(&self, _entry: &WrappedKey) -> bool {
        true
    }
}

/// All of them, with what they remember during one run: tokens, and who does not answer.
pub struct Services<'w> {
    table: Vec<(KeyKind, Box<dyn KeyService + 'w>)>,
    /// Shares that were unwrapped before, with their entry: nobody is asked twice for one file, and none is opened by
    /// another's `enc` under another name or `context`.
    opened: RefCell<Vec<(WrappedKey, KeyShare)>>,
}

impl<'w> Services<'w> {
    /// Those that can be asked from `world`; asks nobody yet.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let table: Vec<(KeyKind, Box<dyn KeyService + 'w>)> = vec![
            (KeyKind::Pgp, Box::new(gpg::Gpg::new(world))),
            (KeyKind::HcVault, Box::new(vault_transit::VaultTransit::new(world))),
            (KeyKind::Kms, Box::new(aws::kms::Kms::new(world))),
        ];
        Self { table, opened: RefCell::default() }
    }

    /// The user named these keys themselves, on the command line or in a variable. A file from git names keys too,
    /// and must not make us ask at an address of its choice.
    pub fn allow(&mut self, named: impl IntoIterator<Item = RecipientId>) {
        for to in named {
            for (_, service) in self.table.iter_mut().filter(|(kind, _)| *kind == to.kind) {
                service.allow(&to);
            }
        }
    }

    /// Entries of one kind, those first that open more likely.
    #[must_use]
    pub fn sorted<'k>(&self, kind: KeyKind, group: &'k [WrappedKey]) -> Vec<&'k WrappedKey> {
        let mut entries: Vec<&WrappedKey> = group.iter().filter(|entry| entry.kind == kind).collect();
        if let (Some(service), true) = (self.service(kind), entries.len() > 1) {
            entries.sort_by_cached_key(|entry| !service.may_open(entry));
        }
        entries
    }

    /// Wraps `share` with the key called `to`.
    ///
    /// # Errors
    /// When its service cannot, or there is none for its kind.
    pub fn wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        self.service(to.kind).ok_or(WrapError::Unsupported(to.kind))?.wrap(to, share)
    }

    /// Unwraps the share of `entry`; `None` where no service is known for its kind.
    #[must_use]
    pub fn unwrap(&self, entry: &WrappedKey) -> Option<Result<KeyShare, UnwrapError>> {
        let service = self.service(entry.kind)?;
        let before =
            self.opened.borrow().iter().find_map(|(known, share)| (known == entry).then(|| share.clone()));
        Some(match before {
            Some(share) => Ok(share),
            None => service.unwrap(entry).inspect(|share| {
                self.opened.borrow_mut().push((entry.clone(), share.clone()));
            }),
        })
    }

    /// Whether there is a service for `kind`.
    #[must_use]
    pub fn knows(&self, kind: KeyKind) -> bool {
        self.service(kind).is_some()
    }

    fn service(&self, kind: KeyKind) -> Option<&(dyn KeyService + 'w)> {
        let (_, service) = self.table.iter().find(|(own, _)| *own == kind)?;
        Some(&**service)
    }
}

/// The field that says when a share was wrapped, as sops writes it: to the second, in UTC.
fn created_at(world: &World) -> (Vec<u8>, Node) {
    let now = world.clock.now().to_offset(time::UtcOffset::UTC);
    let text = now.replace_nanosecond(0).ok().and_then(|now| now.format(&Rfc3339).ok());
    (b"created_at".to_vec(), Node::str(&text.unwrap_or_default()))
}

/// At most `most` characters of `text`, without anything that a terminal would obey.
fn shortened(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    escaped(&short)
}
