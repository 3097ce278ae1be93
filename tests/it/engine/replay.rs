use super::toy::{Do, Memory, case, run_until, usual_rules};
use rigcheck::{
    engine::{Journal, recorded::contradicted, replay::replay},
    model::{
        event::{Event, Recorder, Sink},
        key::Query,
        outcome::Status,
        redactor::Redactor,
        units::Ms,
    },
    spec::profile::Profile,
    store::{self, Shelf},
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

fn without_progress(events: &[rigcheck::model::event::Stamped]) -> Vec<Event> {
    events.iter().map(|e| e.event.clone()).filter(|e| !matches!(e, Event::StepMoved { .. })).collect()
}

async fn recorded(folder: &std::path::Path) -> (std::path::PathBuf, Vec<Event>) {
    let gap = |_: &'static str, q: &Query, _: u32| if matches!(q, Query::Spans(_)) { Do::Panic } else { Do::Answer };
    let ran = run_until(gap, usual_rules(), Ms(5_000.0), CancellationToken::new(), Profile::default()).await;
    let writer = Shelf::of(folder).begin(&"01A00000000000000000000000".into(), &ran.job.profile).unwrap();
    for fact in ran.memory.facts.lock().unwrap().iter() {
        writer.keep(&serde_json::from_str(fact).unwrap()).unwrap();
    }
    for event in ran.memory.events.lock().unwrap().iter() {
        writer.on(event);
    }
    writer.finish().unwrap();
    let events = without_progress(&ran.memory.events.lock().unwrap());
    (writer.path().to_owned(), events)
}

fn replayed(path: &std::path::Path, cases: &[Box<dyn rigcheck::model::audit::AnyCase>]) -> Vec<Event> {
    let run = store::open(path).unwrap();
    let memory = Arc::new(Memory::default());
    let journal = Journal::new(vec![Arc::clone(&memory) as Arc<dyn Sink>], Redactor::default());
    replay(&run.events, &run.evidence, &run.profile, cases, None, &journal);
    let events = memory.events.lock().unwrap();
    without_progress(&events)
}

#[tokio::test(flavor = "multi_thread")]
async fn equals_the_live_run_and_can_judge_by_other_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (path, live) = recorded(folder.path()).await;
    assert_eq!(replayed(&path, &usual_rules()), live);

    let stricter = vec![case(&[("TOY-01", "near", serde_json::json!({"limit": "0.01ms"}), true)])];
    let judged = replayed(&path, &stricter).into_iter().find_map(|e| if let Event::Judged(j) = e { Some(j) } else { None }).unwrap();
    assert_eq!(judged.outcomes[0].status, Status::Fail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_readable_and_counts_as_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let events = std::fs::read_to_string(path.join("events.jsonl")).unwrap();
    let cut = events.find("\"gathered\"").unwrap();
    std::fs::write(path.join("events.jsonl"), &events[..cut]).unwrap();
    let again = replayed(&path, &usual_rules());
    assert!(again.iter().any(|e| matches!(e, Event::Gathered { interrupted: true, .. })));
    assert!(matches!(again.last(), Some(Event::Ended)));
}

/// Somebody edits what was answered, or puts an answer in place of a gap: that is no evidence of the run any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_answer_is_refused() {
    let edit = async |from: &str, to: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = recorded(folder.path()).await;
        let at = path.join("evidence.jsonl");
        let text = std::fs::read_to_string(&at).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&at, text.replacen(from, to, 1)).unwrap();
        store::open(&path).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(edit("\"read\":7", "\"read\":7").await, Ok(()), "nothing changed");
    let refused = edit("\"read\":7", "\"read\":9").await.unwrap_err();
    assert!(refused.contains("evidence.jsonl:") && refused.contains("changed after the run"), "{refused}");
    assert!(edit("[0.2,0.1]", "[0.2,0.05]").await.is_err());
    assert!(edit("\"answer\":{\"Err\":{\"panicked\":", "\"answer\":{\"Err\":{\"unreachable\":").await.is_ok(), "one gap says as little as another");
}

/// A line that no event speaks of was added to a whole run; in a killed one it may be the last answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_added_answer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let at = path.join("evidence.jsonl");
    let text = std::fs::read_to_string(&at).unwrap();
    let line = text.lines().find(|l| l.contains("\"read\":7")).unwrap().to_owned();
    std::fs::write(&at, format!("{text}{}\n", line.replace("\"source\":\"watcher\"", "\"source\":\"stranger\""))).unwrap();
    assert!(store::open(&path).is_err());
    std::fs::write(&at, format!("{text}{}\n", line.replace("\"read\":7", "\"read\":700"))).unwrap();
    assert!(store::open(&path).is_err(), "a second answer to the same question");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_gate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let at = path.join("profile.json");
    let text = std::fs::read_to_string(&at).unwrap();
    std::fs::write(&at, text.replace("0.85", "0.05")).unwrap();
    let refused = store::open(&path).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("profile.json") && refused.contains("gate"), "{refused}");
}

/// A secret that happens to be a word of the question (a tenant's name that is also a source's) is taken out of the events;
/// the run stays readable.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_holds_a_secret_by_chance_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let at = path.join("events.jsonl");
    let text = std::fs::read_to_string(&at).unwrap();
    std::fs::write(&at, text.replace("\"source\":\"watcher\"", "\"source\":\"***\"")).unwrap();
    assert!(store::open(&path).is_ok());
}

/// What was judged must be there: a run does not get better by forgetting.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_answer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let at = path.join("evidence.jsonl");
    let text = std::fs::read_to_string(&at).unwrap();
    let rest: String = text.split_inclusive('\n').filter(|l| !l.contains("\"read\":7")).collect();
    assert_ne!(text, rest);
    for left in [rest.as_str(), ""] {
        std::fs::write(&at, left).unwrap();
        let refused = store::open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("is gone") && refused.contains("evidence.jsonl"), "{refused}");
    }
    // A digest that says nothing lets no answer through.
    std::fs::write(&at, text).unwrap();
    let at = path.join("events.jsonl");
    let events = std::fs::read_to_string(&at).unwrap();
    let from = events.find("\"digest\":\"").unwrap() + "\"digest\":\"".len();
    std::fs::write(&at, format!("{}*{}", &events[..from], &events[from + 64..])).unwrap();
    assert!(store::open(&path).is_err());
}

/// The answers decide, and not what somebody wrote about them.
#[tokio::test(flavor = "multi_thread")]
async fn a_judgement_that_does_not_follow_from_the_answers_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = recorded(folder.path()).await;
    let run = store::open(&path).unwrap();
    let found = |events: &[rigcheck::model::event::Stamped]| contradicted(events, &run.evidence, &run.profile, &usual_rules()).len();
    assert_eq!(found(&run.events), 0);
    let edited = |edit: fn(&mut rigcheck::model::event::CaseJudged)| {
        let mut events = run.events.clone();
        for stamped in &mut events {
            if let Event::Judged(judged) = &mut stamped.event {
                edit(judged);
            }
        }
        found(&events)
    };
    assert_eq!(edited(|judged| judged.outcomes.iter_mut().for_each(|o| o.status = Status::Warn)), 1);
    assert_eq!(edited(|judged| judged.outcomes.truncate(1)), 1);
    assert_eq!(edited(|judged| judged.outcomes[0].blocker ^= true), 1);
    assert_eq!(edited(|judged| judged.outcomes[0].title = "***".into()), 0, "a secret was taken out of it");
    let without: Vec<_> = run.events.iter().filter(|e| !matches!(e.event, Event::Judged(_))).cloned().collect();
    assert_eq!(found(&without), 1, "a case that was not judged");
}
