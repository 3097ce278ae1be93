//! A browser would break `LAT-14` at its hyphen. An element keeps it whole, so that what is copied and searched for stays the id.

use std::collections::BTreeSet;

/// Keeps these ids whole wherever they stand as words in the text of a page of ours: outside its head, its tags and its drawings.
pub fn whole(page: &str, ids: &BTreeSet<&str>) -> String {
    let Some((head, body)) = page.split_once("<body>") else { return page.to_owned() };
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    out.extend([head, "<body>"]);
    let mut drawing = false;
    // In text and attributes `<` and `>` are escaped.
    for piece in body.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        if drawing {
            out.push_str(text);
        } else {
            words(&mut out, text, ids);
        }
        out.push_str(tag);
        drawing = tag.starts_with("<svg") || drawing && !tag.starts_with("</svg");
    }
    out
}

fn words(out: &mut String, mut text: &str, ids: &BTreeSet<&str>) {
    let of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    while !text.is_empty() {
        let (word, after) = text.split_at(text.find(|c| !of_word(c)).unwrap_or(text.len()));
        if ids.contains(word) {
            out.extend([r#"<span class="id">"#, word, "</span>"]);
        } else {
            out.push_str(word);
        }
        let (between, rest) = after.split_at(after.find(of_word).unwrap_or(after.len()));
        out.push_str(between);
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_whole_where_they_are_text() {
        let ids = BTreeSet::from(["LAT-1", "LAT-14"]);
        let page = |body: &str| whole(&format!("<title>LAT-14</title><body>{body}"), &ids);
        let id = |id: &str| format!("<span class=\"id\">{id}</span>");
        assert_eq!(page("é LAT-14, LAT-1: x"), format!("<title>LAT-14</title><body>é {}, {}: x", id("LAT-14"), id("LAT-1")));
        for other in ["LAT-140 a-LAT-14 LAT-14-b", "<a href=\"#rule-LAT-14\" title=\"LAT-14 &#62;\">x</a>", "<svg><text>LAT-14</text></svg>", ""] {
            assert_eq!(page(other), format!("<title>LAT-14</title><body>{other}"));
        }
        assert_eq!(page("<svg></svg><b>LAT-1</b>"), format!("<title>LAT-14</title><body><svg></svg><b>{}</b>", id("LAT-1")));
    }
}
