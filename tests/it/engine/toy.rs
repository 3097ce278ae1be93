//! A small audit and sources that misbehave on request.

use rigcheck::{
    engine::{self, Job, Journal},
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::{AnyCase, Audit, Context, Effort, Entry, Judgement, Need, Rule, RuleEntry},
        case::Case,
        event::{Event, Gate, Header, Recorder, Sink, Stamped},
        evidence::{Evidence, Fact, Gap, Origin, Seen, Unknown},
        key::{LogLines, Payload, Perform, Query, RoundTrip, Spans, When, World},
        name::{Name, name},
        node::Node,
        outcome::{Figure, Finding, Status},
        payload,
        redactor::Redactor,
        rig::Rig,
        rows::{INLINE_MAX, InMemory, Rows, RowsWriter},
        secret::Secret,
        source::{Answer, Cost, Estimate, Slot, Source, Timing},
        timeline::{Nanos, Timeline},
        units::{Ms, Span, Wall},
    },
    spec::profile::Profile,
};
use serde::Deserialize;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

pub fn act(which: &str) -> Act {
    Act::Load(LoadAct {
        name: name(which),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/".into(),
        stream: true,
        per_kilosecond: 1000,
        max_tokens: 1,
        planted: false,
        traced: Traced::All,
    })
}

/// Two acts, a watcher, a recall and a plain question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toy {}

pub struct View<'e> {
    round_trip: Result<f64, Unknown>,
    log: Result<&'e payload::LogLines, Unknown>,
}

