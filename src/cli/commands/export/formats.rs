//! The table of formats: a new one is one room in `document::consumers` and one row here.

use clap::ValueEnum;

use super::super::super::{Context, Failure};
use super::Export;
use crate::document::consumers::Consumer;
use crate::document::consumers::docker::Docker;
use crate::document::consumers::dotenv::{Dialect, Dotenv};
use crate::document::consumers::github::{self, Github};
use crate::document::consumers::gitlab::Gitlab;
use crate::document::consumers::json::Json;
use crate::document::consumers::kubernetes::{Manifest, ManifestError};
use crate::document::consumers::shell::Shell;
use crate::document::consumers::systemd::Systemd;
use crate::document::consumers::yaml::Yaml;

/// One row.
pub struct Format {
    /// The word of `--format`.
    pub word: &'static str,
    /// Its line in the help.
    pub about: &'static str,
    /// Who reads it, from the flags and a delimiter that nobody can guess.
    pub consumer: Build,
    /// What to say whenever it is written.
    pub warning: Option<&'static str>,
}

/// Makes a consumer.
pub type Build = fn(&Export, &str) -> Result<Box<dyn Consumer>, Failure>;

/// All formats, in the order of the help.
pub const FORMATS: &[Format] = &[
    Format::new("dotenv", "A .env file that most readers read alike; `--for` one of them", |arguments, _| {
        Ok(Box::new(Dotenv { dialect: arguments.reader.map(Dialect::from) }))
    }),
    Format::new("shell", "`export NAME='…'` lines, for POSIX shells", |_, _| Ok(Box::new(Shell))),
    Format::new("json", "One flat object in one line, name → string", |_, _| Ok(Box::new(Json))),
    Format::new("yaml", "One flat map, name → string in double quotes", |_, _| Ok(Box::new(Yaml))),
    Format::new("docker", "A file for `docker run --env-file`", |_, _| Ok(Box::new(Docker))),
    Format::new("k8s", "The manifest of a Kubernetes Secret, which `--name` names", |arguments, _| {
        manifest(arguments)
    }),
    Format::new("systemd", "A file for `EnvironmentFile=`", |_, _| Ok(Box::new(Systemd))),
    Format::new("github-env", "Entries for the file `$GITHUB_ENV` of GitHub Actions", |_, delimiter| {
        Ok(Box::new(Github::env(delimiter)))
    }),
    Format::new("github-output", "Entries for the file `$GITHUB_OUTPUT`", |_, delimiter| {
        Ok(Box::new(Github::output(delimiter)))
    }),
    Format {
        warning: Some(
            "GitLab keeps this report in clear as an artifact, and does not mask its values in the logs of later jobs",
        ),
        ..Format::new("gitlab", "A file for `artifacts: reports: dotenv` of GitLab CI", |_, _| {
            Ok(Box::new(Gitlab))
        })
    },
];

impl Format {
    const fn new(word: &'static str, about: &'static str, consumer: Build) -> Self {
        Self { word, about, consumer, warning: None }
    }

    /// Refuses flags of other formats.
    ///
    /// # Errors
    /// A usage error.
    pub fn check(&self, arguments: &Export) -> Result<(), Failure> {
        let Export { reader, name, namespace, label, kind, .. } = arguments;
        for (flag, format, given) in [
            ("--for", "dotenv", reader.is_some()),
            ("--name", "k8s", name.is_some()),
            ("--namespace", "k8s", namespace.is_some()),
            ("--label", "k8s", !label.is_empty()),
            ("--type", "k8s", kind.is_some()),
        ] {
            if given && self.word != format {
                return Err(Failure::usage(format!("`{flag}` belongs to `--format {format}`")));
            }
        }
        if self.word == "k8s" { manifest(arguments).map(drop) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word)
    }
}

/// The words of `--for`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DialectWord {
    /// `set -a; . FILE`, in bash and other shells
    Bash,
    /// Docker Compose: `.env` and `env_file:`
    Compose,
    /// `node --env-file`, and dotenv from npm
    Node,
    /// python-dotenv
    Python,
}

impl From<DialectWord> for Dialect {
    fn from(word: DialectWord) -> Self {
        match word {
            DialectWord::Bash => Self::Bash,
            DialectWord::Compose => Self::Compose,
            DialectWord::Node => Self::Node,
            DialectWord::Python => Self::Python,
        }
    }
}

/// A delimiter that nobody can guess. A value that held it would be refused.
///
/// # Errors
/// When the system gives no randomness.
pub fn draw_delimiter(context: &Context<'_>) -> Result<String, Failure> {
    let mut bytes = [0; 16];
    context.world.random.fill(&mut bytes).map_err(|error| Failure::user(error.to_string()))?;
    Ok(github::delimiter(bytes))
}

fn manifest(arguments: &Export) -> Result<Box<dyn Consumer>, Failure> {
    let Export { name, namespace, label, kind, .. } = arguments;
    let Some(name) = name else {
        return Err(Failure::usage("`--format k8s` needs `--name NAME`, the Secret's name"));
    };
    let manifest = Manifest::new(name, namespace.as_deref(), label, kind.as_deref());
    Ok(Box::new(manifest.map_err(|error: ManifestError| Failure::usage(error.to_string()))?))
}
