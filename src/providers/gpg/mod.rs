//! PGP keys, through the `gpg` program as sops calls it (spec 6.1): its keyring, its agent, its cards. Shares go by
//! stdin and stdout; what comes from a file is never an argument before it is known to be a fingerprint.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{KeyService, created_at, shortened};
use crate::base::{KeyKind, RecipientId};
use crate::keys::{KeyShare, UnwrapError, WrapError, WrappedKey};
use crate::world::pipe::{Piped, pipe};
use crate::world::processes::{resolve, resolve_outside};
use crate::world::{World, git, terminal};

/// Bytes of a wrapped share at the most; the largest keys make two thousand.
const LONGEST_ENC: usize = 64 << 10;

/// Bytes that gpg may give for a share, which has 33.
const LONGEST_SHARE: u64 = 1 << 10;

/// Bytes of a list of secret keys.
const LONGEST_LIST: u64 = 16 << 20;

/// Lengths that gpg takes for a key's id: long, version 3, 4 and 5. A short id of eight digits is anybody's.
const ID_LENGTHS: [usize; 4] = [16, 32, 40, 64];

/// How variables begin that hold identities and tokens, none of gpg's business.
const SECRET: [&str; 3] = ["AWS_", "SOPS_AGE_", "VAULT_"];

/// The gpg program of this machine.
pub struct Gpg<'w> {
    world: &'w World,
    program: OnceCell<Result<PathBuf, String>>,
    /// The ids of the keys whose secret half it has; `None` if it cannot say.
    own: OnceCell<Option<Vec<String>>>,
}

impl<'w> Gpg<'w> {
    /// That of `SOPS_GPG_EXEC`, else `gpg`; looked for when first needed.
    #[must_use]
    pub const fn new(world: &'w World) -> Self {
        Self { world, program: OnceCell::new(), own: OnceCell::new() }
    }

    fn program(&self) -> Result<&Path, String> {
        let found = self.program.get_or_init(|| self.find());
        found.as_deref().map_err(Clone::clone)
    }

    /// A path is the user's own word. A bare name is looked for in the absolute folders of `PATH`, and the program,
    /// itself and after links, must stand outside the repository.
    fn find(&self) -> Result<PathBuf, String> {
        let name = self.world.variable("SOPS_GPG_EXEC").map_or(OsStr::new("gpg"), OsString::as_os_str);
        if Path::new(name).components().count() > 1 {
            return resolve(name, None, &self.world.folder).map_err(|error| error.to_string());
        }
        let repository = git::repository_root(&self.world.folder);
        let search = self.world.variable("PATH").map(OsString::as_os_str);
        resolve_outside(name, search, repository.as_deref()).ok_or_else(|| {
            format!("there is no program `{}` in `PATH`", shortened(&name.to_string_lossy(), 100))
        })
    }

