//! The encodings that a secret may not be seen in, by libraries and in the plainest way.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// `value` in every listed encoding.
pub fn all(value: &str) -> Vec<Vec<u8>> {
    let text = value.trim_ascii();
    let mut all = vec![text.as_bytes().to_vec()];
    all.extend(base64(text));
    all.extend(base64(value));
    all.extend(percent(text));
    all.push(text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
    all.push(text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>().into_bytes());
    all.extend(json(text));
    all.extend(shell(text));
    let units = || text.encode_utf16();
    all.push(units().flat_map(|unit| [unit as u8, (unit >> 8) as u8]).collect());
    all.push(units().flat_map(|unit| [(unit >> 8) as u8, unit as u8]).collect());
    if text.contains('\n') {
        let lines = text.lines().filter(|line| line.len() >= 16 && !line.starts_with("-----"));
        all.extend(lines.map(|line| line.as_bytes().to_vec()));
    }
    all
}

/// The letters that do not change with what stands round the secret, found by changing it; and the tails.
fn base64(text: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for letters in [alphabet::STANDARD, alphabet::URL_SAFE] {
        for padding in [true, false] {
            let config = GeneralPurposeConfig::new()
                .with_encode_padding(padding)
                .with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let engine = GeneralPurpose::new(&letters, config);
            for before in 0..3 {
                let encode = |filler: u8, behind: usize| {
                    let whole = [&vec![filler; before], text.as_bytes(), &vec![filler; behind]].concat();
                    engine.encode(whole).into_bytes()
                };
                let (one, other) = (encode(0, 3), encode(255, 3));
                let same = one.iter().zip(&other).map(|(a, b)| a == b);
                let first = same.clone().position(|same| same).unwrap();
                let length = same.skip(first).take_while(|same| *same).count();
                all.push(one[first..first + length].to_vec());
                // At the end of what was encoded.
                all.push(encode(0, 0)[first..].to_vec());
            }
        }
    }
    all
}

fn percent(text: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for bare in ["-._~", "-._~!*'()"] {
        let encoded: String = text
            .chars()
            .map(|letter| match letter {
                letter if letter.is_ascii_alphanumeric() || bare.contains(letter) => letter.to_string(),
                letter => {
                    let mut bytes = [0; 4];
                    letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
                }
            })
            .collect();
        for blank in ["%20", "+"] {
            let encoded = encoded.replace("%20", blank);
            let parts: Vec<&str> = encoded.split('%').collect();
            let lower = parts.iter().enumerate().map(|(number, part)| match number {
                0 => (*part).to_owned(),
                _ => format!("%{}{}", part[..2].to_lowercase(), &part[2..]),
            });
            all.push(lower.collect::<String>().into_bytes());
            all.push(encoded.into_bytes());
        }
    }
    all
}

fn json(text: &str) -> Vec<Vec<u8>> {
    let written = serde_json::to_string(text).unwrap();
    let inner = &written[1..written.len() - 1];
    let ascii = |text: &str| -> String {
        let mut escaped = String::new();
        for letter in text.chars() {
            if letter.is_ascii() {
                escaped.push(letter);
            } else {
                escaped.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
        escaped
    };
    let slashed = inner.replace('/', "\\/");
    [inner.to_owned(), ascii(inner), ascii(&slashed), slashed].map(String::into_bytes).to_vec()
}

fn shell(text: &str) -> Vec<Vec<u8>> {
    let quoted = shell_words::quote(text).into_owned();
    let inner =
        quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(&quoted).to_owned();
    let ansi = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
    let mut bare = String::new();
    for letter in text.chars() {
        if " \t!\"$&'()*,;<>?[\\]^`{|}".contains(letter) || (bare.is_empty() && "#~".contains(letter)) {
            bare.push('\\');
        }
        bare.push(letter);
    }
    let mut all = vec![inner, ansi];
    // `printf %q` writes several lines as `$'…'`.
    all.extend((!text.contains('\n')).then_some(bare));
    all.into_iter().map(String::into_bytes).collect()
}
