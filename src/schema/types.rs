//! What `@type=…` says, as a kind.

use super::SchemaProblem;
use super::kind::{Array, Domain, Kind, Number, Text, Url};
use super::options::{Options, pattern, shortened};
use super::term::{Argument, Term};
use super::values::milliseconds;

/// The kind, and what about it is not checked. `None`: there is no type of that name, or another tool works it out.
pub type Found = Option<(Kind, Vec<String>)>;

/// Reads a type: a name, or a name with options in brackets.
pub fn kind(term: &Term) -> Result<Found, SchemaProblem> {
    let (name, arguments) = match term {
        Term::Call(name, arguments) => (name.as_str(), arguments.as_slice()),
        Term::Text { text, .. } => (text.as_str(), [].as_slice()),
        _ => return Ok(None),
    };
    let mut options = Options::new(name, arguments);
    let Some(kind) = named(name, arguments, &mut options)? else {
        return Ok(None);
    };
    Ok(Some((kind, options.finish()?)))
}

/// As [`kind`], where a type inside another must be known.
fn inner(term: &Term, options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    let unknown = match term {
        Term::Call(name, _) | Term::Text { text: name, .. } => {
            SchemaProblem::UnknownType { name: shortened(name) }
        }
        _ => options.bad("type"),
    };
    let (kind, notes) = kind(term)?.ok_or(unknown)?;
    options.notes.extend(notes);
    Ok(kind)
}

fn named(
    name: &str,
    arguments: &[Argument],
    options: &mut Options<'_>,
) -> Result<Option<Kind>, SchemaProblem> {
    Ok(Some(match name {
        "array" => Kind::Array(array(options)?),
        "base64" => Kind::Base64 { url_safe: false },
        "base64url" => Kind::Base64 { url_safe: true },
        "bool" | "boolean" => Kind::Bool,
        "certificate" => Kind::Certificate { days: options.count::<u16>("days")?.map_or(SOON, i64::from) },
        "domain" => domain(options)?,
        "duration" => duration(options)?,
        "email" => {
            options.unused("normalize")?;
            Kind::Email
        }
        "enum" => one_of(options)?,
        "int" | "number" => Kind::Number(number(name == "int", options)?),
        "ip" => ip(options)?,
        "isoDate" => Kind::IsoDate,
        "json" => Kind::Json,
        "length" | "startsWith" => Kind::String(short(name, options)?),
        "md5" => Kind::Md5,
        "path" => Kind::Path,
        "pem" => Kind::Pem { label: label(options)? },
        "port" => {
            let (min, max) = (options.count("min")?.unwrap_or(1), options.count("max")?.unwrap_or(u16::MAX));
            options.ordered(Some(&min), Some(&max), "min")?;
            Kind::Port { min, max }
        }
        "record" => record(options)?,
        "regex" if options.positional().is_empty() => Kind::Regex,
        "regex" => {
            // A pattern as a type: the value is searched for it.
            let call = Term::Call(name.to_owned(), arguments.to_vec());
            Kind::String(Text { matches: Some(pattern(&call, "regex")?), ..Text::default() })
        }
        "semver" => Kind::Semver,
        "simple-object" => Kind::Record { of: None },
        "string" => Kind::String(string(options)?),
        "url" => Kind::Url(url(options)?),
        "uuid" => Kind::Uuid,
        _ => return Ok(None),
    }))
}

fn string(options: &mut Options<'_>) -> Result<Text, SchemaProblem> {
    let exact = options.count("isLength")?;
    let (min, max) = (options.count("minLength")?.or(exact), options.count("maxLength")?.or(exact));
    options.ordered(min.as_ref(), max.as_ref(), "minLength")?;
    options.unused("toUpperCase")?;
    options.unused("toLowerCase")?;
    options.flag("allowEmpty")?;
    Ok(Text {
        min,
        max,
        starts: options.text("startsWith")?,
        ends: options.text("endsWith")?,
        matches: options.pattern("matches")?,
    })
}

/// `length(8)`, `length(min=8, max=20)`, `startsWith(sk-)`: a text with that limit alone.
fn short(name: &str, options: &mut Options<'_>) -> Result<Text, SchemaProblem> {
    let given = options.positional();
    let given = match *given.as_slice() {
        [] => None,
        [ref one] => Some(one.text().ok_or_else(|| options.bad(name))?.to_owned()),
        _ => return Err(options.bad(name)),
    };
    if name == "startsWith" {
        let starts = Some(given.ok_or_else(|| options.bad(name))?);
        return Ok(Text { starts, ..Text::default() });
    }
    let exact = given.map(|text| text.parse::<usize>().map_err(|_| options.bad(name))).transpose()?;
    let (min, max) = (options.count("min")?.or(exact), options.count("max")?.or(exact));
    options.ordered(min.as_ref(), max.as_ref(), "min")?;
    Ok(Text { min, max, ..Text::default() })
}

