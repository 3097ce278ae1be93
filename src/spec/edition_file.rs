//! An edition as written: what each case and rule judges by, and nothing of the prose. Read, and generated from the case files.

use super::{
    case_file::{audit, capabilities, id, params, weight},
    changes::exact,
    table::{Field, Reading},
    write::{flow, verbatim},
};
use crate::model::{
    case::{Case, RuleSpec},
    name::{Name, name},
};
use std::fmt::Write as _;

/// What a rule of an earlier edition is proven by, where the lock says that it was: which faults they were changes nothing.
const PROVEN: &str = "as-of-its-edition";

/// An edition, as `checks/editions/2027.1.yaml` keeps it.
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
            flow(&case.params.value, verbatim)
        );
        for r in &case.rules {
            let requires: Vec<_> = r.requires.iter().map(|c| c.word()).collect();
            let _ = writeln!(out, "      - id: {}\n        judge: {}\n        requires: [{}]", r.id, r.judge, requires.join(", "));
            let _ = writeln!(
                out,
                "        weight: {}\n        blocker: {}\n        params: {}",
                r.weight.word(),
                r.blocker,
                flow(&r.params.value, verbatim)
            );
            let _ = writeln!(out, "        n_min: {}\n        ttl: {}\n        proven: {}", r.n_min, exact(r.ttl), !r.proven_by.is_empty());
        }
    }
    out
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
