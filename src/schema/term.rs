//! Values as env-spec writes them: texts with and without quotes, `fn(a, key=b)`, `[a, b]` and `{key=a}`. Nothing is
//! called and nothing is looked up.

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// `name(…)`.
    Call(String, Vec<Argument>),
    /// `[…]`.
    List(Vec<Term>),
    /// `{…}`.
    Map(Vec<Argument>),
    /// `/…/flags`, as older schemas write patterns.
    Pattern(String, String),
    /// A text.
    Text {
        /// Without its quotes.
        text: String,
        /// How it is quoted.
        quote: Option<char>,
    },
}

/// What stands in brackets, with the name it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Before the `=`.
    pub name: Option<String>,
    /// Behind it.
    pub value: Term,
}

/// What ends a text without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// In brackets: a comma or closing bracket.
    Brackets,
    /// Behind a decorator's `=`: a blank.
    Decorator,
}

impl Term {
    /// A text that says what it is, whatever its quotes. `None` for anything that another tool would have to work out.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } if !self.is_computed() => Some(text),
            _ => None,
        }
    }

    /// It refers to other items or to a program.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        match self {
            Self::Call(..) => true,
            Self::List(items) => items.iter().any(Self::is_computed),
            Self::Map(entries) => entries.iter().any(|entry| entry.value.is_computed()),
            Self::Pattern(..) | Self::Text { quote: Some('\''), .. } => false,
            Self::Text { text, .. } => expands(text),
        }
    }
}

/// `$NAME`, `${NAME}` or `$(command)` stands in it.
fn expands(text: &str) -> bool {
    let after = text.split('$').skip(1);
    after.filter_map(|rest| rest.chars().next()).any(|next| is_start(next) || next == '{' || next == '(')
}

/// The names that the text refers to: `$NAME`, `${NAME…}` and `ref(NAME)`.
pub fn references(term: &Term) -> Vec<String> {
    match term {
        Term::Call(name, arguments) => {
            let named = arguments.iter().filter(|_| name == "ref").filter_map(|one| one.value.text());
            let inner = arguments.iter().flat_map(|one| references(&one.value));
            named.map(str::to_owned).chain(inner).collect()
        }
        Term::List(items) => items.iter().flat_map(references).collect(),
        Term::Map(entries) => entries.iter().flat_map(|entry| references(&entry.value)).collect(),
        Term::Pattern(..) | Term::Text { quote: Some('\''), .. } => Vec::new(),
        Term::Text { text, .. } => {
            let after = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
            let names =
                after.map(|rest| rest.chars().take_while(|&letter| is_inner(letter)).collect::<String>());
            names.filter(|name| !name.is_empty()).collect()
        }
    }
}

/// Takes terms off the front of a text. Every method returns `None` where the text is not what it looks for, or ends
/// too early; what was taken then does not matter.
#[derive(Debug)]
pub struct Reader<'a> {
    /// What is left.
    pub rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// At the start of `rest`.
    #[must_use]
    pub fn new(rest: &'a str) -> Self {
        Self { rest, depth: 0 }
    }

    /// A value.
    pub fn term(&mut self, context: Context) -> Option<Term> {
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => {
                self.rest = self.rest.strip_prefix(quote)?;
                Some(Term::Text { text: self.quoted(quote)?, quote: Some(quote) })
            }
            Some('[') => {
                let items = self.bracketed('[', ']')?;
                items.iter().all(|item| item.name.is_none()).then_some(())?;
                Some(Term::List(items.into_iter().map(|item| item.value).collect()))
            }
            Some('{') => {
                let entries = self.bracketed('{', '}')?;
                entries.iter().all(|entry| entry.name.is_some()).then_some(Term::Map(entries))
            }
            Some('/') if context == Context::Brackets => self.pattern().or_else(|| Some(self.bare(context))),
            _ => match self.call() {
                Some(name) => Some(Term::Call(name.to_owned(), self.bracketed('(', ')')?)),
                None => Some(self.bare(context)),
            },
        }
    }

    /// What stands in brackets, the brackets included. A comma may stand behind the last.
    pub fn bracketed(&mut self, open: char, close: char) -> Option<Vec<Argument>> {
        self.rest = self.rest.strip_prefix(open)?;
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())?;
        let mut found = Vec::new();
        loop {
            self.blanks();
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                self.depth -= 1;
                return Some(found);
            }
            let name = self.key();
            found.push(Argument { name, value: self.term(Context::Brackets)? });
            self.blanks();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => self.rest.starts_with(close).then_some(())?,
            }
        }
    }

    /// A name of letters, digits and `_` that starts with a letter or `_`.
    pub fn name(&mut self) -> Option<&'a str> {
        self.rest.starts_with(is_start).then_some(())?;
        let end = self.rest.find(|letter| !is_inner(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(name)
    }

    /// `name=` before an argument.
    fn key(&mut self) -> Option<String> {
        let mut ahead = Self::new(self.rest);
        let name = ahead.name()?;
        self.rest = ahead.rest.trim_start().strip_prefix('=')?.trim_start();
        Some(name.to_owned())
    }

    /// `name` before an opening bracket, which stays.
    fn call(&mut self) -> Option<&'a str> {
        let mut ahead = Self::new(self.rest);
        let name = ahead.name()?;
        ahead.rest.starts_with('(').then(|| self.rest = ahead.rest)?;
        Some(name)
    }

    /// Up to the closing quote, which is taken too. A backslash keeps the quote from closing.
    pub fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.rest = self.rest.get(at + quote.len_utf8()..)?;
                return Some(text);
            }
            if letter == '\\' {
                match letters.next()?.1 {
                    next if next == quote => text.push(next),
                    'n' if quote != '\'' => text.push('\n'),
                    next => text.extend(['\\', next]),
                }
            } else {
                text.push(letter);
            }
        }
        None
    }

    /// `/…/flags` up to a comma or closing bracket.
    fn pattern(&mut self) -> Option<Term> {
        let mut ahead = Self::new(self.rest.strip_prefix('/')?);
        let pattern = ahead.quoted('/')?;
        let end = ahead.rest.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(ahead.rest.len());
        let (flags, rest) = ahead.rest.split_at(end);
        rest.trim_start().starts_with([',', ')', ']', '}']).then_some(())?;
        self.rest = rest;
        Some(Term::Pattern(pattern, flags.to_owned()))
    }

    /// A text without quotes.
    fn bare(&mut self, context: Context) -> Term {
        let end = self.rest.find(|letter| match context {
            Context::Brackets => matches!(letter, ',' | ')' | ']' | '}' | '\n'),
            Context::Decorator => letter.is_whitespace(),
        });
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Term::Text { text: text.trim_end().to_owned(), quote: None }
    }

    /// Blanks, line ends, and comments: a `#` with a blank or nothing behind it.
    fn blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix('#') else {
                return;
            };
            if comment.starts_with(|letter: char| !letter.is_whitespace()) {
                return;
            }
            self.rest = comment.find('\n').and_then(|end| comment.get(end..)).unwrap_or_default();
        }
    }
}

/// Whether the whole of `text` is a name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(is_start) && text.chars().all(is_inner)
}

fn is_start(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_'
}

fn is_inner(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Brackets in brackets.
const DEEPEST: usize = 16;
