//! Lines of a commented YAML file.

use crate::spec::write::{map, scalar, verbatim};
use std::{collections::BTreeMap, fmt::Write as _};

/// Comments are wrapped at this width.
const WIDTH: usize = 120;

/// A file in the making.
#[derive(Default)]
pub struct Text(String);

impl Text {
    /// A line of YAML.
    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
    /// A line of YAML that is not in force.
    pub fn off(&mut self, indent: usize, line: &str) {
        let _ = writeln!(self.0, "{:indent$}# {line}", "");
    }
    /// The head of a section, in force if anything below it is.
    pub fn head(&mut self, on: bool, line: &str) {
        if on {
            self.line(line);
        } else {
            self.off(0, line);
        }
    }
    /// A comment, wrapped; an item of a list hangs behind its dash.
    pub fn comment(&mut self, indent: usize, text: &str) {
        let hanging = if text.starts_with("- ") { " " } else { "" };
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && indent + 2 + line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.off(indent, &line);
                hanging.clone_into(&mut line);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            self.off(indent, &line);
        }
    }
    /// Lines that are shown as they are, each behind a `#`.
    pub fn quoted(&mut self, indent: usize, lines: &str) {
        for line in lines.lines() {
            self.off(indent, &format!("    {line}"));
        }
    }
    /// An empty line.
    pub fn gap(&mut self) {
        self.0.push('\n');
    }
    /// The whole.
    pub fn finish(self) -> String {
        self.0
    }
}

/// `{a: b, c: d}` of labels, which others wrote.
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    map(labels.iter().map(|(k, v)| (k.as_str(), scalar(v))))
}

/// The same of headers, which the user wrote: their values may refer to something.
pub fn headers<'h>(headers: impl IntoIterator<Item = &'h (String, String)>) -> String {
    map(headers.into_iter().map(|(k, v)| (k.as_str(), verbatim(v))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_user_wrote_refers_to_something() {
        let pairs = [("a b".to_owned(), "${env:K}".to_owned())];
        assert_eq!(headers(&pairs), r#"{a b: "${env:K}"}"#);
        assert_eq!(labels(&pairs.into()), r#"{a b: "$${env:K}"}"#);
    }

    #[test]
    fn comments_are_wrapped() {
        let mut text = Text::default();
        text.comment(2, &"word ".repeat(60));
        let text = text.finish();
        assert!(text.lines().count() > 2 && text.lines().all(|l| l.starts_with("  # word") && l.len() <= WIDTH), "{text}");
    }
}
