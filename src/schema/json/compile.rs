//! From JSON to rules.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{JsonSchema, JsonSchemaError, Rule, Type};
use crate::schema::kind::{Domain, Kind, Url};
use crate::schema::term::Term;
use crate::schema::{options, types};

/// Reads the whole schema.
pub fn compile(root: &Value) -> Result<JsonSchema, JsonSchemaError> {
    let mut compiler = Compiler {
        root,
        places: HashMap::new(),
        rules: Vec::new(),
        notes: Vec::new(),
        depth: 0,
        patterns: 0,
        pointers: 0,
    };
    compiler.rule(root, String::new())?;
    if let Some(rule) = cycle(&compiler.rules).and_then(|at| compiler.rules.get(at)) {
        return Err(JsonSchemaError::Cycle(format!("#{}", rule.pointer)));
    }
    Ok(JsonSchema { rules: compiler.rules, notes: compiler.notes })
}

struct Compiler<'a> {
    root: &'a Value,
    /// Rules by their pointers.
    places: HashMap<String, usize>,
    rules: Vec<Rule>,
    notes: Vec<String>,
    depth: usize,
    patterns: usize,
    /// Bytes of all pointers: below one long key, each rule has that key in its own.
    pointers: usize,
}

impl<'a> Compiler<'a> {
    /// The place of the rule at `pointer`, read once.
    fn rule(&mut self, value: &'a Value, pointer: String) -> Result<usize, JsonSchemaError> {
        if let Some(place) = self.places.get(&pointer) {
            return Ok(*place);
        }
        self.depth += 1;
        self.pointers += pointer.len();
        if self.depth > DEEPEST || self.pointers > MOST_POINTERS {
            return Err(JsonSchemaError::TooLarge);
        }
        let place = self.rules.len();
        self.places.insert(pointer.clone(), place);
        self.rules.push(Rule::default());
        let mut rule = Rule { pointer: pointer.clone(), ..Rule::default() };
        match value {
            Value::Bool(always) => rule.never = !always,
            Value::Object(keywords) => self.keywords(keywords, &mut rule)?,
            _ => return Err(JsonSchemaError::BadKeyword(pointer)),
        }
        self.patterns += usize::from(rule.text.matches.is_some());
        if self.patterns > options::MOST_PATTERNS {
            return Err(JsonSchemaError::TooLarge);
        }
        if let Some(slot) = self.rules.get_mut(place) {
            *slot = rule;
        }
        self.depth -= 1;
        Ok(place)
    }

    fn keywords(&mut self, keywords: &'a Map<String, Value>, rule: &mut Rule) -> Result<(), JsonSchemaError> {
        for (keyword, value) in keywords {
            let pointer = format!("{}/{}", rule.pointer, escaped(keyword));
            if !self.applicator(keyword, value, &pointer, keywords, rule)?
                && !assertion(keyword, value, &pointer, rule)?
            {
                self.other(keyword, value, &pointer, rule)?;
            }
        }
        Ok(())
    }

