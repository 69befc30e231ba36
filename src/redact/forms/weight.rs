//! Which values can be masked without destroying what is printed.

/// Fewest characters.
const SHORTEST: usize = 6;

/// Longest value, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Fewest different bytes.
const FEWEST_DIFFERENT: usize = 4;

/// Fewest bits of a value, by how often each of its bytes occurs in it.
const FEWEST_BITS: f64 = 12.0;

/// Words that settings hold and logs are full of. In lower case.
const COMMON: [&[u8]; 26] = [
    b"0.0.0.0",
    b"127.0.0.1",
    b"default",
    b"develop",
    b"development",
    b"disable",
    b"disabled",
    b"docker",
    b"enable",
    b"enabled",
    b"example",
    b"example.com",
    b"localhost",
    b"master",
    b"postgres",
    b"postgresql",
    b"prefer",
    b"preview",
    b"production",
    b"release",
    b"require",
    b"required",
    b"staging",
    b"testing",
    b"undefined",
    b"warning",
];

/// Whether `value`, without blanks round it, may be masked: 6 characters or more, 4 different bytes or more, 12 bits or
/// more by Shannon's measure over its own bytes, 1 MiB or less, and no word such as `localhost` that settings hold and
/// logs are full of.
#[must_use]
pub fn is_maskable(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let characters = std::str::from_utf8(value).map_or(value.len(), |text| text.chars().count());
    if characters < SHORTEST
        || value.len() > LONGEST
        || COMMON.contains(&value.to_ascii_lowercase().as_slice())
    {
        return false;
    }
    let mut counts = [0u32; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let different = counts.iter().filter(|count| **count > 0).count();
    different >= FEWEST_DIFFERENT && bits(&counts) >= FEWEST_BITS
}

/// How many bits a text with these counts of bytes holds, if each byte is as likely as it is frequent.
fn bits(counts: &[u32; 256]) -> f64 {
    let total: f64 = counts.iter().copied().map(f64::from).sum();
    let part = |count: f64| count * (total / count).log2();
    counts.iter().filter(|count| **count > 0).map(|count| part(f64::from(*count))).sum()
}
