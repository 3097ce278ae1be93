//! What one request of ours left where: the quickest answer to "is my mapping right?". Pure: the evidence of one request in, a
//! row per claim out, each with what was seen instead where the claim did not see it.

mod beside;
mod clocks;
mod hints;
mod histogram;
mod records;
mod vantage;

use crate::{
    audits::latency_accuracy::{Request, Requests},
    model::{
        act::{Act, Destination, LoadAct},
        audit::{Effort, Need},
        case::Case,
        evidence::{Evidence, Gap, Got, Unknown},
        key::{Clock, Facts, Histogram, LogLines, Perform, Question, Risen, RoundTrip, Spans, Truth, When, World},
        name::{Name, name},
        rig::{By, Claim, Quantity, Rig},
    },
    traces::Figures,
};
use serde::{Deserialize, Serialize};

/// Connections set up to measure the round trip: as many as an audit sets up.
const ROUNDS: u64 = 20;

/// What the request showed, a row each, and whether the audit's margins can be settled from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The request itself, the emission log, then each claim in the order of the spec.
    pub rows: Vec<Row>,
    /// What the network between here and the target allows to settle.
    pub vantage: Vec<Remark>,
}

/// How sure it is that something is mapped rightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It appeared once, with a plausible value.
    Right,
    /// It did not appear, or could not be told, or has a value that one request does not explain.
    Doubtful,
    /// What was seen instead proves that the spec means something else than it says.
    Wrong,
}

/// What one source says of the request in one respect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Who says it.
    pub source: Name,
    /// The claim, or what the row is about.
    pub claim: String,
    /// Did the request appear: `once`, `no`, `3 times`, or why that cannot be told.
    pub appeared: String,
    /// The value that the source has for it, ms.
    pub value_ms: Option<f64>,
    /// The client's own value of the same quantity, ms.
    pub client_ms: Option<f64>,
    /// The instances that counted the request, where the source is a metric.
    pub instances: Vec<String>,
    /// How they compare, in words.
    pub beside: String,
    /// How sure the mapping is.
    pub state: State,
    /// What was seen, what was seen instead, and what to write. A sentence each.
    pub says: Vec<String>,
}

/// A rule whose margins the round trips are held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// The rule, or nothing where the round trip itself could not be measured.
    pub rule: String,
    /// Can it be settled from here?
    pub state: State,
    /// A sentence with the numbers.
    pub text: String,
}

/// The load of which one request is sent: the one that goes to the target.
pub fn load(rig: &Rig) -> Option<&LoadAct> {
    rig.loads.get("controlled").filter(|l| l.to == Destination::Target)
}

/// Everything that is asked about one request of a load.
pub fn needs(rig: &Rig, load: &LoadAct) -> Vec<Need> {
    let act = Act::Load(load.clone());
    let (actor, once) = (act.actor(), Effort::default());
    let during = || When::During(act.clone());
    let mut needs = vec![
        Need::live(&actor, RoundTrip {}, Effort { rounds: ROUNDS, ..once }),
        Need::live(&actor, Perform { act: act.clone() }, Effort { requests: 1, ..once }),
    ];
    needs.extend(rig.sources_of("truth").map(|s| Need::live(s, Truth { of: act.clone() }, once)));
    let mut counting: Vec<&Name> = vec![];
    for claim in rig.claims.iter().filter(|c| c.histogram().is_some()) {
        needs.push(Need::live(&claim.source, Histogram { claim: claim.name.clone(), when: during() }, once));
        if !counting.contains(&&claim.source) {
            counting.push(&claim.source);
        }
    }
    // How long a server of metrics is waited for rests on the scrape intervals that it tells of with its facts.
    needs.extend(rig.sources_of("prometheus").filter(|s| counting.contains(s)).map(|s| Need::live(s, Facts { scope: name("server") }, once)));
    needs.extend(counting.into_iter().map(|s| Need::live(s, Risen { when: during() }, once)));
    needs.extend(rig.sources_of("access_log").map(|log| Need::live(log, LogLines { when: during() }, once)));
    needs.extend(["jaeger", "otlp"].into_iter().flat_map(|kind| rig.sources_of(kind)).map(|s| Need::live(s, Spans { of: act.clone() }, once)));
    needs.extend(rig.sources_of("clock").map(|s| Need::live(s, Clock {}, Effort { rounds: ROUNDS, ..once })));
    needs
}

