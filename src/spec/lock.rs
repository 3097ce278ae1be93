//! An edition as written: what each case and rule judges by, and nothing of the prose. Read, and generated from the case files.

use super::{
    case_file::{audit, capabilities, id, params, weight},
    changes::exact,
    table::{Field, Reading},
    yaml,
};
use crate::model::{
    case::{Case, RuleSpec},
    name::{Name, name},
    node::{Node, Value},
};
use std::fmt::Write as _;

/// What a rule of an earlier edition is proven by, where the lock says that it was: which faults they were changes nothing.
const PROVEN: &str = "as-of-its-edition";

/// The lock of an edition, as `checks/editions/2027.1.yaml` keeps it.
pub fn text(edition: &str, cases: &[Case]) -> String {
    let mut out = format!(
        "# What checks {edition} judge by. Generated from the case files as long as this is the newest edition; never changed once a\n\
         # later one exists. A threshold that changes is a new edition: a new name in src/spec/mod.rs and a new file beside this one.\n\
         edition: \"{edition}\"\ncases:\n"
    );
    for case in cases {
        let _ = writeln!(
            out,
            "  - id: {}\n    weight: {}\n    audit: {{{}: {}}}\n    rules:",
            case.id,
            case.weight.word(),
            case.audit,
            flow(&case.params)
        );
        for r in &case.rules {
            let requires: Vec<_> = r.requires.iter().map(|c| c.word()).collect();
            let _ = writeln!(out, "      - id: {}\n        judge: {}\n        requires: [{}]", r.id, r.judge, requires.join(", "));
            let _ = writeln!(out, "        weight: {}\n        blocker: {}\n        params: {}", r.weight.word(), r.blocker, flow(&r.params));
            let _ = writeln!(out, "        n_min: {}\n        ttl: {}\n        proven: {}", r.n_min, exact(r.ttl), !r.proven_by.is_empty());
        }
    }
    out
}

/// A value as YAML on one line that reads back as the same value.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Num(n) => n.to_string(),
        Value::Text(t) => scalar(t),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let pairs: Vec<_> = entries.iter().map(|(k, v)| format!("{}: {}", scalar(k.text().unwrap_or_default()), flow(v))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// In quotes only where it would be read as something else without them.
fn scalar(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.%/".contains(c));
    let reads_alike = || yaml::parse(&format!("[{text}]"), 0).root.value;
    match plain.then(reads_alike) {
        Some(Value::List(items)) if items.len() == 1 && items[0].text() == Some(text) => text.to_owned(),
        _ => serde_json::Value::from(text).to_string(),
    }
}

/// Reads a case of a lock.
pub(super) fn case(field: &Field<'_>, cx: &Reading) -> Option<Case> {
    let mut table = field.table(cx)?;
    let id = table.need("id", "PERF_INFRA_SOMETHING_001", cx).and_then(|f| id(&f, "a case", cx));
    let weight = table.need("weight", "normal", cx).and_then(|f| weight(&f, cx));
    let audit = table.need("audit", "{NAME: {…}}", cx).and_then(|f| audit(&f, cx));
    let rules = table.need("rules", "[{id: …}]", cx).map(|f| f.list(cx));
    table.close(cx);
    let rules: Vec<_> = rules?.iter().map(|f| rule(f, cx)).collect();
    let (audit, params) = audit?;
    Some(Case {
        id: id?,
        category: String::new(),
        title: String::new(),
        question: String::new(),
        prerequisites: vec![],
        expected: String::new(),
        weight: weight?,
        audit,
        params,
        rules: rules.into_iter().collect::<Option<_>>()?,
    })
}

fn rule(field: &Field<'_>, cx: &Reading) -> Option<RuleSpec> {
    let mut table = field.table(cx)?;
    let id = table.need("id", "LAT-14", cx).and_then(|f| id(&f, "a rule", cx));
    let judge = table.need("judge", "bias_equivalence", cx).and_then(|f| f.text(cx)).map(Name);
    let requires = table.need("requires", "[]", cx).and_then(|f| capabilities(&f, cx));
    let weight = table.need("weight", "normal", cx).and_then(|f| weight(&f, cx));
    let blocker = table.need("blocker", "false", cx).and_then(|f| f.flag(cx));
    let params = table.need("params", "{}", cx).and_then(|f| params(&f, cx));
    let n_min = table.need("n_min", "1", cx).and_then(|f| f.count(1, cx));
    let ttl = table.need("ttl", "24h", cx).and_then(|f| f.ms(cx));
    let proven = table.need("proven", "false", cx).and_then(|f| f.flag(cx));
    table.close(cx);
    Some(RuleSpec {
        id: id?,
        judge: judge?,
        title: String::new(),
        requires: requires?,
        weight: weight?,
        blocker: blocker?,
        params: params?,
        n_min: n_min?.0,
        ttl: ttl?,
        deselected: false,
        newer: false,
        proven_by: if proven? { vec![name(PROVEN)] } else { vec![] },
        why: String::new(),
        method: String::new(),
        formula: String::new(),
        blind_spots: String::new(),
        remedy: String::new(),
        source: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        let value =
            serde_json::json!({"a": "5ms", "b": "2%", "c": [1, 0.5, "480", "true", "null", "a: b", "", "x, y", "~"], "d": {"e": null, "f": false}});
        let node = Node::from(value);
        let text = format!("x: {}\n", flow(&node));
        let read = yaml::parse(&text, 0);
        assert!(read.problems.is_empty(), "{text}");
        let form = super::super::canonical::params;
        assert_eq!(form(read.root.get("x").unwrap()), form(&node), "{text}");
        assert!(text.contains("a: 5ms") && text.contains("b: 2%") && text.contains("\"480\"") && text.contains("\"true\""), "{text}");
    }
}
