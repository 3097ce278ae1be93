use super::{
    doubts::shown,
    format::Format,
    number::{number, timestamp},
    page::{Exemplar, Labels},
};
use crate::model::units::Wall;
use std::borrow::Cow;

/// What a sample line says.
pub struct Line<'a> {
    pub name: Cow<'a, str>,
    pub labels: Labels<'a>,
    pub value: f64,
    pub timestamp: Option<Wall>,
    pub exemplar: Option<Box<Exemplar<'a>>>,
}

/// Why a line is no sample, and whose it was as far as it could be read.
pub struct Unread<'a> {
    pub name: Cow<'a, str>,
    pub why: String,
}

/// More labels than these are on no series; what is kept of one would be many times its text.
pub const MOST_LABELS: usize = 256;
/// Exemplar labels and values together may have this many characters (OpenMetrics 1.0, "Exemplars").
const EXEMPLAR_CHARS: usize = 128;

/// Reads a sample line; `doubt` hears what is odd about one that can be read.
pub fn read<'a>(text: &'a str, format: Format, doubt: &mut dyn FnMut(String)) -> Result<Line<'a>, Unread<'a>> {
    let mut reader = Reader { text, at: 0, format, odd: None };
    let mut name = Cow::Borrowed("");
    let read = reader.line(&mut name);
    // Only the first oddity of a line is told: the others are mostly its echoes.
    match (read, reader.odd) {
        (Ok(line), None) => Ok(Line { name, ..line }),
        (Ok(line), Some(odd)) => {
            doubt(format!("{}: {odd}", shown(&name)));
            Ok(Line { name, ..line })
        }
        (Err(why), _) if name.is_empty() => Err(Unread { name, why: why.to_owned() }),
        (Err(why), _) => Err(Unread { why: format!("{}: {why}", shown(&name)), name }),
    }
}

/// A name as it may stand without quotes, at the start of `text`; empty if there is none.
pub fn bare_name(text: &str, colons: bool) -> &str {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || colons && b == b':';
    match text.bytes().next() {
        Some(first) if legal(first) && !first.is_ascii_digit() => {
            let end = text.bytes().position(|b| !legal(b)).unwrap_or(text.len());
            &text[..end]
        }
        _ => "",
    }
}

