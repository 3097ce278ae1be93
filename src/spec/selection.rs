//! The section `cases`: which cases run, and what the user changes of them.

use super::{
    case_file::{params, weight},
    diagnostics::{Problem, plain},
    slo::{self, Slos},
    table::{Field, Reading},
};
use crate::model::{
    case::{Case, RuleSpec},
    node::{At, Value},
};
use std::collections::HashMap;

/// The selected cases with their overrides, in the order of the catalogue. What they say of SLOs goes to `slos`.
pub(super) fn read(section: Option<&Field<'_>>, catalogue: &[Case], slos: &mut Slos, cx: &Reading) -> Vec<Case> {
    let Some(section) = section else { return catalogue.to_vec() };
    let wanted: Vec<(String, Option<Field<'_>>, Field<'_>)> = match &section.node.value {
        Value::Text(word) if word == "all" => return catalogue.to_vec(),
        Value::List(_) => section.list(cx).into_iter().filter_map(|item| Some((item.text(cx)?, None, item))).collect(),
        Value::Map(_) => section.entries(cx).into_iter().map(|(id, field)| (id.to_owned(), Some(field.clone()), field)).collect(),
        _ => {
            cx.problem(section.refuse("must be `all`, a list of cases, or a mapping from a case to what is changed of it", "write `cases: all`"));
            return vec![];
        }
    };
    let mut first: HashMap<&str, At> = HashMap::new();
    for (id, _, item) in &wanted {
        if !catalogue.iter().any(|c| c.id.as_str() == id) {
            let ids = catalogue.iter().map(|c| c.id.as_str());
            cx.problem(Problem::unknown(item.key, "case", id, ids).help("`rigcheck list` shows the cases of this release"));
        }
        match first.get(id.as_str()) {
            Some(at) => {
                cx.problem(Problem::new(item.key, format!("`{}` is selected twice", plain(id))).label("remove one of them").also(*at, "first here"));
            }
            None => drop(first.insert(id, item.key)),
        }
    }
    let selected = catalogue.iter().filter_map(|case| {
        let (_, over, _) = wanted.iter().find(|(id, ..)| case.id.as_str() == id)?;
        Some(match over {
            Some(over) => changed(case, over, slos, cx),
            None => case.clone(),
        })
    });
    selected.collect()
}

fn changed(case: &Case, over: &Field<'_>, slos: &mut Slos, cx: &Reading) -> Case {
    let mut case = case.clone();
    let Some(mut table) = over.table(cx) else { return case };
    if let Some(changes) = table.get("audit").and_then(|f| params(&f, cx)) {
        // Both `audit: {requests: 200}` and, as in a case file, `audit: {latency_accuracy: {requests: 200}}`.
        let named = changes.entries().is_some_and(|e| e.len() == 1).then(|| changes.get(case.audit.as_str())).flatten();
        case.params = case.params.under(named.unwrap_or(&changes));
    }
    if let Some(weight) = table.get("weight").and_then(|f| weight(&f, cx)) {
        case.weight = weight;
    }
    if let Some(field) = table.get("slo") {
        slo::read(&field, slos, cx);
    }
    if let Some(rules) = table.get("rules") {
        for (id, field) in rules.entries(cx) {
            match case.rules.iter_mut().find(|r| r.id.as_str() == id) {
                Some(rule) => change_rule(rule, &field, cx),
                None => cx.problem(Problem::unknown(field.key, &format!("rule of {}:", case.id), id, case.rules.iter().map(|r| r.id.as_str()))),
            }
        }
    }
    table.close(cx);
    case
}

fn change_rule(rule: &mut RuleSpec, over: &Field<'_>, cx: &Reading) {
    let Some(mut table) = over.table(cx) else { return };
    let was_blocker = rule.blocker;
    if let Some(changes) = table.get("params").and_then(|f| params(&f, cx)) {
        rule.params = rule.params.under(&changes);
    }
    if let Some(weight) = table.get("weight").and_then(|f| weight(&f, cx)) {
        rule.weight = weight;
    }
    if let Some(blocker) = table.get("blocker").and_then(|f| f.flag(cx)) {
        rule.blocker = blocker;
    }
    if let Some(n_min) = table.get("n_min").and_then(|f| f.count(1, cx)) {
        rule.n_min = n_min.0;
    }
    if let Some(ttl) = table.get("ttl").and_then(|f| f.ms(cx)) {
        rule.ttl = ttl;
    }
    if let Some(field) = table.get("deselect")
        && let Some(deselect) = field.flag(cx)
    {
        rule.deselected = deselect;
        if deselect && was_blocker {
            let title = format!("{} is a blocker and is deselected", rule.id);
            cx.warn(Problem::new(field.key, title).label("the verdict will not look at it; a waiver keeps it visible, with an owner and an end"));
        }
    }
    let parameters: Vec<_> = rule.params.entries().unwrap_or_default().iter().filter_map(|(k, _)| k.text()).collect();
    for (key, at) in table.unknown() {
        if parameters.contains(&key) {
            let label = format!("write it below `params`: `params: {{{key}: …}}`");
            cx.problem(Problem::new(at, format!("`{key}` is a parameter of {}", rule.id)).label(label));
            table.forgive(key);
        }
    }
    table.close(cx);
}
