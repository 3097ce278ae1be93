use super::toy::{Do, act, job, journal, run, run_until, usual_rules};
use rigcheck::{
    engine::{self, Elsewhere, Plan, gather},
    model::{
        audit::{Effort, Need},
        event::{Event, Recorder},
        evidence::{Fact, Gap},
        key::{Key, LogLines, Perform, Query, RoundTrip, Spans, When, World},
        name::{Name, name},
        outcome::Status,
        rows::INLINE_MAX,
        source::{Answer, Cost, Estimate, Slot, Source, Timing},
        units::Ms,
    },
    spec::profile::Profile,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

const PATIENT: Ms = Ms(5_000.0);

fn watch_a() -> LogLines {
    LogLines { when: When::During(act("a")) }
}
fn is_load_a(q: &Query) -> bool {
    q.performs() == Some(&act("a"))
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_run_one_at_a_time_with_watchers_before_and_recalls_after() {
    let ran = run(|_, _, _| Do::Answer, usual_rules(), PATIENT).await;
    let at = |line: &str| ran.log.iter().position(|l| l == line).unwrap_or_else(|| panic!("no `{line}` in {:?}", ran.log));
    assert!(at("load - ends") < at("load a load begins"), "plain questions come first");
    assert!(at("watcher a load begins") < at("load a load begins"));
    assert!(at("load a load ends") < at("watcher a load ends"));
    assert!(at("load a load ends") < at("recaller a load begins"));
    assert!(at("recaller a load ends") < at("load b load begins"), "the next act waits until the first is read back");
    assert_eq!(ran.status("TOY-01"), Status::Pass);
    assert_eq!(ran.status("TOY-02"), Status::Pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_costs_its_own_question_within_its_deadline() {
    let begun = Instant::now();
    let ran = run(|_, q, _| if matches!(q, Query::RoundTrip(_)) { Do::Hang } else { Do::Answer }, usual_rules(), Ms(300.0)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    assert!(matches!(ran.gap("load", RoundTrip {}), Some(Gap::TooLate(_))));
    assert_eq!((ran.status("TOY-01"), ran.status("TOY-02")), (Status::NoData, Status::Pass));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_source_costs_its_own_question() {
    let ran = run(|_, q, _| if matches!(q, Query::RoundTrip(_)) { Do::Panic } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert!(matches!(ran.gap("load", RoundTrip {}), Some(Gap::Panicked(t)) if t.contains("the source is broken")));
    assert_eq!(ran.status("TOY-02"), Status::Pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_kind_is_no_answer() {
    let ran = run(|_, q, _| if matches!(q, Query::RoundTrip(_)) { Do::OtherAnswer } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert!(matches!(ran.gap("load", RoundTrip {}), Some(Gap::Panicked(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_passing_faults_are_tried_again() {
    let busy_once = |_: &str, q: &Query, tries: u32| match q {
        Query::RoundTrip(_) if tries == 1 => Do::Gap(Gap::Busy("later".into())),
        _ => Do::Answer,
    };
    let ran = run(busy_once, usual_rules(), PATIENT).await;
    assert_eq!(ran.gap("load", RoundTrip {}), None);
    let retried = |ran: &super::toy::Ran| {
        let events = ran.memory.events.lock().unwrap();
        events
            .iter()
            .find_map(|e| {
                if let Event::Answered(a) = &e.event
                    && matches!(a.key.query, Query::RoundTrip(_))
                {
                    Some(a.retries)
                } else {
                    None
                }
            })
            .unwrap()
    };
    assert_eq!(retried(&ran), 1);
    let ran =
        run(|_, q, _| if matches!(q, Query::RoundTrip(_)) { Do::Gap(Gap::Denied("no".into())) } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert_eq!((ran.gap("load", RoundTrip {}), retried(&ran)), (Some(Gap::Denied("no".into())), 0));
    let ran = run(|_, q, _| if matches!(q, Query::RoundTrip(_)) { Do::Gap(Gap::Busy("x".into())) } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert_eq!(retried(&ran), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_act_is_not_repeated_and_takes_its_companions_along() {
    let ran = run(|_, q, _| if is_load_a(q) { Do::Gap(Gap::Unreachable("down".into())) } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert_eq!(ran.log.iter().filter(|l| *l == "load a load begins").count(), 1, "an act is never sent twice");
    assert!(matches!(ran.gap("watcher", watch_a()), Some(Gap::NotReached(t)) if t.contains("down")));
    assert!(matches!(ran.gap("recaller", Spans { of: act("a") }), Some(Gap::NotReached(t)) if t.contains("down")));
    assert_eq!(ran.gap("load", Perform { act: act("b") }), None, "the other act still runs");
    assert_eq!(ran.status("TOY-02"), Status::NoData);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_answer_is_kept_but_not_used() {
    let ran = run(|word, _, _| if word == "watcher" { Do::Partial } else { Do::Answer }, usual_rules(), PATIENT).await;
    assert_eq!(ran.gap("watcher", watch_a()), None);
    assert_eq!(ran.status("TOY-02"), Status::NoData);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_ends_soon_with_what_there_is() {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let does = move |_: &'static str, q: &Query, _: u32| {
        if is_load_a(q) {
            stop.cancel();
            Do::WaitForCancel
        } else {
            Do::Answer
        }
    };
    let begun = Instant::now();
    let ran = run_until(does, usual_rules(), Ms(60_000.0), cancel, Profile::default()).await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(ran.status("TOY-01"), Status::Pass, "what was answered before still counts");
    assert!(matches!(ran.gap("load", Perform { act: act("b") }), Some(Gap::NotReached(_))));
    let events = ran.memory.events.lock().unwrap();
    assert!(events.iter().any(|e| matches!(e.event, Event::Gathered { interrupted: true, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_cut_off_ourselves_did_not_fail() {
    let ran = run(|_, _, _| Do::Answer, usual_rules(), PATIENT).await;
    let events = ran.memory.events.lock().unwrap();
    let sent = events.iter().find_map(|e| if let Event::Sent(sent) = &e.event { Some(sent) } else { None }).unwrap();
    assert_eq!((sent.requests, sent.warmup, sent.failed, sent.cut_off), (3, 1, 1, 1));
    let says = |e: &rigcheck::model::event::Stamped| matches!(&e.event, Event::StepEnded { says, .. } if says.starts_with("3 requests, 1 failed, 1 cut off, "));
    assert!(events.iter().any(says));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_nowhere() {
    let ran =
        run(|_, q, _| if is_load_a(q) { Do::Gap(Gap::Unreachable("http://x/?hush-hush".into())) } else { Do::Answer }, usual_rules(), PATIENT).await;
    let events = serde_json::to_string(&*ran.memory.events.lock().unwrap()).unwrap();
    let facts = ran.memory.facts.lock().unwrap().join("\n");
    assert!(facts.contains("token=***") && events.contains("***"));
    assert!(!events.contains("hush-hush") && !facts.contains("hush-hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_are_they_in_rows_that_lie_beside_the_evidence() {
    let ran = run(|_, q, _| if matches!(q, Query::Spans(_)) { Do::ManyRows } else { Do::Answer }, usual_rules(), PATIENT).await;
    let asked = Need::live(&name("recaller"), Spans { of: act("a") }, Effort::default());
    let seen = ran.evidence.raw(&asked.key).unwrap().as_ref().unwrap();
    let digests = seen.payload.blobs();
    assert_eq!(digests.len(), 1, "the rows are too many to lie inline");
    let mut text = String::new();
    ran.job.blobs.open(&digests[0]).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("token=***") && !text.contains("hush-hush"));
}

/// An answer from another world brings its rows along: a replay has only this run's folder.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_world_recorded_is_copied_with_its_rows() {
    let there = run(|_, q, _| if matches!(q, Query::Spans(_)) { Do::ManyRows } else { Do::Answer }, usual_rules(), PATIENT).await;
    let (mut here, memory, _) = job(|_, _, _| Do::Answer, vec![], PATIENT, CancellationToken::new(), Profile::default());
    let world = World::Reference(name("prod"));
    let elsewhere = Elsewhere { evidence: there.evidence, blobs: Arc::clone(&there.job.blobs) };
    here.others.insert(world.clone(), elsewhere);
    let live = Need::live(&name("recaller"), Spans { of: act("a") }, Effort::default());
    let key = Key { world: world.clone(), ..live.key };
    let unknown = Key { query: Spans { of: act("c") }.into(), ..key.clone() };
    let mut plan = Plan::default();
    plan.others.extend([key.clone(), unknown.clone()].map(|key| Need { key, effort: Effort::default() }));
    let evidence = gather::gather(&here, &plan, &journal(&memory)).await.unwrap();
    drop(there.job);
    let copied = evidence.get(&world, &key.source, &Spans { of: act("a") }).unwrap();
    assert_eq!(copied.value.spans.iter().count(), INLINE_MAX + 1);
    assert!(matches!(evidence.raw(&unknown), Some(Err(Gap::NoBaseline(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_ends_the_run_whatever_it_is() {
    struct Full(fn(&Query) -> bool);
    impl Recorder for Full {
        fn keep(&self, fact: &Fact) -> std::io::Result<()> {
            if (self.0)(&fact.key.query) { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }
    let kinds: [fn(&Query) -> bool; 3] = [|q| q.performs().is_some(), |q| matches!(q, Query::RoundTrip(_)), |q| matches!(q, Query::Spans(_))];
    for kind in kinds {
        let (mut job, memory, _) = job(|_, _, _| Do::Answer, usual_rules(), PATIENT, CancellationToken::new(), Profile::default());
        job.recorder = Arc::new(Full(kind));
        let ended = engine::run(&job, &journal(&memory)).await.map(drop);
        assert!(ended.is_err_and(|e| e.to_string().contains("cannot record the run")));
    }
}

/// A source that cannot even say when it wants to be asked, and what that takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_panics_before_it_is_asked_costs_its_own_questions() {
    struct Broken(Name);
    impl Source for Broken {
        fn name(&self) -> &Name {
            &self.0
        }
        fn timing(&self, _: &Query) -> Timing {
            panic!("no timing")
        }
        fn estimate(&self, _: &Query, _: Effort) -> Estimate {
            panic!("no estimate")
        }
        fn ask<'a>(&'a self, _: &'a Query, _: Effort, _: &'a Slot) -> Answer<'a> {
            panic!("no answer")
        }
        fn cost(&self) -> Cost {
            Cost::default()
        }
    }
    let (mut job, memory, _) = job(|_, _, _| Do::Answer, usual_rules(), PATIENT, CancellationToken::new(), Profile::default());
    job.sources[1] = Arc::new(Broken(name("watcher")));
    let evidence = engine::run(&job, &journal(&memory)).await.unwrap();
    let asked = Need::live(&name("watcher"), watch_a(), Effort::default());
    assert!(matches!(evidence.raw(&asked.key), Some(Err(Gap::Panicked(t))) if t.contains("no answer")), "{:?}", evidence.raw(&asked.key));
    let plain = Need::live(&name("load"), RoundTrip {}, Effort::default());
    assert!(evidence.raw(&plain.key).unwrap().is_ok());
}

/// What comes late is waited for: the engine's deadlines and the plan know how late it may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_waits_gets_the_time_for_it_and_the_plan_says_so() {
    /// How long it waits, and for whom it is known once this one is asked.
    struct Late(Name, Timing, Arc<AtomicU64>, Arc<AtomicU64>);
    impl Source for Late {
        fn name(&self) -> &Name {
            &self.0
        }
        fn timing(&self, _: &Query) -> Timing {
            self.1
        }
        fn waits(&self) -> Ms {
            Ms(self.2.load(Ordering::Relaxed) as f64)
        }
        fn ask<'a>(&'a self, _: &'a Query, _: Effort, slot: &'a Slot) -> Answer<'a> {
            Box::pin(async {
                self.3.store(8_000, Ordering::Relaxed);
                slot.say_ready();
                slot.act_done().await?;
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                Err(Gap::Busy("asked".into()))
            })
        }
        fn cost(&self) -> Cost {
            Cost::default()
        }
    }
    let (mut job, memory, _) = job(|_, _, _| Do::Answer, usual_rules(), Ms(300.0), CancellationToken::new(), Profile::default());
    let ms = |ms: u64| Arc::new(AtomicU64::new(ms));
    let recalls = Timing::Recall { settle: Ms(0.0) };
    job.sources[2] = Arc::new(Late(name("recaller"), recalls, ms(8_000), ms(0)));
    let steps = Plan::make(&job.cases, &job.profile.rig, &job.sources).steps();
    assert_eq!(steps.iter().find(|s| s.title == "read back").map(|s| s.lasting), Some(Ms(8_000.0)));
    // The recaller's is not known before the watcher is asked.
    let learned = ms(0);
    job.sources[1] = Arc::new(Late(name("watcher"), Timing::Watch, ms(8_000), Arc::clone(&learned)));
    job.sources[2] = Arc::new(Late(name("recaller"), recalls, learned, ms(0)));
    let evidence = engine::run(&job, &journal(&memory)).await.unwrap();
    for (source, query) in [("watcher", Query::from(watch_a())), ("recaller", Spans { of: act("a") }.into())] {
        let key = Need::live(&name(source), query, Effort::default()).key;
        assert!(matches!(evidence.raw(&key), Some(Err(Gap::Busy(t))) if t == "asked"), "{source}: {:?}", evidence.raw(&key));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_names_cost_before_anything_is_sent_and_steps_follow_it() {
    let ran = run(|_, _, _| Do::Answer, usual_rules(), PATIENT).await;
    let steps = Plan::make(&ran.job.cases, &ran.job.profile.rig, &ran.job.sources).steps();
    let shown: Vec<_> = steps.iter().map(|s| (s.title.as_str(), s.requests, s.tokens)).collect();
    assert_eq!(shown, [("look around", 0, 0), ("a load", 3, 9), ("read back", 0, 0), ("b load", 3, 9)]);
    let events = ran.memory.events.lock().unwrap();
    let begun: Vec<_> = events.iter().filter_map(|e| if let Event::StepBegan { step } = e.event { Some(step) } else { None }).collect();
    assert_eq!(begun, [0, 1, 2, 3]);
    assert!(events.windows(2).all(|w| w[0].seq + 1 == w[1].seq));
}
