//! The options of one type, taken one by one; what is left over is a mistake, what another tool must work out a note.

use regex::RegexBuilder;

use super::SchemaProblem;
use super::kind::Pattern;
use super::term::{Argument, Term};

/// What stands in the brackets behind a type's name.
pub struct Options<'a> {
    kind: &'a str,
    left: Vec<Argument>,
    /// Options that are not checked, as `kind(option)`.
    pub notes: Vec<String>,
}

impl<'a> Options<'a> {
    pub fn new(kind: &'a str, arguments: &[Argument]) -> Self {
        Self { kind, left: arguments.to_vec(), notes: Vec::new() }
    }

    /// Every value without a name.
    pub fn positional(&mut self) -> Vec<Term> {
        let (named, unnamed) = std::mem::take(&mut self.left).into_iter().partition(|one| one.name.is_some());
        self.left = named;
        let unnamed: Vec<Argument> = unnamed;
        unnamed.into_iter().map(|one| one.value).collect()
    }

    /// The option, unless another tool would have to work it out.
    pub fn take(&mut self, name: &str) -> Option<Term> {
        let term = self.remove(name)?;
        if term.is_computed() {
            self.notes.push(format!("{}({name}=…)", self.kind));
            return None;
        }
        Some(term)
    }

    fn remove(&mut self, name: &str) -> Option<Term> {
        let at = self.left.iter().position(|one| one.name.as_deref() == Some(name))?;
        Some(self.left.remove(at).value)
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, SchemaProblem> {
        let Some(term) = self.take(name) else {
            return Ok(None);
        };
        term.text().map(|text| Some(text.to_owned())).ok_or_else(|| self.bad(name))
    }

    /// `true` or `false`; without it, `false`.
    pub fn flag(&mut self, name: &str) -> Result<bool, SchemaProblem> {
        match self.text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.bad(name)),
        }
    }

    /// An option that changes values for another tool; here it only earns a note.
    pub fn unused(&mut self, name: &str) -> Result<(), SchemaProblem> {
        if self.flag(name)? {
            self.notes.push(format!("{}({name})", self.kind));
        }
        Ok(())
    }

    pub fn number(&mut self, name: &str) -> Result<Option<f64>, SchemaProblem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| self.bad(name))
    }

    pub fn count<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, SchemaProblem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| self.bad(name))
    }

    /// `[a, b]`, or one text for a list of one.
    pub fn list(&mut self, name: &str) -> Result<Vec<String>, SchemaProblem> {
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Term::List(items)) => items,
            Some(one) => vec![one],
        };
        let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
        texts.filter(|texts| !texts.is_empty()).ok_or_else(|| self.bad(name))
    }

    /// A quoted text, `regex("…", "flags")` or `/…/flags`. A `$` in it is a sign of the pattern.
    pub fn pattern(&mut self, name: &str) -> Result<Option<Pattern>, SchemaProblem> {
        let Some(term) = self.remove(name) else { return Ok(None) };
        match &term {
            Term::Call(function, _) if function != "regex" => {
                self.notes.push(format!("{}({name}=…)", self.kind));
                Ok(None)
            }
            _ => pattern(&term, name).map(Some),
        }
    }

    /// The smaller of two limits must not be above the larger.
    pub fn ordered<T: PartialOrd>(
        &self,
        min: Option<&T>,
        max: Option<&T>,
        option: &str,
    ) -> Result<(), SchemaProblem> {
        match (min, max) {
            (Some(min), Some(max)) if min > max => Err(self.bad(option)),
            _ => Ok(()),
        }
    }

    pub fn bad(&self, option: &str) -> SchemaProblem {
        SchemaProblem::BadOption { kind: self.kind.to_owned(), option: option.to_owned() }
    }

    /// No option is left that the type does not know.
    pub fn finish(self) -> Result<Vec<String>, SchemaProblem> {
        match self.left.into_iter().next() {
            None => Ok(self.notes),
            Some(one) => Err(SchemaProblem::UnknownOption {
                kind: self.kind.to_owned(),
                option: shortened(&one.name.unwrap_or_else(|| one.value.text().unwrap_or("…").to_owned())),
            }),
        }
    }
}

/// A pattern that a schema gives.
pub fn pattern(term: &Term, option: &str) -> Result<Pattern, SchemaProblem> {
    let bad = || SchemaProblem::BadPattern { option: option.to_owned() };
    let (text, flags) = match term {
        Term::Pattern(text, flags) => (text.as_str(), flags.as_str()),
        Term::Text { text, .. } => (text.as_str(), ""),
        Term::Call(name, arguments) if name == "regex" => {
            let texts: Vec<&str> = arguments.iter().filter_map(|one| plain(&one.value)).collect();
            match *texts.as_slice() {
                [text] => (text, ""),
                [text, flags] => (text, flags),
                _ => return Err(bad()),
            }
        }
        _ => return Err(bad()),
    };
    compile(text, flags).ok_or_else(bad)
}

/// Compiles a pattern from a schema; it is searched anywhere in a value. `None`: it is none, is too large, or has
/// flags that mean nothing here.
pub fn compile(text: &str, flags: &str) -> Option<Pattern> {
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).nest_limit(64);
    for flag in flags.chars() {
        match flag {
            'g' | 'u' => {}
            'i' => drop(builder.case_insensitive(true)),
            'm' => drop(builder.multi_line(true)),
            's' => drop(builder.dot_matches_new_line(true)),
            _ => return None,
        }
    }
    (text.len() <= LONGEST).then(|| builder.build().ok().map(Pattern)).flatten()
}

/// A text as it stands: a `$` in a pattern is its end.
fn plain(term: &Term) -> Option<&str> {
    match term {
        Term::Text { text, .. } => Some(text),
        _ => None,
    }
}

/// A name from a schema, fit for a message.
pub fn shortened(name: &str) -> String {
    let fit = |letter: &char| letter.is_ascii_alphanumeric() || "_-.$…".contains(*letter);
    name.chars().filter(fit).take(64).collect()
}

/// Bytes of a pattern, and of what it is compiled to.
const LONGEST: usize = 4 << 10;
const MOST_BYTES: usize = 256 << 10;

/// Patterns of one schema.
pub const MOST_PATTERNS: usize = 256;
