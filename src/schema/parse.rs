//! What the lines of a schema mean: defaults from its header, and for each item what its decorators say.

use std::collections::{HashMap, HashSet};

use super::kind::{Kind, Number};
use super::lines::{self, Decorator, Entry};
use super::options::{MOST_PATTERNS, shortened};
use super::term::{Term, references};
use super::{Item, Note, Schema, SchemaError, SchemaProblem, types};

/// Reads a schema in the env-spec form.
pub fn parse(text: &[u8]) -> Result<Schema, SchemaError> {
    let whole = |problem| SchemaError { line: 1, problem };
    if text.len() > LONGEST {
        return Err(whole(SchemaProblem::TooLarge));
    }
    let text = std::str::from_utf8(text).map_err(|_| whole(SchemaProblem::NotText))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let lines = lines::read(&text)?;
    let mut meaning = Meaning { infer_required: true, ..Meaning::default() };
    for decorator in &lines.header {
        meaning.root(decorator)?;
    }
    let mut first = HashMap::new();
    for entry in &lines.entries {
        let (line, name) = (entry.line, entry.name.clone());
        if let Some(first) = first.insert(&entry.name, line) {
            return Err(SchemaError { line, problem: SchemaProblem::NameTwice { name, first } });
        }
        meaning.item(entry).map_err(|problem| SchemaError { line, problem })?;
    }
    acyclic(&lines.entries)?;
    Ok(meaning.schema)
}

/// Which items are sensitive if they do not say.
#[derive(Default)]
enum Sensitive {
    #[default]
    Always,
    Never,
    /// Unless the name starts so.
    Unless(String),
}

#[derive(Default)]
struct Meaning {
    schema: Schema,
    /// Items without a value to fall back on must be there.
    default_required: bool,
    /// Items whose value another tool works out must be there.
    infer_required: bool,
    default_sensitive: Sensitive,
    has_plugins: bool,
    patterns: usize,
}

impl Meaning {
    fn note(&mut self, line: usize, name: String) {
        let notes = &self.schema.notes;
        if notes.len() < MOST_NOTES && !notes.iter().any(|note| note.name == name) {
            self.schema.notes.push(Note { line, name });
        }
    }

    /// A decorator of the header.
    fn root(&mut self, decorator: &Decorator) -> Result<(), SchemaError> {
        let &Decorator { line, ref name, ref value, .. } = decorator;
        let bad = || SchemaError { line, problem: SchemaProblem::BadDecorator { name: shortened(name) } };
        let text = value.as_ref().map_or(Some("true"), Term::text);
        match (name.as_str(), text) {
            ("defaultRequired", Some("infer")) => {}
            ("defaultRequired", Some("true")) => self.default_required = true,
            ("defaultRequired", Some("false")) => self.infer_required = false,
            ("defaultSensitive", Some("true")) => self.default_sensitive = Sensitive::Always,
            ("defaultSensitive", Some("false")) => self.default_sensitive = Sensitive::Never,
            ("defaultSensitive", None) => {
                let prefix = match value {
                    Some(Term::Call(name, arguments)) if name == "inferFromPrefix" => arguments.first(),
                    _ => None,
                };
                let prefix = prefix.and_then(|prefix| prefix.value.text()).ok_or_else(bad)?;
                self.default_sensitive = Sensitive::Unless(prefix.to_owned());
            }
            ("defaultRequired" | "defaultSensitive", _) => return Err(bad()),
            ("required" | "optional" | "sensitive" | "public" | "type" | "example" | "default", _) => {
                let problem = SchemaProblem::Misplaced { name: shortened(name) };
                return Err(SchemaError { line, problem });
            }
            _ if ROOT_TALK.contains(&name.as_str()) => {}
            _ => {
                self.has_plugins |= name == "plugin";
                self.schema.partial |= matches!(name.as_str(), "import" | "plugin" | "setValuesBulk");
                self.note(line, format!("@{}", shortened(name)));
            }
        }
        Ok(())
    }

