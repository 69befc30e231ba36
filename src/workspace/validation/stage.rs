//! What the name of a file says about the environment it is for, and which files are the same thing for another one:
//! `.env.prod.enc` and `.env.dev.enc`, `prod/secrets.enc.yaml` and `dev/secrets.enc.yaml`.

use std::path::Path;

use super::super::names::plain_name_of;

/// Whom an environment serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing in the name says one; beside others, this is what developers start from.
    Base,
    /// `dev`, `development`, `local` or `test`.
    Development,
    /// Any other word cannot be told from a part of a name, so this is what `pre-prod` and `non-prod` are.
    Other,
    /// `prod`, `production` or `live`.
    Production,
}

const DEVELOPMENT: [&str; 5] = ["base", "dev", "development", "local", "test"];
const PRODUCTION: [&str; 3] = ["live", "prod", "production"];
/// What turns production into something else.
const BEFORE: [&str; 4] = ["no", "non", "not", "pre"];

/// The stage of the file at `path`, below `root`, and its name without it, which all its siblings share.
#[must_use]
pub fn stage_of(path: &Path, root: &Path) -> (Stage, String) {
    let folder = path.parent().unwrap_or(root);
    let folder = folder.strip_prefix(root).unwrap_or(Path::new(""));
    let name = plain_name_of(path);
    let parts = folder.iter().map(|part| part.to_string_lossy().into_owned()).chain([name]);
    let mut stage = Stage::Base;
    let mut family = String::new();
    for part in parts {
        family.push('/');
        let is_changed = part.split(['.', '-', '_']).any(|word| BEFORE.contains(&&*word.to_lowercase()));
        for word in part.split_inclusive(['.', '-', '_']) {
            let bare = word.trim_end_matches(['.', '-', '_']).to_lowercase();
            let said = match bare.as_str() {
                bare if PRODUCTION.contains(&bare) && is_changed => Stage::Other,
                bare if PRODUCTION.contains(&bare) => Stage::Production,
                bare if DEVELOPMENT.contains(&bare) => Stage::Development,
                _ => {
                    family.push_str(word);
                    continue;
                }
            };
            stage = said;
        }
        // `.env.` is left of `.env.prod`.
        family.truncate(family.trim_end_matches(['.', '-', '_']).len());
    }
    (stage, family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_folders_say_whom_a_file_serves() {
        use Stage::{Base, Development, Other, Production};
        for (path, stage, family) in [
            ("/r/.env.enc", Base, "/.env"),
            ("/r/.enc.env", Base, "/.env"),
            ("/r/.env.prod.enc", Production, "/.env"),
            ("/r/.env.PROD-eu.enc", Production, "/.env.eu"),
            ("/r/.env.development.enc", Development, "/.env"),
            ("/r/.env.staging.enc", Base, "/.env.staging"),
            ("/r/.env.pre-prod.enc", Other, "/.env.pre"),
            ("/r/prod.enc.env", Production, "/env"),
            ("/r/live/db.enc.yaml", Production, "//db.yaml"),
            ("/r/test/db.enc.yaml", Development, "//db.yaml"),
            ("/r/app/db.enc.yaml", Base, "/app/db.yaml"),
            ("/r/product/livery.enc.yaml", Base, "/product/livery.yaml"),
        ] {
            assert_eq!(stage_of(Path::new(path), Path::new("/r")), (stage, family.to_owned()), "{path}");
        }
    }

    #[test]
    fn what_stands_above_the_root_says_nothing() {
        assert_eq!(stage_of(Path::new("/live/prod/.env.enc"), Path::new("/live/prod")).0, Stage::Base);
    }
}
