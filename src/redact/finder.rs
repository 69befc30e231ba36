//! Where known secrets stand in a text, instead of masking them: for whoever refuses a file that holds one.

use std::collections::HashSet;

use super::search::Search;
use super::{Known, search_for};

/// All secrets that are looked for, in all forms.
pub struct Finder {
    search: Option<Search>,
}

/// A place where a secret stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// Which secret, by its position among those that are looked for.
    pub owner: usize,
}

impl Finder {
    /// Looks for those of `secrets` that are not too short or too regular for it ([`super::is_maskable`]).
    #[must_use]
    pub fn new(secrets: &[Known]) -> Self {
        Self { search: search_for(secrets).0 }
    }

    /// The first place of each secret in `text`, in order of where they end. Of several forms that end together, the
    /// longest counts.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Place> {
        let Some(search) = &self.search else { return Vec::new() };
        let mut hits: Vec<Place> = Vec::new();
        let mut found = HashSet::new();
        search.each(text, |start, end, owner| {
            if found.insert(owner) {
                hits.push(Place { start, end, owner });
            }
        });
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn known(values: &[&str]) -> Vec<Known> {
        let known =
            |value: &&str| Known { name: "A".to_owned(), value: Secret::new(value.as_bytes().to_vec()) };
        values.iter().map(known).collect()
    }

    #[test]
    fn every_secret_is_found_once_wherever_it_stands() {
        let finder = Finder::new(&known(&["hunter2-x8f3", "localhost", "k9/f+2=dsQ"]));
        let text = "a hunter2-x8f3 hunter2-x8f3\nlocalhost k9%2Ff%2B2%3DdsQ";
        assert_eq!(
            finder.find(text.as_bytes()),
            [Place { start: 2, end: 14, owner: 0 }, Place { start: 38, end: 54, owner: 2 }]
        );
        assert_eq!(finder.find(b"hunter2-x8f"), []);
        assert_eq!(Finder::new(&[]).find(b"x"), []);
    }

    #[test]
    fn a_secret_is_found_behind_its_own_beginning() {
        let finder = Finder::new(&known(&["abcabd-7x9q", "bcab-55kk"]));
        let owners = |text: &str| -> Vec<usize> {
            finder.find(text.as_bytes()).into_iter().map(|hit| hit.owner).collect()
        };
        assert_eq!(owners("abcabcabd-7x9q"), [0]);
        assert_eq!(owners("abcab-55kkabcabd-7x9q"), [1, 0]);
        // cat | base64
        assert_eq!(owners("aGVsbG8gYWJjYWJkLTd4OXEgd29ybGQ="), [0]);
    }
}
