//! Programs called `age-plugin-NAME`, which hold keys on tokens, in keychains or elsewhere: which of them we start, and
//! the protocol of the age project for both directions (C2SP `age-plugin`). Their names are judged in `keys::plugin`.
//!
//! `age`'s own client would look for the program in `PATH` by itself; here it is started by the path that was approved.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::plugin::{Connection, IDENTITY_V1, RECIPIENT_V1, Reply, Response};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use crate::base::Secret;
use crate::base::ports::Prompt;
use crate::keys::escaped;
use crate::keys::plugin::{PluginName, Plugins};
use crate::world::processes::child_is_left;

/// Which plugins may be started to wrap. A file from git names recipients too, and must not make us run a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedPlugins {
    /// All of them: `--allow-plugin` without a name, or the recipients came from the user.
    All,
    /// Those that the user named, by a recipient or an identity of their own.
    Named(BTreeSet<PluginName>),
}

/// The plugins of this machine.
pub struct AgePlugins<'a> {
    search: Option<OsString>,
    repository: Option<PathBuf>,
    allowed: AllowedPlugins,
    prompt: &'a dyn Prompt,
    /// Secrets that a plugin was given and accepted, by program and question: nobody types a PIN twice in one run.
    answers: RefCell<HashMap<(PluginName, String), Secret<String>>>,
}

/// Characters of a plugin's message at the most.
const LONGEST_MESSAGE: usize = 1000;

impl<'a> AgePlugins<'a> {
    /// `search` is the value of `PATH`; programs inside `repository` are never started.
    #[must_use]
    pub fn new(
        search: Option<OsString>,
        repository: Option<&Path>,
        allowed: AllowedPlugins,
        prompt: &'a dyn Prompt,
    ) -> Self {
        let repository = repository.map(|root| root.canonicalize().unwrap_or_else(|_| root.to_owned()));
        Self { search, repository, allowed, prompt, answers: RefCell::default() }
    }

    /// The program to start: the first of its name in an absolute folder of `PATH`, itself and after links outside the
    /// repository.
    fn find(&self, name: &PluginName) -> Option<PathBuf> {
        let file = format!("{}{}", name.program(), std::env::consts::EXE_SUFFIX);
        std::env::split_paths(self.search.as_ref()?)
            .filter(|folder| folder.is_absolute() && !self.is_ours(folder))
            .map(|folder| folder.join(&file))
            .find(|program| is_executable(program) && !self.is_ours(program))
    }

    fn is_ours(&self, path: &Path) -> bool {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.repository.as_ref().is_some_and(|root| real.starts_with(root) || path.starts_with(root))
    }

    fn program(&self, name: &PluginName) -> Result<PathBuf, String> {
        self.find(name).ok_or_else(|| {
            "is not in `PATH` (relative folders and those in the repository do not count)".to_owned()
        })
    }

    fn talk(&self, name: &PluginName) -> Talk<'_> {
        Talk { plugins: self, name: name.clone(), given: Vec::new(), errors: Vec::new() }
    }
}

impl Plugins for AgePlugins<'_> {
    fn wrap(&self, name: &PluginName, recipient: &str, file_key: &FileKey) -> Result<Vec<Stanza>, String> {
        match &self.allowed {
            AllowedPlugins::Named(names) if !names.contains(name) => {
                return Err("was named by a file only, and is not started without being allowed".to_owned());
            }
            AllowedPlugins::All | AllowedPlugins::Named(_) => {}
        }
        let mut connection =
            Connection::open(&self.program(name)?, RECIPIENT_V1).map_err(|error| failure(&error))?;
        child_is_left();
        let send = connection.unidir_send(|mut phase| {
            phase.send("add-recipient", &[recipient], &[])?;
            phase.send("wrap-file-key", &[], file_key.expose_secret())
        });
        send.map_err(|error| failure(&error))?;
        let mut talk = self.talk(name);
        let mut stanzas = Vec::new();
        let receive = connection.bidir_receive(
            &["msg", "confirm", "request-public", "request-secret", "error", "recipient-stanza"],
            |mut command, reply| {
                if command.tag != "recipient-stanza" {
                    return talk.answer(&command, reply);
                }
                // `recipient-stanza FILE TAG ARGUMENT…`; we sent one file key, number 0.
                if command.args.len() < 2 || command.args.first().is_none_or(|file| file != "0") {
                    return reply.fail();
                }
                command.args.remove(0);
                command.tag = command.args.remove(0);
                stanzas.push(command);
                reply.ok(None)
            },
        );
        receive.map_err(|error| failure(&error))?;
        talk.finish(if stanzas.is_empty() { None } else { Some(stanzas) })?
            .ok_or_else(|| "wrapped nothing".to_owned())
    }

    fn unwrap(
        &self,
        name: &PluginName,
        identity: &Secret<String>,
        stanzas: &[Stanza],
    ) -> Option<Result<FileKey, String>> {
        self.try_unwrap(name, identity, stanzas).transpose()
    }
}