/// A quoted text at the start of `text`, with its length on the page and whether an escape in it is none of the format's.
pub fn quoted(text: &str) -> Option<(Cow<'_, str>, usize, bool)> {
    let inner = text.strip_prefix('"')?;
    let stop = inner.bytes().position(|b| b == b'"' || b == b'\\')?;
    if inner.as_bytes()[stop] == b'"' {
        return Some((Cow::Borrowed(&inner[..stop]), stop + 2, false));
    }
    let (mut out, mut bad) = (String::from(&inner[..stop]), false);
    let mut chars = inner[stop..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Cow::Owned(out), stop + at + 2, bad)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                c @ ('\\' | '"') => out.push(c),
                other => {
                    bad = true;
                    out.extend(['\\', other]);
                }
            },
            c => out.push(c),
        }
    }
    None
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    format: Format,
    odd: Option<String>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, name: &mut Cow<'a, str>) -> Result<Line<'a>, &'static str> {
        if self.blanks() > 0 {
            self.strict("begins with blanks");
        }
        *name = Cow::Borrowed(self.bare(true));
        match self.peek() {
            Some(b'{' | b' ' | b'\t') => {}
            None if name.is_empty() => return Err("an empty line"),
            None => return Err("there is no value"),
            Some(_) => {
                *name = Cow::Borrowed("");
                return Err("the metric name has a character that needs quotes, or there is none");
            }
        }
        let mut gap = self.blanks();
        let mut labels = Labels::default();
        if self.peek() == Some(b'{') {
            if gap > 0 {
                self.strict("blanks before the labels");
            }
            labels = self.labels(Some(name))?;
            gap = self.blanks();
        }
        if name.is_empty() {
            return Err("there is no metric name");
        }
        self.one_space(gap);
        let value = number(self.token()).ok_or("the value is no number")?;
        let timestamp = self.timestamp(self.format)?;
        let exemplar = if self.peek() == Some(b'#') { Some(Box::new(self.exemplar()?)) } else { None };
        if self.at < self.text.len() {
            return Err("there is more text after the sample");
        }
        Ok(Line { name: Cow::Borrowed(""), labels, value, timestamp, exemplar })
    }

    /// `{a="b",...}`; a quoted text without a value is the metric's name, where one may stand here.
    fn labels(&mut self, mut name: Option<&mut Cow<'a, str>>) -> Result<Labels<'a>, &'static str> {
        self.at += 1;
        let mut labels: Vec<(Cow<'a, str>, Cow<'a, str>)> = vec![];
        self.blanks();
        while self.peek() != Some(b'}') {
            let key = if self.peek() == Some(b'"') { self.quoted()? } else { Cow::Borrowed(self.bare(false)) };
            if key.is_empty() {
                return Err("a label name is missing or has a character that needs quotes");
            }
            let was_quoted = self.text.as_bytes()[self.at - 1] == b'"';
            self.blanks();
            if self.peek() == Some(b'=') {
                self.at += 1;
                self.blanks();
                if self.peek() != Some(b'"') {
                    return Err("a label value is not in quotes");
                }
                if labels.len() >= MOST_LABELS {
                    return Err("it has more labels than any series has (256)");
                }
                labels.push((key, self.quoted()?));
            } else {
                match &mut name {
                    Some(name) if was_quoted && name.is_empty() => **name = key,
                    Some(_) if was_quoted => return Err("there are two metric names"),
                    _ => return Err("a label has no value"),
                }
                if !labels.is_empty() {
                    self.say("the quoted metric name is not the first in the braces".into());
                }
            }
            self.blanks();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.blanks();
                    if self.peek() == Some(b'}') {
                        self.strict("a comma after the last label");
                    }
                }
                Some(b'}') => {}
                _ => return Err("the labels are not closed, or a quote inside a value is not escaped"),
            }
        }
        self.at += 1;
        if repeated(&labels) { Err("a label occurs twice") } else { Ok(Labels(labels)) }
    }

    fn timestamp(&mut self, format: Format) -> Result<Option<Wall>, &'static str> {
        let gap = self.blanks();
        if matches!(self.peek(), None | Some(b'#')) {
            if gap > 0 && self.peek().is_none() {
                self.strict("ends with blanks");
            }
            return Ok(None);
        }
        self.one_space(gap);
        let (at, odd) = timestamp(self.token(), format)?;
        if let Some(odd) = odd {
            self.say(odd.into());
        }
        if self.blanks() > 0 && self.peek().is_none() {
            self.strict("ends with blanks");
        }
        Ok(Some(at))
    }

    fn exemplar(&mut self) -> Result<Exemplar<'a>, &'static str> {
        if self.format == Format::Text {
            self.say("exemplars belong to OpenMetrics, not to text 0.0.4".into());
        }
        self.at += 1;
        let gap = self.blanks();
        self.one_space(gap);
        if self.peek() != Some(b'{') {
            return Err("the exemplar has no labels");
        }
        let labels = self.labels(None)?;
        let gap = self.blanks();
        self.one_space(gap);
        let value = number(self.token()).ok_or("the exemplar's value is no number")?;
        if labels.0.iter().map(|(n, v)| n.chars().count() + v.chars().count()).sum::<usize>() > EXEMPLAR_CHARS {
            self.say(format!("exemplar labels have more than {EXEMPLAR_CHARS} characters"));
        }
        // Exemplars know seconds only, also where a text 0.0.4 page carries them against its format.
        Ok(Exemplar { labels, value, timestamp: self.timestamp(Format::OpenMetrics)? })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn blanks(&mut self) -> usize {
        let from = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at - from
    }
    fn bare(&mut self, colons: bool) -> &'a str {
        let name = bare_name(&self.text[self.at..], colons);
        self.at += name.len();
        name
    }
    fn quoted(&mut self) -> Result<Cow<'a, str>, &'static str> {
        let (text, len, bad) = quoted(&self.text[self.at..]).ok_or("a quoted text is not closed")?;
        self.at += len;
        if bad {
            self.say(r#"an escape is none of \\, \" and \n"#.into());
        }
        Ok(text)
    }
    fn token(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|b| b == b' ' || b == b'\t').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
    fn one_space(&mut self, gap: usize) {
        if gap != 1 || self.text.as_bytes()[self.at - 1] != b' ' {
            self.strict("fields are not parted by exactly one space");
        }
    }
    fn say(&mut self, odd: String) {
        self.odd.get_or_insert(odd);
    }
    /// Odd in OpenMetrics, free in text 0.0.4.
    fn strict(&mut self, odd: &str) {
        if self.format == Format::OpenMetrics {
            self.say(odd.to_owned());
        }
    }
}

fn repeated(labels: &[(Cow<'_, str>, Cow<'_, str>)]) -> bool {
    // Pairwise for the usual handful; a hostile line with thousands must not cost its square.
    if labels.len() <= 16 {
        return labels.iter().enumerate().any(|(i, (n, _))| labels[..i].iter().any(|(m, _)| m == n));
    }
    let mut seen = std::collections::BTreeSet::new();
    labels.iter().any(|(n, _)| !seen.insert(n.as_ref()))
}
