//! What the name of a file says: its format, and where its encrypted twin stands. Only for plaintext and new files;
//! an encrypted file's own metadata decides its format.

use std::path::{Path, PathBuf};

/// The formats that names can mean, `--type` words included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// Anything else: sealed as a whole.
    Binary,
    /// `.env`, `.env.NAME`, `*.env`
    Dotenv,
    /// `*.ini`
    Ini,
    /// `*.json`
    Json,
    /// `*.yaml`, `*.yml`
    Yaml,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Binary, Self::Dotenv, Self::Ini, Self::Json, Self::Yaml];

    /// The word for it in `--type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    /// By the file's name, `.enc` and `.sops` parts ignored; a known last extension beats `.env.*`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let name = file_name(path);
        let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
        let rest = rest.split('.').filter(|part| !is_mark(part));
        let parts: Vec<&str> = std::iter::once(first).chain(rest).collect();
        match parts.as_slice() {
            [_, .., "yaml" | "yml"] => Self::Yaml,
            [_, .., "json"] => Self::Json,
            [_, .., "ini"] => Self::Ini,
            [_, .., "env"] | ["", "env", ..] => Self::Dotenv,
            _ => Self::Binary,
        }
    }
}

/// Files that hold no secrets although they are called `.env.…`, or are another tool's: never encrypted unasked.
#[must_use]
pub fn is_never_encrypted(path: &Path) -> bool {
    const NAMES: [&str; 6] =
        [".env.example", ".env.sample", ".env.template", ".env.schema", ".env.vault", ".env.keys"];
    NAMES.contains(&file_name(path).as_str())
}

/// Whether the name says that the file is encrypted.
#[must_use]
pub fn is_twin(path: &Path) -> bool {
    file_name(path).split('.').skip(1).any(is_mark)
}

/// Where the encrypted form of `path` belongs; itself when its name says that it is encrypted.
#[must_use]
pub fn twin_of(path: &Path) -> PathBuf {
    let name = file_name(path);
    if is_twin(path) {
        return path.to_owned();
    }
    let twin = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !is_plain_env(&name) => {
            format!("{stem}.enc.{extension}")
        }
        _ => format!("{name}.enc"),
    };
    path.with_file_name(twin)
}

/// The other name that the twin of `.env` may have, `.enc.env`, which sops knows for dotenv.
#[must_use]
pub fn other_twin_of(path: &Path) -> Option<PathBuf> {
    (file_name(path) == ".env").then(|| path.with_file_name(".enc.env"))
}

/// The name of the plaintext form of `path`, by which an editor knows how to show it.
#[must_use]
pub fn plain_name_of(path: &Path) -> String {
    let name = file_name(path);
    let mut parts = name.split('.');
    let first = parts.next().into_iter();
    first.chain(parts.filter(|part| !is_mark(part))).collect::<Vec<_>>().join(".")
}

/// `.env` or `.env.NAME`, with no other format's extension.
fn is_plain_env(name: &str) -> bool {
    name.starts_with(".env") && FileType::of(Path::new(name)) == FileType::Dotenv
}

fn is_mark(part: &str) -> bool {
    part == "enc" || part == "sops"
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_format() {
        use FileType::{Binary, Dotenv, Ini, Json, Yaml};
        for (name, kind) in [
            (".env", Dotenv),
            (".env.local", Dotenv),
            ("prod.env", Dotenv),
            (".env.enc", Dotenv),
            (".enc.env", Dotenv),
            (".env.prod.enc", Dotenv),
            (".env.yaml", Yaml),
            ("a.yml", Yaml),
            ("secrets.enc.yaml", Yaml),
            ("x.yaml.enc", Yaml),
            ("config.sops.json", Json),
            ("a.ini", Ini),
            ("enc", Binary),
            ("enc.yaml", Yaml),
            ("sops.json", Json),
            ("env", Binary),
            ("yaml", Binary),
            ("id_rsa", Binary),
            ("SECRETS.YAML", Binary),
        ] {
            assert_eq!(FileType::of(Path::new(name)), kind, "{name}");
        }
    }

    #[test]
    fn twins_stand_beside() {
        for (name, twin) in [
            ("d/.env", "d/.env.enc"),
            (".env.prod", ".env.prod.enc"),
            (".env.yaml", ".env.enc.yaml"),
            ("secrets.yaml", "secrets.enc.yaml"),
            ("prod.env", "prod.enc.env"),
            ("id_rsa", "id_rsa.enc"),
            ("a.sops.yaml", "a.sops.yaml"),
            (".enc.env", ".enc.env"),
        ] {
            assert_eq!(twin_of(Path::new(name)), Path::new(twin), "{name}");
        }
    }

    #[test]
    fn plain_names_lack_the_mark() {
        for (name, plain) in [
            ("d/.env.enc", ".env"),
            (".enc.env", ".env"),
            (".env.prod.enc", ".env.prod"),
            ("secrets.enc.yaml", "secrets.yaml"),
            ("a.sops.json", "a.json"),
            ("enc", "enc"),
        ] {
            assert_eq!(plain_name_of(Path::new(name)), plain, "{name}");
        }
    }
}
