//! nginx's `log_format`, read backwards: the text says which variable stands where.

use super::value::Raw;
use crate::model::evidence::Gap;
use std::borrow::Cow;

/// A compiled `log_format`.
#[derive(Debug)]
pub struct Template {
    /// What stands before the first variable.
    head: String,
    /// The variables, each with what follows it.
    parts: Vec<(String, String)>,
}

/// The variables of one line, in the order of the template.
pub struct Values<'l>(Vec<Raw<'l>>);

impl Template {
    /// Compiles a format.
    pub fn new(format: &str) -> Result<Template, Gap> {
        let bad = |why: String| Gap::NotConfigured(format!("nginx format: {why}"));
        let mut pieces = format.split('$');
        let head = pieces.next().unwrap_or_default().to_owned();
        let mut parts: Vec<(String, String)> = vec![];
        for piece in pieces {
            let (name, literal) = match piece.strip_prefix('{') {
                Some(braced) => braced.split_once('}').ok_or_else(|| bad(format!("`${{{braced}` is not closed")))?,
                None => piece.split_at(piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len())),
            };
            if name.is_empty() {
                return Err(bad("a `$` without a variable's name after it".into()));
            }
            if let Some((before, follows)) = parts.last()
                && follows.is_empty()
            {
                return Err(bad(format!("nothing stands between `${before}` and `${name}`, so a line cannot be taken apart")));
            }
            parts.push((name.to_owned(), literal.to_owned()));
        }
        if parts.is_empty() {
            return Err(bad("no variable in it; copy the text of `log_format` from nginx.conf".into()));
        }
        Ok(Template { head, parts })
    }
    /// Where a variable stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.parts.iter().position(|(n, _)| n == name.trim_start_matches('$'))
    }
    /// Names of all variables.
    pub fn names(&self) -> Vec<&str> {
        self.parts.iter().map(|(n, _)| n.as_str()).collect()
    }
    /// Takes a line apart.
    pub fn read<'l>(&self, line: &'l str) -> Option<Values<'l>> {
        let mut rest = line.strip_prefix(self.head.as_str())?;
        let mut quoted = self.head.ends_with('"');
        let mut values = Vec::with_capacity(self.parts.len());
        for (i, (_, literal)) in self.parts.iter().enumerate() {
            let end = match literal.as_str() {
                "" => rest.len(),
                literal if quoted && literal.starts_with('"') => closing_quote(rest)?,
                literal => end_of_value(rest, literal)?,
            };
            values.push(value(&rest[..end]));
            rest = rest[end..].strip_prefix(literal.as_str())?;
            quoted = literal.ends_with('"');
            if i + 1 == self.parts.len() && !rest.is_empty() {
                return None;
            }
        }
        Some(Values(values))
    }
}

impl<'l> Values<'l> {
    /// The value at a position of [`Template::position`].
    pub fn get(&self, position: usize) -> Raw<'l> {
        self.0.get(position).cloned().unwrap_or(Raw::Absent)
    }
}

/// The next quote that is not escaped.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    })
}

/// Where a value without quotes ends. `$upstream_*` values are lists, `0.010, 0.020 : 0.003`: their spaces do not end them.
fn end_of_value(text: &str, literal: &str) -> Option<usize> {
    let spaced = literal.starts_with(' ');
    let inside = |at: usize| spaced && (text[..at].ends_with(',') || text[..at].ends_with(" :") || text[at..].starts_with(" : "));
    text.match_indices(literal).map(|(at, _)| at).find(|at| !inside(*at))
}

fn value(text: &str) -> Raw<'_> {
    match text {
        "" | "-" => Raw::Absent,
        plain if !plain.contains('\\') => Raw::Text(Cow::Borrowed(plain)),
        escaped => Raw::Text(Cow::Owned(unescape(escaped))),
    }
}

/// Undoes `escape=default` (`\xHH`) and `escape=json` (`\"`, `\\`); what is neither stays as it is.
fn unescape(text: &str) -> String {
    let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, after) = match (first, tail) {
            (b'\\', [b'x', high, low, after @ ..]) if hex(&[*high, *low]).is_some() => (hex(&[*high, *low]).unwrap_or_default(), after),
            (b'\\', [next @ (b'"' | b'\\' | b'/'), after @ ..]) => (*next, after),
            _ => (*first, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status ${request_time} "$http_user_agent" $upstream_response_time $http_x_request_id"#;

    fn get(template: &Template, line: &str, name: &str) -> Option<String> {
        template.read(line)?.get(template.position(name)?).text().map(str::to_owned)
    }

    #[test]
    fn takes_a_line_apart() {
        let t = Template::new(COMBINED).unwrap();
        let line = r#"10.0.0.7 - - [01/May/2024:14:00:00 +0200] "POST /v1?q=\x22a b\x22 HTTP/1.1" 200 0.123 "a \"b\" c" 0.010, 0.020 : 0.003 01J-7"#;
        let of = |name: &str| get(&t, line, name);
        assert_eq!(of("status").as_deref(), Some("200"));
        assert_eq!(of("$request_time").as_deref(), Some("0.123"));
        assert_eq!(of("request").as_deref(), Some("POST /v1?q=\"a b\" HTTP/1.1"));
        assert_eq!(of("http_user_agent").as_deref(), Some("a \"b\" c"));
        assert_eq!(of("upstream_response_time").as_deref(), Some("0.010, 0.020 : 0.003"));
        assert_eq!(of("http_x_request_id").as_deref(), Some("01J-7"));
        assert_eq!(of("time_local").as_deref(), Some("01/May/2024:14:00:00 +0200"));
        assert_eq!((of("remote_user"), of("nothing")), (None, None));
    }

    #[test]
    fn other_lines_are_not_taken_apart() {
        let t = Template::new(r#"[$time_iso8601] "$request" $status;"#).unwrap();
        assert!(t.read(r#"[x] "GET /" 200;"#).is_some());
        for other in
            ["", "[x]", r#"[x] "GET / 200;"#, r#"[x] "GET /" 200"#, r#"[x] "GET /" 200; more"#, r#"y [x] "GET /" 200;"#, r#"[x] "GET /\" 200;"#]
        {
            assert!(t.read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_format_that_cannot_be_read_is_refused() {
        for bad in ["", "no variables", "$a$b", "${a", "$ x", "$a ${b}$c"] {
            assert!(matches!(Template::new(bad), Err(Gap::NotConfigured(_))), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(line in ".{0,120}") {
            let _ = Template::new(COMBINED).unwrap().read(&line);
        }
    }
}
