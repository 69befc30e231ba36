//! Reads what any of the team could read: to compare with the model, never to change anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lacre::base::{DataKey, RecipientId};
use lacre::keys::plugin::NoPlugins;
use lacre::workspace::names::FileType;
use lacre::workspace::{Keyring, OpenFile, open_file};
use lacre::world::World;

use super::model::{State, leaves};
use super::person::{PEOPLE, identity, recipient_of};

pub struct Reader {
    /// All identities.
    everybody: PathBuf,
    world: World,
}

/// An encrypted file, opened.
pub struct Read {
    pub state: State,
    pub plain: Vec<u8>,
    pub key: DataKey,
}

impl Reader {
    pub fn new(folder: &Path) -> Self {
        let everybody = folder.join("everybody.txt");
        let identities: Vec<_> = PEOPLE.iter().map(|person| identity(person.0)).collect();
        std::fs::write(&everybody, identities.join("\n")).unwrap();
        Self { everybody, world: World::test(folder).0 }
    }

    /// Opens `text`, which stands under `name`: data key, seal and MAC must be right.
    pub fn read(&self, name: &str, text: Vec<u8>) -> Result<Read, String> {
        self.read_as(&self.everybody, name, text)
    }

    /// Whether the identity in `file` alone opens `text`.
    pub fn opens(&self, file: &Path, name: &str, text: Vec<u8>) -> bool {
        self.read_as(file, name, text).is_ok()
    }

    fn read_as(&self, identity: &Path, name: &str, text: Vec<u8>) -> Result<Read, String> {
        let path = Path::new(name);
        let keyring = Keyring::new(&self.world, &NoPlugins, &[identity.to_owned()], true);
        let words = |error: lacre::workspace::Error| format!("{error:?}");
        let sealed = open_file::parse(text, path, None).map_err(words)?;
        let file = OpenFile::from_sealed(&self.world, &keyring, path, sealed).map_err(words)?;
        let plain = file.plaintext().map_err(words)?;
        let recipients = file.sealed.metadata().recipients().concat();
        assert_eq!(recipients.len(), people(&recipients).len(), "{name}: a recipient stands twice");
        let state = State {
            kind: FileType::of(path),
            leaves: leaves(&file.converted(FileType::Json).map_err(words)?),
            people: people(&recipients),
            notes: notes(&String::from_utf8_lossy(&plain)),
        };
        Ok(Read { state, plain, key: file.key })
    }
}

fn people(recipients: &[RecipientId]) -> BTreeSet<&'static str> {
    let is = |who: &str| recipients.contains(&RecipientId::guess(recipient_of(who)).unwrap());
    PEOPLE.iter().map(|person| person.0).filter(|who| is(who)).collect()
}

/// The comments in `text`, each by its number.
pub fn notes(text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for (at, mark) in text.match_indices(NOTE) {
        let digits: String = text[at + mark.len()..].chars().take_while(char::is_ascii_digit).collect();
        assert!(found.insert(digits.parse().unwrap()), "note {digits} stands twice:\n{text}");
    }
    found
}

/// How comments begin that the team writes.
pub const NOTE: &str = "note-";
