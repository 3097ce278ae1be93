use super::frame::{Frame, note};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Seen},
        source::{ActState, Slot},
        units::Wall,
        workload::Found,
    },
    sources::{
        containers::{Container, Daemon},
        notebook::Notebook,
    },
};
use bollard::{errors::Error, models::ContainerStatsResponse, query_parameters::StatsOptionsBuilder};
use futures_util::{Stream, StreamExt as _};
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// The daemon reads once a second, one container after the other: so long a reading beyond the act is waited for.
const AFTER: Duration = Duration::from_secs(3);
/// A container that is not there is looked for again so often.
const AGAIN: Duration = Duration::from_millis(200);
/// Looking for it again takes no longer than this.
const LOOK: Duration = Duration::from_secs(2);
/// So many frames in a row that cannot be read, before any that could, are no stats.
const ODD: u32 = 5;
/// What is left of the time before the deadline for handing the answer over.
const MARGIN: Duration = Duration::from_millis(300);

type Stats = Pin<Box<dyn Stream<Item = Result<ContainerStatsResponse, Error>> + Send>>;

/// One container while it is watched.
pub struct Watched<'d> {
    daemon: &'d Daemon,
    found: &'d Found,
    /// Does it come with the act, and go with it?
    comes: bool,
    stats: Option<Stats>,
    id: String,
    book: Notebook,
    last: Option<Wall>,
    odd: u32,
    /// Requests sent.
    asked: u64,
}

impl<'d> Watched<'d> {
    /// Nothing is read yet.
    pub fn new(daemon: &'d Daemon, found: &'d Found, comes: bool) -> Watched<'d> {
        Watched { daemon, found, comes, stats: None, id: String::new(), book: Notebook::default(), last: None, odd: 0, asked: 1 }
    }

    /// How many requests were sent.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// The last container's id, and what was written down.
    pub fn close(self) -> (String, Notebook) {
        (self.id, self.book)
    }

    /// Watches until a reading beyond the act is in, or cannot come any more.
    pub async fn until_the_end(&mut self, slot: &Slot, began: Wall) -> Result<(), Gap> {
        let late = slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline);
        if self.comes {
            slot.say_ready();
        } else {
            self.open().await?;
        }
        let mut over: Option<(Instant, Wall)> = None;
        loop {
            if let Some((_, end)) = over
                && (self.stats.is_none() || !self.comes && self.last.is_some_and(|last| last >= end))
            {
                self.look_back().await;
                return Ok(());
            }
            let until = over.map_or(late, |(until, _)| until.min(late));
            tokio::select! {
                biased;
                act = slot.act_done(), if over.is_none() => {
                    over = Some((Instant::now() + AFTER, ended(&act.map_err(not_reached)?, began)));
                }
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = sleep_until(until.into()) => {
                    if over.is_none() {
                        return Err(Gap::TooLate("docker: the act did not end before the deadline".into()));
                    }
                    self.book.say("the daemon told nothing beyond the act within the time that its readings take".into());
                    self.look_back().await;
                    return Ok(());
                }
                frame = next(&mut self.stats) => {
                    self.take(frame).await?;
                    if self.last.is_some() {
                        slot.say_ready();
                    }
                }
                () = tokio::time::sleep(AGAIN), if self.stats.is_none() => {
                    // Whoever does not come back was said to be gone; whoever does not come at all is told at the end.
                    if !self.comes || matches!(*slot.act.borrow(), ActState::Running(_)) {
                        drop(tokio::time::timeout(LOOK, self.open()).await);
                    }
                }
            }
        }
    }

    /// Finds the container and opens its stream.
    async fn open(&mut self) -> Result<(), Gap> {
        self.asked += 1;
        let told = self.daemon.find(self.found).await?;
        if !told.running {
            return Err(Gap::NotConfigured(format!("docker: {} does not run; start it", self.found)));
        }
        self.asked += 1;
        let options = StatsOptionsBuilder::new().stream(true).one_shot(false).build();
        self.stats = Some(Box::pin(self.daemon.docker.stats(&told.id, Some(options))));
        self.begins(told);
        Ok(())
    }

    fn begins(&mut self, told: Container) {
        self.id.clone_from(&told.id);
        self.book.begins(told.id, told.began);
    }

    /// Takes one frame, an error or the end.
    async fn take(&mut self, frame: Option<Result<ContainerStatsResponse, Error>>) -> Result<(), Gap> {
        match frame.map(|f| f.map(Frame::of)) {
            Some(Ok(Frame::Read(at, stats))) => {
                self.odd = 0;
                if self.last.is_some_and(|last| at <= last) {
                    return Ok(());
                }
                if self.book.lives().iter().all(|l| l.ended.is_some()) {
                    self.asked += 1;
                    let told = self.daemon.inspect(&self.id).await?;
                    self.begins(told);
                }
                self.last = Some(at);
                note(at, &stats, &mut self.book);
            }
            Some(Ok(Frame::Nothing)) => self.gone("the daemon reads nothing of it any more"),
            Some(Ok(Frame::Odd)) => {
                self.odd += 1;
                self.book.say("frames without a stamp or CPU time were left out".into());
                if self.odd >= ODD && self.last.is_none() {
                    return Err(Gap::Malformed(format!(
                        "docker: the stats of {} hold no stamp and no CPU time; is it a Linux container?",
                        self.found
                    )));
                }
            }
            Some(Err(error)) => {
                self.stats = None;
                let gap = self.daemon.refused("read stats", "GET /containers/NAME/stats", &error);
                if self.last.is_none() && !self.comes {
                    return Err(gap);
                }
                self.gone(gap.detail());
            }
            None => {
                self.stats = None;
                self.gone("its stream of stats ended");
            }
        }
        Ok(())
    }

    fn gone(&mut self, why: &str) {
        if self.book.lives().iter().any(|l| l.ended.is_none()) {
            let at = wall_now();
            self.book.ends(None, at);
            // The container of a burn goes with it: nothing to be said of.
            if !self.comes {
                self.book.say(format!("{} was gone at {at}: {why}", self.found));
            }
        }
    }

    /// A container that was restarted faster than the daemon reads shows by its start.
    async fn look_back(&mut self) {
        let Some(alive) = self.book.lives().iter().rev().find(|l| l.ended.is_none()).cloned() else { return };
        if self.comes {
            return;
        }
        self.asked += 1;
        match self.daemon.find(self.found).await {
            Ok(told) if told.id == alive.id && told.began == alive.began => {}
            Ok(told) => {
                self.book.ends(Some(&alive.id), told.began.unwrap_or_else(wall_now));
                self.book.say(format!("{} was started anew meanwhile", self.found));
                self.begins(told);
            }
            Err(gap) => self.book.say(format!("it could not be asked again whether {} was restarted: {}", self.found, gap.detail())),
        }
    }
}

async fn next(stats: &mut Option<Stats>) -> Option<Result<ContainerStatsResponse, Error>> {
    match stats {
        Some(stats) => stats.next().await,
        None => std::future::pending().await,
    }
}

/// When the act was over, by its own answer where that tells more than that it is.
fn ended(act: &Arc<Seen>, began: Wall) -> Wall {
    if act.covered.to > began { act.covered.to } else { wall_now() }
}

fn not_reached(gap: Gap) -> Gap {
    if matches!(gap, Gap::NotReached(_)) { gap } else { Gap::NotReached(format!("the act failed: {gap}")) }
}
