//! Where the spec states what is expected, so that a finding can be shown at the line that a person would change.

use super::name::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Relative to the root of the repository where there is one, else the file's name alone.
    pub file: String,
    /// 1-based.
    pub line: u32,
}

/// The places of a spec. A run that was recorded without them has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Anchors {
    /// The spec itself; `None` where it is not known.
    pub spec: Option<Place>,
    /// Rules that the spec changes, by id.
    pub rules: BTreeMap<Name, Place>,
    /// Who is judged: a source (`jaeger`), or what one claims (`access_log:total`).
    pub subjects: BTreeMap<Name, Place>,
    /// Cases that the spec names, by id.
    pub cases: BTreeMap<Name, Place>,
    /// Waivers, in the order of the spec.
    pub waivers: Vec<Place>,
    /// What decides the verdict.
    pub gate: Option<Place>,
}

impl Anchors {
    /// Where it is stated what one rule of one case expects of one subject: what the spec changes of the rule, else the
    /// section of the subject, else the case, else the first line of the spec.
    pub fn of(&self, case: &str, rule: &str, subject: &str) -> Place {
        let source = subject.split(':').next().unwrap_or_default();
        let subject = || self.subjects.get(subject).or_else(|| self.subjects.get(source));
        self.rules.get(rule).or_else(subject).or_else(|| self.cases.get(case)).cloned().unwrap_or_else(|| self.first_line())
    }
    /// Where it is stated what the verdict needs.
    pub fn of_verdict(&self) -> Place {
        self.gate.clone().unwrap_or_else(|| self.first_line())
    }
    /// The first line of the spec. Readers of findings refuse one without a place, so an unknown spec goes by its usual name.
    fn first_line(&self) -> Place {
        self.spec.clone().unwrap_or_else(|| Place { file: "rigcheck.yaml".into(), line: 1 })
    }
    /// The same with files named otherwise. What is in no file (`None`) has no place: whoever looks for it gets the next best.
    #[must_use]
    pub fn named(mut self, name: impl Fn(&str) -> Option<String>) -> Anchors {
        let placed = |place: &mut Place| name(&place.file).map(|file| place.file = file).is_some();
        for map in [&mut self.rules, &mut self.subjects, &mut self.cases] {
            map.retain(|_, place| placed(place));
        }
        for place in [&mut self.spec, &mut self.gate] {
            place.take_if(|place| !placed(place));
        }
        let first = self.first_line();
        for place in &mut self.waivers {
            if !placed(place) {
                place.clone_from(&first);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_statement_is_found() {
        let at = |line| Place { file: "perf/rigcheck.yaml".into(), line };
        let one = |name: &str, line| BTreeMap::from([(Name::from(name), at(line))]);
        let mut anchors = Anchors {
            spec: Some(at(1)),
            rules: one("LAT-14", 40),
            subjects: one("access_log:total", 12),
            cases: one("CASE", 30),
            ..Anchors::default()
        };
        anchors.subjects.extend(one("jaeger", 15));
        let line = |rule: &str, subject: &str| anchors.of("CASE", rule, subject).line;
        assert_eq!(line("LAT-14", "access_log:total"), 40);
        assert_eq!(line("LAT-01", "access_log:total"), 12);
        assert_eq!(line("LAT-01", "jaeger:total"), 15);
        assert_eq!(line("LAT-01", ""), 30);
        assert_eq!(anchors.of("OTHER", "LAT-01", "load").line, 1);
        assert_eq!(Anchors::default().of("OTHER", "LAT-01", ""), Place { file: "rigcheck.yaml".into(), line: 1 });
        anchors.rules.insert("LAT-02".into(), Place { file: "--set".into(), line: 1 });
        anchors.waivers = vec![Place { file: "--set".into(), line: 3 }, at(50)];
        let named = anchors.named(|file| (file != "--set").then(|| file.to_uppercase()));
        assert_eq!((named.of_verdict().file.as_str(), named.rules.len()), ("PERF/RIGCHECK.YAML", 1));
        assert_eq!(named.waivers.iter().map(|w| w.line).collect::<Vec<_>>(), [1, 50]);
    }
}
