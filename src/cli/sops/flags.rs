//! The flags of sops, in groups that several commands have.

use super::words::{Flag, Takes};

const fn flag(names: &'static [&'static str], takes: Takes, about: &'static str) -> Flag {
    Flag { names, takes, variable: None, about }
}

const fn text(names: &'static [&'static str], about: &'static str) -> Flag {
    flag(names, Takes::Text, about)
}

const fn switch(names: &'static [&'static str], about: &'static str) -> Flag {
    flag(names, Takes::Nothing, about)
}

const fn by(flag: Flag, variable: &'static str) -> Flag {
    Flag { variable: Some(variable), ..flag }
}

/// Key services of other processes; we have none.
pub const SERVICES: &[Flag] = &[
    by(
        flag(&["enable-local-keyservice"], Takes::OnByItself, "use our own identities (on by itself)"),
        "SOPS_ENABLE_LOCAL_KEYSERVICE",
    ),
    by(
        flag(&["keyservice"], Takes::Texts, "a key service to ask as well; not spoken with here"),
        "SOPS_KEYSERVICE",
    ),
];

/// Recipients.
pub const RECIPIENTS: &[Flag] = &[
    by(text(&["kms", "k"], "KMS ARNs, separated by commas"), "SOPS_KMS_ARN"),
    text(&["aws-profile"], "the AWS profile"),
    by(text(&["gcp-kms"], "GCP KMS resource IDs"), "SOPS_GCP_KMS_IDS"),
    by(text(&["hckms"], "HuaweiCloud KMS key IDs"), "SOPS_HUAWEICLOUD_KMS_IDS"),
    by(text(&["azure-kv"], "Azure Key Vault URLs"), "SOPS_AZURE_KEYVAULT_URLS"),
    by(text(&["hc-vault-transit"], "URIs of keys of Vault's transit engine"), "SOPS_VAULT_URIS"),
    by(text(&["pgp", "p"], "PGP fingerprints"), "SOPS_PGP_FP"),
    by(text(&["age", "a"], "age recipients"), "SOPS_AGE_RECIPIENTS"),
];

/// Which values are encrypted.
pub const SELECTION: &[Flag] = &[
    text(&["unencrypted-suffix"], "leave names with this suffix clear"),
    text(&["encrypted-suffix"], "encrypt names with this suffix only"),
    text(&["unencrypted-regex"], "leave names that match clear"),
    text(&["encrypted-regex"], "encrypt names that match only"),
    text(&["encryption-context"], "KMS encryption context, k:v,…"),
];

/// The two of them that stand before the command only.
pub const COMMENT_SELECTION: &[Flag] = &[
    text(&["unencrypted-comment-regex"], "leave what a matching comment governs clear (legacy form)"),
    text(&["encrypted-comment-regex"], "encrypt what a matching comment governs only (legacy form)"),
];

/// How many groups must open.
pub const THRESHOLD: &[Flag] =
    &[flag(&["shamir-secret-sharing-threshold"], Takes::Number, "how many key groups must open the file")];

/// Formats.
pub const TYPES: &[Flag] = &[
    text(&["input-type"], "json, yaml, dotenv, ini or binary; else the file's suffix decides"),
    text(&["output-type"], "the same for the output"),
];

/// The format of the input only.
pub const INPUT_TYPE: &[Flag] =
    &[text(&["input-type"], "json, yaml, dotenv, ini or binary; else the file's suffix decides")];

/// The order of trying keys.
pub const ORDER: &[Flag] = &[by(
    text(&["decryption-order"], "kinds of keys to try first, separated by commas"),
    "SOPS_DECRYPTION_ORDER",
)];

/// `-i`.
pub const IN_PLACE: &[Flag] = &[switch(&["in-place", "i"], "write back into the file instead of stdout")];

/// `--output`.
pub const OUTPUT: &[Flag] = &[text(&["output"], "write into this file instead of stdout")];

/// `--filename-override`.
pub const OVERRIDE: &[Flag] = &[text(&["filename-override"], "the name that decides formats and rule")];

/// `--ignore-mac`.
pub const IGNORE_MAC: &[Flag] =
    &[switch(&["ignore-mac"], "open the file although its MAC does not match: it may be tampered with")];

/// `--idempotent`.
pub const IDEMPOTENT: &[Flag] = &[switch(&["idempotent"], "do nothing if nothing would change")];

/// `--extract`.
pub const EXTRACT: &[Flag] = &[text(&["extract"], "print one value or branch only: '[\"key\"][0]'")];