    fn item(&mut self, entry: &Entry) -> Result<(), SchemaProblem> {
        self.decorators(entry)?;
        let one = |name| entry.decorators.iter().find(|decorator| decorator.name == name);
        let text = |name| {
            let value = one(name).map(|decorator| decorator.value.as_ref().and_then(Term::text));
            value.map(|text| text.ok_or(SchemaProblem::BadDecorator { name: shortened(name) })).transpose()
        };
        let (kind, is_changed) = self.kind(entry, one("type"))?;
        let default = self.fallback(entry, text("default")?)?;
        let is_computed = entry.value.as_ref().is_some_and(Term::is_computed);
        let needs = default.is_none() && (self.default_required || (self.infer_required && is_computed));
        let required = self.either(entry, "required", "optional")?.unwrap_or(needs);
        let stated = self.either(entry, "sensitive", "public")?;
        let sensitive = stated.unwrap_or_else(|| match &self.default_sensitive {
            Sensitive::Always => true,
            Sensitive::Never => false,
            Sensitive::Unless(prefix) => !entry.name.starts_with(prefix.as_str()),
        });
        if let Some(default) = default.as_deref().filter(|default| !default.is_empty())
            && !is_changed
            && !unrounded(&kind).fits(default.as_bytes())
        {
            let (name, expected) = (entry.name.clone(), kind.expected());
            return Err(SchemaProblem::DoesNotFit { what: "default", name, expected });
        }
        self.schema.items.push(Item {
            name: entry.name.clone(),
            line: entry.line,
            required,
            sensitive,
            is_stated: stated.is_some(),
            kind,
            example: text("example")?.map(str::to_owned),
            default,
            description: entry.description.clone(),
        });
        Ok(())
    }

    /// No decorator stands twice, and those that mean nothing here are noted.
    fn decorators(&mut self, entry: &Entry) -> Result<(), SchemaProblem> {
        let mut seen = HashSet::new();
        for decorator in &entry.decorators {
            let name = shortened(&decorator.name);
            if !seen.insert(&decorator.name) && !decorator.is_call {
                return Err(SchemaProblem::DecoratorTwice { name });
            }
            match decorator.name.as_str() {
                "defaultRequired" | "defaultSensitive" | "import" | "plugin" => {
                    return Err(SchemaProblem::Misplaced { name });
                }
                known if ITEM_DECORATORS.contains(&known) => {}
                _ => self.note(decorator.line, format!("@{name}")),
            }
        }
        Ok(())
    }

    /// The kind, and whether another tool may round a value, or change it otherwise, until it fits.
    fn kind(&mut self, entry: &Entry, decorator: Option<&Decorator>) -> Result<(Kind, bool), SchemaProblem> {
        let Some(decorator) = decorator else { return Ok((inferred(entry.value.as_ref()), false)) };
        let bad = || SchemaProblem::BadDecorator { name: "type".to_owned() };
        let term = decorator.value.as_ref().ok_or_else(bad)?;
        if let Some((kind, notes)) = types::kind(term)? {
            let is_changed = !notes.is_empty();
            self.patterns += usize::from(kind.has_pattern());
            if self.patterns > MOST_PATTERNS {
                return Err(SchemaProblem::TooLarge);
            }
            for note in notes {
                self.note(decorator.line, note);
            }
            return Ok((kind, is_changed));
        }
        let name = match term {
            Term::Call(name, _) | Term::Text { text: name, .. } => shortened(name),
            _ => return Err(bad()),
        };
        // A plugin may bring types, and functions choose among types.
        if self.has_plugins || CHOOSERS.contains(&name.as_str()) {
            self.note(decorator.line, format!("@type={name}"));
            return Ok((Kind::default(), false));
        }
        Err(SchemaProblem::UnknownType { name })
    }

    /// The value beside the name, or that of `@default`.
    fn fallback(&mut self, entry: &Entry, stated: Option<&str>) -> Result<Option<String>, SchemaProblem> {
        let beside = match &entry.value {
            Some(term) if term.is_computed() => {
                let name = match term {
                    Term::Call(name, _) => format!("{}()", shortened(name)),
                    _ => "${…}".to_owned(),
                };
                self.note(entry.line, name);
                None
            }
            Some(Term::Text { text, quote: None }) if text == "undefined" => None,
            Some(Term::Text { text, .. }) => Some(text.clone()),
            // Lists and maps are spelled by whoever hands them over.
            _ => None,
        };
        match (beside, stated) {
            (Some(beside), Some(stated)) if beside != stated => {
                Err(SchemaProblem::TwoDefaults { name: entry.name.clone() })
            }
            (beside, stated) => Ok(beside.or_else(|| stated.map(str::to_owned))),
        }
    }

