//! Texts as files of dotenvx, and bytes as messages to one of its keys.
#![no_main]

use std::path::Path;

use lacre::cipher::ecies::PrivateKey;
use lacre::document::Format;
use lacre::document::dotenv::Dotenv;
use lacre::workspace::import::dotenvx::{Choice, Keys, convert, is_theirs};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let key = PrivateKey::from_hex(&[b'1'; 64]).expect("a key");
    assert!(key.open(text).is_err(), "nobody encrypted this");
    let text = Dotenv.prepare(text.to_vec()).text;
    let _ = is_theirs(text.expose());
    for resolve in [false, true] {
        let choice = Choice { resolve, ..Choice::default() };
        if let Ok(converted) = convert(Path::new(".env"), text.expose(), &Keys::default(), choice) {
            assert!(converted.handed.keys().all(|name| !name.is_empty() && !name.contains(&b'=')));
        }
    }
});