impl Audit for Toy {
    const NAME: &'static str = "toy";
    const RULES: &'static [RuleEntry<Self>] =
        &[RuleEntry::of::<Near>(), RuleEntry::of::<Logged>(), RuleEntry::of::<Panics>(), RuleEntry::of::<Nobody>()];
    type View<'e> = View<'e>;
    fn needs(&self, _: &Rig) -> Vec<Need> {
        let live = |source: &str, query: Query| Need::live(&name(source), query, Effort { requests: 3, ..Effort::default() });
        vec![
            live("load", RoundTrip {}.into()),
            live("load", Perform { act: act("a") }.into()),
            live("load", Perform { act: act("b") }.into()),
            live("watcher", LogLines { when: When::During(act("a")) }.into()),
            live("recaller", Spans { of: act("a") }.into()),
        ]
    }
    fn view<'e>(&'e self, cx: &Context<'e>) -> View<'e> {
        let round_trip = cx.evidence.get(&World::Live, &name("load"), &RoundTrip {});
        View {
            round_trip: round_trip.map(|r| r.value.min_ms().unwrap_or(f64::NAN)),
            log: cx.evidence.get(&World::Live, &name("watcher"), &LogLines { when: When::During(act("a")) }).map(|l| l.value),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "judgements are results")]
fn finding(pass: bool, value: f64, from: Query, source: &str) -> Judgement {
    Ok(Finding {
        status: if pass { Status::Pass } else { Status::Fail },
        figure: Figure::exact("value", value, 3, "ms"),
        observed: value.to_string(),
        expected: "small".into(),
        margin: None,
        because: vec![],
        rows: 3,
        settles_at: None,
        remedy: None,
        from: vec![Need::live(&name(source), from, Effort::default()).key],
    })
}

#[derive(Deserialize)]
pub struct Near {
    limit: Ms,
}
impl Rule<Toy> for Near {
    const NAME: &'static str = "near";
    fn judge(&self, view: &View<'_>, _: &Name) -> Judgement {
        let ms = view.round_trip.clone()?;
        finding(ms <= self.limit.0, ms, RoundTrip {}.into(), "load")
    }
    fn spoil(&self, _: &Toy, _: &Rig, _: &Name, _: &mut Evidence) {}
}

#[derive(Deserialize)]
pub struct Logged {}
impl Rule<Toy> for Logged {
    const NAME: &'static str = "logged";
    fn subjects(&self, _: &Rig) -> Vec<Name> {
        vec![name("watcher:total")]
    }
    fn judge(&self, view: &View<'_>, _: &Name) -> Judgement {
        let n = view.log.clone()?.read as f64;
        finding(n > 0.0, n, LogLines { when: When::During(act("a")) }.into(), "watcher")
    }
    fn spoil(&self, _: &Toy, _: &Rig, _: &Name, _: &mut Evidence) {}
}

#[derive(Deserialize)]
pub struct Panics {}
impl Rule<Toy> for Panics {
    const NAME: &'static str = "panics";
    fn judge(&self, _: &View<'_>, _: &Name) -> Judgement {
        panic!("a broken rule")
    }
    fn spoil(&self, _: &Toy, _: &Rig, _: &Name, _: &mut Evidence) {}
}

#[derive(Deserialize)]
pub struct Nobody {}
impl Rule<Toy> for Nobody {
    const NAME: &'static str = "nobody";
    fn subjects(&self, _: &Rig) -> Vec<Name> {
        vec![]
    }
    fn judge(&self, _: &View<'_>, _: &Name) -> Judgement {
        unreachable!("has no subjects")
    }
    fn spoil(&self, _: &Toy, _: &Rig, _: &Name, _: &mut Evidence) {}
}

/// A case with the given rules: (id, judge, parameters, proven).
pub fn case(rules: &[(&str, &str, serde_json::Value, bool)]) -> Box<dyn AnyCase> {
    let rules: Vec<_> = rules
        .iter()
        .map(|(id, judge, params, proven)| {
            serde_json::json!({
                "id": id, "judge": judge, "title": judge, "requires": [], "weight": "normal", "blocker": *id == "TOY-01",
                "params": Node::from(params.clone()), "n_min": 3, "ttl": "24h", "proven_by": if *proven { vec!["x"] } else { vec![] },
                "why": "", "method": "", "formula": "", "blind_spots": "", "remedy": "mend it", "source": "",
            })
        })
        .collect();
    let case: Case = serde_json::from_value(serde_json::json!({
        "id": "TOY_001", "category": "", "title": "", "question": "", "prerequisites": [], "expected": "", "weight": "normal",
        "audit": "toy", "params": Node::from(serde_json::json!({})), "rules": rules,
    }))
    .unwrap();
    (Entry::of::<Toy>().bind)(case).map_err(|b| format!("{b:?}")).unwrap()
}

/// What a toy source does when asked, by source and question.
pub type Does = Arc<dyn Fn(&'static str, &Query, u32) -> Do + Send + Sync>;

#[derive(Clone)]
pub enum Do {
    Answer,
    Gap(Gap),
    Hang,
    Panic,
    OtherAnswer,
    /// More rows than lie inline, each with the secret in it.
    ManyRows,
    Partial,
    WaitForCancel,
}

pub struct ToySource {
    name: Name,
    word: &'static str,
    does: Does,
    pub log: Arc<Mutex<Vec<String>>>,
    asked: Mutex<u32>,
}

pub fn seen(payload: Payload) -> Seen {
    let now = engine::wall_now();
    Seen {
        payload,
        covered: Span { from: now, to: now },
        origin: Origin { request: "GET http://toy/?token=hush-hush".into(), ..Origin::default() },
        notes: vec!["the token is hush-hush".into()],
        partial: None,
    }
}

fn answer(query: &Query) -> Seen {
    seen(match query {
        Query::Perform(_) => Payload::Perform(payload::Performed {
            started: Wall(0),
            asked: 3,
            requests: Rows::inline(requests()),
            heartbeat: payload::Heartbeat::default(),
            tokens_allowed: 9,
            cut: None,
        }),
        Query::LogLines(_) => Payload::LogLines(payload::LogLines { read: 7, ..payload::LogLines::default() }),
        Query::Spans(_) => Payload::Spans(payload::Spans::default()),
        _ => Payload::RoundTrip(payload::RoundTrips { connect_ms: vec![0.2, 0.1], from: "127.0.0.1".into() }),
    })
}

/// One to warm up, one that was cut off, one that failed.
fn requests() -> Vec<Timeline> {
    let request = |id: &str, error: Option<&str>| Timeline {
        id: id.into(),
        status: Some(200),
        closed: Some(Nanos(1)),
        error: error.map(Into::into),
        ..Timeline::default()
    };
    vec![Timeline { warmup: true, ..request("1", None) }, request("2", Some("interrupted")), request("3", Some("timeout"))]
}

impl Source for ToySource {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        if self.word == "watcher" { Timing::Watch } else { Timing::Recall { settle: Ms(5.0) } }
    }
    fn estimate(&self, query: &Query, effort: Effort) -> Estimate {
        if query.performs().is_some() { Estimate { lasting: Ms(100.0), requests: effort.requests, tokens: 9 } } else { Estimate::default() }
    }
    fn ask<'a>(&'a self, query: &'a Query, _: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            let say = |what: &str| self.log.lock().unwrap().push(format!("{} {} {what}", self.word, query.act().map_or("-".into(), Act::title)));
            say("begins");
            let tries = {
                let mut asked = self.asked.lock().unwrap();
                *asked += 1;
                *asked
            };
            let does = (self.does)(self.word, query, tries);
            if matches!(does, Do::Panic) {
                panic!("the source is broken");
            }
            if self.word == "watcher" && matches!(does, Do::Answer) {
                slot.say_ready();
                slot.act_done().await?;
            }
            if query.performs().is_some() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                (slot.progress)(3, 3);
            }
            say("ends");
            match does {
                Do::Gap(gap) => Err(gap),
                Do::Hang => std::future::pending().await,
                Do::OtherAnswer => Ok(seen(Payload::Facts(payload::FactTable::default()))),
                Do::ManyRows => {
                    let mut rows = RowsWriter::new(Arc::clone(&slot.blobs));
                    for i in 0..=INLINE_MAX {
                        let trace_id = format!("{i:032x}");
                        rows.push(payload::SpanRow { trace_id, name: "GET /?token=hush-hush".into(), ..payload::SpanRow::default() }).unwrap();
                    }
                    Ok(seen(Payload::Spans(payload::Spans { spans: rows.finish().unwrap(), ..payload::Spans::default() })))
                }
                Do::Partial => Ok(Seen { partial: Some(Gap::Truncated("cut".into())), ..answer(query) }),
                Do::WaitForCancel => {
                    slot.cancel.cancelled().await;
                    Err(Gap::NotReached("interrupted".into()))
                }
                _ => Ok(answer(query)),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: u64::from(*self.asked.lock().unwrap()), bytes: 10 }
    }
}

