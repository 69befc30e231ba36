//! Known secrets in text, as their bytes and in the usual encodings: masked in what a program prints, in pieces of any
//! size, or found in files ([`Finder`] many at once, [`Needle`] one, read backwards too). It is a help against
//! accidents, no boundary against a program that recodes what it knows.

mod bare;
mod decoded;
mod finder;
mod forms;
mod needle;
mod patterns;
mod search;
mod skip;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::Secret;
use crate::base::ports::Filter;
pub use finder::{Finder, Place};
pub use forms::{forms, is_maskable};
pub use needle::{Hit, Likeness, Needle};
use patterns::{Guessed, Patterns};
use search::Search;
use stream::{Sink, Stream};

/// A secret by name.
#[derive(Clone, Debug)]
pub struct Known {
    /// What stands in its place: `[NAME]`.
    pub name: String,
    /// The bytes that may not appear.
    pub value: Secret<Vec<u8>>,
}

/// How to mask.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What stands in place of a secret instead of `[NAME]`.
    pub mask: Option<String>,
    /// Mask what looks like a secret too, though it is none of ours.
    pub patterns: bool,
}

/// All secrets that are looked for, in all forms. Shared by the streams of one program.
#[derive(Clone)]
pub struct Redactor {
    search: Option<Arc<Search>>,
    masks: Arc<Vec<String>>,
    patterns: Option<Arc<Patterns>>,
}

impl Redactor {
    /// Looks for `secrets`; beside it the names, each once, of those that are not masked: too short or too regular for
    /// it without destroying what is printed, or too long ([`is_maskable`]). Of empty values there is nothing to mask.
    #[must_use]
    pub fn new(secrets: &[Known], options: &Options) -> (Self, Vec<String>) {
        let (search, unmasked) = search_for(secrets);
        let masks = secrets.iter().map(|known| options.mask.clone().unwrap_or(format!("[{}]", known.name)));
        let masks = Arc::new(masks.collect());
        let patterns =
            options.patterns.then(|| Patterns::new(options.mask.as_deref())).flatten().map(Arc::new);
        (Self { search: search.map(Arc::new), masks, patterns }, unmasked)
    }

    /// A stream of its own, with nothing held.
    #[must_use]
    pub fn stream(&self) -> Box<dyn Filter> {
        let search = self.search.clone();
        Box::new(Masked {
            known: search.map(|search| Stream::new(search, Arc::clone(&self.masks))),
            guessed: self.patterns.as_ref().map(|patterns| patterns.fresh()),
        })
    }
}

/// The search for all forms of `secrets`, and the names of those that are not looked for.
fn search_for(secrets: &[Known]) -> (Option<Search>, Vec<String>) {
    let mut unmasked: Vec<String> = Vec::new();
    let mut owners: HashMap<Vec<u8>, usize> = HashMap::new();
    for (owner, known) in secrets.iter().enumerate() {
        let value = known.value.expose();
        if is_maskable(value) {
            for form in forms(value) {
                owners.entry(form.expose().clone()).or_insert(owner);
            }
        } else if !value.is_empty() && !unmasked.contains(&known.name) {
            unmasked.push(known.name.clone());
        }
    }
    let forms: Vec<(&[u8], usize)> = owners.iter().map(|(form, owner)| (form.as_slice(), *owner)).collect();
    let search = Search::new(&forms).unwrap_or_else(|_| {
        // More than any automaton can hold.
        unmasked = secrets.iter().map(|known| known.name.clone()).collect();
        None
    });
    (search, unmasked)
}

/// First what is known, then what looks like a secret.
struct Masked {
    known: Option<Stream>,
    guessed: Option<Patterns>,
}

impl Filter for Masked {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match &mut self.guessed {
            Some(patterns) => push(&mut self.known, piece, &mut Guessed { patterns, out }),
            None => push(&mut self.known, piece, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(patterns) = &mut self.guessed else {
            return self.known.iter_mut().for_each(|known| known.finish(out));
        };
        let mut guessed = Guessed { patterns, out };
        self.known.iter_mut().for_each(|known| known.finish(&mut guessed));
        guessed.finish();
    }
}

fn push(known: &mut Option<Stream>, piece: &[u8], sink: &mut impl Sink) {
    match known {
        Some(known) => known.push(piece, sink),
        None => sink.text(piece),
    }
}
