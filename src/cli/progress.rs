//! What runs now and how long it will take: a moving line on a terminal, one line per step and interval off it.

use crate::model::{
    event::{Event, Header, Sink, Stamped, Step},
    key::Key,
    units::{Count, Ms},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::BTreeMap,
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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    steps: Vec<Step>,
    begun: Ms,
    told: Ms,
    /// Questions without an answer, and what each waits for.
    open: BTreeMap<Key, String>,
    waited: Ms,
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
        Progress { bar, state: Mutex::new(State::default()) }
    }
    /// The same for a few questions: what is still waited for, and in which words, can be kept saying.
    pub fn waiting_for(open: impl IntoIterator<Item = (Key, String)>) -> Progress {
        let progress = Progress::new();
        progress.state.lock().unwrap_or_else(PoisonError::into_inner).open = open.into_iter().collect();
        progress
    }
    /// Says every few seconds what is still waited for, since the step began and for how long at most; never ends.
    pub async fn keep_saying(&self, most: impl Fn() -> Ms) -> Infallible {
        let interval = Duration::from_secs_f64(INTERVAL.0 / 1e3);
        loop {
            tokio::time::sleep(interval).await;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waited.0 += INTERVAL.0;
            if let Some(what) = waited_for(&state.open) {
                let text = format!("waiting for {what}, {:.0} of at most {:.0} s", state.waited.0 / 1e3, most().0 / 1e3);
                match &self.bar {
                    Some(bar) => bar.set_message(text),
                    None => self.line(&format!("  … {text}")),
                }
            }
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
                (state.begun, state.told, state.waited) = (stamped.after, stamped.after, Ms(0.0));
                if let (Some(bar), Some(s)) = (&self.bar, state.steps.get(*step)) {
                    bar.set_message(format!("{}   about {} left", s.title, left(&state.steps[*step..], Ms(0.0))));
                }
            }
            Event::StepMoved { step, done, total } => {
                let Some(s) = state.steps.get(*step) else { return };
                let in_step = Ms(stamped.after.0 - state.begun.0);
                let text = format!("{}   {done}/{total}   about {} left", s.title, left(&state.steps[*step..], in_step));
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
            Event::Answered(answered) => drop(state.open.remove(&answered.key)),
            Event::Sent(_) | Event::Judged(_) | Event::Ended => {}
        }
    }
}

/// What waits longest is named; nothing answers before the act itself has.
fn waited_for(open: &BTreeMap<Key, String>) -> Option<String> {
    let act: Vec<&String> = open.iter().filter(|(key, _)| key.query.performs().is_some()).map(|(_, what)| what).collect();
    let mut names: Vec<&String> = if act.is_empty() { open.values().collect() } else { act };
    names.sort();
    names.dedup();
    match names.as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        [one, two] => Some(format!("{one} and {two}")),
        [one, two, more @ ..] => Some(format!("{one}, {two} and {} more", more.len())),
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
