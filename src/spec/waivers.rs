//! The section `waivers`: failures that somebody answers for, for a time.

use super::{
    diagnostics::{Problem, nearest},
    environment,
    load::Loaded,
    table::{Field, Reading},
};
use crate::model::{
    audit::AnyCase,
    capability::Capability,
    case::Case,
    name::{Name, name},
    node::At,
    rig::Rig,
    units::{Ms, Share, Wall},
    waiver::{Range, Waiver},
};

/// A waiver with what cross-checks need of it.
pub(super) struct Written<'a> {
    pub(super) waiver: Waiver,
    /// Where it stands.
    pub(super) at: At,
    rule: Field<'a>,
    of: Option<Field<'a>>,
}

/// A warning that is beside the point once the waiver has expired.
const UNBOUND: &str = "this waiver holds whatever is observed";

impl Loaded {
    /// Do its waivers stand in another file than the spec itself?
    pub fn waivers_elsewhere(&self) -> bool {
        self.anchors.waivers.iter().any(|place| self.anchors.spec.as_ref().is_some_and(|spec| place.file != spec.file))
    }
    /// As things stand at `now`: reading a spec looks at no clock.
    #[must_use]
    pub fn as_of(mut self, now: Wall) -> Loaded {
        self.now = Some(now);
        for (waiver, at) in self.profile.waivers.iter().zip(&self.waivers_at) {
            if waiver.expired(now) {
                self.warnings.list.retain(|p| (p.at, p.title.as_str()) != (*at, UNBOUND));
                self.warnings.list.push(Problem::new(*at, format!("this waiver expired on {}", waiver.expires_text)).label("renew or remove it"));
            } else if waiver.lapses_soon(now) {
                let soon = Problem::new(*at, format!("this waiver lapses soon, on {}", waiver.expires_text));
                self.warnings.list.push(soon.label("mend the cause before, or renew it"));
            }
        }
        let of_facts = self.profile.rig.environment.iter().flat_map(|e| &e.waivers).zip(&self.fact_waivers_at);
        self.warnings.list.extend(of_facts.filter_map(|(waiver, at)| environment::odd(waiver, *at, now)));
        self.warnings.list.sort_by_key(|p| p.at);
        self
    }
}

/// Reads the waivers; rules are looked up among all of the catalogue.
pub(super) fn read<'a>(section: &Field<'a>, catalogue: &[Case], cx: &Reading) -> Vec<Written<'a>> {
    section.list(cx).iter().filter_map(|item| waiver(item, catalogue, cx)).collect()
}

fn waiver<'a>(item: &Field<'a>, catalogue: &[Case], cx: &Reading) -> Option<Written<'a>> {
    let mut table = item.table(cx)?;
    let rule_field = table.need("rule", "LAT-14", cx);
    let rule = rule_field.as_ref().and_then(|f| rule(f, catalogue, cx));
    let of_field = table.get("of");
    let of = of_field.as_ref().map(|f| f.text(cx));
    let holds = table.get("while").map(|f| range(&f, cx));
    if holds.is_none() {
        cx.warn(Problem::new(item.key, UNBOUND).label("add `while: {bias: 250ms..350ms}`, so that it ends when things get worse"));
    }
    let reason = table.need("reason", "…", cx).and_then(|f| f.text(cx));
    let owner = table.need("owner", "NAME", cx).and_then(|f| f.text(cx));
    let expires = table.need("expires", "2027-01-31T00:00:00+01:00", cx).and_then(|f| expiry(&f, cx));
    table.close(cx);
    let (expires, expires_text) = expires?;
    let of = match of {
        Some(text) => Some(name(text?)),
        None => None,
    };
    let holds = match holds {
        Some(range) => Some(range?),
        None => None,
    };
    let waiver = Waiver { rule: rule?, of, holds, reason: reason?, owner: owner?, expires, expires_text };
    Some(Written { waiver, at: item.key, rule: rule_field?, of: of_field })
}

fn rule(field: &Field<'_>, catalogue: &[Case], cx: &Reading) -> Option<Name> {
    let text = field.text(cx)?;
    let mut ids = catalogue.iter().flat_map(|c| &c.rules).map(|r| r.id.as_str());
    if ids.clone().any(|id| id == text) {
        return Some(name(text));
    }
    let label = nearest(&text, ids.by_ref())
        .map_or_else(|| "`rigcheck list` shows the rules".to_owned(), |n| format!("did you mean `{n}`? `rigcheck list` shows the rules"));
    cx.problem(Problem::new(field.node.at, format!("unknown rule `{}`", super::diagnostics::plain(&text))).label(label));
    None
}