fn number(whole: bool, options: &mut Options<'_>) -> Result<Number, SchemaProblem> {
    let (min, max) = (options.number("min")?, options.number("max")?);
    options.ordered(min.as_ref(), max.as_ref(), "min")?;
    options.unused("coerceToMinMaxRange")?;
    let precision = options.count("precision")?;
    let whole = options.flag("isInt")? || whole;
    if whole && precision.is_some_and(|digits: usize| digits > 0) {
        return Err(options.bad("precision"));
    }
    let divisor = options.number("isDivisibleBy")?;
    if divisor == Some(0.0) {
        return Err(options.bad("isDivisibleBy"));
    }
    Ok(Number { min, max, precision: if whole { Some(0) } else { precision }, divisor })
}

fn url(options: &mut Options<'_>) -> Result<Url, SchemaProblem> {
    options.unused("prependHttps")?;
    let lower = |texts: Vec<String>| texts.into_iter().map(|text| text.to_ascii_lowercase());
    let schemes =
        lower(options.list("allowedProtocols")?).map(|scheme| scheme.trim_end_matches(':').to_owned());
    let hosts: Vec<String> = lower(options.list("allowedDomains")?).collect();
    if hosts.iter().any(|host| host.is_empty() || host.contains(['/', '@'])) {
        return Err(options.bad("allowedDomains"));
    }
    Ok(Url {
        schemes: schemes.collect(),
        hosts,
        no_trailing_slash: options.flag("noTrailingSlash")?,
        matches: options.pattern("matches")?,
    })
}

fn domain(options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    options.unused("normalize")?;
    if options.take("matches").is_some() {
        options.notes.push("domain(matches)".to_owned());
    }
    Ok(Kind::Domain(Domain {
        wildcard: options.flag("allowWildcard")?,
        single_label: options.flag("allowSingleLabel")?,
        ip: options.flag("allowIp")?,
    }))
}

fn duration(options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    options.take("output");
    let mut limit = |name| match options.text(name)? {
        None => Ok(None),
        Some(text) => milliseconds(&text).map(Some).ok_or_else(|| options.bad(name)),
    };
    let (min, max) = (limit("min")?, limit("max")?);
    options.ordered(min.as_ref(), max.as_ref(), "min")?;
    Ok(Kind::Duration { min, max })
}

fn one_of(options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    let members = options.positional();
    if members.iter().any(Term::is_computed) {
        options.notes.push("enum($…)".to_owned());
        return Ok(Kind::default());
    }
    let texts: Option<Vec<String>> = members.iter().map(|one| one.text().map(str::to_owned)).collect();
    texts.filter(|texts| !texts.is_empty()).map(Kind::Enum).ok_or_else(|| options.bad("members"))
}

fn ip(options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    options.unused("normalize")?;
    match options.count("version")? {
        version @ (None | Some(4 | 6)) => Ok(Kind::Ip { version }),
        Some(_) => Err(options.bad("version")),
    }
}

fn label(options: &mut Options<'_>) -> Result<Option<String>, SchemaProblem> {
    let given = options.positional();
    match *given.as_slice() {
        [] => options.text("label"),
        [ref one] => one.text().map(|text| Some(text.to_owned())).ok_or_else(|| options.bad("label")),
        _ => Err(options.bad("label")),
    }
}

fn array(options: &mut Options<'_>) -> Result<Array, SchemaProblem> {
    let of = match *options.positional().as_slice() {
        [] => Kind::default(),
        [ref one] => inner(one, options)?,
        _ => return Err(options.bad("type")),
    };
    options.take("format");
    let exact = options.count("isLength")?;
    let (min, max) =
        (options.count("minLength")?.or(exact).unwrap_or(1), options.count("maxLength")?.or(exact));
    options.ordered(Some(&min), max.as_ref(), "minLength")?;
    let separator = options.text("separator")?.unwrap_or_else(|| ",".to_owned());
    if separator.is_empty() {
        return Err(options.bad("separator"));
    }
    Ok(Array { of: Box::new(of), separator, min, max, unique: options.flag("unique")? })
}

fn record(options: &mut Options<'_>) -> Result<Kind, SchemaProblem> {
    let of = match *options.positional().as_slice() {
        [] => None,
        [ref one] => Some(Box::new(inner(one, options)?)),
        _ => return Err(options.bad("type")),
    };
    for unused in ["keyType", "entriesMinLength", "entriesMaxLength", "entriesIsLength"] {
        if options.take(unused).is_some() {
            options.notes.push(format!("record({unused})"));
        }
    }
    Ok(Kind::Record { of })
}

/// Days before a certificate's end that are worth a warning.
const SOON: i64 = 30;
