//! The cases as they judge: every parameter and threshold, from the checks or changed by the spec.

use super::{
    View,
    show::{self, Shown},
};
use crate::{
    model::{
        case::{Case, RuleSpec},
        node::{At, Node, Value},
    },
    spec::{changes::exact, load::Loaded},
};

/// The section `cases`.
pub(super) fn of(loaded: &Loaded, view: &View<'_>) -> Shown {
    let written = loaded.basis.resolved.as_ref().and_then(|root| root.get("cases"));
    if loaded.profile.cases.is_empty() {
        return Shown::List(vec![], written.map_or_else(|| "default".into(), |node| view.place(node.at)));
    }
    let cases = loaded.profile.cases.iter().map(|case| {
        let was = loaded.basis.catalogue.iter().find(|c| c.id == case.id).unwrap_or(case);
        let own = written.and_then(|cases| cases.get(case.id.as_str()));
        (case.id.to_string(), Told { view, edition: &loaded.profile.checks, at: was.params.at }.case(case, was, own))
    });
    Shown::Map(cases.collect(), None)
}

/// Tells where values of one case come from.
struct Told<'a> {
    view: &'a View<'a>,
    edition: &'a str,
    /// A place in the case's file.
    at: At,
}

impl Told<'_> {
    fn case(&self, case: &Case, was: &Case, own: Option<&Node>) -> Shown {
        let mut keys = vec![
            ("audit".to_owned(), self.params(&case.params, Some(&was.params))),
            ("weight".to_owned(), self.one(&text(case.weight.word()), &text(was.weight.word()), written(own, "weight"))),
        ];
        if let Some(slo) = written(own, "slo") {
            keys.push(("slo".into(), self.as_written(slo)));
        }
        let rules = case.rules.iter().map(|rule| {
            let was = was.rules.iter().find(|r| r.id == rule.id).unwrap_or(rule);
            let own = written(own, "rules").and_then(|rules| rules.get(rule.id.as_str()));
            (rule.id.to_string(), Told { at: was.params.at, ..*self }.rule(rule, was, own))
        });
        keys.push(("rules".into(), Shown::Map(rules.collect(), None)));
        Shown::Map(keys, None)
    }

    fn rule(&self, rule: &RuleSpec, was: &RuleSpec, own: Option<&Node>) -> Shown {
        let mut keys = vec![];
        if rule.params.entries().is_some_and(|e| !e.is_empty()) {
            keys.push(("params".to_owned(), self.params(&rule.params, Some(&was.params))));
        }
        let values = |r: &RuleSpec| {
            [
                ("weight", text(r.weight.word())),
                ("blocker", Value::Bool(r.blocker)),
                ("n_min", Value::Num(r.n_min as f64)),
                ("ttl", text(&exact(r.ttl))),
                ("deselect", Value::Bool(r.deselected)),
            ]
        };
        for ((key, now), (_, before)) in values(rule).into_iter().zip(values(was)) {
            keys.push((key.to_owned(), self.one(&now, &before, written(own, key))));
        }
        Shown::Map(keys, None)
    }

    fn params(&self, now: &Node, was: Option<&Node>) -> Shown {
        if let Some(entries) = now.entries() {
            let shown = entries.iter().map(|(key, value)| {
                let key = key.text().unwrap_or_default();
                (key.to_owned(), self.params(value, was.and_then(|w| w.get(key))))
            });
            return Shown::Map(shown.collect(), Some(self.origin(now.at)));
        }
        let origin = if self.view.in_spec(now.at) { self.changed(&now.value, was.map(|w| &w.value), now.at) } else { self.origin(now.at) };
        Shown::Leaf(show::value(&now.value), origin)
    }

    /// A value that is no parameter: its place in the checks is that of its rule.
    fn one(&self, now: &Value, was: &Value, own: Option<&Node>) -> Shown {
        let origin = own.map_or_else(|| self.origin(self.at), |own| self.changed(now, Some(was), own.at));
        Shown::Leaf(show::value(now), origin)
    }

    fn as_written(&self, node: &Node) -> Shown {
        match node.entries() {
            Some(entries) => {
                let shown = entries.iter().map(|(k, v)| (k.text().unwrap_or_default().to_owned(), self.as_written(v)));
                Shown::Map(shown.collect(), Some(self.view.place(node.at)))
            }
            None => Shown::Leaf(show::value(&node.value), self.view.place(node.at)),
        }
    }

    fn origin(&self, at: At) -> String {
        let at = if at.file == 0 { self.at } else { at };
        if self.view.loaded.basis.own_checks { self.view.place(at) } else { format!("checks {}", self.edition) }
    }

    fn changed(&self, now: &Value, was: Option<&Value>, at: At) -> String {
        let place = self.view.place(at);
        let (now, checks) = (show::value(now), self.origin(self.at));
        match was.map(show::value) {
            None => place,
            Some(was) if was == now => format!("{place}, as {checks}"),
            Some(was) => {
                let by = if place == "--set" { "by" } else { "at" };
                format!("{checks}, changed {by} {place} (was {was})")
            }
        }
    }
}

fn written<'n>(own: Option<&'n Node>, key: &str) -> Option<&'n Node> {
    own?.get(key)
}

fn text(word: &str) -> Value {
    Value::Text(word.to_owned())
}
