//! Encrypts a dotenv text for one recipient, and prints the sops file that comes of it.
//!
//! ```sh
//! cargo run --example encrypt_a_file
//! ```

use std::error::Error;
use std::io::{self, Write};

use lacre::base::DataKey;
use lacre::document::dotenv::Dotenv;
use lacre::envelope::{Metadata, Plain, encrypt};
use lacre::keys::Recipient;
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::policy::Selector;
use lacre::world::system::{SystemClock, SystemRandom};

/// The public demo key of `examples/quickstart`.
const RECIPIENT: &str = "age16edmr9qwlph36zmkf7jjkwr2c6sm82yxr2cwp2l4cmxeyjaxya9sfcprnk";

fn main() -> Result<(), Box<dyn Error>> {
    let (clock, random) = (SystemClock, SystemRandom::default());
    let key = DataKey::generate(&random)?;
    let wrapped = AgeRecipient::parse(RECIPIENT, &NoPlugins)?.wrap(&key.expose().to_vec().into())?;
    let metadata = Metadata::new(vec![vec![wrapped]], Selector::default(), false);
    let plain = Plain::parse(b"GREETING=hello\n".to_vec(), &Dotenv)?;
    let written = encrypt(&plain, metadata, &key, &clock, &random)?;
    io::stdout().write_all(&written.text)?;
    Ok(())
}