/// `-s`.
pub const SHOW_KEYS: &[Flag] =
    &[switch(&["show-master-keys", "s"], "show the metadata in the editor; changing it there is refused")];

/// `-y`.
pub const YES: &[Flag] = &[switch(&["yes", "y"], "do not ask")];

/// How `set` gets its value.
pub const VALUE: &[Flag] = &[
    switch(&["value-file"], "`value` is a file that holds the value"),
    switch(&["value-stdin"], "the value comes from stdin"),
];

/// Keys to add and to remove.
pub const CHANGES: &[Flag] = &[
    text(&["encryption-context"], "KMS encryption context, k:v,…"),
    text(&["add-gcp-kms"], "add these GCP KMS keys"),
    text(&["rm-gcp-kms"], "remove them"),
    text(&["add-hckms"], "add these HuaweiCloud KMS keys"),
    text(&["rm-hckms"], "remove them"),
    text(&["add-azure-kv"], "add these Azure Key Vault keys"),
    text(&["rm-azure-kv"], "remove them"),
    text(&["add-kms"], "add these KMS ARNs"),
    text(&["rm-kms"], "remove them"),
    text(&["add-hc-vault-transit"], "add these transit keys"),
    text(&["rm-hc-vault-transit"], "remove them"),
    text(&["add-age"], "add these age recipients"),
    text(&["rm-age"], "remove them"),
    text(&["add-pgp"], "add these PGP fingerprints"),
    text(&["rm-pgp"], "remove them"),
];

/// The members of a new group.
pub const GROUP: &[Flag] = &[
    text(&["file", "f"], "the file"),
    flag(&["pgp"], Takes::Texts, "a PGP fingerprint (repeatable)"),
    flag(&["kms"], Takes::Texts, "a KMS ARN (repeatable)"),
    text(&["aws-profile"], "the AWS profile"),
    flag(&["gcp-kms"], Takes::Texts, "a GCP KMS key (repeatable)"),
    flag(&["hckms"], Takes::Texts, "a HuaweiCloud KMS key (repeatable)"),
    flag(&["azure-kv"], Takes::Texts, "an Azure Key Vault key (repeatable)"),
    flag(&["hc-vault-transit"], Takes::Texts, "a transit key (repeatable)"),
    flag(&["age"], Takes::Texts, "an age recipient (repeatable)"),
    text(&["encryption-context"], "KMS encryption context, k:v,…"),
];

/// Which file a group is taken from.
pub const FILE: &[Flag] = &[text(&["file", "f"], "the file")];

/// How a command is started.
pub const CHILD: &[Flag] = &[
    switch(&["background"], "do not wait for the command (deprecated)"),
    text(&["user"], "the user to run the command as"),
];

/// Of `exec-env` only.
pub const CHILD_ENV: &[Flag] = &[
    switch(&["pristine"], "hand on the decrypted values only"),
    switch(&["same-process"], "become the command instead of waiting for it"),
];

/// Of `exec-file` only.
pub const CHILD_FILE: &[Flag] = &[
    switch(&["no-fifo"], "a regular file instead of a FIFO"),
    text(&["filename"], "the name of the temporary file"),
];

/// Of `publish` only.
pub const PUBLISH: &[Flag] = &[
    switch(&["omit-extensions"], "leave out file extensions at the destination"),
    switch(&["recursive"], "publish a whole folder"),
];

/// `--verbose`.
pub const VERBOSE: &[Flag] = &[switch(&["verbose"], "say more")];

/// Of `keyservice` only.
pub const KEYSERVICE: &[Flag] = &[
    text(&["network", "net"], "tcp or unix"),
    text(&["address", "addr"], "where to listen"),
    switch(&["prompt"], "ask before every request"),
];

/// Before the command only.
pub const ROOT: &[Flag] = &[
    switch(&["decrypt", "d"], "decrypt (legacy form)"),
    switch(&["encrypt", "e"], "encrypt (legacy form)"),
    switch(&["rotate", "r"], "change the data key (legacy form)"),
    text(&["set"], "'INDEX VALUE': set a value (legacy form)"),
    by(
        switch(&["disable-version-check"], "accepted: we never look for updates"),
        "SOPS_DISABLE_VERSION_CHECK",
    ),
    switch(&["check-for-updates"], "accepted: we never look for updates"),
    switch(&["mac-only-encrypted"], "the MAC covers encrypted values only"),
    by(text(&["config"], "the rule file, instead of searching for `.sops.yaml`"), "SOPS_CONFIG"),
    flag(&["indent"], Takes::Number, "blanks a level, where a YAML or JSON document is made anew"),
    switch(&["version", "v"], "print the version"),
];
