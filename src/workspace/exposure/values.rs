//! Values told apart: by a digest where some version with their ciphertext was opened, else by the ciphertext itself.
//! No value is kept.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::super::digest::Digester;
use crate::base::ports::{NoRandomness, Random};
use crate::base::{Secret, Value};
use crate::redact::is_maskable;

/// A ciphertext, which has one value, whoever can open it: a file keeps it as long as value and data key stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(u32);

/// What counts as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// It was opened.
    Known(u32),
    /// Nothing with this ciphertext was opened here.
    Closed(Token),
}

/// All values of a ledger.
pub struct Values {
    digester: Digester,
    tokens: HashMap<[u8; 32], Token>,
    /// By token.
    known: Vec<Option<u32>>,
    digests: HashMap<[u8; 32], u32>,
    /// By number of a known value: long and odd enough that it is no accident when it stands elsewhere.
    telling: Vec<bool>,
}

impl Values {
    /// None yet.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self {
            digester: Digester::new(random)?,
            tokens: HashMap::new(),
            known: Vec::new(),
            digests: HashMap::new(),
            telling: Vec::new(),
        })
    }

    /// For a ciphertext as it stands.
    pub fn token(&mut self, ciphertext: &[u8]) -> Token {
        let next = Token(u32::try_from(self.known.len()).unwrap_or(u32::MAX));
        let token = *self.tokens.entry(Sha256::digest(ciphertext).into()).or_insert(next);
        if token == next {
            self.known.push(None);
        }
        token
    }

    /// `token` says `text`, as a process would get it, whatever the type and the quotes.
    pub fn learn(&mut self, token: Token, text: Secret<Vec<u8>>) {
        let next = u32::try_from(self.telling.len()).unwrap_or(u32::MAX);
        let telling = is_maskable(text.expose());
        let number = *self.digests.entry(self.digester.of(&Value::Str(text))).or_insert(next);
        if number == next {
            self.telling.push(telling);
        }
        if let Some(known) = self.known.get_mut(token.0 as usize) {
            *known = Some(number);
        }
    }

    /// Whether its value is known.
    #[must_use]
    pub fn is_known(&self, token: Token) -> bool {
        matches!(self.class(token), Class::Known(_))
    }

    /// The value that `token` stands for. Final once all versions were looked at.
    #[must_use]
    pub fn class(&self, token: Token) -> Class {
        let known = self.known.get(token.0 as usize).copied().flatten();
        known.map_or(Class::Closed(token), Class::Known)
    }

    /// Whether the same value elsewhere can be no accident, as `true` or `5432` would be.
    #[must_use]
    pub fn is_telling(&self, class: Class) -> bool {
        matches!(class, Class::Known(number) if self.telling.get(number as usize).copied().unwrap_or(false))
    }
}
