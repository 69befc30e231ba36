//! What `lacre git textconv` says of an encrypted file: a line a value, then who can open it. Nothing that changes
//! with every write: no time, no MAC.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::super::super::Context;
use crate::base::{DataKey, Secret, Value};
use crate::envelope::{Metadata, Sealed};
use crate::workspace::comparison::rows::{self, Row, Says};
use crate::workspace::digest::Digester;
use crate::workspace::installation::drivers::PLAINTEXT;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::{OpenFile, RuleBook, value_text};
use crate::world::git::{Git, repository_root};
use crate::world::terminal::sanitise;

/// The values of an opened file. Encrypted ones show as digests, the same in every version of this clone.
pub fn values(context: &Context<'_>, file: &OpenFile, text: &mut String) {
    let digester = digester(context, &file.key);
    for row in rows::of_sealed(&file.sealed, Some(&file.opened)) {
        let said = match &row.says {
            Says::Plain(value) if row.encrypted => {
                // Equal values at two places show as two.
                let place = format!("{} {}\0", row.path.document, row.path);
                let what = [place.as_bytes(), &value.plain_bytes()].concat();
                changed(&short(&digester.of(&Value::Str(Secret::new(what)))))
            }
            says => said(says),
        };
        line(&row, &said, text);
    }
}

/// The values of a file that did not open.
pub fn ciphertexts(sealed: &Sealed, text: &mut String) {
    for row in rows::of_sealed(sealed, None) {
        line(&row, &said(&row.says), text);
    }
}

/// Who can open the file, what is encrypted in it, and what vouches for it.
pub fn members(context: &Context<'_>, sealed: &Sealed, key: Option<&DataKey>, text: &mut String) {
    let metadata = sealed.metadata();
    // The rules at the root, for every version: where the file stands is not known.
    let names = RuleBook::new(context.world).names(&context.world.path(".lacre-view".as_ref()));
    let mut out = |row: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", sanitise(row));
    };
    out("");
    let groups = metadata.recipients();
    for (number, group) in groups.iter().enumerate() {
        let mut people: Vec<_> = group.iter().map(|id| shown_recipient(id, &names)).collect();
        people.sort_unstable();
        let label = if groups.len() > 1 { format!("  group {}", number + 1) } else { String::new() };
        for person in people {
            out(&format!("recipient{label}  {person}"));
        }
    }
    if groups.len() > 1 {
        let needed = Metadata::threshold_of(groups.len(), metadata.threshold);
        out(&format!("{needed} of {} key groups open it", groups.len()));
    }
    out(&format!("selector  {}", metadata.selector.shown()));
    if metadata.mac_only_encrypted {
        out("the MAC covers encrypted values only");
    }
    out(if metadata.extension.seal.is_some() { "seal  present" } else { "seal  none" });
    if let Some(key) = key {
        let what = Value::Str(Secret::new([b"data key\0", key.expose().as_slice()].concat()));
        out(&format!("data key  {}", short(&digester(context, key).of(&what))));
    }
}

/// The first digits of a digest of what everybody may see.
pub fn fingerprint(bytes: &[u8]) -> String {
    short(&Sha256::digest(bytes))
}

/// Whether the person asked for plaintext in this clone, and it is allowed here: never in a CI job, whose log others
/// read, and not while git would keep what it is shown as an object.
pub fn plaintext_wanted(context: &Context<'_>) -> bool {
    let world = context.world;
    if world.variable("CI").is_some_and(|value| value != "false") || world.plaintext_ban().is_some() {
        return false;
    }
    let git = repository_root(&world.folder).and_then(|root| Git::find(&root, &world.variables));
    git.is_some_and(|git| {
        let says = |name, value| git.config(name).as_deref() == Some(value);
        says(PLAINTEXT, "true") && says(CACHE, "false")
    })
}

const CACHE: &str = "diff.lacre.cachetextconv";

/// By the key of this clone; before `lacre git install`, by the data key, so that its digests say nothing to others
/// either.
fn digester(context: &Context<'_>, key: &DataKey) -> Digester {
    if let Some(ours) = repository_root(&context.world.folder).and_then(|root| Digester::of_clone(&root)) {
        return ours;
    }
    let by_key = Digester::with_key((*key.expose()).into());
    Digester::with_key(by_key.of(&Value::str("lacre git textconv")).into())
}

fn said(says: &Says<'_>) -> String {
    match says {
        Says::Cipher(cipher) => changed(&fingerprint(cipher)),
        Says::Plain(value) => String::from_utf8_lossy(&value_text(value)).into_owned(),
    }
}

fn changed(digits: &str) -> String {
    format!("changed:{digits}")
}

fn short(digest: &[u8]) -> String {
    digest.iter().take(4).fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn line(row: &Row<'_>, said: &str, text: &mut String) {
    let document = match row.path.document {
        0 => String::new(),
        number => format!("document {number}  "),
    };
    let what = if row.is_comment() { "#".to_owned() } else { format!("{}  {} ", row.path, row.kind) };
    let _ = writeln!(text, "{}", sanitise(&format!("{document}{what} {}", said.trim_start())).trim_end());
}
