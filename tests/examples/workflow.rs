//! Workflow files as their service reads them: leaves by path, and the few expressions that our examples use.

use std::collections::BTreeMap;
use std::path::Path;

use lacre::document::yaml::Yaml;
use lacre::envelope::Plain;
use lacre::workspace::value_text;

pub type Values = BTreeMap<String, String>;

pub fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A YAML file of `examples/`.
pub struct Workflow(Vec<(String, String)>);

impl Workflow {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap();
        let plain = Plain::parse(text, &Yaml).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let leaf = |(path, value): (lacre::base::Path, _)| {
            (path.to_string(), String::from_utf8(value_text(&value).into_owned()).unwrap())
        };
        Self(plain.leaves().into_iter().map(leaf).collect())
    }

    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| one == path).map(|(_, value)| value.as_str())
    }

    /// The leaves below `path`, which ends with a dot, by their names.
    pub fn below(&self, path: &str) -> Values {
        let leaves = self
            .0
            .iter()
            .filter_map(|(one, value)| Some((one.strip_prefix(path)?.to_owned(), value.clone())));
        leaves.collect()
    }

    /// `path[0]`, `path[1]` … as long as something stands there.
    pub fn items(&self, path: &str) -> Vec<String> {
        let item = |number| format!("{path}[{number}]");
        (0..100)
            .map(item)
            .take_while(|item| self.0.iter().any(|(one, _)| one.starts_with(item.as_str())))
            .collect()
    }
}

/// `text` with every `${{ … }}` replaced by what it means.
pub fn filled(text: &str, contexts: &Values) -> String {
    let mut parts = text.split("${{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        out += &value_of(expression, contexts);
        out += rest;
    }
    out
}

/// What a GitHub expression means: `a || b`, `a && b`, `a == b`, `a != b`, texts, and names such as `secrets.KEY`, which
/// mean nothing where they are unset.
pub fn value_of(expression: &str, contexts: &Values) -> String {
    let value = |part: &str| value_of(part, contexts);
    if let Some((one, other)) = expression.split_once("||") {
        return Some(value(one)).filter(|one| is_true(one)).unwrap_or_else(|| value(other));
    }
    if let Some((one, other)) = expression.split_once("&&") {
        return Some(value(one)).filter(|one| !is_true(one)).unwrap_or_else(|| value(other));
    }
    if let Some((one, other)) = expression.split_once("==") {
        return (value(one) == value(other)).to_string();
    }
    if let Some((one, other)) = expression.split_once("!=") {
        return (value(one) != value(other)).to_string();
    }
    let word = expression.trim();
    if let Some(text) = word.strip_prefix('\'') {
        return text.strip_suffix('\'').unwrap().to_owned();
    }
    let known = ["env.", "github.", "inputs.", "secrets.", "vars."];
    assert!(known.iter().any(|context| word.starts_with(context)), "unknown expression: {expression}");
    contexts.get(word).cloned().unwrap_or_default()
}

pub fn is_true(value: &str) -> bool {
    !value.is_empty() && value != "false"
}

#[test]
fn expressions_mean_what_they_mean_on_github() {
    let contexts = values([("env.A", "x"), ("github.event_name", "push")]);
    for (expression, value) in [
        ("env.A", "x"),
        (" secrets.NONE ", ""),
        ("secrets.NONE != ''", "false"),
        ("github.event_name == 'push' || secrets.NONE != ''", "true"),
        ("env.A == 'x' && env.B", ""),
    ] {
        assert_eq!(value_of(expression, &contexts), value, "{expression}");
    }
    assert_eq!(filled("<${{ env.A }}${{ env.B }}>", &contexts), "<x>");
}
