use super::{LatencyAccuracy, log_sources, records::Records, trace_sources, window::Window};
use crate::audits::shared::{Real, Requests, definition_of, nearly_all};
use crate::model::{
    act::Act,
    audit::Context,
    evidence::{Evidence, Gap, Unknown},
    key::{Clock, Facts, Histogram, Key, LogLines, Page, Perform, RoundTrip, Spans, Truth, When, World},
    name::{Name, name},
    payload::{ClockReadings, Exposition, FactTable},
    rig::{Claim, Quantity, Rig},
    units::Wall,
};
use std::collections::BTreeMap;

type Asked<T> = Result<T, Unknown>;

/// Everything that was said about the controlled load, joined by request.
#[derive(Debug)]
pub struct Latencies<'e> {
    /// What exists.
    pub rig: &'e Rig,
    /// When everything had been read: nothing that a source says was written later.
    pub read_until: Wall,
    sent: Asked<Requests<'e>>,
    truth: Option<Asked<Real<'e>>>,
    direct: Option<(Asked<Requests<'e>>, Asked<Real<'e>>)>,
    round_trip: Asked<(f64, &'e Key)>,
    records: BTreeMap<Name, Asked<Records<'e>>>,
    windows: BTreeMap<Name, Asked<Window<'e>>>,
    clocks: BTreeMap<Name, Asked<(&'e ClockReadings, &'e Key)>>,
    /// Well-formedness of metrics pages, where told; scores nothing.
    pub pages: Vec<(&'e Name, &'e Exposition)>,
    /// What metrics servers tell about themselves, where told; scores nothing.
    pub servers: Vec<(&'e Name, &'e FactTable)>,
}

/// A request of which the client and a source both know how long it took, ms.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// What the client saw.
    pub client: f64,
    /// What the source says.
    pub source: f64,
    /// What was really emitted, where known.
    pub truth: Option<f64>,
    /// Did a stall of the load generator overlap it?
    pub stalled: bool,
    /// The longest time for which the load generator itself was held up during it, ms.
    pub held_up: f64,
    /// Was it a stream?
    pub stream: bool,
    /// When it ended, ms since the start of the act.
    pub end_ms: f64,
}

/// The pairs of one claim, in order of sending.
#[derive(Debug)]
pub struct Pairs<'v> {
    /// What is claimed.
    pub claim: &'v Claim,
    /// One per measured request that the source has a value for.
    pub rows: Vec<Pair>,
    /// Median of the client's values over all measured requests, ms.
    pub level: f64,
    /// The source's resolution, ms.
    pub resolution: f64,
    /// What it rests on.
    pub from: Vec<Key>,
}

impl Pairs<'_> {
    /// Why nothing can be compared with the truth, if it is known for too few of them.
    pub fn lacks_truth(&self) -> Option<String> {
        let (known, timed) = (self.rows.iter().filter(|p| p.truth.is_some()).count(), self.rows.len());
        (!nearly_all(known, timed)).then(|| {
            format!(
                "the emission log knows {known} of the {timed} requests that {} timed: the others never reached the reference endpoint",
                self.claim.subject()
            )
        })
    }
    /// Client minus source, less the round trip, ms.
    pub fn differences(&self, round_trip: f64) -> Vec<f64> {
        self.rows.iter().map(|p| p.client - p.source - round_trip).collect()
    }
}

/// Requests of others during the act.
#[derive(Debug, Default)]
pub struct Foreign {
    /// Who saw how many.
    pub seen: Vec<String>,
    /// Sources at the target that would have seen them, whoever they were.
    pub witnesses: usize,
}

