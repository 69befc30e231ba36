//! Trees held against rules.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::{Count, Rule, Type};
use crate::base::{Node, Path, Step, Value};
use crate::schema::{Finding, Kind, Problem};

/// On its way through a tree.
pub struct Checker<'a> {
    rules: &'a [Rule],
    with_values: bool,
    path: Path,
    steps: usize,
    depth: usize,
    /// What is wrong so far.
    pub found: Vec<Finding>,
}

impl<'a> Checker<'a> {
    pub fn new(rules: &'a [Rule], with_values: bool) -> Self {
        Self { rules, with_values, path: Path::default(), steps: 0, depth: 0, found: Vec::new() }
    }

    /// The schema made it look at the same values too often.
    pub fn is_exhausted(&self) -> bool {
        self.steps > MOST_STEPS
    }

    /// Holds `node` against the rule at `place`.
    pub fn check(&mut self, place: usize, node: &Node) {
        self.steps += if self.depth < DEEPEST { 1 } else { MOST_STEPS };
        let Some(rule) = self.rules.get(place).filter(|_| !self.is_exhausted()) else { return };
        if rule.never {
            self.report(Problem::Unknown);
            return;
        }
        self.depth += 1;
        self.types(rule, node);
        match node {
            Node::List(items) => self.list(rule, items),
            Node::Map(entries) => self.map(rule, entries),
            Node::Value(value) if self.with_values => self.value(rule, value),
            Node::Value(_) => {}
        }
        for place in rule.all.iter().chain(&rule.reference) {
            self.check(*place, node);
        }
        if self.with_values {
            self.members(rule, node);
            self.alternatives(rule, node);
        }
        self.depth -= 1;
    }

    /// Counts `work` that comes beside the rules themselves: comparisons, and bytes.
    fn charge(&mut self, work: usize) {
        self.steps = self.steps.saturating_add(work / WORK_OF_A_STEP);
    }

    fn report(&mut self, problem: Problem) {
        let said = if let Problem::WrongKind { expected } = &problem { expected.len() } else { 0 };
        self.charge(said + self.path.steps.len() + WORK_OF_A_FINDING);
        if self.is_exhausted() {
            return;
        }
        let subject = if self.path.steps.is_empty() { "(all)".to_owned() } else { self.path.to_string() };
        self.found.push(Finding::error(&subject, problem));
    }

    fn expect(&mut self, is_so: bool, expected: impl FnOnce() -> String) {
        if !is_so {
            self.report(Problem::WrongKind { expected: expected() });
        }
    }

    fn types(&mut self, rule: &Rule, node: &Node) {
        let with_values = self.with_values;
        let is = |kind: &Type| match (kind, node) {
            (Type::Array, Node::List(_)) | (Type::Object, Node::Map(_)) => true,
            (Type::Array | Type::Object, _) | (_, Node::List(_) | Node::Map(_)) => false,
            // What is encrypted may be anything.
            (_, Node::Value(_)) if !with_values => true,
            (kind, Node::Value(value)) => match value {
                Value::Bool(_) => *kind == Type::Boolean,
                Value::Float(float) => {
                    *kind == Type::Number || (*kind == Type::Integer && float.fract() == 0.0)
                }
                Value::Int(_) => matches!(kind, Type::Integer | Type::Number),
                Value::Null => *kind == Type::Null,
                Value::Str(_) | Value::Time(_) => *kind == Type::String,
            },
        };
        let names = || rule.types.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ");
        self.expect(rule.types.is_empty() || rule.types.iter().any(is), || format!("of type {}", names()));
    }

    fn list(&mut self, rule: &Rule, items: &[Node]) {
        self.count(rule.length, items.len(), "elements");
        for (at, item) in items.iter().enumerate() {
            if let Some(place) = rule.prefix.get(at).copied().or(rule.items) {
                self.path.steps.push(Step::Index(at));
                self.check(place, item);
                self.path.steps.pop();
            }
        }
    }

    fn map(&mut self, rule: &Rule, entries: &[(Vec<u8>, Node)]) {
        self.count(rule.fields, entries.len(), "entries");
        let work = rule.required.len() + rule.properties.len() + WORK_OF_A_PATTERN * rule.patterns.len();
        self.charge(work.saturating_mul(entries.len()));
        if self.is_exhausted() {
            return;
        }
        for name in &rule.required {
            if !entries.iter().any(|(key, _)| key == name.as_bytes()) {
                self.path.steps.push(Step::Key(name.clone().into_bytes()));
                self.report(Problem::Missing);
                self.path.steps.pop();
            }
        }
        for (key, node) in entries {
            let text = String::from_utf8_lossy(key);
            let named = rule.properties.iter().filter(|(name, _)| *name == text).map(|(_, place)| *place);
            let matched = rule.patterns.iter().filter(|(pattern, _)| pattern.0.is_match(&text));
            let mut places: Vec<usize> = named.chain(matched.map(|(_, place)| *place)).collect();
            if places.is_empty() {
                places.extend(rule.additional);
            }
            self.path.steps.push(Step::Key(key.clone()));
            for place in places {
                self.check(place, node);
            }
            self.path.steps.pop();
        }
    }