    fn call(&self, arguments: &[&str], input: &[u8], limit: u64) -> Result<Piped, String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let mut variables = self.world.variables.clone();
        // An agent that gpg starts keeps what it inherits for days.
        variables.retain(|name, _| !SECRET.iter().any(|start| name.to_string_lossy().starts_with(start)));
        let streams = self.world.terminals;
        // A passphrase is asked for by the agent, which must be told where: gpg itself sees a pipe only.
        if self.world.variable("GPG_TTY").is_none() && (streams.stdin || streams.stdout || streams.stderr) {
            variables.extend(terminal::device().map(|device| ("GPG_TTY".into(), device)));
        }
        pipe(self.program()?, &arguments, &variables, &self.world.folder, input, limit)
            .map_err(|error| error.to_string())
    }

    fn encrypt(&self, fingerprint: &str, share: &KeyShare) -> Result<String, String> {
        let digits = fingerprint.strip_suffix('!').unwrap_or(fingerprint);
        let long = digits.get(digits.len().saturating_sub(16)..).unwrap_or(digits);
        let mark = if fingerprint.ends_with('!') { "!" } else { "" };
        let trusted = format!("{long}{mark}");
        let arguments = [
            "--no-default-recipient",
            "--yes",
            "--encrypt",
            "-a",
            "-r",
            fingerprint,
            "--trusted-key",
            &trusted,
            "--no-encrypt-to",
        ];
        let piped = self.call(&arguments, share, LONGEST_ENC as u64)?;
        let text = String::from_utf8_lossy(&piped.output);
        let text = text.trim();
        if !piped.success {
            return Err(complaint(&piped.complaint));
        }
        if !text.starts_with("-----BEGIN PGP MESSAGE-----") || !text.ends_with("-----END PGP MESSAGE-----") {
            return Err("gpg gave no PGP message".to_owned());
        }
        Ok(text.to_owned())
    }

    fn decrypt(&self, enc: &str) -> Result<KeyShare, String> {
        if enc.len() > LONGEST_ENC {
            return Err("its `enc` is too long".to_owned());
        }
        let piped = self.call(&["-d"], enc.as_bytes(), LONGEST_SHARE)?;
        match (piped.success, piped.output.is_empty()) {
            (true, false) => Ok(piped.output),
            (true, true) => Err("gpg gave nothing".to_owned()),
            (false, _) => Err(complaint(&piped.complaint)),
        }
    }

    fn own(&self) -> Option<&[String]> {
        let list = || {
            let piped = self.call(&["--batch", "--with-colons", "--list-secret-keys"], b"", LONGEST_LIST);
            let piped = piped.ok().filter(|piped| piped.success)?;
            let text = String::from_utf8_lossy(&piped.output);
            let ids = text.lines().filter(|line| line.starts_with("fpr:"));
            Some(ids.filter_map(|line| line.split(':').nth(9)).map(str::to_ascii_uppercase).collect())
        };
        self.own.get_or_init(list).as_deref()
    }
}

impl KeyService for Gpg<'_> {
    fn wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        let (kind, id) = (KeyKind::Pgp, shortened(&to.id, 80));
        if let Err(problem) = self.program() {
            return Err(WrapError::NotAsked { kind, id, problem, advice: NO_PROGRAM.to_owned() });
        }
        let enc = fingerprint(&to.id).and_then(|fingerprint| self.encrypt(fingerprint, share));
        let enc = enc.map_err(|problem| WrapError::Service { kind, id, problem })?;
        let mut other = to.other.clone();
        other.push(created_at(self.world));
        Ok(WrappedKey { kind, recipient: to.id.clone(), enc, other })
    }

    fn unwrap(&self, entry: &WrappedKey) -> Result<KeyShare, UnwrapError> {
        let (kind, id) = (KeyKind::Pgp, shortened(&entry.recipient, 80));
        if let Err(problem) = self.program() {
            return Err(UnwrapError::NotAsked { kind, id, problem, advice: NO_PROGRAM.to_owned() });
        }
        self.decrypt(&entry.enc).map_err(|problem| UnwrapError::Service { kind, id, problem })
    }

    /// One list costs less than a failure for each key of somebody else.
    fn may_open(&self, entry: &WrappedKey) -> bool {
        let Ok(wanted) = fingerprint(&entry.recipient) else { return false };
        let wanted = wanted.trim_start_matches("0x").trim_end_matches('!').to_ascii_uppercase();
        self.own().is_none_or(|own| own.iter().any(|id| id.ends_with(&wanted)))
    }
}

const NO_PROGRAM: &str = "install GnuPG, or name its program in `SOPS_GPG_EXEC`";

/// `id`, if gpg takes it for that of a key: hex digits, maybe after `0x`, maybe with the `!` that wants this very
/// subkey.
fn fingerprint(id: &str) -> Result<&str, String> {
    let digits = id.strip_suffix('!').unwrap_or(id);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("that is no fingerprint".to_owned());
    }
    if !ID_LENGTHS.contains(&digits.len()) {
        return Err(format!("a fingerprint has 40 hex digits, this has {}", digits.len()));
    }
    Ok(id)
}

/// The end of what gpg says, where it comes to the point. Whatever it is, it is words from outside.
fn complaint(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(|line| line.trim().trim_start_matches("gpg: "));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default();
    if last.is_empty() {
        "gpg failed".to_owned()
    } else {
        format!("gpg says: {}", shortened(&last.join("; "), 300))
    }
}

#[cfg(test)]
mod tests;
