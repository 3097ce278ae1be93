//! Text of the world in Markdown: shown as it is, never acting.

use crate::report::clean;

/// Longer texts are cut: a table's row is no place for a page.
const LONG: usize = 400;
/// Stops a forge from seeing a link, a mention or a reference in what stands around it, and shows nothing.
const BREAK: &str = "<!-- -->";

/// In a line of Markdown, also in the cell of a table.
pub fn inline(text: &str) -> String {
    let text = cut(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut fresh = true;
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '!' => out.extend(['\\', c]),
            // At the beginning these make a list, a heading or a rule.
            '-' | '+' | '=' if fresh => out.extend(['\\', c]),
            _ => plain(c, &mut out),
        }
        fresh = false;
    }
    unlinked(&out)
}

/// Inside a tag of ours, where Markdown is not read.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    cut(text).chars().for_each(|c| plain(c, &mut out));
    unlinked(&out)
}

/// As code: nothing in it is read.
pub fn code(text: &str) -> String {
    let text = cut(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A fence must not touch a backtick, and one blank at both ends is taken off again.
    let pad = if longest > 0 || text.starts_with(' ') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn plain(c: char, out: &mut String) {
    match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '@' | '#' | '$' => {
            out.push(c);
            out.push_str(BREAK);
        }
        _ => out.push(c),
    }
}

/// `http://…` and `www.…` are links without any markup.
fn unlinked(text: &str) -> String {
    let text = text.replace("://", &format!(":{BREAK}//"));
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in lower.match_indices("www.") {
        out.push_str(&text[from..at + 3]);
        out.push_str(BREAK);
        from = at + 3;
    }
    out + &text[from..]
}

fn cut(text: &str) -> String {
    let text = clean::line(text);
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts() {
        assert_eq!(inline("a | b `c` *d* [e](f)"), r"a \| b \`c\` \*d\* \[e\](f)");
        assert_eq!(inline("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(inline("@all #1"), "@<!-- -->all #<!-- -->1");
        assert_eq!(inline("http://x www.y.z"), "http:<!-- -->//x www<!-- -->.y.z");
        assert_eq!(inline("- x\n# y"), "\\- x #<!-- --> y");
        assert_eq!(inline("within ±9.6 ms (2 %)"), r"within ±9.6 ms (2 %)");
        assert_eq!(html("<b>&@x"), "&lt;b&gt;&amp;@<!-- -->x");
    }

    #[test]
    fn code_keeps_its_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "``` a``b ```");
        assert_eq!(code(""), "`  `");
        assert_eq!(code(&"x".repeat(900)).chars().count(), LONG + 3);
    }
}