/// Keeps everything in memory.
#[derive(Default)]
pub struct Memory {
    pub facts: Mutex<Vec<String>>,
    pub events: Mutex<Vec<Stamped>>,
}
impl Recorder for Memory {
    fn keep(&self, fact: &Fact) -> std::io::Result<()> {
        self.facts.lock().unwrap().push(serde_json::to_string(fact)?);
        Ok(())
    }
}
impl Sink for Memory {
    fn on(&self, event: &Stamped) {
        self.events.lock().unwrap().push(event.clone());
    }
}

pub struct Ran {
    pub evidence: Evidence,
    pub memory: Arc<Memory>,
    pub log: Vec<String>,
    pub job: Job,
}

impl Ran {
    pub fn judged(&self) -> rigcheck::model::event::CaseJudged {
        let events = self.memory.events.lock().unwrap();
        events.iter().find_map(|e| if let Event::Judged(j) = &e.event { Some((**j).clone()) } else { None }).unwrap()
    }
    pub fn status(&self, rule: &str) -> Status {
        self.judged().outcomes.iter().find(|o| o.rule.as_str() == rule).unwrap().status
    }
    pub fn gap(&self, source: &str, query: impl Into<Query>) -> Option<Gap> {
        let key = Need::live(&name(source), query, Effort::default()).key;
        self.evidence.raw(&key).unwrap().as_ref().err().cloned()
    }
}

pub fn usual_rules() -> Vec<Box<dyn AnyCase>> {
    vec![case(&[("TOY-01", "near", serde_json::json!({"limit": "5ms"}), true), ("TOY-02", "logged", serde_json::json!({}), false)])]
}

pub async fn run(does: impl Fn(&'static str, &Query, u32) -> Do + Send + Sync + 'static, cases: Vec<Box<dyn AnyCase>>, patience: Ms) -> Ran {
    run_until(does, cases, patience, CancellationToken::new(), Profile::default()).await
}

pub async fn run_until(
    does: impl Fn(&'static str, &Query, u32) -> Do + Send + Sync + 'static,
    cases: Vec<Box<dyn AnyCase>>,
    patience: Ms,
    cancel: CancellationToken,
    profile: Profile,
) -> Ran {
    let (job, memory, log) = job(does, cases, patience, cancel, profile);
    let evidence = engine::run(&job, &journal(&memory)).await.unwrap();
    let log = log.lock().unwrap().clone();
    Ran { evidence, memory, log, job }
}

/// A journal that knows one secret.
pub fn journal(memory: &Arc<Memory>) -> Journal {
    let mut redactor = Redactor::default();
    redactor.learn(&Secret::new("hush-hush"));
    Journal::new(vec![Arc::clone(memory) as Arc<dyn Sink>], redactor)
}

/// What is to be run, where it is kept, and what the sources were asked.
pub fn job(
    does: impl Fn(&'static str, &Query, u32) -> Do + Send + Sync + 'static,
    cases: Vec<Box<dyn AnyCase>>,
    patience: Ms,
    cancel: CancellationToken,
    profile: Profile,
) -> (Job, Arc<Memory>, Arc<Mutex<Vec<String>>>) {
    let (does, log): (Does, _) = (Arc::new(does), Arc::new(Mutex::new(vec![])));
    let source = |word: &'static str| {
        Arc::new(ToySource { name: name(word), word, does: Arc::clone(&does), log: Arc::clone(&log), asked: Mutex::new(0) }) as Arc<dyn Source>
    };
    let memory = Arc::new(Memory::default());
    let job = Job {
        header: Header { gate: Gate::default(), ..Header::default() },
        profile,
        cases,
        sources: vec![source("load"), source("watcher"), source("recaller")],
        others: std::collections::BTreeMap::new(),
        blobs: Arc::new(InMemory::default()),
        recorder: Arc::clone(&memory) as Arc<dyn Recorder>,
        cancel,
        patience,
    };
    (job, memory, log)
}
