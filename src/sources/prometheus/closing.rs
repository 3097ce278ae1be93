use super::targets::Target;
use crate::{
    model::{payload::Series, units::Wall},
    sources::ours::increase,
};
use std::collections::BTreeMap;

/// Counts stand still when they did not move for so many scrape intervals after the act.
const STILL: f64 = 2.0;
/// Nothing is waited for longer than so many intervals after the act, and a little.
const LONGEST: f64 = 4.0;
/// Storing a scrape takes a moment; a target that hangs is given up after it.
const MARGIN_MS: f64 = 5_000.0;

/// How far a server's store has come after an act. All times are the server's own.
pub struct Closing<'s> {
    pub series: &'s [Series],
    /// The act.
    pub from: Wall,
    pub to: Wall,
    pub interval_ms: f64,
    /// Observations that our requests must have caused, where that is known.
    pub expected: Option<f64>,
    /// Where the series are not as new as the act: the newest sample that the store shows of any target, if it has such.
    pub store: Option<Wall>,
    /// Whom the server scrapes now; empty where it does not tell.
    pub targets: &'s [Target],
}

/// When the newest sample that a store shows was last seen to move on. A store that hides its latest samples, or gets them
/// late, shows ever newer ones; one whose target is gone does not.
#[derive(Default)]
pub struct Moving {
    newest: Option<Wall>,
    at: Option<Wall>,
}

impl Moving {
    /// The newest sample is this one now; returns when it last moved.
    pub fn look(&mut self, newest: Option<Wall>, now: Wall) -> Wall {
        let moved = self.at.is_none() || newest > self.newest;
        self.newest = newest;
        let at = self.at.filter(|_| !moved).unwrap_or(now);
        self.at = Some(at);
        at
    }
}

/// What that means for whoever waits.
#[derive(Debug, PartialEq)]
pub enum State {
    /// Everything of ours is in.
    Closed,
    /// Nothing moves any more.
    Still,
    /// It was waited long enough; the answer is what there is.
    Over,
    /// More will come.
    Open,
}