impl<'e> Latencies<'e> {
    /// Joins what was gathered.
    pub fn join(audit: &LatencyAccuracy, cx: &Context<'e>) -> Latencies<'e> {
        let (rig, evidence) = (cx.rig, cx.evidence);
        let act = audit.act(rig);
        let sent = performed(evidence, rig, act.as_ref());
        let direct = LatencyAccuracy::calibration_act(rig).map(|a| {
            let truth = truth(evidence, rig, &a).unwrap_or_else(|| Err(undeclared("no `truth` source")));
            (performed(evidence, rig, Some(&a)), truth)
        });
        let mut records = BTreeMap::new();
        let mut windows = BTreeMap::new();
        let load = act.as_ref().map_or_else(|| name("load"), Act::actor);
        if let Some(act) = &act {
            let during = || When::During(act.clone());
            for log in log_sources(rig) {
                let got = evidence.get(&World::Live, &log, &LogLines { when: during() });
                let joined = got.and_then(|got| Ok(Records::of_log(&got, sent.as_ref().map_err(Clone::clone)?)));
                records.insert(log, joined);
            }
            for store in trace_sources(rig) {
                let got = evidence.get(&World::Live, &store, &Spans { of: act.clone() });
                let joined = got.and_then(|got| Ok(Records::of_traces(&got, sent.as_ref().map_err(Clone::clone)?)));
                records.insert(store, joined);
            }
            for claim in &rig.claims {
                let Some(of) = claim.histogram() else { continue };
                let got = evidence.get(&World::Live, &claim.source, &Histogram { claim: claim.name.clone(), when: during() });
                let cut = got.and_then(|got| {
                    let sent = sent.as_ref().map_err(Clone::clone)?;
                    Window::cut(&got, of, sent.began(), sent.ended())
                });
                windows.insert(claim.subject(), cut);
            }
        }
        let round_trip = evidence.get(&World::Live, &load, &RoundTrip {}).and_then(|got| match got.value.min_ms() {
            Some(ms) => Ok((ms, got.key)),
            None => Err(Unknown::new(got.key.clone(), Gap::Truncated("no connection to the target was timed".into()))),
        });
        let page = |s| evidence.get(&World::Live, s, &Page { when: When::After(act.clone()?) }).ok();
        let pages = rig.sources_of("scrape").filter_map(|s| page(s).map(|got| (s, got.value)));
        let facts = |s| evidence.get(&World::Live, s, &Facts { scope: name("server") }).ok();
        let servers = rig.sources_of("prometheus").filter_map(|s| facts(s).map(|got| (s, got.value)));
        let clock = |s: &Name| (s.clone(), evidence.get(&World::Live, s, &Clock {}).map(|got| (got.value, got.key)));
        Latencies {
            rig,
            read_until: cx.as_of,
            clocks: rig.sources_of("clock").map(clock).collect(),
            truth: act.as_ref().and_then(|a| truth(evidence, rig, a)),
            direct,
            round_trip,
            records,
            windows,
            pages: pages.collect(),
            servers: servers.collect(),
            sent,
        }
    }

    /// What the load generator saw of the controlled load.
    pub fn sent(&self) -> Asked<&Requests<'e>> {
        self.sent.as_ref().map_err(Clone::clone)
    }
    /// What was really emitted: `None` where the rig has no known truth, an error where it has and did not tell.
    pub fn truth(&self) -> Option<Asked<&Real<'e>>> {
        self.truth.as_ref().map(|t| t.as_ref().map_err(Clone::clone))
    }
    /// What was really emitted; an error where the rig has no known truth.
    pub fn known_truth(&self) -> Asked<&Real<'e>> {
        self.truth().unwrap_or_else(|| Err(undeclared("no `truth` source")))
    }
    /// The calibration past the target, where the rig has one: what the load generator saw, and what was emitted.
    pub fn direct(&self) -> Option<Asked<(&Requests<'e>, &Real<'e>)>> {
        let (sent, truth) = self.direct.as_ref()?;
        Some(sent.as_ref().map_err(Clone::clone).and_then(|s| Ok((s, truth.as_ref().map_err(Clone::clone)?))))
    }
    /// Smallest time to set up a connection to the target, ms, with its question.
    pub fn round_trip(&self) -> Asked<(f64, &'e Key)> {
        self.round_trip.clone()
    }
    /// What a source with a value per request says.
    pub fn records(&self, source: &Name) -> Asked<&Records<'e>> {
        match self.records.get(source) {
            Some(records) => records.as_ref().map_err(Clone::clone),
            None => Err(undeclared(format!("`{source}` is neither a log with a claim nor a trace source"))),
        }
    }
    /// What a source of kind `clock` told; `None` of any other source.
    pub fn clock(&self, source: &Name) -> Option<Asked<(&'e ClockReadings, &'e Key)>> {
        self.clocks.get(source).cloned()
    }
    /// Everything that sources of kind `clock` told.
    pub fn clocks(&self) -> impl Iterator<Item = (&Name, &'e ClockReadings, &'e Key)> {
        self.clocks.iter().filter_map(|(name, told)| told.as_ref().ok().map(|(readings, key)| (name, *readings, *key)))
    }
    /// What a histogram claim observed during the act.
    pub fn window(&self, subject: &Name) -> Asked<&Window<'e>> {
        match self.windows.get(subject) {
            Some(window) => window.as_ref().map_err(Clone::clone),
            None => Err(undeclared(format!("`{subject}` is no histogram"))),
        }
    }
    /// The claim behind a subject.
    pub fn claim(&self, subject: &Name) -> Asked<&'e Claim> {
        self.rig.claim(subject).ok_or_else(|| undeclared(format!("nothing claims `{subject}`")))
    }
    /// The measured requests that a claim has a value for, beside the client's own.
    pub fn pairs(&self, subject: &Name) -> Asked<Pairs<'e>> {
        let claim = self.claim(subject)?;
        let (sent, records) = (self.sent()?, self.records(&claim.source)?);
        let truth = self.truth().and_then(Result::ok);
        let quantity = claim.quantity;
        let rows = sent.measured().filter_map(|(i, request)| {
            let record = records.rows[i].as_ref().filter(|r| !r.ambiguous)?;
            Some(Pair {
                client: request.client.get(quantity)?,
                source: record.figures.get(quantity)?,
                truth: truth.and_then(|t| t.of(&request.id)?.figures.get(quantity)),
                stalled: request.stalled,
                held_up: request.held_up_ms,
                stream: request.stream,
                end_ms: request.end_ms,
            })
        });
        Ok(Pairs {
            claim,
            rows: rows.collect(),
            level: sent.level(quantity),
            resolution: records.resolution_ms(),
            from: vec![sent.key.clone(), records.key.clone()],
        })
    }
    /// Who else used the target during the act, as far as logs, traces and the reference endpoint can tell.
    pub fn foreign(&self) -> Foreign {
        let mut foreign = Foreign::default();
        for (source, records) in &self.records {
            if let Ok(records) = records {
                foreign.witnesses += usize::from(records.would_see_others());
                foreign.note(source, records.foreign());
            }
        }
        // The reference endpoint sees only what is routed to it: its silence proves nothing.
        if let Some(Ok(truth)) = self.truth() {
            foreign.note("the reference endpoint", truth.foreign);
        }
        foreign
    }
    /// From what to what the client times a quantity, in words.
    pub fn client_times(&self, quantity: Quantity) -> &'static str {
        definition_of(self.rig, &name("load"), quantity).from_to
    }
    /// All sources with a value per request that answered, in name order.
    pub fn answered(&self) -> impl Iterator<Item = (&Name, &Records<'e>)> {
        self.records.iter().filter_map(|(n, r)| Some((n, r.as_ref().ok()?)))
    }
    /// All histograms that answered, by subject.
    pub fn windows(&self) -> impl Iterator<Item = (&Name, &Window<'e>)> {
        self.windows.iter().filter_map(|(n, w)| Some((n, w.as_ref().ok()?)))
    }
}

