//! A typed value: what a scalar means, and the plain bytes that sops encrypts and feeds to the MAC (spec 1.4).

use std::borrow::Cow;
use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Secret;

/// What a scalar means.
#[derive(Clone)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A 64-bit float.
    Float(f64),
    /// A 64-bit signed integer.
    Int(i64),
    /// Nothing; never encrypted.
    Null,
    /// Bytes, usually UTF-8.
    Str(Secret<Vec<u8>>),
    /// A point in time, with the offset it was written with.
    Time(OffsetDateTime),
}

/// The type tag of a ciphertext, `type:…` (spec 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `comment`
    Comment,
    /// `float`
    Float,
    /// `int`
    Int,
    /// `str`
    Str,
    /// `time`
    Time,
}

/// Plain bytes that do not fit their type tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decrypted bytes are no {}", .0.name())]
pub struct ValueError(pub Type);

impl Type {
    /// As it stands in a ciphertext.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Comment => "comment",
            Self::Float => "float",
            Self::Int => "int",
            Self::Str => "str",
            Self::Time => "time",
        }
    }

    /// The type called `name`, if it is one.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::Bool, Self::Comment, Self::Float, Self::Int, Self::Str, Self::Time]
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }
}

impl Value {
    /// A string value.
    #[must_use]
    pub fn str(text: &str) -> Self {
        Self::Str(Secret::new(text.as_bytes().to_vec()))
    }

    /// Its type; `None` for null.
    #[must_use]
    pub const fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Bool(_) => Type::Bool,
            Self::Float(_) => Type::Float,
            Self::Int(_) => Type::Int,
            Self::Null => return None,
            Self::Str(_) => Type::Str,
            Self::Time(_) => Type::Time,
        })
    }

    /// The bytes that are encrypted and fed to the MAC; empty for null.
    #[must_use]
    pub fn plain_bytes(&self) -> Cow<'_, [u8]> {
        let text = match self {
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Float(float) if float.is_nan() => "NaN".to_owned(),
            Self::Float(float) if float.is_infinite() => {
                if *float > 0.0 {
                    "+Inf".to_owned()
                } else {
                    "-Inf".to_owned()
                }
            }
            // Rust's shortest digits are positional, like Go's 'f' with precision -1.
            Self::Float(float) => float.to_string(),
            Self::Int(int) => int.to_string(),
            Self::Null => String::new(),
            Self::Str(bytes) => return Cow::Borrowed(bytes.expose()),
            Self::Time(time) => time.format(&Rfc3339).unwrap_or_default(),
        };
        Cow::Owned(text.into_bytes())
    }

    /// Reads decrypted bytes by their type tag; a comment becomes a string.
    ///
    /// # Errors
    /// When the bytes do not spell a value of that type.
    pub fn from_plain(kind: Type, bytes: Vec<u8>) -> Result<Self, ValueError> {
        let bytes = Secret::new(bytes);
        if matches!(kind, Type::Str | Type::Comment) {
            return Ok(Self::Str(bytes));
        }
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| ValueError(kind))?;
        let value = match kind {
            Type::Bool => match text {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Self::Bool(true)),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Self::Bool(false)),
                _ => None,
            },
            Type::Float => parse_float(text).map(Self::Float),
            Type::Int => text.parse().ok().map(Self::Int),
            Type::Time => OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::Time),
            Type::Str | Type::Comment => None,
        };
        value.ok_or(ValueError(kind))
    }
}

/// Says the type and nothing else.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.kind().map_or("null", Type::name))
    }
}

/// Same type and same plain bytes; so a NaN equals itself, and `-0` is not `0`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(one), Self::Str(two)) => one == two,
            _ => self.kind() == other.kind() && self.plain_bytes() == other.plain_bytes(),
        }
    }
}

/// A float as Go reads one: decimal, exponent, hexadecimal, infinities and NaN in any case.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, text.get(1..)?),
        b'+' => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => hex_float(hex).map(|float| sign * float),
        None => text.parse().ok(),
    }
}

fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // 15 digits fit into the 64-bit accumulator; nobody has ever stored longer ones.
    if whole.len() + fraction.len() > 15 || whole.len() + fraction.len() == 0 {
        return None;
    }
    let digits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()? * 4;
    #[expect(
        clippy::cast_precision_loss,
        reason = "rounding to the nearest double is what a float literal means"
    )]
    Some(digits as f64 * 2f64.powi(exponent.checked_sub(shift)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_positional_and_shortest() {
        for (float, text) in [
            (1.5, "1.5"),
            (100.0, "100"),
            (1e-7, "0.0000001"),
            (1e21, "1000000000000000000000"),
            (1e25, "10000000000000000000000000"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(&*Value::Float(float).plain_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn odd_spellings_are_read() {
        for (kind, text, plain) in [
            (Type::Int, "+07", "7"),
            (Type::Float, "1.50", "1.5"),
            (Type::Float, "1e3", "1000"),
            (Type::Float, "0x1p4", "16"),
            (Type::Float, "iNf", "+Inf"),
            (Type::Bool, "T", "True"),
            (Type::Time, "2024-01-02T03:04:05.5+01:00", "2024-01-02T03:04:05.5+01:00"),
        ] {
            let value = Value::from_plain(kind, text.into()).unwrap();
            assert_eq!(&*value.plain_bytes(), plain.as_bytes(), "{text}");
        }
    }

    #[test]
    fn wrong_spellings_are_refused() {
        for (kind, text) in [(Type::Int, "0x10"), (Type::Int, "9223372036854775808"), (Type::Bool, "yes")] {
            assert_eq!(Value::from_plain(kind, text.into()), Err(ValueError(kind)), "{text}");
        }
    }
}
