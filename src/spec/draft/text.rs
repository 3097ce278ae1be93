//! Lines of a commented YAML file.

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

/// A scalar that means this text wherever it stands, in quotes where it needs them.
pub fn scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || "_./-+:@".contains(c);
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let colon = text.ends_with(':') || text.contains(": ");
    let meant = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"].contains(&text.to_lowercase().as_str());
    if start && text.chars().all(word) && !colon && !meant { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// `{a: b, c: d}` of texts.
pub fn map<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().map(|(k, v)| format!("{}: {}", scalar(k), scalar(v))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// The same of labels.
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    map(labels.iter().map(|(k, v)| (k.as_str(), v.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_means_its_text() {
        for plain in ["gateway", "http://127.0.0.1:8000/metrics", "/v1/chat/completions", "x-request-id"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, quoted) in [("${env:KEY}", r#""${env:KEY}""#), ("true", r#""true""#), ("2", r#""2""#), ("a, b", r#""a, b""#), ("", r#""""#)] {
            assert_eq!(scalar(text), quoted);
        }
        assert_eq!(map([("x-key", "${env:K}"), ("a b", "c")]), r#"{x-key: "${env:K}", "a b": c}"#);
    }

    #[test]
    fn comments_are_wrapped() {
        let mut text = Text::default();
        text.comment(2, &"word ".repeat(60));
        let text = text.finish();
        assert!(text.lines().count() > 2 && text.lines().all(|l| l.starts_with("  # word") && l.len() <= WIDTH), "{text}");
    }
}
