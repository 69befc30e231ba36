//! What the editor shows for a file that does not exist yet.

/// The start of a new file: a heading for its author, which is not saved, and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Comment lines, none where the format has no comments.
    heading: String,
    body: &'static str,
}

impl Template {
    /// For a file called `name` of `format`, which `people` will be able to open.
    #[must_use]
    pub fn new(format: &str, name: &str, people: &[String]) -> Self {
        let (example, body) = match format {
            "dotenv" => ("NAME=value", ""),
            "binary" => return Self { heading: String::new(), body: "" },
            "ini" => ("name = value", "[section]\n"),
            "json" => return Self { heading: String::new(), body: "{\n  \"name\": \"value\"\n}\n" },
            _ => ("name: value", ""),
        };
        let lines = [
            format!("{name}, a new file, encrypted when you save and leave the editor."),
            format!("Who will be able to open it: {}", people.join(", ")),
            format!("One `{example}` a line. Left as it is, nothing is created."),
            "This heading is not saved.".to_owned(),
        ];
        let mut heading = String::new();
        for line in lines {
            heading.push_str("# ");
            // No name may end the comment.
            heading
                .extend(line.chars().map(|character| if character.is_control() { ' ' } else { character }));
            heading.push('\n');
        }
        Self { heading, body }
    }

    /// For the editor.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        [&self.heading, self.body].concat().into_bytes()
    }

    /// `text` without the heading, if it still stands there whole.
    #[must_use]
    pub fn below_heading<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.strip_prefix(self.heading.as_bytes()).unwrap_or(text)
    }

    /// Whether there is nothing in `text` that is worth a file.
    #[must_use]
    pub fn is_untouched(&self, text: &[u8]) -> bool {
        let below = self.below_heading(text).trim_ascii();
        below.is_empty() || below == b"{}" || below == self.body.trim_ascii().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_is_not_saved() {
        let template = Template::new("dotenv", ".env.enc", &["alice …abc".to_owned(), "b\nA=1".to_owned()]);
        let text = template.text();
        assert!(String::from_utf8_lossy(&text).contains("alice …abc, b A=1\n"));
        assert_eq!(template.below_heading(&[&text[..], b"A=1\n"].concat()), b"A=1\n");
        assert_eq!(template.below_heading(b"A=1\n"), b"A=1\n");
    }

    #[test]
    fn a_template_left_as_it_is_or_emptied_is_untouched() {
        for format in ["dotenv", "json", "yaml"] {
            let template = Template::new(format, "x", &[]);
            assert!(template.is_untouched(&template.text()), "{format}");
            assert!(template.is_untouched(b" \n"), "{format}");
            assert!(!template.is_untouched(b"{\"a\": 1}"), "{format}");
        }
    }
}
