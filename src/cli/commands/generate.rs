//! New secrets from the system's randomness: `set --generate SPEC`.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base::Secret;
use crate::base::ports::{NoRandomness, Random};

/// Characters that every reader, shell and URL takes bare. 64 of them, so that six random bits choose one.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// More than any secret needs; keeps a mistyped number from filling the file.
const LONGEST: usize = 4096;

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// `hex[:32]`: so many bytes as hexadecimal digits.
    Hex(usize),
    /// `password[:32]`: so many characters, six random bits each.
    Password(usize),
    /// `token[:32]`: so many bytes as URL-safe base64.
    Token(usize),
    /// `uuid`: a random one, version 4 (RFC 9562).
    Uuid,
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, count) = text.split_once(':').map_or((text, None), |(word, count)| (word, Some(count)));
        let count = match count {
            None => 32,
            Some(count) => match count.parse() {
                Ok(count @ 1..=LONGEST) => count,
                _ => return Err(format!("the number is from 1 to {LONGEST}")),
            },
        };
        match word {
            "hex" => Ok(Self::Hex(count)),
            "password" => Ok(Self::Password(count)),
            "token" => Ok(Self::Token(count)),
            "uuid" => Ok(Self::Uuid),
            _ => Err("SPEC is password[:32], token[:32], hex[:32] or uuid".to_owned()),
        }
    }
}

impl Spec {
    /// Draws one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn draw(self, random: &dyn Random) -> Result<Secret<String>, NoRandomness> {
        let count = match self {
            Self::Hex(count) | Self::Password(count) | Self::Token(count) => count,
            Self::Uuid => 16,
        };
        let mut bytes = Zeroizing::new(vec![0; count]);
        random.fill(&mut bytes)?;
        let text = match self {
            Self::Hex(_) => hex(&bytes),
            Self::Password(_) => {
                let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 63)).copied();
                bytes.iter().filter_map(letter).map(char::from).collect()
            }
            Self::Token(_) => URL_SAFE_NO_PAD.encode(&*bytes),
            Self::Uuid => uuid(&bytes),
        };
        Ok(Secret::new(text))
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = Zeroizing::new(String::new());
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match position {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        text.push_str(&hex(&[byte]));
    }
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ports::CountedRandom;

    #[test]
    fn each_spec_has_its_form() {
        let random = CountedRandom::default();
        for (spec, length) in
            [("hex:4", 8), ("password", 32), ("password:7", 7), ("token:3", 4), ("uuid", 36)]
        {
            let drawn = spec.parse::<Spec>().unwrap().draw(&random).unwrap();
            assert_eq!(drawn.expose().len(), length, "{spec}");
        }
        let uuid = Spec::Uuid.draw(&random).unwrap();
        assert_eq!(uuid.expose().as_bytes()[14], b'4');
    }

    #[test]
    fn nonsense_is_refused() {
        for spec in ["", "hex:0", "hex:x", "password:5000", "rot13"] {
            assert!(spec.parse::<Spec>().is_err(), "{spec}");
        }
    }
}
