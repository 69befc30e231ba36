//! Trees and JSON Schemas.

use super::*;
use crate::base::Value as Leaf;

fn parse(text: &str) -> JsonSchema {
    JsonSchema::parse(text.as_bytes()).unwrap()
}

fn node(json: &Value) -> Node {
    match json {
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        Value::Object(entries) => {
            Node::Map(entries.iter().map(|(key, value)| (key.clone().into_bytes(), node(value))).collect())
        }
        Value::Bool(bool) => Node::Value(Leaf::Bool(*bool)),
        Value::Null => Node::Value(Leaf::Null),
        Value::Number(number) => {
            Node::Value(number.as_i64().map_or_else(|| Leaf::Float(number.as_f64().unwrap()), Leaf::Int))
        }
        Value::String(text) => Node::str(text),
    }
}

fn tree(json: &str) -> Node {
    node(&serde_json::from_str(json).unwrap())
}

/// `SUBJECT words` for each.
fn words(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.subject, finding.problem)).collect()
}

const DATABASE: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["database", "token"],
    "properties": {
        "database": {
            "type": "object",
            "required": ["host", "port"],
            "properties": {"host": {"type": "string", "format": "hostname"}, "port": {"$ref": "#/$defs/port"}},
            "additionalProperties": false
        },
        "token": {"type": "string", "minLength": 8, "pattern": "^sk-"},
        "mode": {"enum": ["dev", "prod", 1]},
        "hosts": {"type": "array", "items": {"format": "uri"}, "minItems": 1}
    },
    "patternProperties": {"^x-": {"type": "boolean"}},
    "additionalProperties": false,
    "$defs": {"port": {"type": "integer", "minimum": 1, "maximum": 65535}}
}"##;

#[test]
fn what_is_wrong_is_said_by_path_and_without_values() {
    let found = parse(DATABASE).check(&tree(
        r#"{"database": {"host": "a b", "port": 70000, "secret-extra": 1}, "token": "hunter2", "mode": "test",
            "hosts": ["https://a.b", "c"], "x-on": "yes", "other": 1}"#,
    ));
    assert_eq!(
        words(&found),
        [
            "database.host is not a domain such as app.example.com or localhost",
            "database.port is not a number from 1 to 65535",
            "database.secret-extra is not in the schema",
            "token is not a text of at least 8 characters and that matches `^sk-`",
            "mode is not one of: dev, prod, 1",
            "hosts[1] is not a URL with scheme and host",
            "x-on is not of type boolean",
            "other is not in the schema",
        ]
    );
    assert!(found.iter().all(|finding| finding.severity == crate::schema::Severity::Error));
    let right = r#"{"database": {"host": "a.b", "port": 5432}, "token": "sk-12345", "mode": 1, "hosts": ["https://a.b"], "x-on": true}"#;
    assert_eq!(parse(DATABASE).check(&tree(right)), []);
}

#[test]
fn names_and_structure_are_judged_without_values() {
    let schema = parse(DATABASE);
    let closed = tree(
        r#"{"database": {"host": "ENC[…]", "port": "ENC[…]", "x": "ENC[…]"}, "mode": "ENC[…]", "hosts": "ENC[…]"}"#,
    );
    assert_eq!(
        words(&schema.check_names(&closed)),
        ["token is required and missing", "database.x is not in the schema", "hosts is not of type array"]
    );
}

