//! What a Dockerfile copies out of its context.

use super::ignore::{Pattern, cleaned};

/// One `COPY` or `ADD`.
#[derive(Debug)]
pub struct Copied {
    /// Its line, from 1.
    pub line: usize,
    sources: Vec<Source>,
}

#[derive(Debug)]
enum Source {
    /// The whole context.
    All,
    /// What a path or pattern names, folders with all that is in them.
    Some(Pattern),
}

impl Copied {
    /// Whether it takes the file at `path`, from the root of the context.
    #[must_use]
    pub fn takes(&self, path: &str) -> bool {
        self.sources.iter().any(|source| match source {
            Source::All => true,
            Source::Some(pattern) => pattern.takes(path),
        })
    }
}

/// Every instruction of the Dockerfile `text` that copies from the context, not from another stage or address.
#[must_use]
pub fn copied(text: &str) -> Vec<Copied> {
    let mut found = Vec::new();
    for (line, instruction) in instructions(text) {
        let words: Vec<&str> = instruction.split_whitespace().collect();
        let words = match words.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case("ONBUILD") => rest,
            _ => words.as_slice(),
        };
        let Some((verb, rest)) = words.split_first() else { continue };
        let is_flag = |word: &&&str| word.starts_with("--");
        let is_from = rest.iter().take_while(is_flag).any(|word| word.starts_with("--from="));
        if is_from || !(verb.eq_ignore_ascii_case("COPY") || verb.eq_ignore_ascii_case("ADD")) {
            continue;
        }
        let named: Vec<&str> = rest.iter().skip_while(is_flag).copied().collect();
        let named = in_json(&named.join(" "))
            .unwrap_or_else(|| named.iter().map(|word| word.trim_matches('"').to_owned()).collect());
        // The last one is where it goes.
        let sources = named.split_last().map_or(&[][..], |(_, sources)| sources);
        found.push(Copied { line, sources: sources.iter().filter_map(|source| read(source)).collect() });
    }
    found
}

/// `["a", "b"]`, the form for names with blanks.
fn in_json(text: &str) -> Option<Vec<String>> {
    text.starts_with('[').then(|| serde_json::from_str(text).ok())?
}

fn read(source: &str) -> Option<Source> {
    // From elsewhere, from the Dockerfile itself, or known to nobody before the build.
    if source.contains("://") || source.starts_with("<<") || source.contains('$') {
        return None;
    }
    let clean = cleaned(source);
    let bare = clean.trim_start_matches('/');
    Some(if matches!(bare, "" | ".") { Source::All } else { Source::Some(Pattern::new(bare)) })
}

/// Instructions with their lines, each with the lines that go on with it.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        // A comment or an empty line does not end an instruction.
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bare = line.strip_suffix(['\\', '`']);
        match found.last_mut() {
            Some((_, open)) if goes_on => {
                open.push(' ');
                open.push_str(bare.unwrap_or(line));
            }
            _ => found.push((number + 1, bare.unwrap_or(line).to_owned())),
        }
        goes_on = bare.is_some();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(text: &str, path: &str) -> Vec<usize> {
        copied(text).into_iter().filter(|one| one.takes(path)).map(|one| one.line).collect()
    }

    #[test]
    fn what_takes_a_file_is_found_by_its_line() {
        for text in [
            "COPY . .",
            "copy ./ /app",
            "ADD . /app/",
            "COPY --chown=a:b --link . /app",
            "COPY [\".\", \"/my app\"]",
            "COPY \\\n  # all\n  . /app",
            "ONBUILD COPY . /app",
            "COPY .env /app/",
            "COPY .env* ./",
            "COPY package.json / ./",
            "COPY * ./",
        ] {
            assert_eq!(takes(text, ".env"), [1], "{text}");
        }
        assert_eq!(takes("FROM a\n\nCOPY src /app\n", "src/.env"), [3]);
    }

    #[test]
    fn other_sources_take_nothing_of_it() {
        for text in [
            "COPY --from=builder . /app",
            "COPY src /app",
            "COPY package*.json ./",
            "ADD https://example.org/.env /app/",
            "COPY $SOURCE /app",
            "COPY <<EOF /app/.env",
            "RUN cp . /app",
            "# COPY . .",
            "COPY",
        ] {
            assert_eq!(takes(text, ".env"), [0; 0], "{text}");
        }
    }
}
