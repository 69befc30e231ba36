//! lacre keeps an application's secrets encrypted inside its git repository and hands them to the process that needs
//! them. Every encrypted file is a sops v3 file: names stay readable, values become `ENC[…]`, and a seal that sops
//! ignores covers what sops leaves open.
//!
//! # A file, from disk and back
//!
//! ```
//! use lacre::base::{Node, Path};
//! use lacre::keys::plugin::NoPlugins;
//! use lacre::workspace::{Keyring, OpenFile, value_text};
//! use lacre::world::World;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::real()?;
//! let identity = "examples/quickstart/demo-identity.txt".into();
//! let keyring = Keyring::new(&world, &NoPlugins, &[identity], false);
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join(".env.enc");
//! # std::fs::copy("examples/quickstart/.env.enc", &path)?;
//! let file = OpenFile::open(&world, &keyring, &path, None)?;
//! let plain = file.plain()?;
//! for (path, value) in plain.leaves() {
//!     println!("{path}: {} bytes", value_text(&value).len());
//! }
//! let changed = plain.with(&Path::key(b"GREETING"), &Node::str("Bom dia"))?;
//! file.save(&file.next(&changed, &*world.clock, &*world.random)?.text)?;
//! # Ok(())
//! # }
//! ```
//!
//! # The core, without files, clock, environment or network
//!
//! ```
//! use lacre::base::ports::{CountedRandom, FrozenClock};
//! use lacre::base::DataKey;
//! use lacre::document::Json;
//! use lacre::envelope::{Metadata, Plain, Sealed, encrypt};
//! use lacre::policy::Selector;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (clock, random) = (FrozenClock(time::OffsetDateTime::UNIX_EPOCH), CountedRandom::default());
//! let key = DataKey::generate(&random)?;
//! // Wrapped for nobody: a real file has at least one recipient, see `keys::age`.
//! let metadata = Metadata::new(vec![vec![]], Selector::default(), false);
//! let plain = Plain::parse(br#"{"port": 5432}"#.to_vec(), &Json)?;
//! let written = encrypt(&plain, metadata, &key, &clock, &random)?;
//! let sealed = Sealed::parse(written.text, &Json)?;
//! assert_eq!(sealed.plaintext(&sealed.open(&key)?)?, br#"{"port": 5432}"#);
//! # Ok(())
//! # }
//! ```
//!
//! # The house
//!
//! | floor | rooms | what for |
//! | --- | --- | --- |
//! | 6 | [`cli`] | the person, and git: arguments, words, exit codes |
//! | 5 | [`workspace`] | files and keys brought together, now, in merges and in history |
//! | 4 | [`providers`] | other programs and services |
//! | 3 | [`world`] | the only doors to the machine |
//! | 2 | [`envelope`] | encrypt, open, reencrypt, rewrap, rekey, merge, metadata, seal |
//! | 1 | [`document`] · [`cipher`] · [`keys`] · [`policy`] · [`redact`] · [`schema`] | neighbours that do not know each other |
//! | 0 | [`base`] | the words |
//!
//! A room imports only lower floors. Below [`world`] there is no file, clock, environment, process or network.

pub mod base;
pub mod cipher;
pub mod cli;
pub mod document;
pub mod envelope;
pub mod keys;
pub mod policy;
pub mod providers;
pub mod redact;
pub mod schema;
pub mod workspace;
pub mod world;