impl Closing<'_> {
    /// At the server's time `now`, where the newest sample last moved at `moved`.
    pub fn state(&self, now: Wall, moved: Wall) -> State {
        let later = |at: Wall, intervals: f64| at.plus_us((intervals * self.interval_ms * 1e3) as i64);
        let newest = self.newest();
        if let Some(newest) = newest {
            let counted = self.counted();
            if newest >= self.to && self.expected.is_some_and(|e| counted >= e) {
                return State::Closed;
            }
            // A target's samples are not exactly an interval apart: half of one is left as slack.
            let quiet_since = newest.plus_us((-(STILL - 0.5) * self.interval_ms * 1e3) as i64);
            if newest >= later(self.to, STILL - 0.5) && increase(self.series, quiet_since) == 0.0 {
                return State::Still;
            }
        }
        if self.enough(newest, now, moved) { State::Over } else { State::Open }
    }
    /// The same where nothing is counted: is every instance's newest sample this long after the act's end?
    pub fn reached(&self, now: Wall, moved: Wall, beyond_ms: f64) -> State {
        let newest = self.newest();
        let there = newest.is_some_and(|newest| newest >= self.to.plus_us((beyond_ms * 1e3) as i64));
        match there {
            true => State::Closed,
            false if self.enough(newest, now, moved) => State::Over,
            false => State::Open,
        }
    }
    fn enough(&self, newest: Option<Wall>, now: Wall, moved: Wall) -> bool {
        let patience = if newest.is_none() { STILL } else { LONGEST };
        let late = ((patience * self.interval_ms + MARGIN_MS) * 1e3) as i64;
        match newest.max(self.store) {
            // On the store's own time, which may be behind; what stands still is given up after the same time.
            Some(shown) => shown >= self.to.plus_us(late) || now >= moved.max(self.to).plus_us(late),
            None => now >= self.to.plus_us(late),
        }
    }
    /// Observations counted since the act began.
    pub fn counted(&self) -> f64 {
        increase(self.series, self.from)
    }
    /// Has every instance that lived at the act been read after it?
    pub fn fresh(&self) -> bool {
        self.newest().is_some_and(|newest| newest >= self.to)
    }
    /// The newest sample of the instance that lags most; instances that were gone before the act do not count.
    ///
    /// A scrape is stored at once; what rules record, or what reaches several stores, comes one series after the other. So the
    /// last series counts of those that keep step; one that has ended does not.
    ///
    /// A rollout shortly before the act leaves instances behind that look as if they only lagged. One that is scraped no more,
    /// and was not read since the act began, is not waited for where the others have counted all that is expected.
    pub fn newest(&self) -> Option<Wall> {
        let mut lasts: BTreeMap<(&str, &str), Vec<Wall>> = BTreeMap::new();
        for series in self.series {
            let label = |name| series.labels.get(name).map_or("", String::as_str);
            lasts.entry((label("job"), label("instance"))).or_default().extend(series.samples.last().map(|s| s.0));
        }
        let long_before = |at: Wall| at.plus_us((-STILL * self.interval_ms * 1e3) as i64);
        let in_step = |lasts: &[Wall]| {
            let step = long_before(lasts.iter().max().copied()?);
            lasts.iter().filter(|at| **at >= step).min().copied()
        };
        let mut newest: BTreeMap<_, _> = lasts.iter().filter_map(|(who, lasts)| Some((*who, in_step(lasts)?))).collect();
        let gone = long_before(self.store.map_or(self.from, |store| store.min(self.from)));
        newest.retain(|_, at| *at >= gone);
        let lagging = newest.values().min().copied();
        let stayed = newest.iter().filter(|(who, at)| **at >= self.from || self.scraped(**who)).map(|(_, at)| *at).min();
        let closes = |at: &Wall| *at >= self.to && self.expected.is_some_and(|e| self.counted() >= e);
        stayed.filter(closes).or(lagging)
    }

    fn scraped(&self, (job, instance): (&str, &str)) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|t| t.label("job") == job && t.label("instance") == instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Part, Sample};

    const S: i64 = 1_000_000;

    fn count(instance: &str, samples: &[(i64, f64)]) -> Series {
        let samples = samples.iter().map(|(at, v)| Sample(Wall(at * S), *v)).collect();
        Series { part: Part::Count, labels: BTreeMap::from([("instance".into(), instance.into())]), samples, created: None }
    }

    fn closing(series: &[Series]) -> Closing<'_> {
        Closing { series, from: Wall(100 * S), to: Wall(120 * S), interval_ms: 5e3, expected: Some(10.0), store: None, targets: &[] }
    }

    fn state(series: &[Series], now: i64) -> State {
        closing(series).state(Wall(now * S), Wall(120 * S))
    }

    #[test]
    fn waits_for_every_instance() {
        let a = count("a", &[(98, 5.0), (103, 9.0), (121, 15.0)]);
        assert_eq!(state(std::slice::from_ref(&a), 122), State::Closed);
        assert_eq!(state(&[a.clone(), count("b", &[(98, 1.0), (119, 1.0)])], 122), State::Open);
        assert_eq!(state(&[a.clone(), count("gone", &[(50, 1.0)])], 122), State::Closed, "gone before the act");
        assert_eq!(state(&[a, count("new", &[(121, 3.0)])], 122), State::Closed);
    }

    #[test]
    fn waits_for_every_series_of_an_instance_but_not_for_one_that_has_ended() {
        let [first, second] = [(98, 5.0), (118, 15.0)].map(|sample| count("a", &[sample]));
        let with = |more: &[(i64, f64)], mut series: Series| {
            series.samples.extend(more.iter().map(|(at, v)| Sample(Wall(at * S), *v)));
            series
        };
        let newer = with(&[(118, 9.0), (123, 15.0)], first.clone());
        // The second is stored a moment later.
        assert_eq!(state(&[newer.clone(), second.clone()], 123), State::Open);
        assert_eq!(state(&[newer.clone(), with(&[(123, 15.0)], second.clone())], 123), State::Closed);
        let later = with(&[(128, 15.0), (133, 15.0)], newer);
        assert_eq!(state(&[later, second], 133), State::Closed, "it ended");
    }

    #[test]
    fn who_was_replaced_shortly_before_the_act_is_not_waited_for_where_the_counts_close() {
        let target = |instance: &str| serde_json::from_value::<Target>(serde_json::json!({"labels": {"instance": instance}})).unwrap();
        let targets = [target("new"), target("old, and still scraped")];
        let at = |series: &[Series]| Closing { targets: &targets, ..closing(series) }.state(Wall(122 * S), Wall(120 * S));
        let new = |counted: f64| count("new", &[(98, 0.0), (121, counted)]);
        assert_eq!(at(&[new(10.0), count("old", &[(92, 7.0)])]), State::Closed);
        assert_eq!(at(&[new(9.0), count("old", &[(92, 7.0)])]), State::Open, "it may have counted the tenth");
        assert_eq!(at(&[new(10.0), count("old", &[(92, 7.0), (101, 8.0)])]), State::Open, "it was there in the act");
        assert_eq!(at(&[new(10.0), count("old, and still scraped", &[(92, 7.0)])]), State::Open);
        assert_eq!(state(&[new(10.0), count("old", &[(92, 7.0)])], 122), State::Open, "nobody tells whom it scrapes");
    }
    #[test]
    fn ends_when_nothing_moves() {
        let some = |until: i64| count("a", &(98..=until).step_by(5).map(|t| (t, if t > 110 { 7.0 } else { 0.0 })).collect::<Vec<_>>());
        assert_eq!(state(&[some(118)], 121), State::Open);
        assert_eq!(state(&[some(123)], 124), State::Open);
        assert_eq!(state(&[some(133)], 134), State::Still);
        assert_eq!(state(&[some(118)], 146), State::Over, "the target does not answer any more");
        assert_eq!((state(&[], 134), state(&[], 136)), (State::Open, State::Over));
        let moving = count("a", &(98..=138).step_by(5).map(|t| (t, (t - 98) as f64 / 10.0)).collect::<Vec<_>>());
        assert_eq!(state(&[moving], 139), State::Open);
    }
    #[test]
    fn a_store_that_is_behind_is_waited_for_on_its_own_time() {
        let until = |last: i64| count("a", &(80..=last).step_by(5).map(|t| (t, if t > 110 { 7.0 } else { 0.0 })).collect::<Vec<_>>());
        let at = |series: &[Series], now: i64, moved: i64| closing(series).state(Wall(now * S), Wall(moved * S));
        // 40 s behind: at 155 it shows the act's middle, and moves on.
        assert_eq!(at(&[until(115)], 155, 155), State::Open);
        assert_eq!(at(&[until(130)], 172, 170), State::Still);
        // A target that is gone: nothing moves any more.
        assert_eq!(at(&[until(115)], 155, 130), State::Over);
        // So far behind that the series looks as if it had been gone before the act; the store says how far it is.
        let far = [until(85)];
        assert_eq!((closing(&far).newest(), at(&far, 136, 136)), (None, State::Over));
        let shown = Closing { store: Some(Wall(86 * S)), ..closing(&far) };
        assert_eq!((shown.newest(), shown.state(Wall(136 * S), Wall(136 * S))), (Some(Wall(85 * S)), State::Open));
        // No series at all, and a store that has not come to the act, or is past it.
        let shows = |store: i64| Closing { store: Some(Wall(store * S)), ..closing(&[]) }.state(Wall(150 * S), Wall(149 * S));
        assert_eq!((shows(110), shows(136)), (State::Open, State::Over));
    }

    #[test]
    fn what_is_newest_moved_when_it_was_seen_to() {
        let mut moving = Moving::default();
        let looks = [(None, 1), (Some(5), 2), (Some(5), 3), (Some(6), 4), (Some(6), 5)];
        assert_eq!(looks.map(|(newest, now)| moving.look(newest.map(Wall), Wall(now)).0), [1, 2, 2, 4, 4]);
    }
}
