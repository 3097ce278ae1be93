//! What `rigcheck explain` and `rigcheck list` say, and the catalogue page, all from the case files.

use super::{catalogue::Catalogue, explain_events::Events};
use crate::model::{
    case::{Case, RuleSpec},
    name::Name,
    node::{Node, Value},
    units::Ms,
};
use std::fmt::Write as _;

/// Longer lines are hard to read.
pub(super) const WIDTH: usize = 100;

/// A line of `rigcheck list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Id of a case or a rule.
    pub id: String,
    /// Is it a case?
    pub case: bool,
    /// One line.
    pub title: String,
    /// `critical`, `important`, `normal`, `low`.
    pub weight: &'static str,
    /// Does a failure alone make the rig not ready?
    pub blocker: bool,
    /// The capabilities without which it is out of scope.
    pub requires: Vec<&'static str>,
}

/// All cases, each followed by its rules.
pub fn list(catalogue: &Catalogue) -> Vec<Row> {
    let rows = catalogue.cases.iter().flat_map(|case| {
        let head =
            Row { id: case.id.to_string(), case: true, title: case.title.clone(), weight: case.weight.word(), blocker: false, requires: vec![] };
        let rules = case.rules.iter().map(|rule| Row {
            id: rule.id.to_string(),
            case: false,
            title: rule.title.clone(),
            weight: rule.weight.word(),
            blocker: rule.blocker,
            requires: rule.requires.iter().map(|c| c.word()).collect(),
        });
        [head].into_iter().chain(rules)
    });
    rows.collect()
}

/// The text about a case or a rule; `Err` says what may have been meant. `demo` names the faults that `rigcheck demo` can seed.
pub fn explain(catalogue: &Catalogue, id: &str, demo: &[&str]) -> Result<String, String> {
    if let Some(case) = catalogue.case(id) {
        return Ok(explain_case(case));
    }
    if let Some((case, rule)) = catalogue.rule(id) {
        return Ok(explain_rule(case, rule, demo));
    }
    let hint = catalogue.nearest(id).map_or_else(
        || "`rigcheck list` shows what there is".to_owned(),
        |near| format!("did you mean `{near}`? `rigcheck list` shows what there is"),
    );
    Err(format!("there is no case or rule `{}`; {hint}", super::diagnostics::plain(id)))
}

fn explain_case(case: &Case) -> String {
    let mut out = format!("{}\n{}\n\n", case.id, case.title);
    section(&mut out, "Question", &case.question);
    section(&mut out, "A good rig shows", &case.expected);
    if !case.prerequisites.is_empty() {
        section(&mut out, "Prerequisites", &case.prerequisites.iter().map(|p| format!("- {p}")).collect::<Vec<_>>().join("\n"));
    }
    section(&mut out, "Weight", &format!("{} ({} of 4) among the cases", case.weight.word(), case.weight.value()));
    section(&mut out, "Audit", &format!("{} {}", case.audit, inline(&case.params)));
    let mut rules = String::new();
    for rule in &case.rules {
        let blocks = if rule.blocker { ", blocker" } else { "" };
        let _ = writeln!(rules, "{}  {} ({}{blocks})", rule.id, rule.title, rule.weight.word());
    }
    section(&mut out, "Rules (`rigcheck explain ID` says more)", rules.trim_end());
    out
}

fn explain_rule(case: &Case, rule: &RuleSpec, demo: &[&str]) -> String {
    let mut out = format!("{}  {}\nof {}: {}\n\n", rule.id, rule.title, case.id, case.title);
    section(&mut out, "Why", &rule.why);
    section(&mut out, "What is measured", &rule.method);
    section(&mut out, "Formula", &rule.formula);
    section(&mut out, "Limits", &limits(&rule.params).join("\n"));
    section(&mut out, "Blind spots", &rule.blind_spots);
    section(&mut out, "What to do when it fails", &rule.remedy);
    section(&mut out, "Where method and limits come from", &rule.source);
    section(&mut out, "Counts", &counts(rule));
    section(&mut out, "Needs", &needs(rule));
    section(&mut out, "Proof", &proof(rule, demo));
    if let Some(events) = Events::of(&rule.params) {
        out.push_str(&events.text());
    }
    out
}

/// Which seeded faults make it fail, and where they can be seen.
fn proof(rule: &RuleSpec, demo: &[&str]) -> String {
    if rule.proven_by.is_empty() {
        return "no seeded fault shows yet that it can fail, so it counts nine tenths (`rigcheck audit --prove` tries it on your rig)".into();
    }
    let (here, real): (Vec<&str>, Vec<&str>) = rule.proven_by.iter().map(Name::as_str).partition(|fault| demo.contains(fault));
    let lines = [("try it: rigcheck demo --fault ", here, " | "), ("on the real stack (docs/fault-matrix.md): ", real, ", ")];
    let told = lines.into_iter().filter(|(_, faults, _)| !faults.is_empty()).map(|(head, faults, comma)| format!("{head}{}", faults.join(comma)));
    format!("these seeded faults make it fail:\n{}", told.collect::<Vec<_>>().join("\n"))
}

