//! Text of the world made harmless: what a server, a log or a span said must not steer a terminal or reorder a line.

/// Drops escape sequences, control characters and the marks that reorder text; breaks and tabs become one space.
pub fn line(text: &str) -> String {
    keep(text, false)
}

/// The same for a whole document of ours, whose line breaks stay.
pub fn document(text: &str) -> String {
    keep(text, true)
}

fn keep(text: &str, breaks: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_until_final(&mut chars),
            '\n' if breaks => out.push(c),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            _ if c.is_control() || reorders(c) => {}
            _ => out.push(c),
        }
    }
    out
}

/// ECMA-48: `ESC [` runs to a final byte, `ESC ]` and other strings to BEL or `ESC \`, anything else is two characters.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => skip_until_final(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    return;
                }
            }
        }
        _ => {}
    }
}

fn skip_until_final(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for c in chars.by_ref() {
        if ('\u{40}'..='\u{7e}').contains(&c) {
            return;
        }
    }
}

/// Bidirectional controls, and zero-width characters that hide in names.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(line("a\u{1b}[31mred\u{1b}[0m b"), "ared b");
        assert_eq!(line("x\u{1b}]0;title\u{7}y\u{1b}]8;;http://e\u{1b}\\z"), "xyz");
        assert_eq!(line("one\r\nREADY\ttwo"), "one  READY two");
        assert_eq!(line("\u{9b}2Jgone\u{8}\u{0}"), "gone");
        assert_eq!(line("abc\u{202e}fed"), "abcfed");
        assert_eq!(line("±0.4 ms · é 漢"), "±0.4 ms · é 漢");
        assert_eq!(document("a\nb\u{1b}[1mc"), "a\nbc");
    }
}