    /// What a pair of opposite decorators says. Something that another tool works out says nothing here, but what may be
    /// sensitive is.
    fn either(&mut self, entry: &Entry, yes: &str, no: &str) -> Result<Option<bool>, SchemaProblem> {
        let mut said = None;
        for decorator in entry.decorators.iter().filter(|one| one.name == yes || one.name == no) {
            let bad = || SchemaProblem::BadDecorator { name: shortened(&decorator.name) };
            let value = match &decorator.value {
                Some(Term::Map(options)) => {
                    let enabled = options.iter().find(|one| one.name.as_deref() == Some("enabled"));
                    enabled.map(|one| &one.value)
                }
                other => other.as_ref(),
            };
            let says = match value.map(|value| (value.is_computed(), value.text())) {
                None | Some((_, Some("true"))) => decorator.name == yes,
                Some((_, Some("false"))) => decorator.name == no,
                Some((true, _)) => {
                    self.note(decorator.line, format!("@{}=…", decorator.name));
                    if yes != "sensitive" {
                        continue;
                    }
                    true
                }
                Some(_) => return Err(bad()),
            };
            if said.replace(says).is_some_and(|before| before != says) {
                return Err(SchemaProblem::Contradiction { first: yes.to_owned(), second: no.to_owned() });
            }
        }
        Ok(said)
    }
}

/// What a default must fit: whoever hands it out rounds it.
fn unrounded(kind: &Kind) -> Kind {
    match kind {
        Kind::Number(number) => Kind::Number(Number { precision: None, ..*number }),
        kind => kind.clone(),
    }
}

/// The kind of an item that does not say: that of its value, if it has no quotes.
fn inferred(value: Option<&Term>) -> Kind {
    match value {
        Some(Term::Text { text, quote: None }) if text == "true" || text == "false" => Kind::Bool,
        Some(Term::Text { text, quote: None }) => {
            let is_number =
                text.parse().is_ok_and(|number: f64| number.is_finite() && number.to_string() == *text);
            if is_number { Kind::Number(Number::default()) } else { Kind::default() }
        }
        _ => Kind::default(),
    }
}

/// No item's value needs itself.
fn acyclic(entries: &[Entry]) -> Result<(), SchemaError> {
    let needs = |entry: &Entry| entry.value.as_ref().map(references).unwrap_or_default();
    let needs: HashMap<&str, (usize, Vec<String>)> =
        entries.iter().map(|entry| (entry.name.as_str(), (entry.line, needs(entry)))).collect();
    let mut done = HashSet::new();
    for entry in entries {
        // The way down from this item, each with how many of its needs were looked at.
        let mut way = vec![(entry.name.as_str(), 0)];
        let mut on_the_way = HashSet::from([entry.name.as_str()]);
        while let Some((name, looked)) = way.last_mut() {
            let next = needs.get(name).and_then(|(_, names)| names.get(*looked));
            *looked += 1;
            match next.and_then(|next| needs.get_key_value(next.as_str())) {
                Some((next, (line, _))) if on_the_way.contains(next) => {
                    let problem = SchemaProblem::Cycle { name: (*next).to_owned() };
                    return Err(SchemaError { line: *line, problem });
                }
                Some((next, _)) if !done.contains(next) => {
                    on_the_way.insert(next);
                    way.push((next, 0));
                }
                _ if next.is_some() => {}
                _ => {
                    done.insert(*name);
                    on_the_way.remove(*name);
                    way.pop();
                }
            }
        }
    }
    Ok(())
}

/// Root decorators that say nothing about values.
const ROOT_TALK: [&str; 12] = [
    "cache",
    "currentEnv",
    "defaultDynamic",
    "defaultInternal",
    "encryptInjectedEnv",
    "envFlag",
    "generateTsTypes",
    "generateTypes",
    "preventLeaks",
    "redactLogs",
    "requireVersion",
    "schema",
];

/// Decorators of items that are read, or that say nothing about values.
const ITEM_DECORATORS: [&str; 15] = [
    "default",
    "deprecated",
    "docs",
    "docsUrl",
    "dynamic",
    "example",
    "icon",
    "internal",
    "optional",
    "public",
    "required",
    "sensitive",
    "static",
    "tag",
    "type",
];

/// Functions that choose a type when values are known.
const CHOOSERS: [&str; 5] = ["fallback", "forEnv", "if", "ifs", "remap"];

/// Notes that are kept.
const MOST_NOTES: usize = 64;

/// Bytes of a schema.
const LONGEST: usize = 256 << 10;