fn counts(rule: &RuleSpec) -> String {
    let blocks = if rule.blocker { "; a failure alone makes the rig NOT READY" } else { "" };
    let rows = if rule.n_min > 1 { format!("; fully from {} rows on", rule.n_min) } else { String::new() };
    format!("weight {} ({} of 4){blocks}{rows}; an observation stays fresh for {}", rule.weight.word(), rule.weight.value(), long(rule.ttl))
}

fn needs(rule: &RuleSpec) -> String {
    if rule.requires.is_empty() {
        return "nothing of the spec: it is always in scope".into();
    }
    rule.requires.iter().map(|c| format!("- {}: {}", c.word(), c.how())).collect::<Vec<_>>().join("\n")
}

fn long(ms: Ms) -> String {
    let hours = ms.0 / 3.6e6;
    if hours >= 1.0 { format!("{hours:.0} h") } else { ms.to_string() }
}

/// One parameter a line, `margin.absolute  5ms`.
fn limits(params: &Node) -> Vec<String> {
    let mut lines = vec![];
    for (key, value) in params.entries().unwrap_or_default() {
        let key = key.text().unwrap_or_default();
        match &value.value {
            // It has a table of its own.
            Value::Map(all) if Events::is_catalogue(value) => lines.push(format!("{key}: {} figures", all.len())),
            Value::Map(_) => lines.extend(limits(value).into_iter().map(|line| format!("{key}.{line}"))),
            _ => lines.push(format!("{key} = {}", inline(value))),
        }
    }
    lines
}

/// A value as YAML on one line.
pub(super) fn inline(node: &Node) -> String {
    match &node.value {
        Value::Null => "~".into(),
        Value::Bool(b) => b.to_string(),
        Value::Num(n) => n.to_string(),
        Value::Text(t) => t.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            format!("{{{}}}", entries.iter().map(|(k, v)| format!("{}: {}", k.text().unwrap_or_default(), inline(v))).collect::<Vec<_>>().join(", "))
        }
    }
}

fn section(out: &mut String, title: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}");
    for line in text.lines() {
        for wrapped in wrap(line, WIDTH - 2) {
            let _ = writeln!(out, "  {wrapped}");
        }
    }
    out.push('\n');
}

/// Words on lines of at most `width` characters.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The page `checks/README.md`: every case and rule, generated so that it cannot differ from what is judged.
pub fn catalogue_markdown(catalogue: &Catalogue) -> String {
    let rules: usize = catalogue.cases.iter().map(|c| c.rules.len()).sum();
    let mut out = format!(
        "# The checks\n\n{} {} with {rules} rules, edition {}. This page is generated from the case files; `BLESS=1 cargo test --test it catalogue` \
         writes it anew. A new case begins as a copy of [`_template.yaml`](_template.yaml).\n",
        catalogue.cases.len(),
        if catalogue.cases.len() == 1 { "case" } else { "cases" },
        super::EDITION,
    );
    for case in &catalogue.cases {
        let _ = write!(out, "\n## {}\n\n{}. *{}*\n\n{}\n\n", case.id, case.title, case.question, case.expected);
        let _ = writeln!(out, "Audit `{}`, weight {}.", case.audit, case.weight.word());
        out.push_str("\n| Rule | What it says | Weight | Blocker | Limits | Needs |\n|---|---|---|---|---|---|\n");
        for rule in &case.rules {
            let blocker = if rule.blocker { "yes" } else { "" };
            let needs = rule.requires.iter().map(|c| c.word()).collect::<Vec<_>>().join(", ");
            let cells = [rule.id.as_str(), &rule.title, rule.weight.word(), blocker, &limits(&rule.params).join("; "), &needs].map(cell);
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        for rule in &case.rules {
            let _ = write!(out, "\n### {}: {}\n\n{}\n", rule.id, rule.title, rule.why);
            let parts = [
                ("Measured", &rule.method),
                ("Formula", &rule.formula),
                ("Blind spots", &rule.blind_spots),
                ("Remedy", &rule.remedy),
                ("Source", &rule.source),
            ];
            for (title, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
                let _ = write!(out, "\n**{title}.** {text}\n");
            }
            if let Some(events) = Events::of(&rule.params) {
                out.push_str(&events.markdown());
            }
        }
    }
    out
}

pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
