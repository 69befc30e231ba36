//! Files that went through another program on their way, as Kubernetes controllers send them: YAML became JSON, names
//! were sorted, fields were added. MAC and seal cannot fit any more; every value still does.

use lacre::base::{Node, Value as Plain};
use serde_json::{Map, Value, json};

use super::bench::{Bench, text};

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata:
  name: app
stringData:
  token: \"0123\"
  nested: |
    two
    lines
data:
  count: NDI=
";

fn json_of(node: &Node) -> Value {
    match node {
        Node::List(items) => items.iter().map(json_of).collect(),
        Node::Map(entries) => entries.iter().map(|(name, node)| (text(name), json_of(node))).collect(),
        Node::Value(Plain::Null) => Value::Null,
        Node::Value(value) => text(&value.plain_bytes()).into(),
    }
}

/// The encrypted YAML as JSON with sorted names, and with what a controller adds.
fn through_a_controller(sealed: &[u8]) -> String {
    let document = lacre::document::Document::parse(sealed.to_vec(), &lacre::document::yaml::Yaml).unwrap();
    let node = lacre::base::assemble::assemble(&document.outline().events, document.text()).unwrap();
    let Value::Object(fields) = json_of(&node) else { panic!("a map") };
    let mut sorted: Vec<_> = fields.into_iter().collect();
    sorted.sort_by(|one, two| one.0.cmp(&two.0));
    let mut object: Map<String, Value> = sorted.into_iter().collect();
    object["metadata"]["labels"] = json!({"owner": "controller"});
    object["metadata"]["creationTimestamp"] = Value::Null;
    object.insert("status".into(), json!({"ready": true, "count": 3}));
    let metadata = document.outline().metadata.as_ref().unwrap();
    object.insert("sops".into(), json_of(metadata));
    Value::Object(object).to_string()
}

fn rules(bench: &Bench) {
    let rule =
        format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^(data|stringData)$\n", bench.recipient);
    bench.write(".sops.yaml", rule);
}

#[test]
fn a_file_that_became_json_with_foreign_fields_still_decrypts_value_by_value() {
    let Some(bench) = Bench::new() else { return };
    rules(&bench);
    bench.write("secret.yaml", SECRET);
    let ours = bench.lacre(["encrypt", "-o", "-", "secret.yaml"]).ok();
    let theirs = bench.sops(["encrypt", "secret.yaml"]).ok();
    for sealed in [ours, theirs] {
        bench.write("sent.json", through_a_controller(&sealed));
        bench.lacre(["decrypt", "sent.json"]).fails(5);
        bench.sops(["decrypt", "sent.json"]).fails(51);
        let read =
            |out: Vec<u8>| serde_json::from_slice::<Value>(&out).unwrap_or_else(|_| panic!("{}", text(&out)));
        let here = read(bench.lacre(["decrypt", "--ignore-mac", "sent.json"]).ok());
        let there = read(bench.sops(["decrypt", "--ignore-mac", "sent.json"]).ok());
        assert_eq!(here, there);
        assert_eq!(here["stringData"], json!({"token": "0123", "nested": "two\nlines\n"}));
        assert_eq!(here["data"]["count"], "NDI=");
        assert_eq!(here["status"]["count"], 3);
    }
}
