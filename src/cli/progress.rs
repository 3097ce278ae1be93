//! What runs now and how long it will take: a moving line on a terminal, one line per step and interval off it.

use crate::model::{
    event::{Event, Header, Sink, Stamped, Step},
    key::Key,
    units::{Count, Ms},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Off a terminal, a step that goes on says so at most this often.
const INTERVAL: Ms = Ms(5_000.0);

/// Tells of a run on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// What a question waits for, where the user knows it by another name.
    words: BTreeMap<String, String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    steps: Vec<Step>,
    begun: Ms,
    told: Ms,
    /// Questions that were asked and have no answer, in their own words.
    open: BTreeSet<String>,
    /// The act that is under way: nothing answers before it has.
    act: Option<String>,
    /// Seconds since the step began.
    waited: u64,
    /// What is seen meanwhile, behind what is said of the step.
    beside: String,
}

impl Progress {
    /// On a terminal, with a bar.
    pub fn new() -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Progress { bar, words: BTreeMap::new(), state: Mutex::new(State::default()) }
    }
    /// The same for a probe: what each question waits for, in words.
    pub fn waiting_for(questions: impl IntoIterator<Item = (Key, String)>) -> Progress {
        Progress { words: questions.into_iter().map(|(key, words)| (key.to_string(), words)).collect(), ..Progress::new() }
    }
    /// Says what a step still waits for, each time that so many seconds of it have passed, and for how long at most; never ends.
    pub async fn keep_saying(&self, every: u64, most: impl Fn() -> Ms) -> Infallible {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waited += 1;
            if !state.waited.is_multiple_of(every) {
                continue;
            }
            if let Some(what) = self.waited_for(&state) {
                let text = format!("waiting for {what}, {} of at most {:.0} s", state.waited, most().0 / 1e3);
                match &self.bar {
                    Some(bar) => bar.set_message(text),
                    None => self.line(&format!("  … {text}")),
                }
            }
        }
    }
    /// What is seen while a step goes on, until it ends: below its line on a terminal, behind it off one.
    pub fn beside(&self, see: impl FnOnce(bool) -> String) {
        let lines = self.bar.is_some();
        let seen = see(lines);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).beside = if lines { format!("\n{seen}") } else { format!("   {seen}") };
    }
    /// What waits longest is named.
    fn waited_for(&self, state: &State) -> Option<String> {
        // A load tells of its own progress; one request has none.
        let open: Vec<&String> = match &state.act {
            Some(act) => Some(act).filter(|act| self.words.contains_key(*act)).into_iter().collect(),
            None => state.open.iter().collect(),
        };
        let mut names: Vec<&String> = open.into_iter().map(|key| self.words.get(key).unwrap_or(key)).collect();
        names.sort();
        names.dedup();
        match names.as_slice() {
            [] => None,
            [one] => Some((*one).clone()),
            [one, two] => Some(format!("{one} and {two}")),
            [one, two, more @ ..] => Some(format!("{one}, {two} and {} more", more.len())),
        }
    }
    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }
}

impl Sink for Progress {
    fn on(&self, stamped: &Stamped) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &stamped.event {
            Event::Began(header) => self.line(&began(header)),
            Event::Planned { steps } => {
                self.line(&planned(steps));
                state.steps.clone_from(steps);
            }
            Event::StepBegan { step } => {
                (state.begun, state.told, state.waited) = (stamped.after, stamped.after, 0);
                state.beside.clear();
                let Some(s) = state.steps.get(*step).cloned() else { return };
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("{}   about {} left", s.title, left(&state.steps[*step..], Ms(0.0))));
                }
                // The first question of a step that sends something is the act itself.
                state.act = s.asks.first().filter(|_| s.requests > 0).cloned();
                state.open.extend(s.asks);
            }
            Event::StepMoved { step, done, total } => {
                let Some(s) = state.steps.get(*step) else { return };
                let in_step = Ms(stamped.after.0 - state.begun.0);
                // What sends nothing tells of its time, in milliseconds.
                let so_far = if s.requests > 0 { format!("{done}/{total}") } else { format!("{} of {} s", done / 1_000, total.div_ceil(1_000)) };
                let text = format!("{}   {so_far}   about {} left{}", s.title, left(&state.steps[*step..], in_step), state.beside);
                match &self.bar {
                    Some(bar) => bar.set_message(text),
                    None if stamped.after.0 - state.told.0 >= INTERVAL.0 => {
                        state.told = stamped.after;
                        self.line(&format!("  … {text}"));
                    }
                    None => {}
                }
            }
            Event::StepEnded { step, took, says, ok } => {
                state.act = None;
                let title = state.steps.get(*step).map_or("", |s| s.title.as_str());
                self.line(&format!("  {} {title:<18} {:>8}   {says}", if *ok { "✓" } else { "!" }, took.to_string()));
            }
            Event::Notice { text } => self.line(&format!("  note: {text}")),
            Event::Gathered { .. } => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
                eprintln!();
            }
            Event::Answered(answered) => {
                state.open.remove(&answered.key.to_string());
            }
            Event::Sent(_) | Event::Judged(_) | Event::Ended => {}
        }
    }
}

