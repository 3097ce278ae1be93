//! Adds waivers to the text of a spec. Nothing else of the text changes: no comment, no order, no line end. Where no place
//! can be found the text stays as it is, and the entry can be pasted.

use super::write::{map, scalar};
use crate::model::name::Name;
use serde_yaml::granit_parser::{Event, Marker, Parser};

/// A waiver as it is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The rule.
    pub rule: Name,
    /// The subject; `None`: every subject of the rule.
    pub of: Option<Name>,
    /// The figure and its range: `bias`, `250ms..350ms`.
    pub holds: Option<(String, String)>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends, with its offset.
    pub expires: String,
}

/// The section with the entries, to paste.
pub fn section(entries: &[Entry]) -> String {
    let items: String = entries.iter().map(|e| e.block("  ", "\n")).collect();
    format!("waivers:\n{items}")
}

/// The text with the entries at the end of its list of waivers; with that section at its end, where there is none. `None`
/// where no place for them can be found: an alias, a root in braces.
pub fn add(text: &str, entries: &[Entry]) -> Option<String> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let newline = if body.contains("\r\n") { "\r\n" } else { "\n" };
    let broken = |at: usize| if at == 0 || body[..at].ends_with('\n') { "" } else { newline };
    let (at, added) = match find(body)? {
        Place::Absent => (body.len(), format!("{}{}{}", broken(body.len()), apart(body, newline), section(entries).replace('\n', newline))),
        Place::Block { at, column } => {
            let indent = " ".repeat(column);
            let items: String = entries.iter().map(|e| e.block(&indent, newline)).collect();
            // A last line without an end keeps none.
            let ends = if broken(at).is_empty() { items.as_str() } else { items.trim_end() };
            (at, format!("{}{ends}", broken(at)))
        }
        Place::Flow { at, empty } => {
            let items: Vec<_> = entries.iter().map(Entry::flow).collect();
            (at, format!("{}{}", if empty { "" } else { ", " }, items.join(", ")))
        }
    };
    Some(format!("{mark}{}{added}{}", &body[..at], &body[at..]))
}

/// A comment at the end is about what stands above it, not about the section that is added.
fn apart<'n>(body: &str, newline: &'n str) -> &'n str {
    if body.lines().last().is_some_and(|l| l.trim_start().starts_with('#')) { newline } else { "" }
}

impl Entry {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let holds = self.holds.as_ref().map(|(figure, range)| ("while", map([(figure.as_str(), range.clone())])));
        let mut fields = vec![("rule", scalar(self.rule.as_str()))];
        fields.extend(self.of.as_ref().map(|of| ("of", scalar(of.as_str()))));
        fields.extend(holds);
        fields.extend([("reason", scalar(&self.reason)), ("owner", scalar(&self.owner)), ("expires", scalar(&self.expires))]);
        fields
    }
    fn block(&self, indent: &str, newline: &str) -> String {
        let fields: Vec<_> = self.fields().into_iter().map(|(key, value)| format!("{key}: {value}{newline}")).collect();
        format!("{indent}- {}", fields.join(&format!("{indent}  ")))
    }
    fn flow(&self) -> String {
        map(self.fields())
    }
}

/// Where entries go, as a place in bytes.
enum Place {
    /// There is no such section.
    Absent,
    /// After the last item, whose dash stands in this column.
    Block { at: usize, column: usize },
    /// After the last item, or after the bracket.
    Flow { at: usize, empty: bool },
}

fn find(text: &str) -> Option<Place> {
    let (mut depth, mut is_key, mut ours) = (0_usize, true, false);
    let (mut begun, mut last) = (None::<usize>, None::<usize>);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let at = byte(text, &span.start)?;
                if depth == 0 && text[at..].starts_with('{') {
                    return None;
                }
                if depth == 1 && ours {
                    begun = matches!(event, Event::SequenceStart(..)).then_some(at);
                    begun?;
                }
                depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.checked_sub(1)?;
                if depth == 2 {
                    last = Some(byte(text, &span.end)?);
                }
                if depth == 1 {
                    if let Some(begun) = begun {
                        return place(text, begun, last);
                    }
                    is_key = !is_key;
                }
            }
            Event::Scalar(..) | Event::Alias(_) if depth == 1 => {
                if ours {
                    return None; // no list, or one that stands elsewhere
                }
                ours = is_key && matches!(&event, Event::Scalar(word, ..) if word == "waivers");
                is_key = !is_key;
            }
            _ => {}
        }
        if depth == 2 && begun.is_none() {
            last = None;
        }
    }
    Some(Place::Absent)
}

