//! Programs called `age-plugin-NAME`, which hold keys on tokens, in keychains or elsewhere: which of them we start, and
//! the protocol of the age project for both directions (C2SP `age-plugin`). Their names are judged in `keys::plugin`.
//!
//! `age`'s own client would look for the program in `PATH` by itself; here it is started by the path that was approved.

mod connection;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use crate::base::Secret;
use crate::base::ports::Prompt;
use crate::keys::escaped;
use crate::keys::plugin::{PluginName, Plugins};
use crate::world::Variables;
use crate::world::processes::resolve_outside;

use connection::{Connection, Machine, Reply};

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
    allowed: RefCell<AllowedPlugins>,
    prompt: &'a dyn Prompt,
    /// What they may see of the environment; `None`: all of it.
    variables: Option<Variables>,
    /// Secrets that a plugin was given and accepted, by program and question: nobody types a PIN twice in one run.
    answers: RefCell<HashMap<(PluginName, String), Secret<String>>>,
}

/// Stanzas for one file key, and messages in one conversation, at the most.
const MOST_STANZAS: usize = 100;
const MOST_MESSAGES: usize = 1000;

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
        Self {
            search,
            repository: repository.map(Path::to_owned),
            allowed: RefCell::new(allowed),
            prompt,
            variables: None,
            answers: RefCell::default(),
        }
    }

    /// The same, and plugins see these `variables` only.
    #[must_use]
    pub fn seeing(self, variables: Variables) -> Self {
        Self { variables: Some(variables), ..self }
    }

    /// The program to start: the first of its name in an absolute folder of `PATH`, itself and after links outside the
    /// repository.
    fn find(&self, name: &PluginName) -> Option<PathBuf> {
        let program = name.program();
        resolve_outside(OsStr::new(&program), self.search.as_deref(), self.repository.as_deref())
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
        match &*self.allowed.borrow() {
            AllowedPlugins::Named(names) if !names.contains(name) => {
                return Err("was named by a file only, and is not started without being allowed".to_owned());
            }
            AllowedPlugins::All | AllowedPlugins::Named(_) => {}
        }
        let mut talk = self.talk(name);
        let mut stanzas = Vec::new();
        let program = self.program(name)?;
        let spoken = Connection::open(&program, Machine::Recipient, self.variables.as_ref()).and_then(
            |mut connection| {
                connection.send("add-recipient", &[recipient], &[])?;
                connection.send("wrap-file-key", &[], file_key.expose_secret())?;
                connection.send("done", &[], &[])?;
                talk.listen(&mut connection, "recipient-stanza", |mut command| {
                    // `recipient-stanza FILE TAG ARGUMENT…`; we sent one file key, number 0.
                    let fits =
                        command.args.len() >= 2 && command.args.first().is_some_and(|file| file == "0");
                    if fits && stanzas.len() < MOST_STANZAS {
                        command.args.remove(0);
                        command.tag = command.args.remove(0);
                        stanzas.push(command);
                        return true;
                    }
                    false
                })
            },
        );
        spoken.map_err(|error| failure(&error))?;
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

    fn trust(&self, name: &PluginName) {
        if let AllowedPlugins::Named(names) = &mut *self.allowed.borrow_mut() {
            names.insert(name.clone());
        }
    }
}

impl AgePlugins<'_> {
    fn try_unwrap(
        &self,
        name: &PluginName,
        identity: &Secret<String>,
        stanzas: &[Stanza],
    ) -> Result<Option<FileKey>, String> {
        let mut talk = self.talk(name);
        let mut file_key = None;
        let program = self.program(name)?;
        let spoken = Connection::open(&program, Machine::Identity, self.variables.as_ref()).and_then(
            |mut connection| {
                connection.send("add-identity", &[identity.expose()], &[])?;
                for stanza in stanzas {
                    connection.send_stanza("recipient-stanza", &["0"], stanza)?;
                }
                connection.send("done", &[], &[])?;
                talk.listen(&mut connection, "file-key", |mut command| {
                    let fits = file_key.is_none() && command.body.len() == FILE_KEY_BYTES;
                    if fits {
                        file_key = Some(FileKey::init_with_mut(|key| key.copy_from_slice(&command.body)));
                    }
                    command.body.zeroize();
                    fits
                })
            },
        );
        spoken.map_err(|error| failure(&error))?;
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
    /// Answers the plugin until it is done; a stanza called `wanted` is handed to `take`, which says whether it fits.
    fn listen(
        &mut self,
        connection: &mut Connection,
        wanted: &str,
        mut take: impl FnMut(Stanza) -> bool,
    ) -> io::Result<()> {
        for _ in 0..MOST_MESSAGES {
            let Some(command) = connection.receive()? else { return Ok(()) };
            if command.tag == wanted {
                connection.reply(&if take(command) { Reply::Ok(&[], &[]) } else { Reply::Fail })?;
            } else {
                self.answer(&command, connection)?;
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn answer(&mut self, command: &Stanza, connection: &mut Connection) -> io::Result<()> {
        let message = shown(&String::from_utf8_lossy(&command.body));
        let prompt = self.plugins.prompt;
        let text = format!("{}: {message}", self.name.program());
        match command.tag.as_str() {
            "msg" => {
                prompt.tell(&text);
                connection.reply(&Reply::Ok(&[], &[]))
            }
            "confirm" => match prompt.confirm(&format!("{text}{}", choices(&command.args))) {
                Some(yes) => connection.reply(&Reply::Ok(&[if yes { "yes" } else { "no" }], &[])),
                None => connection.reply(&Reply::Fail),
            },
            // There is no echoed input in our house; what is public may be typed unseen.
            "request-public" | "request-secret" => match self.secret(&text) {
                Some(answer) => connection.reply(&Reply::Ok(&[], answer.expose().as_bytes())),
                None => connection.reply(&Reply::Fail),
            },
            "error" => {
                self.errors.push(message);
                connection.reply(&Reply::Ok(&[], &[]))
            }
            _ => connection.reply(&Reply::Unsupported),
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

#[cfg(test)]
mod tests;
