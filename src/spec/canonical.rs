//! What judges, in one form whoever wrote it: no places, no prose, `5ms` for `0.005s`. Two cases judge alike if and only if
//! their canonical forms are equal.

use crate::model::{
    case::Case,
    node::{Node, Value},
    units::{Count, Ms, PerSecond, Share},
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A case without what only people read.
pub(super) fn case(case: &Case) -> Json {
    let rules = case.rules.iter().filter(|r| !r.newer).map(|rule| {
        json!({
            "id": rule.id, "judge": rule.judge, "requires": rule.requires, "weight": rule.weight, "blocker": rule.blocker,
            "params": params(&rule.params), "n_min": rule.n_min, "ttl": rule.ttl, "deselected": rule.deselected,
            // Without any seeded fault a rule counts less; which ones they are changes nothing.
            "proven": !rule.proven_by.is_empty(),
        })
    });
    json!({ "id": case.id, "weight": case.weight, "audit": case.audit, "params": params(&case.params), "rules": rules.collect::<Vec<_>>() })
}

/// Parameters: keys in order of the alphabet, quantities in one unit.
pub(super) fn params(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Num(n) => json!(n),
        Value::Text(text) => quantity(text),
        Value::List(items) => items.iter().map(params).collect(),
        Value::Map(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().map(|(k, v)| (k.text().unwrap_or_default(), params(v))).collect();
            json!(sorted)
        }
    }
}

fn quantity(text: &str) -> Json {
    if let Ok(ms) = text.parse::<Ms>() {
        return json!(ms);
    }
    if let Ok(share) = text.parse::<Share>() {
        return json!(share);
    }
    if let Ok(rate) = text.parse::<PerSecond>() {
        return json!(rate);
    }
    // A count is a number, however it is written.
    text.parse::<Count>().map_or_else(|_| json!(text), |count| json!(count.0 as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_quantity_is_the_same_however_it_is_written() {
        let of = |json: Json| params(&Node::from(json));
        for (one, other) in [("5ms", "0.005s"), ("2 %", "2.0%"), ("60k", "60000"), ("90/min", "1.5/s"), ("24h", "1440min")] {
            assert_eq!(of(json!(one)), of(json!(other)), "{one} {other}");
        }
        assert_eq!(of(json!("480")), of(json!(480)));
        assert_eq!(of(json!({"a": 1, "b": "x"})).to_string(), of(json!({"b": "x", "a": 1})).to_string());
        for (one, other) in [(json!("5ms"), json!("6ms")), (json!("5ms"), json!("5%")), (json!(5), json!("5ms")), (json!(null), json!("null"))] {
            assert_ne!(of(one.clone()), of(other.clone()), "{one} {other}");
        }
    }
}
