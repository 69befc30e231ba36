//! `destination_rules:` of a rule file: where `sops publish` puts a file, and for whom it is encrypted there.

use regex::bytes::Regex;

use super::fields::Fields;
use super::{Rule, RuleError};
use crate::base::{Node, Value};
use crate::policy::re2;

/// The mount of Vault's key-value store, where a rule names none.
const MOUNT: &str = "secret/";

/// All of one rule file, in order, each with what is wrong with it.
#[derive(Debug, Default)]
pub struct Destinations {
    rules: Vec<Result<(Option<Regex>, Destination), DestinationError>>,
}

/// One destination rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Position in the file, from 0.
    pub index: usize,
    /// What it matches, in Go's syntax; `None` matches everything.
    pub path_regex: Option<String>,
    /// Where files go.
    pub to: Target,
    /// Whether the name there lacks its extension.
    pub omit_extensions: bool,
    /// For whom files are encrypted there, if not as they stand here.
    pub recreation: Option<Rule>,
}

/// A place that files are published to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A bucket of Google Cloud Storage.
    Gcs {
        /// Its name.
        bucket: String,
        /// Before each name.
        prefix: String,
    },
    /// A bucket of S3.
    S3 {
        /// Its name.
        bucket: String,
        /// Before each name.
        prefix: String,
    },
    /// The key-value store of a Vault, in the clear.
    Vault {
        /// Its address; empty: `VAULT_ADDR`.
        address: String,
        /// The mount.
        mount: String,
        /// Before each name.
        path: String,
        /// 1 or 2.
        version: u8,
    },
}

/// What is wrong with a destination rule, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// A field holds something else than it may.
    #[error("destination rule {rule}: `{field}` does not hold what it should")]
    Field {
        /// The rule.
        rule: usize,
        /// The field's name.
        field: &'static str,
    },
    /// None or several of `s3_bucket`, `gcs_bucket` and `vault_path`.
    #[error("destination rule {0} needs one of `s3_bucket`, `gcs_bucket` and `vault_path`")]
    NotOneTarget(usize),
    /// `destination_rules` is no list.
    #[error("`destination_rules` is not a list")]
    NotAList,
    /// Its `recreation_rule` is wrong.
    #[error("destination rule {rule}, `recreation_rule`: {cause}")]
    Recreation {
        /// The rule.
        rule: usize,
        /// Why.
        cause: Box<RuleError>,
    },
}

impl Destinations {
    /// Reads them from a rule file. What is wrong with a single rule is said when that rule is asked for.
    ///
    /// # Errors
    /// When `destination_rules` is no list.
    pub fn parse(file: &Node) -> Result<Self, DestinationError> {
        match file.entry("destination_rules") {
            None | Some(Node::Value(Value::Null)) => Ok(Self::default()),
            Some(Node::List(rules)) => {
                Ok(Self { rules: rules.iter().enumerate().map(|(index, map)| read(index, map)).collect() })
            }
            Some(_) => Err(DestinationError::NotAList),
        }
    }

