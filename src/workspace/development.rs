//! Which creation rules are for development alone, so that whoever is named there reads nothing of production.

use std::path::{Path, PathBuf};

use super::{Error, RuleFile};

/// What production is called in the names of files and folders.
pub const PRODUCTION: [&str; 4] = ["live", "prod", "production", "staging"];

/// The expression that finds production in a path, as a word of its own.
pub const PRODUCTION_REGEX: &str = "(?i)(^|[^a-z])(live|prod|production|staging)([^a-z]|$)";

/// The expression that finds the dotenv files of development.
pub const DEVELOPMENT_REGEX: &str = r"(^|/)(\.enc\.env|\.env(\.(dev[a-z]*|local|test))?(\.enc)?)$";

/// The dotenv files of development.
pub const DEVELOPMENT_FILES: [&str; 6] =
    [".env.enc", ".enc.env", ".env.dev.enc", ".env.development.enc", ".env.local.enc", ".env.test.enc"];

/// The rules that are for development, as far as they are for nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Development {
    /// Their indices, from 0, in order.
    pub rules: Vec<usize>,
    /// Rules that are for a file of production too, each with such a file, which need not exist.
    pub mixed: Vec<(usize, PathBuf)>,
}

impl Development {
    /// Looks at what the rules of `file` say about files of development, about names that files of production usually
    /// have, and about those of `known` that have such a name.
    ///
    /// # Errors
    /// When a rule that is asked is wrong.
    pub fn find(file: &RuleFile, known: &[PathBuf]) -> Result<Self, Error> {
        let folder = file.path.parent().unwrap_or(Path::new("/"));
        let index = |path: &Path| Ok::<_, Error>(file.rule_for(path)?.map(|rule| rule.index));
        let mut rules = Vec::new();
        for name in DEVELOPMENT_FILES {
            rules.extend(index(&folder.join(name))?);
        }
        rules.sort_unstable();
        rules.dedup();
        let named = known.iter().filter(|path| is_production(path.strip_prefix(folder).unwrap_or(path)));
        let mut mixed: Vec<(usize, PathBuf)> = Vec::new();
        for path in named.cloned().chain(usual().map(|path| folder.join(path))) {
            let Some(index) = index(&path)?.filter(|index| rules.contains(index)) else { continue };
            if !mixed.iter().any(|(other, _)| *other == index) {
                mixed.push((index, path));
            }
        }
        rules.retain(|index| !mixed.iter().any(|(other, _)| other == index));
        Ok(Self { rules, mixed })
    }
}

/// Whether a word of `path` says production.
fn is_production(path: &Path) -> bool {
    let path = path.to_string_lossy().to_ascii_lowercase();
    path.split(|letter: char| !letter.is_ascii_alphabetic()).any(|word| PRODUCTION.contains(&word))
}

/// Where files of production usually are.
fn usual() -> impl Iterator<Item = String> {
    PRODUCTION.iter().flat_map(|name| {
        [
            format!(".env.{name}.enc"),
            format!("{name}/.env.enc"),
            format!("deploy/{name}/.env.enc"),
            format!("{name}.enc.env"),
            format!("{name}.enc.yaml"),
            format!("{name}/secrets.enc.yaml"),
            format!("secrets.{name}.enc.yaml"),
            format!("{name}.enc.json"),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(rules: &str, known: &[&str]) -> (Vec<usize>, Vec<(usize, String)>) {
        let file = RuleFile::parse(Path::new("/r/.sops.yaml"), rules.as_bytes().to_vec()).unwrap();
        let known: Vec<_> = known.iter().map(|name| Path::new("/r").join(name)).collect();
        let Development { rules, mixed } = Development::find(&file, &known).unwrap();
        let mixed = mixed.into_iter().map(|(rule, path)| (rule, path.to_str().unwrap()[3..].to_owned()));
        (rules, mixed.collect())
    }

    #[test]
    fn our_own_expressions_part_development_from_the_rest() {
        let rules = format!(
            "creation_rules:\n  - path_regex: '{PRODUCTION_REGEX}'\n    age: a\n  - path_regex: '{DEVELOPMENT_REGEX}'\n    age: b\n  - age: c\n"
        );
        assert_eq!(find(&rules, &["apps/web/.env.prod-eu.enc", "delivery/.env.enc"]), (vec![1], vec![]));
        let file = RuleFile::parse(Path::new("/r/.sops.yaml"), rules.into_bytes()).unwrap();
        for (path, rule) in [
            (".env", 1),
            (".env.enc", 1),
            ("apps/web/.env.enc", 1),
            (".env.development.enc", 1),
            ("delivery/.env.enc", 1),
            ("PROD/.env.enc", 0),
            (".env.production.enc", 0),
            ("live.enc.yaml", 0),
            ("secrets.enc.yaml", 2),
            (".env.qa.enc", 2),
            ("my.env.enc", 2),
        ] {
            let found = file.rule_for(&Path::new("/r").join(path)).unwrap().unwrap().index;
            assert_eq!(found, rule, "{path}");
        }
    }

    #[test]
    fn a_rule_that_production_follows_too_is_not_for_development() {
        assert_eq!(find("creation_rules:\n  - age: a\n", &[]), (vec![], vec![(0, ".env.live.enc".into())]));
        let loose = "creation_rules:\n  - path_regex: \\.env\\.enc$\n    age: a\n";
        assert_eq!(find(loose, &[]), (vec![], vec![(0, "live/.env.enc".into())]));
        let anchored = "creation_rules:\n  - path_regex: ^\\.env(\\.dev)?\\.enc$\n    age: a\n  - age: b\n";
        assert_eq!(find(anchored, &[]), (vec![0], vec![(1, ".env.live.enc".into())]));
    }

    #[test]
    fn a_file_that_is_there_counts_by_its_own_name() {
        let rules =
            "creation_rules:\n  - path_regex: '^(\\.env\\.enc|eu-staging/keys\\.yaml)$'\n    age: a\n";
        assert_eq!(find(rules, &["olive/keys.yaml"]), (vec![0], vec![]));
        assert_eq!(
            find(rules, &["eu-staging/keys.yaml"]),
            (vec![], vec![(0, "eu-staging/keys.yaml".into())])
        );
    }

    #[test]
    fn without_rules_there_is_none_for_development() {
        assert_eq!(find("keys: []\n", &[]), (vec![], vec![]));
        assert_eq!(find("creation_rules:\n  - path_regex: yaml$\n    age: a\n", &[]), (vec![], vec![]));
    }
}
