//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::super::{Context, Failure};
use super::super::listing;
use super::Row;

/// One run of one tool.
pub(super) fn print(context: &Context<'_>, rows: &[Row<'_>]) -> Result<(), Failure> {
    let codes: BTreeSet<&str> = rows.iter().map(|row| row.finding.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({"id": code})).collect();
    let results: Vec<Value> = rows.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "lacre",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    context.print_line(&listing(&log))
}

fn result(row: &Row<'_>) -> Value {
    let uri = uri(&row.file);
    // Outside a repository a file may stand anywhere.
    let place = if uri.starts_with('/') {
        json!({"uri": format!("file://{uri}")})
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    };
    json!({
        "ruleId": row.finding.code,
        "level": row.level(),
        "message": {"text": row.sentence()},
        "locations": [{"physicalLocation": {
            "artifactLocation": place,
            "region": {"startLine": row.finding.line},
        }}],
        // The same finding in another line is the same finding.
        "partialFingerprints": {"lacre/v1": format!("{}:{}:{}", row.file, row.finding.code, row.finding.subject)},
    })
}

/// A path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let spell = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("a b/ä:%.enc"), "a%20b/%C3%A4%3A%25.enc");
    }
}