    fn count(&mut self, limits: Count, count: usize, what: &str) {
        let Count { min, max } = limits;
        self.expect(min.is_none_or(|min| count >= min), || {
            format!("of at least {} {what}", min.unwrap_or_default())
        });
        self.expect(max.is_none_or(|max| count <= max), || {
            format!("of at most {} {what}", max.unwrap_or_default())
        });
    }

    fn value(&mut self, rule: &Rule, value: &Value) {
        let bytes = value.plain_bytes();
        self.charge(bytes.len() / BYTES_OF_WORK);
        match value {
            Value::Str(_) | Value::Time(_) => {
                let text = Kind::String(rule.text.clone());
                for kind in [Some(&text), rule.format.as_ref()].into_iter().flatten() {
                    self.expect(kind.fits(&bytes), || kind.expected());
                }
            }
            Value::Float(_) | Value::Int(_) => {
                let number = Kind::Number(rule.number);
                self.expect(number.fits(&bytes), || number.expected());
                let amount = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<f64>().ok());
                let amount = amount.unwrap_or(f64::NAN);
                self.expect(rule.above.is_none_or(|limit| amount > limit), || {
                    format!("a number above {}", rule.above.unwrap_or_default())
                });
                self.expect(rule.below.is_none_or(|limit| amount < limit), || {
                    format!("a number below {}", rule.below.unwrap_or_default())
                });
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn members(&mut self, rule: &Rule, node: &Node) {
        let Some(members) = &rule.members else { return };
        self.charge(members.iter().map(size).sum());
        if self.is_exhausted() {
            return;
        }
        let words = || {
            let words = members
                .iter()
                .map(|member| member.as_str().map_or_else(|| member.to_string(), str::to_owned));
            Kind::Enum(words.collect()).expected()
        };
        self.expect(members.iter().any(|member| is_equal(member, node)), words);
    }

    fn alternatives(&mut self, rule: &Rule, node: &Node) {
        let of = |places: &[usize], checker: &mut Self| {
            places.iter().filter(|place| checker.fits(**place, node)).count()
        };
        if let Some(places) = &rule.any {
            let is_one = of(places, self) > 0;
            self.expect(is_one, || "any of what `anyOf` asks for".to_owned());
        }
        if let Some(places) = &rule.one {
            let is_one = of(places, self) == 1;
            self.expect(is_one, || "exactly one of what `oneOf` asks for".to_owned());
        }
        if let Some(place) = rule.not {
            let is_not = !self.fits(place, node);
            self.expect(is_not, || "allowed by `not`".to_owned());
        }
        if let Some((condition, then, other)) = rule.when {
            let branch = if self.fits(condition, node) { then } else { other };
            if let Some(place) = branch {
                self.check(place, node);
            }
        }
    }

    /// Whether nothing is wrong; what is found meanwhile is forgotten.
    fn fits(&mut self, place: usize, node: &Node) -> bool {
        let before = std::mem::take(&mut self.found);
        self.check(place, node);
        std::mem::replace(&mut self.found, before).is_empty()
    }
}

/// How much there is to be compared with it.
fn size(json: &Json) -> usize {
    match json {
        Json::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Json::Object(entries) => entries.values().map(size).sum::<usize>() + entries.len() + 1,
        Json::String(text) => text.len() / BYTES_OF_WORK + 1,
        _ => 1,
    }
}

/// Whether a value of the schema is that of the tree. Texts are compared as bytes, numbers as numbers.
fn is_equal(json: &Json, node: &Node) -> bool {
    match (json, node) {
        (Json::Array(array), Node::List(items)) => {
            array.len() == items.len() && array.iter().zip(items).all(|(json, item)| is_equal(json, item))
        }
        (Json::Object(object), Node::Map(entries)) => {
            let is_there = |(key, node): &(Vec<u8>, Node)| {
                std::str::from_utf8(key)
                    .ok()
                    .and_then(|key| object.get(key))
                    .is_some_and(|json| is_equal(json, node))
            };
            object.len() == entries.len() && entries.iter().all(is_there)
        }
        (Json::Null, Node::Value(Value::Null)) => true,
        (Json::Bool(json), Node::Value(Value::Bool(bool))) => json == bool,
        (Json::Number(json), Node::Value(Value::Int(int))) => match json.as_f64() {
            // 1.0 is the number 1.
            Some(number) if json.is_f64() => {
                number.fract() == 0.0 && format!("{number:.0}") == int.to_string()
            }
            _ => json.to_string() == int.to_string(),
        },
        (Json::Number(json), Node::Value(Value::Float(float))) => {
            json.as_f64().and_then(|json| json.partial_cmp(float)) == Some(Ordering::Equal)
        }
        (Json::String(json), Node::Value(value @ (Value::Str(_) | Value::Time(_)))) => {
            json.as_bytes() == &*value.plain_bytes()
        }
        _ => false,
    }
}

/// Rules in rules and values in values.
const DEEPEST: usize = 1000;

/// Rules that are held against values, all in all.
const MOST_STEPS: usize = 200_000;

/// Comparisons, or bytes of a message, that count as much as one rule.
const WORK_OF_A_STEP: usize = 64;

/// A finding is kept, and its line is looked for.
const WORK_OF_A_FINDING: usize = 8 * WORK_OF_A_STEP;

/// A pattern is searched in each name.
const WORK_OF_A_PATTERN: usize = 16;

/// Bytes of a value that are looked at as fast as one is compared.
const BYTES_OF_WORK: usize = 16;
