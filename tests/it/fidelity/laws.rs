//! What holds of all comparisons.

use super::environment::{PRODUCTION, beside, facts};
use proptest::prelude::*;
use rigcheck::model::{
    comparison::Class,
    evidence::Gap,
    payload::{Cell, FactValue, Told},
};

/// A fact of the environment, by its place.
fn places() -> Vec<(String, String)> {
    let all = facts(PRODUCTION);
    all.iter().flat_map(|(part, table)| table.0.keys().map(|fact| (part.0.clone(), fact.clone())).collect::<Vec<_>>()).collect()
}

fn cell() -> impl Strategy<Value = Cell> {
    let text = "[ -~]{0,12}|\u{1b}\\[31m\n";
    let value = prop_oneof![
        text.prop_map(FactValue::Text),
        any::<bool>().prop_map(FactValue::Flag),
        any::<i64>().prop_map(FactValue::Count),
        any::<f64>().prop_map(FactValue::Number),
        any::<u64>().prop_map(FactValue::Bytes),
        any::<u64>().prop_map(FactValue::Millicores),
        any::<i64>().prop_map(FactValue::Micros),
        Just(FactValue::Hidden),
    ];
    prop_oneof![
        5 => value.prop_map(|value| Cell::Value(Told { value, from: String::new() })),
        1 => Just(Cell::Absent),
        1 => Just(Cell::Gap(Gap::Denied("no".into()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever is called test and whoever production: what differs differs.
    #[test]
    fn a_comparison_is_symmetric(at in 0..places().len(), cell in cell()) {
        let (part, fact) = &places()[at];
        let there = facts(PRODUCTION);
        let mut here = there.clone();
        here.get_mut(part.as_str()).unwrap().0.insert(fact.clone(), cell);
        let differs = |found: &rigcheck::model::comparison::Comparison| {
            let rows = found.rows.iter().filter(|row| row.class != Class::Identical && row.class != Class::Scaled);
            rows.map(|row| (row.path(), row.class)).collect::<Vec<_>>()
        };
        let (one, other) = (beside(&here, &there, &[], &[]), beside(&there, &here, &[], &[]));
        prop_assert_eq!(differs(&one), differs(&other));
    }

    /// Not knowing a fact never makes two environments agree.
    #[test]
    fn silence_is_no_agreement(at in 0..places().len(), cell in cell()) {
        let (part, fact) = &places()[at];
        let there = facts(PRODUCTION);
        let mut here = there.clone();
        here.get_mut(part.as_str()).unwrap().0.insert(fact.clone(), cell);
        let known = beside(&here, &there, &[], &[]);
        let path = format!("{part}.{fact}");
        let of = |found: &rigcheck::model::comparison::Comparison| found.rows.iter().find(|row| row.path() == path).map(|row| (row.class, row.wanted));
        let Some((class, _)) = of(&known) else { return Ok(()) };
        here.get_mut(part.as_str()).unwrap().0.insert(fact.clone(), Cell::Gap(Gap::Denied("no".into())));
        let silent = beside(&here, &there, &[], &[]);
        if class.differs() {
            let after = of(&silent);
            prop_assert_eq!(after, Some((Class::Unknown, true)), "{} was {:?}", path, class);
        }
        prop_assert!(silent.verdict() >= rigcheck::model::comparison::Match::Conditional || !class.differs());
    }
}