impl Foreign {
    fn note(&mut self, who: impl std::fmt::Display, requests: u64) {
        if requests > 0 {
            self.seen.push(format!("{who} saw {requests} requests of others during the load"));
        }
    }
}

fn performed<'e>(evidence: &'e Evidence, rig: &Rig, act: Option<&Act>) -> Asked<Requests<'e>> {
    let act = act.ok_or_else(|| undeclared("the spec describes no such load"))?;
    let got = evidence.get(&World::Live, &act.actor(), &Perform { act: act.clone() })?;
    Ok(Requests::read(&got, rig))
}

/// `None` where the rig declares no known truth. Several reference endpoints are read as one.
fn truth<'e>(evidence: &'e Evidence, rig: &Rig, act: &Act) -> Option<Asked<Real<'e>>> {
    let logs: Vec<_> = rig.sources_of("truth").map(|s| evidence.get(&World::Live, s, &Truth { of: act.clone() })).collect();
    if logs.is_empty() {
        return None;
    }
    Some(logs.into_iter().collect::<Asked<Vec<_>>>().map(|logs| Real::read(&logs)))
}

/// Something that the rig does not have; rules that need it are out of scope unless the spec demands them.
pub fn undeclared(what: impl Into<String>) -> Unknown {
    Unknown::new(Key { world: World::Live, source: name("load"), query: RoundTrip {}.into() }, Gap::NotConfigured(what.into()))
}
