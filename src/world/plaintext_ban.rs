//! Who forbids plaintext on this machine: a variable, or a file of the system's administrator. Which commands ask is
//! decided above. It keeps mistakes away, not an attacker: whoever reads the identity reads the secrets.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::World;
use super::terminal::sanitise;

/// The variable that forbids plaintext. Unset, empty or `0`, it says nothing; anything else forbids.
pub const VARIABLE: &str = "LACRE_NO_PLAINTEXT";

/// The file that forbids plaintext by being there, whatever it holds.
pub const FILE: &str =
    if cfg!(windows) { r"C:\ProgramData\lacre\no-plaintext" } else { "/etc/lacre/no-plaintext" };

/// Who forbids it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ban {
    /// The administrator's file.
    #[error("`{}` is there", sanitise(&.0.to_string_lossy()))]
    File(PathBuf),
    /// A file that somebody else could have made, or that cannot be looked at. It forbids too.
    #[error("`{}` {}", sanitise(&.0.to_string_lossy()), .1)]
    Unclear(PathBuf, Doubt),
    /// The variable.
    #[error("`{VARIABLE}` is set")]
    Variable,
}

/// Why it is not clear what the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// The system refuses to tell whether it is there.
    #[error("cannot be looked at")]
    Hidden,
    /// A link, a folder or a device.
    #[error("is no regular file")]
    NotRegular,
    /// It belongs to somebody else than the administrator.
    #[error("does not belong to root")]
    Owner,
    /// Others than its owner may write to it.
    #[error("can be written to by others than root")]
    Writable,
}

impl World {
    /// Who forbids plaintext, if anybody does.
    #[must_use]
    pub fn plaintext_ban(&self) -> Option<Ban> {
        let by_variable = self.variable(VARIABLE).is_some_and(|value| value != "0");
        if by_variable { Some(Ban::Variable) } else { by_file(&self.plaintext_policy) }
    }
}

fn by_file(path: &Path) -> Option<Ban> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Some(match doubt(&metadata) {
            None => Ban::File(path.to_owned()),
            Some(doubt) => Ban::Unclear(path.to_owned(), doubt),
        }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(_) => Some(Ban::Unclear(path.to_owned(), Doubt::Hidden)),
    }
}

#[cfg(unix)]
fn doubt(metadata: &Metadata) -> Option<Doubt> {
    use std::os::unix::fs::MetadataExt;

    match metadata {
        other if !other.is_file() => Some(Doubt::NotRegular),
        other if other.uid() != 0 => Some(Doubt::Owner),
        other if other.mode() & 0o022 != 0 => Some(Doubt::Writable),
        _ => None,
    }
}

/// Owners are not looked at on this system; the folder is the administrator's.
#[cfg(not(unix))]
fn doubt(metadata: &Metadata) -> Option<Doubt> {
    (!metadata.is_file()).then_some(Doubt::NotRegular)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(policy: &Path, variable: Option<&str>) -> World {
        let (mut world, _) = World::test(Path::new("/x"));
        world.plaintext_policy = policy.to_owned();
        world.variables.extend(variable.map(|value| (VARIABLE.into(), value.into())));
        world
    }

    #[test]
    fn a_variable_forbids_unless_it_is_empty_or_zero() {
        for (value, ban) in [
            (None, None),
            (Some(""), None),
            (Some("0"), None),
            (Some("1"), Some(Ban::Variable)),
            (Some("false"), Some(Ban::Variable)),
        ] {
            assert_eq!(world(Path::new(""), value).plaintext_ban(), ban, "{value:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_forbids_and_one_that_is_not_the_administrators_forbids_too() {
        use std::os::unix::fs::{PermissionsExt, chown, symlink};

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("no-plaintext");
        let ban = |path: &Path| world(path, Some("0")).plaintext_ban();
        assert_eq!(ban(&file), None);
        assert_eq!(ban(&file.join("below")), None);
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let doubted = |path: &Path, doubt| Some(Ban::Unclear(path.to_owned(), doubt));
        let is_root = rustix::process::geteuid().is_root();
        let expected = if is_root { Some(Ban::File(file.clone())) } else { doubted(&file, Doubt::Owner) };
        assert_eq!(ban(&file), expected);
        assert_eq!(ban(&file.join("below")), None, "a file is no folder");
        assert_eq!(ban(folder.path()), doubted(folder.path(), Doubt::NotRegular));
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        assert_eq!(ban(&link), doubted(&link, Doubt::NotRegular));
        if is_root {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
            assert_eq!(ban(&file), doubted(&file, Doubt::Writable));
            chown(&file, Some(1), None).unwrap();
            assert_eq!(ban(&file), doubted(&file, Doubt::Owner));
        }
    }
}
