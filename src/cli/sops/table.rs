//! The one table of commands: what each is called, what it takes, and the room that does it.

use super::super::Failure;
use super::call::Call;
use super::flags as f;
use super::words::Flag;
use super::{
    completion, decrypt, edit, encrypt, exec_env, exec_file, filestatus, groups, keyservice, publish, rotate,
    set, unset, updatekeys,
};

/// One command.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it takes besides flags.
    pub takes: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Its flags, but for `--help`.
    pub flags: &'static [&'static [Flag]],
    /// Its own commands; then it does nothing itself.
    pub below: &'static [Self],
    /// Does it.
    pub run: fn(&Call<'_>) -> Result<u8, Failure>,
}

impl Entry {
    /// All its flags.
    #[must_use]
    pub fn all_flags(&self) -> Vec<Flag> {
        self.flags.iter().copied().flatten().copied().chain([super::words::HELP]).collect()
    }
}

/// The commands, in the order of the help.
pub const COMMANDS: &[Entry] = &[
    Entry {
        name: "encrypt",
        takes: "[file]",
        about: "encrypt a file, or stdin, to stdout",
        flags: &[
            f::IN_PLACE,
            f::OUTPUT,
            f::RECIPIENTS,
            f::TYPES,
            f::SELECTION,
            f::THRESHOLD,
            f::OVERRIDE,
            f::SERVICES,
        ],
        below: &[],
        run: encrypt::run,
    },
    Entry {
        name: "decrypt",
        takes: "[file]",
        about: "decrypt a file, or stdin, to stdout",
        flags: &[
            f::IN_PLACE,
            f::EXTRACT,
            f::OUTPUT,
            f::TYPES,
            f::IGNORE_MAC,
            f::OVERRIDE,
            f::ORDER,
            f::SERVICES,
        ],
        below: &[],
        run: decrypt::run,
    },
    Entry {
        name: "edit",
        takes: "file",
        about: "edit an encrypted file in an editor",
        flags: &[
            f::RECIPIENTS,
            f::TYPES,
            f::SELECTION,
            f::THRESHOLD,
            f::SHOW_KEYS,
            f::IGNORE_MAC,
            f::ORDER,
            f::SERVICES,
        ],
        below: &[],
        run: edit::run,
    },
    Entry {
        name: "set",
        takes: "file index [value]",
        about: "set a value of a file; it is JSON",
        flags: &[f::TYPES, f::VALUE, f::THRESHOLD, f::IGNORE_MAC, f::ORDER, f::IDEMPOTENT, f::SERVICES],
        below: &[],
        run: set::run,
    },
    Entry {
        name: "unset",
        takes: "file index",
        about: "take a value or branch out of a file",
        flags: &[f::TYPES, f::THRESHOLD, f::IGNORE_MAC, f::ORDER, f::IDEMPOTENT, f::SERVICES],
        below: &[],
        run: unset::run,
    },
    Entry {
        name: "rotate",
        takes: "file",
        about: "give a file a new data key, and add or remove keys",
        flags: &[f::IN_PLACE, f::OUTPUT, f::TYPES, f::CHANGES, f::OVERRIDE, f::ORDER, f::SERVICES],
        below: &[],
        run: rotate::run,
    },
    Entry {
        name: "updatekeys",
        takes: "file…",
        about: "make the keys of files those of their creation rule",
        flags: &[f::YES, f::INPUT_TYPE, f::SERVICES],
        below: &[],
        run: updatekeys::run,
    },
    Entry {
        name: "groups",
        takes: "add|delete",
        about: "add or delete a key group of a file",
        flags: &[],
        below: &[
            Entry {
                name: "add",
                takes: "",
                about: "add a group",
                flags: &[f::GROUP, f::IN_PLACE, f::THRESHOLD, f::SERVICES],
                below: &[],
                run: groups::add,
            },
            Entry {
                name: "delete",
                takes: "index",
                about: "delete a group",
                flags: &[f::FILE, f::IN_PLACE, f::THRESHOLD, f::SERVICES],
                below: &[],
                run: groups::delete,
            },
        ],
        run: super::help::of_command,
    },
    Entry {
        name: "exec-env",
        takes: "file command",
        about: "run a shell line with the values in its environment",
        flags: &[f::CHILD, f::CHILD_ENV, f::ORDER, f::SERVICES],
        below: &[],
        run: exec_env::run,
    },
    Entry {
        name: "exec-file",
        takes: "file command",
        about: "run a shell line with the plaintext in a FIFO or file",
        flags: &[f::CHILD, f::CHILD_FILE, f::TYPES, f::ORDER, f::SERVICES],
        below: &[],
        run: exec_file::run,
    },
    Entry {
        name: "publish",
        takes: "file",
        about: "write the values of a file into Vault's key-value store",
        flags: &[f::YES, f::PUBLISH, f::VERBOSE, f::ORDER, f::SERVICES],
        below: &[],
        run: publish::run,
    },
    Entry {
        name: "filestatus",
        takes: "file",
        about: "print {\"encrypted\":true} or {\"encrypted\":false}",
        flags: &[f::INPUT_TYPE],
        below: &[],
        run: filestatus::run,
    },
    Entry {
        name: "keyservice",
        takes: "",
        about: "not offered: identities are not lent over a socket",
        flags: &[f::KEYSERVICE, f::VERBOSE],
        below: &[],
        run: keyservice::run,
    },
    Entry {
        name: "completion",
        takes: "bash|zsh",
        about: "print a completion script",
        flags: &[],
        below: &[
            Entry {
                name: "bash",
                takes: "",
                about: "for bash",
                flags: &[],
                below: &[],
                run: completion::bash,
            },
            Entry { name: "zsh", takes: "", about: "for zsh", flags: &[], below: &[], run: completion::zsh },
        ],
        run: super::help::of_command,
    },
];

/// The flags that stand before a command, or make the legacy form.
pub const ROOT: &[&[Flag]] = &[
    f::ROOT,
    f::RECIPIENTS,
    f::IN_PLACE,
    f::EXTRACT,
    f::TYPES,
    f::SHOW_KEYS,
    // It has `--encryption-context` too.
    f::CHANGES,
    f::IGNORE_MAC,
    f::SELECTION,
    f::COMMENT_SELECTION,
    f::THRESHOLD,
    f::VERBOSE,
    f::OUTPUT,
    f::OVERRIDE,
    f::ORDER,
    f::SERVICES,
];
