//! One file of `checks/` as written, read into a case. Also what a user may override of it.

use super::{
    diagnostics::Problem,
    table::{Field, Reading, Table, check_name},
};
use crate::model::{
    capability::Capability,
    case::{Case, RuleSpec, Weight},
    name::{Name, name},
    node::{Node, Value},
    units::Ms,
};

/// An observation counts fully for a day unless the rule says otherwise: rigs change with each deployment.
const TTL: Ms = Ms(24.0 * 3.6e6);

/// Reads a case.
pub(super) fn read(root: &Node, cx: &Reading) -> Option<Case> {
    let field = Field::document(root);
    let mut table = field.table(cx)?;
    let id = table.need("id", "PERF_INFRA_SOMETHING_001", cx).and_then(|f| id(&f, "a case", cx));
    let [category, title, question, expected] = [("category", "PERF_INFRA_…"), ("title", "…"), ("question", "…?"), ("expected", "…")]
        .map(|(key, example)| prose(&mut table, key, Some(example), cx));
    let prerequisites = table.get("prerequisites").map(|f| f.list(cx).iter().filter_map(|i| i.text(cx)).collect());
    let weight = table.get("weight").map_or(Some(Weight::Normal), |f| weight(&f, cx));
    let audit = table.need("audit", "{NAME: {…}}", cx).and_then(|f| audit(&f, cx));
    let rules = table.need("rules", "[{id: …}]", cx).map(|f| f.list(cx));
    table.close(cx);
    let written = rules?;
    let rules: Vec<_> = written.iter().filter_map(|f| rule(f, cx)).collect();
    if written.is_empty() {
        cx.problem(Problem::new(field.key, "a case without rules").label("a case that judges nothing would always look good"));
    }
    let (audit, params) = audit?;
    Some(Case {
        id: id?,
        category: category?,
        title: title?,
        question: question?,
        prerequisites: prerequisites.unwrap_or_default(),
        expected: expected?,
        weight: weight?,
        audit,
        params,
        rules,
    })
}

fn rule(field: &Field<'_>, cx: &Reading) -> Option<RuleSpec> {
    let mut table = field.table(cx)?;
    let id_field = table.need("id", "LAT-14", cx);
    let id = id_field.as_ref().and_then(|f| id(f, "a rule", cx));
    let judge = table.get("judge").map_or(id.clone(), |f| f.text(cx).map(Name));
    let [title, why, method, blind_spots, remedy, source] =
        ["title", "why", "method", "blind_spots", "remedy", "source"].map(|key| prose(&mut table, key, Some("…"), cx));
    let formula = prose(&mut table, "formula", None, cx);
    let requires = table.get("requires").map_or_else(|| Some(vec![]), |f| capabilities(&f, cx));
    let weight = table.get("weight").map_or(Some(Weight::Normal), |f| weight(&f, cx));
    let blocker = table.get("blocker").map_or(Some(false), |f| f.flag(cx));
    let params =
        table.get("params").map_or_else(|| Some(Node { at: id_field.map_or(field.key, |f| f.node.at), ..Node::empty() }), |f| params(&f, cx));
    let n_min = table.get("n_min").map_or(Some(1), |f| f.count(1, cx).map(|c| c.0));
    let ttl = table.get("ttl").map_or(Some(TTL), |f| f.ms(cx));
    let proven_by = table.get("proven_by").map(|f| f.list(cx).iter().filter_map(|i| i.text(cx)).map(Name).collect());
    table.close(cx);
    Some(RuleSpec {
        id: id?,
        judge: judge?,
        title: title?,
        requires: requires?,
        weight: weight?,
        blocker: blocker?,
        params: params?,
        n_min: n_min?,
        ttl: ttl?,
        deselected: false,
        newer: false,
        proven_by: proven_by.unwrap_or_default(),
        why: why?,
        method: method?,
        formula: formula?,
        blind_spots: blind_spots?,
        remedy: remedy?,
        source: source?,
    })
}

/// Text that is required if there is an example for it.
fn prose(table: &mut Table<'_>, key: &'static str, example: Option<&str>, cx: &Reading) -> Option<String> {
    match example {
        Some(example) => table.need(key, example, cx)?.text(cx).map(|t| t.trim().to_owned()),
        None => table.get(key).map_or_else(|| Some(String::new()), |f| f.text(cx).map(|t| t.trim().to_owned())),
    }
}

pub(super) fn id(field: &Field<'_>, of: &str, cx: &Reading) -> Option<Name> {
    let text = field.text(cx)?;
    check_name(of, &text, field.node.at, cx).then(|| name(text))
}

/// `audit: {latency_accuracy: {load: controlled}}`.
pub(super) fn audit(field: &Field<'_>, cx: &Reading) -> Option<(Name, Node)> {
    match field.entries(cx).as_slice() {
        [(word, inner)] => Some((name(*word), params(inner, cx)?)),
        [] => {
            cx.problem(field.refuse("names no audit", "write `audit: {NAME: {…}}`"));
            None
        }
        [_, (_, second), ..] => {
            cx.problem(Problem::new(second.key, "a case has one audit").label("remove it, or write a case of its own"));
            None
        }
    }
}

/// Parameters; their content is checked where they are bound.
pub(super) fn params(field: &Field<'_>, cx: &Reading) -> Option<Node> {
    match &field.node.value {
        Value::Null => Some(Node { at: field.key, ..Node::empty() }),
        Value::Map(_) => Some(field.node.clone()),
        _ => {
            cx.problem(field.refuse("must be a mapping", "write `{name: value}`"));
            None
        }
    }
}

/// One of the four weights.
pub(super) fn weight(field: &Field<'_>, cx: &Reading) -> Option<Weight> {
    field.word("weight", &[Weight::Critical, Weight::Important, Weight::Normal, Weight::Low].map(|w| (w.word(), w)), cx)
}

/// A list of capabilities.
pub(super) fn capabilities(field: &Field<'_>, cx: &Reading) -> Option<Vec<Capability>> {
    let words = Capability::ALL.map(|c| (c.word(), c));
    field.list(cx).iter().map(|item| item.word("capability", &words, cx)).collect()
}