fn place(text: &str, begun: usize, last: Option<usize>) -> Option<Place> {
    if text[begun..].starts_with('[') {
        return match last {
            None => Some(Place::Flow { at: begun + 1, empty: true }),
            // An item is a mapping in braces; whatever else ends there is not understood.
            Some(at) => text[..at].ends_with('}').then_some(Place::Flow { at, empty: false }),
        };
    }
    let start = text[..begun].rfind('\n').map_or(0, |i| i + 1);
    let column = text[start..].len() - text[start..].trim_start_matches(' ').len();
    // The reader may place the list after its first dash, or at an anchor before it.
    if !text[start + column..].starts_with('-') {
        return None;
    }
    let (mut at, mut end) = (start, start);
    for line in text[start..].split_inclusive('\n') {
        at += line.len();
        let content = line.trim();
        let indent = line.len() - line.trim_start_matches(' ').len();
        let item = indent == column && content.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        match content {
            "" => {}
            _ if item || indent > column => end = at,
            remark if remark.starts_with('#') => {}
            _ => break,
        }
    }
    Some(Place::Block { at: end, column })
}

/// Line and column, in characters, as a place in bytes.
fn byte(text: &str, at: &Marker) -> Option<usize> {
    let line = match at.line() {
        0 => return None,
        1 => 0,
        n => text.match_indices('\n').nth(n - 2)?.0 + 1,
    };
    text[line..].char_indices().map(|(i, _)| line + i).chain([text.len()]).nth(at.col())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            rule: "LAT-14".into(),
            of: Some("access_log:total".into()),
            holds: Some(("bias".into(), "250ms..350ms".into())),
            reason: "it's in 4.2: wait".into(),
            owner: "sre".into(),
            expires: "2027-01-31T00:00:00+01:00".into(),
        }
    }
    const FLOW: &str = r#"{rule: LAT-14, of: access_log:total, while: {bias: 250ms..350ms}, reason: "it's in 4.2: wait", owner: sre, expires: 2027-01-31T00:00:00+01:00}"#;
    fn block(indent: &str) -> String {
        entry().block(indent, "\n")
    }
    #[track_caller]
    fn becomes(text: &str, wanted: &str) {
        assert_eq!(add(text, &[entry()]).as_deref(), Some(wanted));
    }

    #[test]
    fn a_section_is_added_at_the_end() {
        becomes("a: 1\n# end\n", &format!("a: 1\n# end\n\nwaivers:\n{}", block("  ")));
        becomes("a: 1", &format!("a: 1\nwaivers:\n{}", block("  ")));
        let windows = add("\u{feff}a: 1\r\n", &[entry()]).unwrap();
        assert_eq!(windows, format!("\u{feff}a: 1\nwaivers:\n{}", block("  ")).replace('\n', "\r\n"));
    }

    #[test]
    fn a_block_list_grows_at_its_end() {
        for indent in ["", "  ", "    "] {
            let head = format!(
                "# ü\nwaivers: # accepted\n{indent}# first\n{indent}- rule: A\n\n{indent}  reason: |\n{indent}    # text\n\n{indent}    more\n{indent}- {{rule: B}}\n{indent}  # of B\n"
            );
            let tail = "\n# gate\ngate: 1\n";
            becomes(&format!("{head}{tail}"), &format!("{head}{}{tail}", block(indent)));
            let open = head.trim_end();
            becomes(open, format!("{head}{}", block(indent)).trim_end());
        }
    }

    #[test]
    fn a_flow_list_grows_at_its_end() {
        becomes("waivers: []\nb: 1\n", &format!("waivers: [{FLOW}]\nb: 1\n"));
        becomes("waivers: [{rule: A}] # x\n", &format!("waivers: [{{rule: A}}, {FLOW}] # x\n"));
        becomes("é: [1]\nwaivers: [\n  {rule: A}, # x\n]\n", &format!("é: [1]\nwaivers: [\n  {{rule: A}}, {FLOW}, # x\n]\n"));
    }

    #[test]
    fn where_there_is_no_place_nothing_is_made_up() {
        for text in ["{a: 1}", "a: &w []\nwaivers: *w\n", "waivers: ~\n", "waivers: {a: 1}\n", "a: [\n", "waivers: [*x]\n"] {
            assert_eq!(add(text, &[entry()]), None, "{text}");
        }
    }
}