#[test]
fn alternatives_and_conditions_are_followed() {
    let schema = parse(
        r#"{"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "not": {"required": ["c"]},
            "oneOf": [{"properties": {"n": {"type": "integer"}}}, {"properties": {"n": {"minimum": 5.5}}}],
            "if": {"required": ["tls"]}, "then": {"required": ["certificate"]}, "else": {"required": ["plain"]}}"#,
    );
    assert_eq!(schema.check(&tree(r#"{"a": 1, "n": 1, "plain": 1}"#)), []);
    assert_eq!(
        words(&schema.check(&tree(r#"{"c": 1, "n": 7, "tls": 1}"#))),
        [
            "(all) is not any of what `anyOf` asks for",
            "(all) is not exactly one of what `oneOf` asks for",
            "(all) is not allowed by `not`",
            "certificate is required and missing",
        ]
    );
}

#[test]
fn numbers_are_equal_however_they_are_spelled() {
    for (member, value, is_equal) in [
        ("1", "1", true),
        ("1.0", "1", true),
        ("1", "1.0", true),
        ("1e2", "100", true),
        ("0", "-0.0", true),
        ("1.5", "1", false),
        ("9007199254740993", "9007199254740992", false),
        ("1", "\"1\"", false),
    ] {
        let found = parse(&format!(r#"{{"const": {member}}}"#)).check(&tree(value));
        assert_eq!(found.is_empty(), is_equal, "{member} {value}");
    }
}

#[test]
fn a_schema_that_makes_no_sense_is_refused() {
    for (text, words) in [
        ("{\n{", "line 2: this is no JSON"),
        ("[]", "`` has a value that it cannot have"),
        (
            r#"{"properties": {"a/b": {"type": "strin"}}}"#,
            "`/properties/a~1b/type` names a type that JSON does not have",
        ),
        (r#"{"minLength": -1}"#, "`/minLength` has a value that it cannot have"),
        (r#"{"pattern": "(?=a)"}"#, "`/pattern` has a value that it cannot have"),
        (r#"{"multipleOf": 0}"#, "`/multipleOf` has a value that it cannot have"),
        (r##"{"$ref": "#/$defs/x"}"##, "`/$ref` points to nothing in this schema"),
        (
            r#"{"$ref": "https://example.com/schema.json"}"#,
            "`/$ref` refers to another document; only `#…` is followed",
        ),
        (r#"{"$ref": "other.json#/a"}"#, "`/$ref` refers to another document; only `#…` is followed"),
        (r##"{"$ref": "#"}"##, "`#` refers to itself without end"),
        (
            r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}, "items": {"$ref": "#/$defs/a"}}"##,
            "`#/$defs/a` refers to itself without end",
        ),
    ] {
        assert_eq!(JsonSchema::parse(text.as_bytes()).unwrap_err().to_string(), words, "{text}");
    }
    let chain: Vec<String> =
        (0..300).map(|at| format!(r##""{at}": {{"$ref": "#/$defs/{}"}}"##, at + 1)).collect();
    let deep = format!(r##"{{"$ref": "#/$defs/0", "$defs": {{{}, "300": true}}}}"##, chain.join(", "));
    assert_eq!(JsonSchema::parse(deep.as_bytes()).unwrap_err(), JsonSchemaError::TooLarge);
}

#[test]
fn a_schema_may_describe_itself_again_further_down() {
    let schema = parse(r##"{"type": "object", "additionalProperties": {"$ref": "#"}}"##);
    assert_eq!(words(&schema.check(&tree(r#"{"a": {"b": {}, "c": 1}}"#))), ["a.c is not of type object"]);
}

#[test]
fn unknown_keywords_and_formats_are_noted_once() {
    let schema = parse(
        r#"{"uniqueItems": true, "properties": {"a": {"uniqueItems": true, "format": "duration", "title": "t"}, "b": {"format": "port"}}}"#,
    );
    assert_eq!(schema.notes, ["uniqueItems", "format duration"]);
    assert_eq!(
        words(&schema.check(&tree(r#"{"b": "0"}"#))),
        ["b is not a port: a whole number from 1 to 65535"]
    );
}

#[test]
fn each_rule_is_looked_at_once_for_circles() {
    let (references, others) =
        (vec![r##"{"$ref": "#/$defs/x"}"##; 2000].join(","), vec!["{}"; 2000].join(","));
    let text = format!(r#"{{"allOf": [{references}], "$defs": {{"x": {{"anyOf": [{others}]}}}}}}"#);
    // Four million steps, were each looked at again for each that needs it.
    assert_eq!(parse(&text).notes, [""; 0]);
}

#[test]
fn a_schema_that_takes_too_long_fails_closed() {
    let schema = parse(
        r##"{"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]}"##,
    );
    let deep = (0..60).fold("1".to_owned(), |inner, _| format!(r#"{{"a": {inner}}}"#));
    let found = words(&schema.check(&tree(&deep)));
    assert_eq!(found.last().unwrap(), "(all) is not something that this schema can judge in reasonable time");
}

#[test]
fn many_findings_of_one_rule_take_no_memory_without_end() {
    let names: Vec<String> = (0..2000).map(|at| format!("\"{at}\"")).collect();
    let again = vec![r##"{"$ref": "#/$defs/a"}"##; 2000].join(", ");
    let text = format!(r#"{{"allOf": [{again}], "$defs": {{"a": {{"required": [{}]}}}}}}"#, names.join(", "));
    let found = parse(&text).check(&tree("{}"));
    assert!(found.len() < 100_000, "{}", found.len());
    assert!(words(&found).last().unwrap().starts_with("(all) is not something"));
    let long = "x".repeat(100_000);
    let schema = parse(&format!(r#"{{"items": {{"enum": ["{long}"]}}}}"#));
    let found = schema.check(&Node::List(vec![Node::str("y"); 2000]));
    assert!(found.len() < 200, "{}", found.len());
}

#[test]
fn pointers_below_a_long_key_do_not_multiply_it() {
    let text = format!(
        r#"{{"properties": {{"{}": {{"allOf": [{}]}}}}}}"#,
        "k".repeat(10_000),
        vec!["true"; 5000].join(",")
    );
    assert_eq!(JsonSchema::parse(text.as_bytes()).unwrap_err(), JsonSchemaError::TooLarge);
}