fn began(header: &Header) -> String {
    let remark = header.remark.as_ref().map(|r| format!(" · {r}")).unwrap_or_default();
    format!("{} · rig {}{remark}", header.tool, header.rig)
}

fn planned(steps: &[Step]) -> String {
    let titles: Vec<_> =
        steps.iter().map(|s| if s.requests > 0 { format!("{} of {}", s.title, Count(s.requests).of("request")) } else { s.title.clone() }).collect();
    match titles.as_slice() {
        [] => "  plan: nothing to ask".into(),
        [only] => format!("  plan: 1 step, about {}: {only}", left(steps, Ms(0.0))),
        _ => format!("  plan: {} steps, about {}: {}", steps.len(), left(steps, Ms(0.0)), titles.join(" · ")),
    }
}

/// What these steps still take, when the first has been going on for a while.
fn left(steps: &[Step], in_first: Ms) -> String {
    Ms(steps.iter().map(|s| s.lasting.0).sum::<f64>() - in_first.0).about()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        event::Answered,
        key::{Clock, Facts, Query, World},
        name::name,
    };

    fn key(source: &str, query: impl Into<Query>) -> Key {
        Key { world: World::Live, source: name(source), query: query.into() }
    }

    #[test]
    fn what_is_waited_for_is_what_was_asked_and_not_answered() {
        let [load, store, log, page] = ["load", "store", "log", "page"].map(|source| key(source, Clock {}));
        let facts = key("store", Facts { scope: name("server") });
        let step = |asks: &[&Key], requests| Step {
            title: String::new(),
            asks: asks.iter().map(ToString::to_string).collect(),
            lasting: Ms(1.0),
            requests,
            tokens: 0,
            reference: false,
        };
        let steps = vec![step(&[&facts], 0), step(&[&load, &page], 3), step(&[&store, &log], 0)];
        let ended = |step| Event::StepEnded { step, took: Ms(1.0), says: String::new(), ok: true };
        let answered = |key: &Key| {
            let (took, request) = (Ms(1.0), String::new());
            Event::Answered(Answered { key: key.clone(), took, retries: 0, gap: None, request, server: None, digest: None, notes: vec![] })
        };
        let story = [
            (Event::Planned { steps }, None, None),
            (Event::StepBegan { step: 0 }, Some("store facts server"), Some("store facts server")),
            (answered(&facts), None, None),
            (ended(0), None, None),
            // A load is counted by itself; of a probe's one request nothing else is to be said.
            (Event::StepBegan { step: 1 }, None, Some("the answer")),
            (answered(&load), None, Some("the answer")),
            (ended(1), Some("page clock"), Some("page clock")),
            (Event::StepBegan { step: 2 }, Some("log clock, page clock and 1 more"), Some("log clock, page clock and 1 more")),
            (answered(&log), Some("page clock and store clock"), Some("page clock and store clock")),
            (answered(&page), Some("store clock"), Some("store clock")),
            (answered(&store), None, None),
        ];
        let (of_a_run, of_a_probe) = (Progress::new(), Progress::waiting_for([(load, "the answer".to_owned())]));
        for (seq, (event, run, probe)) in story.into_iter().enumerate() {
            let stamped = Stamped { seq: seq as u64, after: Ms(0.0), event };
            for (progress, expected) in [(&of_a_run, run), (&of_a_probe, probe)] {
                progress.on(&stamped);
                let said = progress.waited_for(&progress.state.lock().unwrap());
                assert_eq!(said.as_deref(), expected, "{:?}", stamped.event);
            }
        }
    }
}
