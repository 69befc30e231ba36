//! `.dockerignore` as Docker reads it (moby/patternmatcher): the last pattern that matches a path, or a folder above it,
//! decides. It is not the language of `.gitignore`: a pattern without a slash counts at the top only.

use regex::bytes::Regex;

use crate::policy::re2;

/// The patterns of one file, in order.
#[derive(Debug, Default)]
pub struct Ignored {
    patterns: Vec<(Pattern, bool)>,
}

/// One pattern.
#[derive(Debug)]
pub struct Pattern(Form);

#[derive(Debug)]
enum Form {
    /// This path.
    Exact(String),
    /// Whatever begins so: `a/**`.
    Prefix(String),
    /// With a wildcard within.
    Regex(Option<Regex>),
    /// Whatever ends so: `**/a`.
    Suffix(String),
}

impl Ignored {
    /// Reads the text of such a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
        let lines =
            lines.filter(|line| !line.starts_with('#')).map(str::trim).filter(|line| !line.is_empty());
        let pattern = |line: &str| {
            let (line, is_exception) =
                line.strip_prefix('!').map_or((line, false), |rest| (rest.trim(), true));
            let clean = cleaned(line);
            // Docker takes a slash in front for nothing, and an exclamation mark alone for a mistake.
            let bare = clean.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&clean);
            (!line.is_empty()).then(|| (Pattern::new(bare), is_exception))
        };
        Self { patterns: lines.filter_map(pattern).collect() }
    }

    /// Whether the file at `path`, from the root of the context, stays out.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        let last = self.patterns.iter().rev().find(|(pattern, _)| pattern.takes(path));
        last.is_some_and(|(_, is_exception)| !is_exception)
    }
}

impl Pattern {
    /// Reads a pattern that was cleaned.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut form = Form::Exact(pattern.to_owned());
        let mut regex = "^".to_owned();
        let mut letters = pattern.chars().peekable();
        let mut is_first = true;
        while let Some(letter) = letters.next() {
            match letter {
                '*' if letters.next_if_eq(&'*').is_some() => {
                    letters.next_if_eq(&'/');
                    let is_last = letters.peek().is_none();
                    regex.push_str(if is_last { ".*" } else { "(.*/)?" });
                    form = match form {
                        _ if is_first => Form::Suffix(pattern.get(2..).unwrap_or_default().to_owned()),
                        Form::Exact(_) if is_last => {
                            Form::Prefix(pattern.trim_end_matches('/').trim_end_matches("**").to_owned())
                        }
                        _ => Form::Regex(None),
                    };
                }
                '*' => (form, ()) = (Form::Regex(None), regex.push_str("[^/]*")),
                '?' => (form, ()) = (Form::Regex(None), regex.push_str("[^/]")),
                '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => regex.extend(['\\', letter]),
                '\\' => {
                    regex.push('\\');
                    regex.extend(letters.next());
                    form = Form::Regex(None);
                }
                '[' | ']' => (form, ()) = (Form::Regex(None), regex.push(letter)),
                other => regex.push(other),
            }
            is_first = false;
        }
        if let Form::Regex(compiled) = &mut form {
            // Docker refuses to build with one that is wrong.
            *compiled = re2::compile(&format!("{regex}$")).ok();
        }
        Self(form)
    }

    /// Whether it matches `path` or a folder above it.
    #[must_use]
    pub fn takes(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).any(|path| self.is_match(path))
    }

    fn is_match(&self, path: &str) -> bool {
        match &self.0 {
            Form::Exact(exact) => path == exact,
            Form::Prefix(prefix) => path.starts_with(prefix),
            Form::Regex(regex) => regex.as_ref().is_some_and(|regex| regex.is_match(path.as_bytes())),
            Form::Suffix(suffix) => path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path),
        }
    }
}

/// As `filepath.Clean` of Go: without `.`, `..` as far as they can be resolved, and slashes that say nothing.
#[must_use]
pub fn cleaned(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            ("..", None) if is_absolute => {}
            _ => parts.push(part),
        }
    }
    match (is_absolute, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_docker() {
        // Mostly from the tests of moby/patternmatcher.
        for (pattern, path, excluded) in [
            ("**", "file", true),
            ("**", "dir/file", true),
            ("**/", "file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir2/file", true),
            ("**file", "file", true),
            ("**file", "dir/file", true),
            ("**/file", "dir/file", true),
            ("**/file", "file", true),
            ("**file", "dir/dir/file", true),
            ("**/file*", "dir/dir/file.txt", true),
            ("**/file*txt", "dir/dir/file.txt", true),
            ("**/**/*.txt", "dir/dir/file.txt", true),
            ("a**/*.txt", "a/file.txt", true),
            ("a**/*.txt", "a/dir/file.txt", true),
            ("a/*.txt", "a/dir/file.txt", false),
            ("a/*.txt", "a/file.txt", true),
            ("a[b-d]e", "ae", false),
            ("a[b-d]e", "ace", true),
            ("a[^b-d]e", "aze", true),
            (".*", ".foo", true),
            (".*", "foo", false),
            ("abc.def", "abcdef", false),
            ("abc.def", "abcZdef", false),
            ("abc?def", "abcZdef", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("**/foo/bar", "foo/bar", true),
            ("**/foo/bar", "dir/foo/bar", true),
            ("abc/**", "abc", false),
            ("abc/**", "abc/def", true),
            ("**/.foo", ".foo", true),
            ("**/.foo", "bar.foo", false),
            ("docs", "docs/README.md", true),
            ("docs/", "docs/README.md", true),
            ("/docs", "docs/README.md", true),
            ("./docs", "docs/README.md", true),
            (".env", "sub/.env", false),
            ("*.env", "sub/a.env", false),
            ("# .env", ".env", false),
        ] {
            assert_eq!(Ignored::parse(pattern).excludes(path), excluded, "{pattern} on {path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        for (text, path, excluded) in [
            ("*.md\n!README.md\n", "README.md", false),
            ("*.md\n!README*.md\nREADME-secret.md\n", "README-secret.md", true),
            ("*.md\nREADME-secret.md\n!README*.md\n", "README-secret.md", false),
            ("*\n!src\n", "src/.env", false),
            ("*\n!src\n", ".env", true),
            ("*\n!src\n**/.env\n", "src/.env", true),
            ("!\n.env\n", ".env", true),
            ("\u{feff}.env\r\n\r\n", ".env", true),
            ("! .env\n", ".env", false),
            ("", ".env", false),
        ] {
            assert_eq!(Ignored::parse(text).excludes(path), excluded, "{text:?} on {path}");
        }
    }
}
