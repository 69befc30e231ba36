//! The shared test vectors of the age format (C2SP/CCTV): armor, X25519, scrypt and the post-quantum hybrid, through
//! the very functions that open a wrapped key. Only success or failure is compared, as its README allows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "reads the vectors, or says that it skips"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use lacre::keys::{age as wrapping, post_quantum};
use sha2::{Digest, Sha256};

/// A vector of `stream_257_chunks_full` holds 16.8 MB.
const LIMIT: u64 = 32 << 20;

/// The `age` crate still reads the stanzas of age's first beta releases, whose body might end with a full line.
const LENIENT: [&str; 2] = ["stanza_missing_body", "stanza_missing_final_line"];

struct Vector {
    fields: HashMap<String, Vec<String>>,
    sealed: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let header = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for line in header.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            fields.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        let sealed = match fields.get("compressed") {
            Some(_) => miniz_oxide::inflate::decompress_to_vec_zlib(&bytes[end + 2..]).unwrap(),
            None => bytes[end + 2..].to_vec(),
        };
        Self { fields, sealed }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.get(name).into_iter().flatten().map(String::as_str)
    }

    fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    fn identities(&self) -> Vec<Box<dyn age::Identity>> {
        let keys = self.all("identity").map(|text| -> Box<dyn age::Identity> {
            match post_quantum::Identity::parse(text) {
                Some(identity) => Box::new(identity),
                None => Box::new(text.parse::<age::x25519::Identity>().unwrap()),
            }
        });
        let passphrases = self.all("passphrase").map(|text| -> Box<dyn age::Identity> {
            let mut identity = age::scrypt::Identity::new(text.to_owned().into());
            identity.set_max_work_factor(22);
            Box::new(identity)
        });
        keys.chain(passphrases).collect()
    }

    /// The plaintext that some identity gets, or why none does. All of it or nothing is what a wrapped key needs.
    fn opened(&self) -> Result<Vec<u8>, String> {
        let mut problem = String::from("no identity");
        for identity in self.identities() {
            match wrapping::open(&self.sealed, identity.as_ref(), LIMIT) {
                Ok(plain) => return Ok(plain.to_vec()),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(problem)
    }

    fn verdict(&self) -> Result<(), String> {
        match (self.first("expect"), self.opened()) {
            ("success", Ok(plain)) => {
                if Sha256::digest(&plain).as_slice() == bytes(self.first("payload")) {
                    Ok(())
                } else {
                    Err("another payload".to_owned())
                }
            }
            ("success", Err(problem)) => Err(format!("should open: {problem}")),
            (_, Err(_)) => Ok(()),
            (expected, Ok(_)) => Err(format!("opens in spite of `{expected}`")),
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_vector_of_the_testkit_is_judged_as_it_expects() {
    let folder = std::env::var_os("AGE_TESTKIT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/age-testkit/testdata"),
        PathBuf::from,
    );
    let Ok(vectors) = fs::read_dir(folder) else {
        eprintln!("skipped: the age test kit is not at hand; name its folder `testdata` in AGE_TESTKIT");
        return;
    };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for entry in vectors {
        let path = entry.unwrap().path();
        let vector = Vector::read(&path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if LENIENT.contains(&name.as_str()) {
            assert!(vector.verdict().is_err(), "{name} is no exception any more");
            continue;
        }
        judged += 1;
        if let Err(problem) = vector.verdict() {
            wrong.push(format!("{name}: {problem}"));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(judged + LENIENT.len(), 143);
}
