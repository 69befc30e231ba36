//! Who shall open a new file, as sops decides it (spec 7): the rule file from the working folder upwards, then flags
//! and their variables over the rule.

use std::path::Path;

use super::super::Failure;
use super::call::Call;
use super::codes;
use crate::base::{KeyKind, Node, RecipientId};
use crate::policy::rule::stores::Indent;
use crate::policy::{Selector, SelectorKind};
use crate::workspace::names::FileType;
use crate::workspace::{Chosen, Overrides, RuleFile};

/// The flags of recipients, in the order that sops writes them.
pub const KINDS: [(&str, KeyKind); 7] = [
    ("kms", KeyKind::Kms),
    ("gcp-kms", KeyKind::GcpKms),
    ("hckms", KeyKind::HcKms),
    ("azure-kv", KeyKind::AzureKv),
    ("pgp", KeyKind::Pgp),
    ("hc-vault-transit", KeyKind::HcVault),
    ("age", KeyKind::Age),
];

/// The rule file that counts.
///
/// # Errors
/// 1 when it cannot be used.
pub fn file(call: &Call<'_>) -> Result<Option<RuleFile>, Failure> {
    let given = call.root.os("config").or_else(|| call.words.os("config"));
    Ok(RuleFile::find_as_sops(call.context.world, given.map(Path::new))?)
}

/// A rule file that cannot be read stops every command, as in sops, those too that follow none of its rules. Whose it
/// is does not matter there: in a container, it is often another user's.
///
/// # Errors
/// 1 when it cannot be used.
pub fn check(call: &Call<'_>) -> Result<(), Failure> {
    let given = call.root.os("config").or_else(|| call.words.os("config"));
    let place = RuleFile::locate_as_sops(call.context.world, given.map(Path::new)).path;
    place.map(|file| RuleFile::read_of_anybody(&file)).transpose()?;
    Ok(())
}

/// For whom the new file called `name` is encrypted, and which of its values.
///
/// # Errors
/// 1 when nobody is named or no rule matches, 8 for more than one selector.
pub fn chosen(call: &Call<'_>, name: &Path) -> Result<Chosen, Failure> {
    let rules = file(call)?.filter(|file| file.rules.is_some());
    let rule = match &rules {
        Some(rules) => {
            let none = || Failure::user("no matching creation rules found");
            Some(rules.first_match(&[name])?.ok_or_else(none)?)
        }
        None => None,
    };
    let over = overrides(call)?;
    if over.recipients.is_empty() && rule.is_none() {
        return Err(Failure::user("there is no `.sops.yaml` with creation rules, and no flag names a key")
            .hint("name a recipient with `--age age1…`, or run `lacre init`"));
    }
    let chosen =
        Chosen::under(rule, &over).map_err(|error| codes::exit(codes::CONFLICT, error.to_string()))?;
    if chosen.groups.iter().all(Vec::is_empty) {
        return Err(Failure::user("no key is named for the file"));
    }
    Ok(chosen)
}

/// What flags, and the variables behind them, say over the rule.
fn overrides(call: &Call<'_>) -> Result<Overrides, Failure> {
    let mut over = Overrides::default();
    for (flag, kind) in KINDS {
        over.recipients.extend(recipients(call, kind, &call.words.list(flag))?);
    }
    for kind in SelectorKind::ALL {
        let text = call.words.text(&kind.name().replace('_', "-"));
        over.selectors.extend(text.map(|text| Selector { kind, text }));
    }
    let threshold = call.words.number("shamir-secret-sharing-threshold");
    over.threshold = u32::try_from(threshold).ok().filter(|threshold| *threshold > 0);
    over.mac_only_encrypted = call.root.on("mac-only-encrypted");
    Ok(over)
}

/// The blanks a level of a new text: `--indent`, else what the rule file says for the format.
///
/// # Errors
/// 1 when the rule file cannot be used.
pub fn indent(call: &Call<'_>, to: FileType) -> Result<Option<usize>, Failure> {
    let given = usize::try_from(call.root.number("indent")).ok().filter(|indent| *indent > 0);
    let place = RuleFile::locate_as_sops(call.context.world, call.root.os("config").map(Path::new)).path;
    let file = place.filter(|_| given.is_none()).map(|file| RuleFile::read_of_anybody(&file)).transpose()?;
    let Some(file) = file else { return Ok(given) };
    let stores = file.stores().map_err(|error| Failure::user(error.to_string()))?;
    let of_json = |indent: Option<Indent>| match indent {
        Some(Indent::Blanks(blanks)) => Some(blanks),
        Some(Indent::Tab) | None => None,
    };
    let blanks = match to {
        FileType::Yaml => stores.yaml,
        FileType::Json => of_json(stores.json),
        FileType::Binary => of_json(stores.json_binary),
        FileType::Dotenv | FileType::Ini => None,
    };
    Ok(blanks.and_then(|blanks| usize::try_from(blanks).ok()))
}

/// `items` as recipients of one kind.
///
/// # Errors
/// 1 for a text that is none.
pub fn recipients(call: &Call<'_>, kind: KeyKind, items: &[String]) -> Result<Vec<RecipientId>, Failure> {
    let read = |item: &String| {
        let wrong = || Failure::user(format!("a text given for `{}` is no such key", kind.name()));
        let mut id = RecipientId::spelled(kind, item).ok_or_else(wrong)?;
        if kind == KeyKind::Kms {
            id = id.with("aws_profile", &call.words.text("aws-profile").unwrap_or_default());
            let context = context(call)?;
            if !context.is_empty() {
                id.other.push((b"context".to_vec(), Node::Map(context)));
            }
        }
        Ok(id)
    };
    items.iter().map(read).collect()
}

/// `--encryption-context`.
fn context(call: &Call<'_>) -> Result<Vec<(Vec<u8>, Node)>, Failure> {
    let pair = |text: &String| {
        let wrong = || codes::exit(6, "`--encryption-context` is a list of `key:value`");
        let (key, value) = text.split_once(':').ok_or_else(wrong)?;
        Ok((key.as_bytes().to_vec(), Node::str(value)))
    };
    call.words.list("encryption-context").iter().map(pair).collect()
}