/// A waiver must be able to apply: to a rule that is judged, and to somebody whom it judges.
pub(super) fn check(written: &[Written<'_>], cases: &[Box<dyn AnyCase>], rig: &Rig, cx: &Reading) {
    for w in written {
        let rule = &w.waiver.rule;
        let found = cases.iter().find_map(|c| Some((c, c.case().rules.iter().position(|r| r.id == *rule)?)));
        let Some((case, index)) = found else {
            cx.warn(Problem::new(w.rule.node.at, format!("the waiver of {rule} is unused")).label("its case is not selected"));
            continue;
        };
        let spec = &case.case().rules[index];
        if !spec.in_scope(&rig.capabilities) {
            let why = if spec.deselected { "the rule is deselected".to_owned() } else { out_of_scope(spec.missing(&rig.capabilities)) };
            cx.warn(Problem::new(w.rule.node.at, format!("the waiver of {rule} is unused")).label(why));
            continue;
        }
        let Some((of, field)) = w.waiver.of.as_ref().zip(w.of.as_ref()) else { continue };
        let subjects: Vec<_> = case.subjects(rig).into_iter().filter(|(i, _)| *i == index).map(|(_, s)| s).collect();
        // As judging reads it: a source stands for all that it claims.
        let matches = |s: &Name| s == of || s.as_str().split_once(':').is_some_and(|(source, _)| source == of.as_str());
        if !subjects.iter().any(matches) {
            let known: Vec<_> = subjects.iter().map(Name::as_str).filter(|s| !s.is_empty()).collect();
            let sources = known.iter().filter_map(|s| Some(s.split_once(':')?.0));
            let label = match nearest(of.as_str(), known.iter().copied().chain(sources)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "this rule judges the whole rig; remove `of`".to_owned(),
                None => format!("it judges {}", known.join(", ")),
            };
            cx.problem(Problem::new(field.node.at, format!("{rule} does not judge `{}`", super::diagnostics::plain(of.as_str()))).label(label));
        }
    }
}

fn out_of_scope(missing: Vec<Capability>) -> String {
    format!("the rule is out of scope here: {}", missing.into_iter().map(Capability::how).collect::<Vec<_>>().join("; "))
}

/// `while: {bias: 250ms..350ms}`, in the figure's own unit: milliseconds, per cent, or a plain number.
fn range(field: &Field<'_>, cx: &Reading) -> Option<Range> {
    let entries = field.entries(cx);
    let [(figure, value)] = entries.as_slice() else {
        cx.problem(field.refuse("must name one figure", "write `{bias: 250ms..350ms}`"));
        return None;
    };
    let bounds = bounds(&value.text(cx)?).map_err(|(what, todo)| cx.problem(value.refuse(what, todo))).ok()?;
    let (lo, hi, unit) = bounds;
    Some(Range { figure: (*figure).to_owned(), unit: unit.to_owned(), lo, hi })
}

/// `250ms..350ms`: both ends, and the figure's own unit. What is wrong with it, and what to write.
pub fn bounds(text: &str) -> Result<(f64, f64, &'static str), (&'static str, &'static str)> {
    let ends = text.split_once("..").and_then(|(lo, hi)| Some((bound(lo)?, bound(hi)?)));
    match ends {
        None => Err(("is not a range", "write `250ms..350ms`, `1%..3%` or `2..5`")),
        Some(((_, unit), (_, other))) if unit != other => Err(("has two units", "write the same unit on both sides")),
        Some(((lo, _), (hi, _))) if lo > hi => Err(("ends before it begins", "write the smaller value first")),
        Some(((lo, unit), (hi, _))) => Ok((lo, hi, unit)),
    }
}

/// A signed value and its unit.
fn bound(text: &str) -> Option<(f64, &'static str)> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text.strip_prefix('+').unwrap_or(text)), |rest| (-1.0, rest));
    if let Ok(ms) = digits.parse::<Ms>() {
        return Some((sign * ms.0, "ms"));
    }
    if let Ok(share) = digits.parse::<Share>() {
        return Some((sign * share.0 * 100.0, "%"));
    }
    digits.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0).map(|x| (sign * x, ""))
}

/// An instant with its offset, and as it was written.
pub(super) fn expiry(field: &Field<'_>, cx: &Reading) -> Option<(Wall, String)> {
    let text = field.text(cx)?;
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some((Wall(at.as_microsecond()), text));
    }
    // Here nobody knows where it was written; `waive` does, and writes the offset of that place.
    let refused = match text.parse::<jiff::civil::DateTime>() {
        Ok(civil) => ("does not say in which time zone", format!("write `{civil}Z` for UTC, or with your offset: `{civil}+01:00`")),
        Err(_) => ("is not a time", "write it with its offset: `2027-01-31T00:00:00+01:00`".to_owned()),
    };
    cx.problem(field.refuse(refused.0, refused.1));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_the_unit_of_the_figure() {
        assert_eq!(bound("250ms"), Some((250.0, "ms")));
        assert_eq!(bound("-1.5s "), Some((-1500.0, "ms")));
        assert_eq!(bound("2%"), Some((2.0, "%")));
        assert_eq!(bound("0.5"), Some((0.5, "")));
        assert_eq!(bound("fast"), None);
        assert_eq!(bound("--1"), None);
    }
}