    /// Keywords that hold further schemas. `false`: this is none.
    fn applicator(
        &mut self,
        keyword: &str,
        value: &'a Value,
        pointer: &str,
        beside: &'a Map<String, Value>,
        rule: &mut Rule,
    ) -> Result<bool, JsonSchemaError> {
        match keyword {
            "$ref" => rule.reference = Some(self.reference(value, pointer)?),
            "additionalProperties" => rule.additional = Some(self.rule(value, pointer.to_owned())?),
            "allOf" => rule.all = self.list(value, pointer)?,
            "anyOf" => rule.any = Some(self.list(value, pointer)?),
            "oneOf" => rule.one = Some(self.list(value, pointer)?),
            "prefixItems" => rule.prefix = self.list(value, pointer)?,
            "items" if value.is_array() => rule.prefix = self.list(value, pointer)?,
            "items" => rule.items = Some(self.rule(value, pointer.to_owned())?),
            "not" => rule.not = Some(self.rule(value, pointer.to_owned())?),
            "properties" => {
                for (name, value, pointer) in entries(value, pointer)? {
                    rule.properties.push((name.to_owned(), self.rule(value, pointer)?));
                }
            }
            "patternProperties" => {
                for (name, value, pointer) in entries(value, pointer)? {
                    self.patterns += 1;
                    if self.patterns > options::MOST_PATTERNS {
                        return Err(JsonSchemaError::TooLarge);
                    }
                    let pattern = options::compile(name, "").ok_or_else(|| bad(&pointer))?;
                    rule.patterns.push((pattern, self.rule(value, pointer)?));
                }
            }
            "if" => {
                let mut branch = |name: &str| {
                    let pointer = format!("{}/{name}", rule.pointer);
                    beside.get(name).map(|value| self.rule(value, pointer)).transpose()
                };
                let (then, other) = (branch("then")?, branch("else")?);
                rule.when = Some((self.rule(value, pointer.to_owned())?, then, other));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn list(&mut self, value: &'a Value, pointer: &str) -> Result<Vec<usize>, JsonSchemaError> {
        let schemas = value.as_array().filter(|schemas| !schemas.is_empty()).ok_or_else(|| bad(pointer))?;
        schemas.iter().enumerate().map(|(at, value)| self.rule(value, format!("{pointer}/{at}"))).collect()
    }

    fn reference(&mut self, value: &Value, pointer: &str) -> Result<usize, JsonSchemaError> {
        let target = value.as_str().ok_or_else(|| bad(pointer))?;
        let target =
            target.strip_prefix('#').ok_or_else(|| JsonSchemaError::Elsewhere(pointer.to_owned()))?;
        let found = self.root.pointer(target).ok_or_else(|| JsonSchemaError::Dangling(pointer.to_owned()))?;
        self.rule(found, target.to_owned())
    }

    /// Keywords that say nothing about values, and those that are not checked.
    fn other(
        &mut self,
        keyword: &str,
        value: &Value,
        pointer: &str,
        rule: &mut Rule,
    ) -> Result<(), JsonSchemaError> {
        let note = match keyword {
            "format" => {
                let name = value.as_str().ok_or_else(|| bad(pointer))?;
                rule.format = format(name);
                if rule.format.is_some() || name == "password" {
                    return Ok(());
                }
                format!("format {}", options::shortened(name))
            }
            _ if SILENT.contains(&keyword) => return Ok(()),
            _ => options::shortened(keyword),
        };
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
        Ok(())
    }
}

/// Keywords that judge a value by themselves. `false`: this is none.
fn assertion(keyword: &str, value: &Value, pointer: &str, rule: &mut Rule) -> Result<bool, JsonSchemaError> {
    let count =
        || value.as_u64().and_then(|count| usize::try_from(count).ok()).map(Some).ok_or_else(|| bad(pointer));
    let number = || value.as_f64().map(Some).ok_or_else(|| bad(pointer));
    match keyword {
        "const" => rule.members = Some(vec![value.clone()]),
        "enum" => rule.members = Some(value.as_array().ok_or_else(|| bad(pointer))?.clone()),
        "exclusiveMaximum" => rule.below = number()?,
        "exclusiveMinimum" => rule.above = number()?,
        "maxItems" => rule.length.max = count()?,
        "maxLength" => rule.text.max = count()?,
        "maxProperties" => rule.fields.max = count()?,
        "maximum" => rule.number.max = number()?,
        "minItems" => rule.length.min = count()?,
        "minLength" => rule.text.min = count()?,
        "minProperties" => rule.fields.min = count()?,
        "minimum" => rule.number.min = number()?,
        "multipleOf" => {
            rule.number.divisor = number()?.filter(|divisor| *divisor > 0.0);
            rule.number.divisor.ok_or_else(|| bad(pointer))?;
        }
        "pattern" => {
            let pattern = value.as_str().and_then(|pattern| options::compile(pattern, ""));
            rule.text.matches = Some(pattern.ok_or_else(|| bad(pointer))?);
        }
        "required" => {
            let names = value.as_array().ok_or_else(|| bad(pointer))?;
            let names: Option<Vec<String>> =
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
            rule.required = names.ok_or_else(|| bad(pointer))?;
        }
        "type" => {
            let names = value.as_array().map_or_else(|| vec![value], |names| names.iter().collect());
            let types: Option<Vec<Type>> =
                names.into_iter().map(|name| name.as_str().and_then(Type::named)).collect();
            rule.types = types.ok_or_else(|| JsonSchemaError::UnknownType(pointer.to_owned()))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

impl Type {
    fn named(name: &str) -> Option<Self> {
        let all =
            [Self::Array, Self::Boolean, Self::Integer, Self::Null, Self::Number, Self::Object, Self::String];
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// As `type` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

/// The formats of JSON Schema, and beside them every type of the schema language.
fn format(name: &str) -> Option<Kind> {
    Some(match name {
        "date" | "date-time" => Kind::IsoDate,
        "hostname" => Kind::Domain(Domain { single_label: true, ..Domain::default() }),
        "ipv4" => Kind::Ip { version: Some(4) },
        "ipv6" => Kind::Ip { version: Some(6) },
        "uri" => Kind::Url(Url::default()),
        // In JSON Schema this is a length of time of ISO 8601.
        "duration" => return None,
        _ => types::kind(&Term::Text { text: name.to_owned(), quote: None }).ok()??.0,
    })
}

fn entries<'a>(
    value: &'a Value,
    pointer: &str,
) -> Result<Vec<(&'a str, &'a Value, String)>, JsonSchemaError> {
    let entries = value.as_object().ok_or_else(|| bad(pointer))?;
    let entry = |(name, value): (&'a String, &'a Value)| {
        (name.as_str(), value, format!("{pointer}/{}", escaped(name)))
    };
    Ok(entries.iter().map(entry).collect())
}

/// A key in a pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn bad(pointer: &str) -> JsonSchemaError {
    JsonSchemaError::BadKeyword(pointer.to_owned())
}

/// The rules that judge the same value.
fn in_place(rule: &Rule) -> Vec<usize> {
    let lists = [Some(&rule.all), rule.any.as_ref(), rule.one.as_ref()].into_iter().flatten().flatten();
    let when = rule.when.map(|(condition, then, other)| [Some(condition), then, other]);
    let single = [rule.not, rule.reference].into_iter().chain(when.into_iter().flatten()).flatten();
    lists.copied().chain(single).collect()
}

/// A rule that comes back to itself without going down into a value. Each rule is walked through once.
fn cycle(rules: &[Rule]) -> Option<usize> {
    let (mut open, mut done) = (HashSet::new(), HashSet::new());
    for start in 0..rules.len() {
        let mut way = vec![(start, None)];
        while let Some((at, left)) = way.last_mut() {
            let left: &mut Vec<usize> = left.get_or_insert_with(|| {
                open.insert(*at);
                rules.get(*at).map(in_place).unwrap_or_default()
            });
            match left.pop() {
                Some(next) if open.contains(&next) => return Some(next),
                Some(next) if done.contains(&next) => {}
                Some(next) => way.push((next, None)),
                None => {
                    open.remove(at);
                    done.insert(*at);
                    way.pop();
                }
            }
        }
    }
    None
}

/// Schemas in schemas, references followed.
const DEEPEST: usize = 200;

/// Bytes of the pointers of all rules.
const MOST_POINTERS: usize = 8 << 20;

/// Notes that are kept.
const MOST_NOTES: usize = 64;

/// Keywords that say nothing about values, or are read with others.
const SILENT: [&str; 17] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "deprecated",
    "description",
    "else",
    "example",
    "examples",
    "readOnly",
    "then",
    "title",
    "writeOnly",
];