    /// The first rule whose `path_regex` is found in `path`, as it was typed.
    ///
    /// # Errors
    /// When that rule, or one before it, is wrong.
    pub fn first_match(&self, path: &str) -> Result<Option<&Destination>, DestinationError> {
        for rule in &self.rules {
            let (regex, rule) = rule.as_ref().map_err(Clone::clone)?;
            if regex.as_ref().is_none_or(|regex| regex.is_match(path.as_bytes())) {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = Result<&Destination, &DestinationError>> {
        self.rules.iter().map(|rule| rule.as_ref().map(|(_, rule)| rule))
    }
}

fn read(index: usize, map: &Node) -> Result<(Option<Regex>, Destination), DestinationError> {
    let rule = index + 1;
    let wrong = |field| DestinationError::Field { rule, field };
    if !matches!(map, Node::Map(_)) {
        return Err(wrong("destination_rules"));
    }
    let fields = Fields { map, rule };
    let text =
        |field| fields.text(field).map(|text| text.unwrap_or_default().to_owned()).map_err(|_| wrong(field));
    let version = match fields.given("vault_kv_version") {
        None | Some(Node::Value(Value::Int(0 | 2))) => 2,
        Some(Node::Value(Value::Int(1))) => 1,
        Some(_) => return Err(wrong("vault_kv_version")),
    };
    let mount = text("vault_kv_mount_name")?;
    let s3 = Target::S3 { bucket: text("s3_bucket")?, prefix: text("s3_prefix")? };
    let gcs = Target::Gcs { bucket: text("gcs_bucket")?, prefix: text("gcs_prefix")? };
    let vault = Target::Vault {
        address: text("vault_address")?,
        mount: if mount.is_empty() { MOUNT.to_owned() } else { mount },
        path: text("vault_path")?,
        version,
    };
    let is_given = |target: &Target| match target {
        Target::Gcs { bucket: name, .. }
        | Target::S3 { bucket: name, .. }
        | Target::Vault { path: name, .. } => !name.is_empty(),
    };
    let mut given = [s3, gcs, vault].into_iter().filter(is_given);
    let (Some(to), None) = (given.next(), given.next()) else {
        return Err(DestinationError::NotOneTarget(rule));
    };
    let omit_extensions = fields.flag("omit_extensions").map_err(|_| wrong("omit_extensions"))?;
    let recreation = match fields.given("recreation_rule") {
        None => None,
        Some(map) => Some(
            Fields { map, rule }
                .rule(index)
                .map_err(|cause| DestinationError::Recreation { rule, cause: Box::new(cause) })?,
        ),
    };
    let path_regex = fields.text("path_regex").map_err(|_| wrong("path_regex"))?.map(str::to_owned);
    let regex = path_regex.as_deref().map(re2::compile).transpose().map_err(|_| wrong("path_regex"))?;
    Ok((regex, Destination { index, path_regex, to, omit_extensions, recreation }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, &str)]) -> Node {
        Node::Map(fields.iter().map(|(name, text)| (name.as_bytes().to_vec(), Node::str(text))).collect())
    }

    fn parse(rules: Vec<Node>) -> Destinations {
        Destinations::parse(&Node::Map(vec![(b"destination_rules".to_vec(), Node::List(rules))])).unwrap()
    }

    #[test]
    fn the_first_that_matches_says_where_a_file_goes() {
        let mut vault = map(&[("vault_path", "app"), ("vault_address", "https://v"), ("path_regex", "v$")]);
        if let Node::Map(fields) = &mut vault {
            fields.push((b"recreation_rule".to_vec(), map(&[("age", "age1a")])));
            fields.push((b"vault_kv_version".to_vec(), Node::Value(Value::Int(1))));
            fields.push((b"omit_extensions".to_vec(), Node::Value(Value::Bool(true))));
        }
        let s3 = map(&[("s3_bucket", "b"), ("s3_prefix", "p/"), ("path_regex", "^s3/")]);
        let rules = parse(vec![vault, s3, map(&[("gcs_bucket", "g")])]);
        let found = |path: &str| rules.first_match(path).unwrap().unwrap();
        assert_eq!(
            found("a.v").to,
            Target::Vault {
                address: "https://v".into(),
                mount: "secret/".into(),
                path: "app".into(),
                version: 1
            }
        );
        assert!(found("a.v").omit_extensions);
        assert_eq!(found("a.v").recreation.as_ref().unwrap().groups[0][0].id, "age1a");
        assert_eq!(found("s3/a").to, Target::S3 { bucket: "b".into(), prefix: "p/".into() });
        assert_eq!(found("x").to, Target::Gcs { bucket: "g".into(), prefix: String::new() });
        assert_eq!(rules.all().flatten().count(), 3);
    }

    #[test]
    fn what_is_wrong_is_told_when_the_rule_is_reached() {
        let first = map(&[("s3_bucket", "b"), ("path_regex", "^a$")]);
        for (wrong, error) in [
            (map(&[]), DestinationError::NotOneTarget(2)),
            (map(&[("s3_bucket", "a"), ("vault_path", "b")]), DestinationError::NotOneTarget(2)),
            (
                map(&[("s3_bucket", "a"), ("path_regex", "(")]),
                DestinationError::Field { rule: 2, field: "path_regex" },
            ),
            (
                map(&[("vault_path", "a"), ("vault_kv_version", "x")]),
                DestinationError::Field { rule: 2, field: "vault_kv_version" },
            ),
            (Node::str("x"), DestinationError::Field { rule: 2, field: "destination_rules" }),
        ] {
            let rules = parse(vec![first.clone(), wrong]);
            assert!(rules.first_match("a").is_ok());
            assert_eq!(rules.first_match("b"), Err(error));
        }
        let none = Node::Map(vec![(b"destination_rules".to_vec(), Node::str("x"))]);
        assert_eq!(Destinations::parse(&none).unwrap_err(), DestinationError::NotAList);
    }
}