impl AgePlugins<'_> {
    fn try_unwrap(
        &self,
        name: &PluginName,
        identity: &Secret<String>,
        stanzas: &[Stanza],
    ) -> Result<Option<FileKey>, String> {
        let mut connection =
            Connection::open(&self.program(name)?, IDENTITY_V1).map_err(|error| failure(&error))?;
        child_is_left();
        let send = connection.unidir_send(|mut phase| {
            phase.send("add-identity", &[identity.expose()], &[])?;
            stanzas.iter().try_for_each(|stanza| phase.send_stanza("recipient-stanza", &["0"], stanza))
        });
        send.map_err(|error| failure(&error))?;
        let mut talk = self.talk(name);
        let mut file_key = None;
        let receive = connection.bidir_receive(
            &["msg", "confirm", "request-public", "request-secret", "error", "file-key"],
            |mut command, reply| {
                if command.tag != "file-key" {
                    return talk.answer(&command, reply);
                }
                let fits = file_key.is_none() && command.body.len() == FILE_KEY_BYTES;
                if fits {
                    file_key = Some(FileKey::init_with_mut(|key| key.copy_from_slice(&command.body)));
                }
                command.body.zeroize();
                if fits { reply.ok(None) } else { reply.fail() }
            },
        );
        receive.map_err(|error| failure(&error))?;
        talk.finish(file_key)
    }
}

/// One conversation with a plugin.
struct Talk<'a> {
    plugins: &'a AgePlugins<'a>,
    name: PluginName,
    given: Vec<(String, Secret<String>)>,
    errors: Vec<String>,
}

impl Talk<'_> {
    fn answer<R: io::Read, W: io::Write>(&mut self, command: &Stanza, reply: Reply<'_, R, W>) -> Response {
        let message = shown(&String::from_utf8_lossy(&command.body));
        let prompt = self.plugins.prompt;
        let text = format!("{}: {message}", self.name.program());
        match command.tag.as_str() {
            "msg" => {
                prompt.tell(&text);
                reply.ok(None)
            }
            "confirm" => match prompt.confirm(&format!("{text}{}", choices(&command.args))) {
                Some(yes) => reply.ok_with_metadata(&[if yes { "yes" } else { "no" }], None),
                None => reply.fail(),
            },
            // There is no echoed input in our house; what is public may be typed unseen.
            "request-public" | "request-secret" => match self.secret(&text) {
                Some(answer) => reply.ok(Some(answer.expose().as_bytes())),
                None => reply.fail(),
            },
            _ => {
                self.errors.push(message);
                reply.ok(None)
            }
        }
    }

    fn secret(&mut self, question: &str) -> Option<Secret<String>> {
        let known = self.plugins.answers.borrow().get(&(self.name.clone(), question.to_owned())).cloned();
        // A question that comes again within one conversation was answered wrongly.
        let again = self.given.iter().any(|(asked, _)| asked == question);
        let answer = known.filter(|_| !again).or_else(|| self.plugins.prompt.secret(question))?;
        self.given.push((question.to_owned(), answer.clone()));
        Some(answer)
    }

    /// The result, unless the plugin gave errors instead. What was typed is kept only if it led somewhere.
    fn finish<T>(self, result: Option<T>) -> Result<Option<T>, String> {
        if result.is_none() && !self.errors.is_empty() {
            return Err(format!("says: {}", self.errors.join("; ")));
        }
        if result.is_some() {
            let given =
                self.given.into_iter().map(|(question, answer)| ((self.name.clone(), question), answer));
            self.plugins.answers.borrow_mut().extend(given);
        }
        Ok(result)
    }
}

/// The words for yes and no that a plugin offers.
fn choices(args: &[String]) -> String {
    let words: Vec<_> = args
        .iter()
        .take(2)
        .filter_map(|word| BASE64_STANDARD_NO_PAD.decode(word).ok())
        .map(|word| shown(&String::from_utf8_lossy(&word)))
        .collect();
    if words.is_empty() { String::new() } else { format!(" (yes: {})", words.join(", no: ")) }
}

fn shown(message: &str) -> String {
    escaped(&message.chars().take(LONGEST_MESSAGE).collect::<String>())
}

fn failure(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => "ended too early".to_owned(),
        io::ErrorKind::InvalidData => "does not speak the plugin protocol".to_owned(),
        kind => format!("cannot be used ({kind})"),
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests;
