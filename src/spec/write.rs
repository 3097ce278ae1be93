//! Values as YAML: whatever is written here is read back as it was, in a block and in braces.

use super::yaml::plain_scalar;
use crate::model::node::Value;

/// A text as a value of a spec. Whoever said it, it refers to nothing: `${` in it is escaped.
pub(super) fn scalar(text: &str) -> String {
    verbatim(&text.replace("${", "$${"))
}

/// A text in which `${` is left as it is: a key, a value of a file without references, and a reference that the user wrote.
pub(super) fn verbatim(text: &str) -> String {
    let tame = |c: char| c.is_alphanumeric() || " _-./:+%@()".contains(c);
    let ends = text.starts_with(|c: char| c.is_alphanumeric() || "/_".contains(c)) && !text.ends_with([' ', ':']);
    // Older readers take these for truth values.
    let truth = ["y", "n", "yes", "no", "on", "off"].iter().any(|w| text.eq_ignore_ascii_case(w));
    if ends && !truth && text.chars().all(tame) && !text.contains(": ") && matches!(plain_scalar(text), Value::Text(_)) {
        return text.to_owned();
    }
    // JSON's escapes are YAML's, except that YAML wants more characters escaped.
    let json = serde_json::Value::from(text).to_string();
    json.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') { format!("\\u{:04x}", u32::from(c)) } else { c.into() })
        .collect()
}

/// A value on one line; its texts are written by `text`, its keys verbatim.
pub(super) fn flow(value: &Value, text: fn(&str) -> String) -> String {
    match value {
        Value::Null => "~".into(),
        Value::Bool(b) => b.to_string(),
        Value::Num(n) => n.to_string(),
        Value::Text(t) => text(t),
        Value::List(items) => format!("[{}]", items.iter().map(|n| flow(&n.value, text)).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => map(entries.iter().map(|(k, v)| (k.text().unwrap_or_default(), flow(&v.value, text)))),
    }
}

/// `{a: 1, b: 2}` of keys and values that are YAML already.
pub(super) fn map<'k>(pairs: impl IntoIterator<Item = (&'k str, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{}: {value}", verbatim(key))).collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{canonical, yaml},
        *,
    };
    use crate::model::node::Node;

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        for plain in ["gateway", "http://127.0.0.1:8000/metrics", "/v1/chat/completions", "x-request-id", "5ms", "2%", "sre (night)", "_total"] {
            assert_eq!(verbatim(plain), plain);
        }
        for text in ["true", "2", "480", "a, b", "a: b", "a:", "", " a", "~", "null", "no", "${env:KEY}", "[x", "- a", "%a"] {
            assert_eq!(verbatim(text), format!("\"{text}\""));
        }
        assert_eq!((scalar("a${env:K}"), verbatim("a${env:K}")), (r#""a$${env:K}""#.into(), r#""a${env:K}""#.into()));
    }

    #[test]
    fn a_value_on_one_line_is_read_as_it_was() {
        let node = Node::from(serde_json::json!({"a b": "5ms", "c": [1, 0.5, "480", "true", "x, y"], "d": {"e": null, "f": false}}));
        let text = format!("x: {}\n", flow(&node.value, verbatim));
        let read = yaml::parse(&text, 0);
        assert!(read.problems.is_empty(), "{text}");
        assert_eq!(canonical::params(read.root.get("x").unwrap()), canonical::params(&node), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_as_it_was(text in "(\\PC|[\n\t\r\u{7f}\u{85}\u{2028}\u{feff}#:'\"{}$\\[\\]~<!&*-]){0,20}") {
            let read = |written: &str| {
                let parsed = yaml::parse(&format!("a: {written}  # here\nb: [{written}, {{c: {written}, {}: 1}}]\n", verbatim(&format!("k{text}"))), 1);
                assert_eq!(parsed.problems, vec![], "{written}");
                let Some(Value::List(items)) = parsed.root.get("b").map(|n| n.value.clone()) else { panic!("{written}") };
                let texts = [parsed.root.get("a"), items.first(), items[1].get("c")].map(|n| n.and_then(Node::text).unwrap_or_default().to_owned());
                assert!(items[1].get(&format!("k{text}")).is_some(), "{written}");
                texts
            };
            proptest::prop_assert_eq!(read(&verbatim(&text)), [&text, &text, &text].map(Clone::clone));
            let escaped = text.replace("${", "$${");
            proptest::prop_assert_eq!(read(&scalar(&text)), [&escaped, &escaped, &escaped].map(Clone::clone));
        }
    }
}
