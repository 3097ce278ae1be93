//! What is judged, resolved and without secrets: the part of a spec that is recorded with a run, so that a replay needs nothing else.

use super::canonical;
use crate::{
    audits::{self, latency_accuracy::LatencyAccuracy},
    model::{
        audit::{AnyCase, Audit as _},
        case::Case,
        change::Change,
        event::Gate,
        evidence::digest,
        node::{At, Bad},
        rig::{By, Quantity, Rig},
        waiver::Waiver,
    },
};
use serde::{Deserialize, Serialize};

/// Rig, cases, waivers and gate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What exists.
    pub rig: Rig,
    /// The selected cases with the user's overrides, in order of the catalogue.
    pub cases: Vec<Case>,
    /// Cases known to this release, selected or not.
    pub cases_known: usize,
    /// Accepted failures.
    pub waivers: Vec<Waiver>,
    /// What decides the verdict.
    pub gate: Gate,
    /// Edition of the checks.
    pub checks: String,
    /// What cases and gate change of that edition.
    #[serde(default)]
    pub changed: Vec<Change>,
}

impl Profile {
    /// Digest of what scores are comparable within: what judges of the cases, gate, edition. Neither prose nor the places at
    /// which they were written: a typing error mended in a case file changes no score. Nor rules that are newer than the edition.
    pub fn digest(&self) -> String {
        let scored = self.cases.iter().filter(|c| !c.rules.iter().all(|r| r.newer));
        let cases: Vec<_> = scored.map(canonical::case).collect();
        let canonical = serde_json::to_vec(&(&self.checks, &self.gate, &cases)).unwrap_or_default();
        digest(&canonical)[..16].to_owned()
    }
    /// Where latency is audited: quantities that no log, trace source or histogram claims to measure, so that nothing at the server can be compared.
    /// Where no load streams, there are no gaps between chunks to measure.
    pub fn unmeasured(&self) -> Vec<Quantity> {
        if !self.cases.iter().any(|case| case.audit.as_str() == LatencyAccuracy::NAME) {
            return vec![];
        }
        let unstreamed = !self.rig.loads.is_empty() && self.rig.loads.values().all(|l| !l.stream);
        let measured = |q: Quantity| self.rig.claims_of(q).any(|c| !matches!(c.by, By::Client { .. }));
        let exists = |q: Quantity| q != Quantity::InterChunk || !unstreamed;
        Quantity::ALL.into_iter().filter(|q| exists(*q) && !measured(*q)).collect()
    }
    /// The cases bound to their audits; all problems at once.
    pub fn bind(&self) -> Result<Vec<Box<dyn AnyCase>>, Vec<Bad>> {
        let mut bound = vec![];
        let mut bad = vec![];
        for case in &self.cases {
            match audits::ALL.iter().find(|a| a.name == case.audit.as_str()) {
                None => bad.push(Bad::new(At::default(), format!("case {}: there is no audit `{}`", case.id, case.audit))),
                Some(entry) => match (entry.bind)(case.clone()) {
                    Ok(case) => bound.push(case),
                    Err(mut b) => bad.append(&mut b),
                },
            }
        }
        if bad.is_empty() { Ok(bound) } else { Err(bad) }
    }
}
