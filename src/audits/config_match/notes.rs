use super::view::Compared;
use crate::model::{
    chart::{Chart, ChartKind},
    comparison::{Agreement, Class, Transfer},
};

/// What carries over to the reference, and what does not.
pub fn notes(view: &Compared<'_>) -> Vec<String> {
    let comparison = &view.comparison;
    if comparison.rows.is_empty() {
        return vec![];
    }
    let there = &comparison.there.name;
    let counted: Vec<String> =
        Class::ALL.iter().map(|c| (comparison.count(*c), c.word())).filter(|(n, _)| *n > 0).map(|(n, w)| format!("{n} {w}")).collect();
    let verdict = format!("beside {there}: {} ({})", comparison.verdict().words(), counted.join(", "));
    let dimensions = comparison.dimensions.iter().map(dimension);
    [verdict].into_iter().chain(dimensions).chain(comparison.transfers.iter().map(|t| transfer(t, there))).collect()
}

/// `resources: differs; agreement 94 %; known 100 %`.
fn dimension(told: &Agreement) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let agreement = told.raw.map(|raw| format!("agreement {}", percent(raw)));
    // Said only where somebody accepted something.
    let waived = told.waived.filter(|waived| told.raw != Some(*waived)).map(|waived| format!("with what is accepted {}", percent(waived)));
    let known = told.coverage.map(|known| format!("{} of what must be known is known", percent(known)));
    let all = [Some(told.verdict.words().to_owned()), agreement, waived, known];
    format!("{}: {}", told.dimension.word(), all.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

fn transfer(transfer: &Transfer, there: &str) -> String {
    let says = match transfer.holds {
        Some(true) => "carries over to",
        Some(false) => "does not carry over to",
        None => "may or may not carry over to",
    };
    let because = if transfer.because.is_empty() { String::new() } else { format!(" ({})", once(&transfer.because)) };
    format!("{says} {there}: {}{because}", transfer.conclusion)
}

/// `differs: a` and `differs: b` as `differs: a, b`.
fn once(because: &[String]) -> String {
    let mut told: Vec<String> = vec![];
    let mut last = "";
    for reason in because {
        match (reason.split_once(": "), told.last_mut()) {
            (Some((word, rest)), Some(before)) if word == last => before.extend([", ", rest]),
            (parts, _) => {
                last = parts.map_or("", |(word, _)| word);
                told.push(reason.clone());
            }
        }
    }
    told.join("; ")
}

/// Both side by side.
pub fn charts(view: &Compared<'_>) -> Vec<Chart> {
    let comparison = &view.comparison;
    let chart = || Chart {
        id: "environments".into(),
        title: format!("{} beside {}", comparison.here.name, comparison.there.name),
        caption: "Every fact of both environments, those that differ first.".into(),
        x: String::new(),
        y: String::new(),
        kind: ChartKind::Comparison(Box::new(comparison.clone())),
    };
    if comparison.rows.is_empty() { vec![] } else { vec![chart()] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::comparison::{Dimension, Match};

    #[test]
    fn what_is_not_known_is_left_out_of_a_note_and_what_is_accepted_is_told_where_it_counts() {
        let told = |raw, waived, coverage| dimension(&Agreement { dimension: Dimension::Resources, raw, waived, coverage, verdict: Match::Differs });
        assert_eq!(told(Some(0.5), Some(0.5), None), "resources: differs; agreement 50 %");
        let whole = "resources: differs; agreement 50 %; with what is accepted 75 %; 90 % of what must be known is known";
        assert_eq!(told(Some(0.5), Some(0.75), Some(0.9)), whole);
        assert_eq!(told(None, None, None), "resources: differs");
    }

    #[test]
    fn reasons_of_one_kind_are_told_once() {
        let because = ["service half of the reference", "differs: a.b", "differs: c.d", "not known: e: f"].map(String::from);
        assert_eq!(once(&because), "service half of the reference; differs: a.b, c.d; not known: e: f");
        let transfer_of = |holds, because: &[&str]| Transfer {
            conclusion: "how long it takes".into(),
            holds,
            because: because.iter().map(|b| (*b).to_owned()).collect(),
        };
        assert_eq!(transfer(&transfer_of(Some(true), &[]), "production"), "carries over to production: how long it takes");
        let not = "does not carry over to production: how long it takes (differs: a, b)";
        assert_eq!(transfer(&transfer_of(Some(false), &["differs: a", "differs: b"]), "production"), not);
    }
}
