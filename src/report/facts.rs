//! The facts of a snapshot as text, one a line: what people read, and what reviewers of a baseline see change.

use super::clean::line;
use crate::model::{
    environment::{ENVIRONMENT, SNAPSHOT},
    evidence::Evidence,
    glob::Glob,
    key::{Facts, World},
    name::{Name, name},
    payload::{Cell, FactTable, FactValue, Told},
    snapshot::About,
};
use std::fmt::Write as _;

/// Columns of a fact and of its value; longer ones move what follows them.
const FACT: usize = 44;
const VALUE: usize = 36;
/// A value is cut behind so many characters; the file has it whole.
const LONGEST: usize = 160;

/// What a snapshot says of itself, and its facts; those only that a pattern names, where there is one.
pub fn listed(evidence: &Evidence, only: Option<&Glob>) -> String {
    let table = |scope: &Name| evidence.get(&World::Live, &name(ENVIRONMENT), &Facts { scope: scope.clone() });
    let about = table(&name(SNAPSHOT)).ok().and_then(|got| About::read(got.value).ok()).unwrap_or_default();
    let mut text = head(&about);
    for (part, kind) in &about.parts {
        match table(part) {
            Err(unknown) => drop(writeln!(text, "\n{part} ({kind}): {}", line(&unknown.gap.to_string()))),
            Ok(got) => {
                let shown: Vec<(&String, &Cell)> = facts(got.value, part, only).collect();
                if !shown.is_empty() {
                    let _ = writeln!(text, "\n{part} ({kind}): {}", counts(&shown));
                    for (fact, cell) in shown {
                        one(&mut text, fact, cell);
                    }
                }
            }
        }
    }
    text
}

/// `4 parts, 612 facts, 3 of which could not be told`, and why those could not.
pub fn summary(evidence: &Evidence) -> (String, Vec<String>) {
    let (mut parts, mut known, mut gaps) = (0, 0, vec![]);
    for (key, answer) in evidence.iter() {
        let crate::model::key::Query::Facts(of) = &key.query else { continue };
        if of.scope.as_str() == SNAPSHOT {
            continue;
        }
        parts += 1;
        match answer {
            Err(gap) => gaps.push(format!("{}: {}", of.scope, line(&gap.to_string()))),
            Ok(seen) => {
                let crate::model::key::Payload::Facts(table) = &seen.payload else { continue };
                for (fact, cell) in facts(table, &of.scope, None) {
                    match cell {
                        Cell::Gap(gap) => gaps.push(format!("{}.{}: {}", of.scope, line(fact), line(&gap.to_string()))),
                        _ => known += 1,
                    }
                }
            }
        }
    }
    let s = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    (format!("{}, {}, {} not told", s(parts, "part"), s(known, "fact"), gaps.len()), gaps)
}

fn head(about: &About) -> String {
    let mut text = line(&about.name);
    let _ = write!(text, ", {} {}", if about.tool.is_empty() { "declared of" } else { "captured" }, about.as_of);
    for (word, what) in [("by", &about.by), ("by", &about.tool), ("on", &about.host)] {
        if !what.is_empty() {
            let _ = write!(text, " {word} {}", line(what));
        }
    }
    text.push('\n');
    if let Some(accepted) = &about.accepted {
        let _ = writeln!(text, "accepted by {} on {}: {}", line(&accepted.by), accepted.at, line(&accepted.why));
        for (pattern, tolerance) in &accepted.tolerances {
            let _ = writeln!(text, "tolerates {}: {}", line(pattern), line(tolerance));
        }
    }
    text
}

/// Lists stand for their members.
fn facts<'t>(table: &'t FactTable, part: &'t Name, only: Option<&'t Glob>) -> impl Iterator<Item = (&'t String, &'t Cell)> {
    let list = |cell: &Cell| matches!(cell, Cell::Value(Told { value: FactValue::List(n), .. }) if *n > 0);
    let wanted = move |fact: &str| only.is_none_or(|glob| glob.matches(&format!("{part}.{fact}")) || glob.matches(fact));
    table.0.iter().filter(move |(fact, cell)| !list(cell) && wanted(fact))
}

fn counts(shown: &[(&String, &Cell)]) -> String {
    let gaps = shown.iter().filter(|(_, cell)| matches!(cell, Cell::Gap(_))).count();
    let told = shown.len() - gaps;
    let untold = if gaps > 0 { format!(", {gaps} not told") } else { String::new() };
    format!("{told} fact{}{untold}", if told == 1 { "" } else { "s" })
}

fn one(text: &mut String, fact: &str, cell: &Cell) {
    let fact = line(fact);
    let written = match cell {
        Cell::Absent => format!("  {fact:<FACT$} (none)"),
        Cell::Gap(gap) => format!("? {fact:<FACT$} {}", line(&gap.to_string())),
        Cell::Value(Told { value, from }) => {
            let value = cut(&line(&value.to_string()));
            format!("  {fact:<FACT$} {value:<VALUE$} {}", line(from)).trim_end().to_owned()
        }
    };
    let _ = writeln!(text, "{written}");
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &value[..end], value.chars().count()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        environment::PartKind,
        evidence::Gap,
        snapshot::{Accepted, of_part},
        units::Wall,
    };

    #[test]
    fn one_fact_a_line_whatever_it_holds() {
        let gateway = name("gateway");
        let about = About {
            name: "staging".into(),
            as_of: Wall(1_795_428_000_000_000),
            tool: "rigcheck 0.1.0".into(),
            host: "build-7".into(),
            parts: [(gateway.clone(), PartKind::Workload)].into(),
            accepted: Some(Accepted {
                by: "sre".into(),
                at: Wall(1_795_428_000_000_000),
                why: "signed off".into(),
                tolerances: [("a.*".into(), "5%".into())].into(),
            }),
            ..About::default()
        };
        let mut table = FactTable::default();
        table.put("process.workers", FactValue::Count(4), "/proc/7/stat");
        table.put("python.packages", FactValue::List(1), "");
        table.put("python.packages.evil\n\u{1b}[31m", FactValue::Text("1\n2".into()), "");
        table.absent("limits.cpus");
        table.gap("env", Gap::Denied("run as root".into()));
        let mut evidence = Evidence::default();
        for fact in [about.fact(""), about.told(&of_part(&gateway), table, "")] {
            evidence.put(fact.key, fact.answer);
        }
        let expected = "\
staging, captured 2026-11-23 10:00:00 UTC by rigcheck 0.1.0 on build-7
accepted by sre on 2026-11-23 10:00:00 UTC: signed off
tolerates a.*: 5%

gateway (workload): 3 facts, 1 not told
? env                                          denied: run as root
  limits.cpus                                  (none)
  process.workers                              4                                    /proc/7/stat
  python.packages.evil                         1 2
";
        assert_eq!(listed(&evidence, None), expected);
        assert_eq!(summary(&evidence), ("1 part, 3 facts, 1 not told".into(), vec!["gateway.env: denied: run as root".to_owned()]));
        assert_eq!(listed(&evidence, Some(&Glob::from("*workers".to_owned()))).lines().count(), 6);
    }
}