impl Probe {
    /// Reads what was gathered about one request of a load; `cases` hold the margins that an audit will judge by, `units` the
    /// units that the spec gives to fields of logs, in ms.
    pub fn of(rig: &Rig, cases: &[Case], load: &LoadAct, evidence: &Evidence, units: &dyn Fn(&Claim) -> Option<f64>) -> Probe {
        let look = Look { rig, act: Act::Load(load.clone()), evidence, units };
        let sent = match look.read(&look.act.actor(), &Perform { act: look.act.clone() }) {
            Ok(sent) => sent,
            Err(unknown) => {
                let row = Row { appeared: "cannot tell".into(), ..Row::new(&look.act.actor(), "request") };
                return Probe { rows: vec![row.because(format!("nothing was sent: {}", unknown.gap))], vantage: look.vantage(cases, None) };
            }
        };
        let requests = Requests::read(&sent, rig);
        let Some((ours, timeline)) = requests.all.first().zip(sent.value.requests.iter().next()) else {
            let row = Row { appeared: "no".into(), ..Row::new(&look.act.actor(), "request") };
            let why = sent.value.cut.clone().unwrap_or_else(|| "the load generator sent none".into());
            return Probe { rows: vec![row.because(why)], vantage: look.vantage(cases, None) };
        };
        let mut rows = look.request(ours, &timeline);
        // Nothing is expected of a request that failed: the sources may rightly say nothing of it.
        if ours.ok {
            let seen = Seen { requests: &requests, ours };
            rows.extend(look.truth(&seen));
            for claim in &rig.claims {
                rows.extend(match &claim.by {
                    By::Client { .. } => None,
                    By::Histogram(of) => Some(look.histogram(claim, of, &seen)),
                    By::LogField => Some(look.log(claim, &seen)),
                    By::Spans => Some(look.trace(claim, &seen)),
                });
            }
            rows.extend(look.unclaimed(&seen));
            rows.extend(look.clocks());
        }
        // From where a request fails, nothing can be settled.
        let vantage = if ours.ok { look.vantage(cases, Some(&ours.client)) } else { vec![] };
        Probe { rows, vantage }
    }

    /// The worst of all.
    pub fn state(&self) -> State {
        let all = self.rows.iter().map(|r| r.state).chain(self.vantage.iter().map(|v| v.state));
        all.max().unwrap_or(State::Doubtful)
    }
}

impl Row {
    /// Nothing seen yet.
    fn new(source: &Name, claim: &str) -> Row {
        Row {
            source: source.clone(),
            claim: claim.to_owned(),
            appeared: String::new(),
            value_ms: None,
            client_ms: None,
            instances: vec![],
            beside: String::new(),
            state: State::Doubtful,
            says: vec![],
        }
    }
    fn because(mut self, why: impl Into<String>) -> Row {
        self.says.push(why.into());
        self
    }
    fn at_least(mut self, state: State) -> Row {
        self.state = self.state.max(state);
        self
    }
    /// It cannot be told, and why.
    fn untold(self, gap: &Gap) -> Row {
        Row { appeared: "cannot tell".into(), state: State::Doubtful, ..self }.because(gap.to_string())
    }
    /// It appeared once, with this value.
    fn valued(self, value: Option<f64>, quantity: Quantity, client: &Figures, unit_ms: Option<f64>) -> Row {
        let Some(value) = value else { return Row { state: State::Doubtful, client_ms: client.get(quantity), ..self } };
        let said = beside::beside(value, quantity, client, unit_ms);
        let row = Row { value_ms: Some(value), client_ms: client.get(quantity), beside: said.words, state: said.state, ..self };
        said.write.into_iter().fold(row, Row::because)
    }
}

/// What is looked at.
struct Look<'e> {
    rig: &'e Rig,
    act: Act,
    evidence: &'e Evidence,
    units: &'e dyn Fn(&Claim) -> Option<f64>,
}

/// Our request, as the load generator saw it.
struct Seen<'e> {
    requests: &'e Requests<'e>,
    ours: &'e Request,
}

impl<'e> Look<'e> {
    fn during(&self) -> When {
        When::During(self.act.clone())
    }
    /// An answer, whole or not.
    fn read<Q: Question>(&self, source: &Name, question: &Q) -> Result<Got<'e, Q::Answer>, Unknown> {
        self.evidence.get_partial(&World::Live, source, question)
    }
    /// The rows of the request itself, by the client's own clock.
    fn request(&self, ours: &Request, timeline: &crate::model::timeline::Timeline) -> Vec<Row> {
        let row = Row::new(&self.act.actor(), "request");
        if ours.ok {
            let value = ours.client.get(Quantity::Total);
            let ttft = ours.client.get(Quantity::Ttft).map(|t| format!("first token after {}", crate::model::units::Ms(t))).unwrap_or_default();
            return vec![Row { appeared: "sent".into(), value_ms: value, client_ms: value, beside: ttft, state: State::Right, ..row }];
        }
        let status = timeline.status.map(|s| format!("status {s}")).unwrap_or_default();
        let error = timeline.error.clone().filter(|e| !e.contains(&status) || status.is_empty());
        let why = error.into_iter().chain((!status.is_empty()).then_some(status)).collect::<Vec<_>>().join(", ");
        let (state, advice) = match timeline.status {
            Some(404 | 405) => (State::Wrong, "correct `target.url` or `target.chat.path`, or the model's name"),
            Some(401 | 403) => (State::Wrong, "the target wants other credentials: see `target.headers`"),
            Some(400 | 422) => (State::Wrong, "the target takes no such request: see `target.chat` (path, model, max_tokens)"),
            _ => (State::Doubtful, "nothing is expected of a request that failed; it was not sent again"),
        };
        vec![Row { appeared: "failed".into(), beside: why.clone(), state, ..row }.because(format!("the request failed ({why}): {advice}"))]
    }
}
