//! Values beside one another, short enough for a line and never alike where they differ.

use crate::report::clean;

/// Longer values are cut in a terminal and in a comment: a line that is read at one glance.
pub const LINE: usize = 60;
/// The same in a page, where a cell has several lines.
pub const CELL: usize = 240;

/// Two values of one fact, cleaned, in at most so many characters each. Two that differ are shown so that one sees it: what
/// clean text would hide is spelled out, and a cut leaves the place in where they part.
pub fn both(here: &str, there: &str, most: usize) -> [String; 2] {
    let plain = [here, there].map(|text| if bare(text).is_empty() { spelled(text) } else { seen(text) });
    let alike = here != there && bare(&plain[0]) == bare(&plain[1]);
    let told = if alike { [here, there].map(spelled) } else { plain };
    let cut = [&told[0], &told[1]].map(|text| middle(text, most));
    if cut[0] == cut[1] && told[0] != told[1] { around(&told, most) } else { cut }
}

/// A text by itself: cleaned, and cut in the middle.
pub fn text(text: &str, most: usize) -> String {
    middle(&seen(text), most)
}

/// What both have in front, what each has of its own, and what both have at the end. Parts at words: one digit of a version
/// alone is no value.
pub fn parted(here: &str, there: &str) -> (String, [String; 2], String) {
    let sides = [here, there].map(|text| text.chars().collect::<Vec<_>>());
    let (a, b) = (&sides[0], &sides[1]);
    let word = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    while front > 0 && a.get(front - 1).is_some_and(word) {
        front -= 1;
    }
    let room = a.len().min(b.len()) - front;
    let mut end = a.iter().rev().zip(b.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    while end > 0 && a.get(a.len() - end).is_some_and(word) {
        end -= 1;
    }
    let of = |side: &Vec<char>, from: usize, to: usize| side.iter().take(to).skip(from).collect::<String>();
    (of(a, 0, front), [of(a, front, a.len() - end), of(b, front, b.len() - end)], of(a, a.len() - end, a.len()))
}

/// As every format shows a text: harmless, and with single blanks.
fn seen(text: &str) -> String {
    clean::line(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without what no reader sees.
fn bare(text: &str) -> String {
    seen(text).chars().filter(|c| !hidden(*c)).collect()
}

/// With whatever is not seen spelled out: `a\n`, `\u{1b}[31m`; an empty text is `""`.
fn spelled(text: &str) -> String {
    if text.is_empty() {
        return r#""""#.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut blank = true;
    while let Some(c) = chars.next() {
        match c {
            ' ' if !blank && chars.peek().is_some() => out.push(c),
            '\n' | '\r' | '\t' | '\\' | '"' => out.extend(c.escape_default()),
            _ if c.is_whitespace() || hidden(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
        blank = c == ' ';
    }
    out
}

/// Unicode 16, `Default_Ignorable_Code_Point`, and controls.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Beginning and end: names differ at the beginning, paths and digests at the end.
fn middle(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let (front, end) = (most * 2 / 3, most - most * 2 / 3 - 1);
    text.chars().take(front).chain(['…']).chain(text.chars().skip(length - end)).collect()
}

/// Where two long texts part, with what stands before it.
fn around(told: &[String; 2], most: usize) -> [String; 2] {
    let parts = told[0].chars().zip(told[1].chars()).take_while(|(a, b)| a == b).count();
    let from = parts.saturating_sub(most / 3);
    [&told[0], &told[1]].map(|text| {
        let mut rest = text.chars().skip(from);
        let shown: String = rest.by_ref().take(most - 2).collect();
        let (before, after) = (if from > 0 { "…" } else { "" }, if rest.next().is_some() { "…" } else { "" });
        format!("{before}{shown}{after}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_in_the_middle_and_a_short_one_is_not() {
        let sixty = "x".repeat(LINE);
        assert_eq!(text(&sixty, LINE), sixty);
        let long = format!("/opt/{}/gateway.toml", "a".repeat(100));
        let cut = text(&long, LINE);
        assert_eq!(cut.chars().count(), LINE);
        assert!(cut.starts_with("/opt/aaa") && cut.contains('…') && cut.ends_with("/gateway.toml"), "{cut}");
    }

    #[test]
    fn values_that_differ_are_never_shown_alike() {
        let (front, end) = ("a".repeat(50_000), "b".repeat(50_000));
        let long = |middle: &str| format!("{front}{middle}{end}");
        let pairs = [
            (long("1"), long("2")),
            (long(""), long("c")),
            (front.clone(), format!("{front}a")),
            ("a b".into(), "a  b".into()),
            ("a b".into(), "a\nb".into()),
            ("a".into(), "a ".into()),
            ("a".into(), "\u{1b}[31ma".into()),
            ("a".into(), "a\u{200b}".into()),
            ("a".into(), "a\u{ad}".into()),
            ("admin".into(), "\u{202e}admin".into()),
            (String::new(), " ".into()),
            (String::new(), "\"\"".into()),
            (" ".into(), r"\u{20}".into()),
            ("x\u{a0}y".into(), "x y".into()),
        ];
        for (here, there) in pairs {
            let [a, b] = both(&here, &there, LINE);
            // As a terminal's columns do it: blanks flow together.
            let flows = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_ne!(flows(&a), flows(&b), "{here:.20} {there:.20}");
            assert!(!a.is_empty() && !b.is_empty());
            for shown in [a, b] {
                assert!(shown.chars().count() <= LINE && !shown.contains(hidden), "{shown:?}");
            }
        }
    }

    #[test]
    fn what_is_not_seen_is_spelled_out() {
        assert_eq!(both("a b", "a\nb", LINE), ["a b", r"a\nb"]);
        assert_eq!(both("", "x", LINE), ["\"\"", "x"]);
        assert_eq!(both("a  b", "c", LINE), ["a b", "c"]);
        // Pictures are made of characters that are not seen by themselves.
        assert_eq!(both("👩‍💻", "👨‍💻", LINE), ["👩‍💻", "👨‍💻"]);
    }

    #[test]
    fn values_part_at_words() {
        let (front, own, end) = parted("postgres 16.1 on amd64", "postgres 16.3 on amd64");
        assert_eq!((front.as_str(), own, end.as_str()), ("postgres ", ["16.1".into(), "16.3".into()], " on amd64"));
        let (front, own, end) = parted("4", "8");
        assert_eq!((front.as_str(), own, end.as_str()), ("", ["4".into(), "8".into()], ""));
        let (front, own, end) = parted("a, b", "a, b, c");
        assert_eq!(format!("{front}{}{end}", own[0]), "a, b");
        assert_eq!(format!("{front}{}{end}", own[1]), "a, b, c");
    }
}
