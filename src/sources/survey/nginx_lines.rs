//! Lines of nginx's `combined` format, with what was added behind it, read back into a `log_format`.

use super::shape::like_id;
use std::fmt::Write as _;

/// What `combined` begins with.
const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
/// Without the last two.
const COMMON: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent"#;

/// Fields of one line, by variable.
type Row = Vec<(String, String)>;

/// The format of these lines and what they hold, without addresses, requests and agents; the first line decides.
pub fn read(lines: &[&str]) -> Option<(String, Vec<Row>)> {
    let first = lines.iter().find_map(|line| split(line))?;
    let combined = first.tail.get(1).is_some_and(|w| w.quoted) && first.tail.first().is_some_and(|w| w.quoted);
    let skip = if combined { 2 } else { 0 };
    let mut format = (if combined { COMBINED } else { COMMON }).to_owned();
    let mut names: Vec<String> = vec![];
    for (nth, word) in first.tail.iter().enumerate().skip(skip) {
        let (key, value) = word
            .text
            .split_once('=')
            .filter(|(k, _)| !word.quoted && k.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(("", &word.text));
        let name = variable(key, value, &names).unwrap_or_else(|| format!("unknown_{nth}"));
        let before = if key.is_empty() { String::new() } else { format!("{key}=") };
        let quote = if word.quoted { "\"" } else { "" };
        let _ = write!(format, " {before}{quote}${name}{quote}");
        names.push(name);
    }
    let row = |line: &&str| {
        let parts = split(line)?;
        let tail = parts.tail.get(skip..)?;
        if tail.len() != names.len() {
            return None;
        }
        let value = |text: &str| text.split_once('=').map_or(text, |(_, v)| v).to_owned();
        let fixed = [("time_local".to_owned(), parts.time.to_owned()), ("status".to_owned(), parts.status.to_owned())];
        Some(fixed.into_iter().chain(names.iter().cloned().zip(tail.iter().map(|w| value(&w.text)))).collect())
    };
    Some((format, lines.iter().filter_map(row).collect()))
}

/// The variable that a word behind `combined` most likely is.
fn variable(key: &str, value: &str, taken: &[String]) -> Option<String> {
    let free = |name: &str| !taken.iter().any(|t| t == name);
    let time = value.split_once('.').is_some_and(|(s, ms)| ms.len() == 3 && format!("{s}{ms}").bytes().all(|b| b.is_ascii_digit()));
    let upstream = key.starts_with('u') || key.contains("upstream");
    let name = match () {
        () if like_id(value) && value.contains('-') && value.len() == 55 => "http_traceparent",
        () if like_id(value) || key.contains("id") && !value.is_empty() => "http_x_request_id",
        () if time && (upstream || !free("request_time")) => "upstream_response_time",
        () if time => "request_time",
        () => return None,
    };
    free(name).then(|| name.to_owned())
}

struct Word {
    text: String,
    quoted: bool,
}

struct Parts<'l> {
    time: &'l str,
    status: &'l str,
    tail: Vec<Word>,
}

/// `ADDRESS - USER [TIME] "REQUEST" STATUS BYTES` and the words behind it.
fn split(line: &str) -> Option<Parts<'_>> {
    let (head, rest) = line.split_once(" [")?;
    if head.split(' ').count() != 3 || head.split(' ').nth(1) != Some("-") {
        return None;
    }
    let (time, rest) = rest.split_once("] \"")?;
    let (_, rest) = rest.split_once("\" ")?;
    let mut words = rest.splitn(3, ' ');
    let (status, bytes) = (words.next()?, words.next()?);
    let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if status.len() != 3 || !number(status) || !(number(bytes) || bytes == "-") {
        return None;
    }
    Some(Parts { time, status, tail: tail(words.next().unwrap_or_default()) })
}

fn tail(mut rest: &str) -> Vec<Word> {
    let mut words = vec![];
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let quoted = rest.starts_with('"');
        let inner = if quoted { &rest[1..] } else { rest };
        let end = inner.find(if quoted { '"' } else { ' ' }).unwrap_or(inner.len());
        words.push(Word { text: inner[..end].to_owned(), quoted });
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    words
}
