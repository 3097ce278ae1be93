//! What a watcher writes down of a workload while it watches: samples per measure and interface, whose they were, and what to say of it.

use crate::model::{
    name::name,
    payload::{Life, Sample, Track, Tracks},
    units::Wall,
    usage::Measure,
};
use std::collections::BTreeMap;

/// Samples of a track that are kept. When it is full every second one is dropped, and from then on every second one is left out.
const MOST: usize = 20_000;
/// Interfaces of which bytes are told.
const INTERFACES: usize = 64;

/// Name of a claim, its place in the report's order, and labels.
type Of = (usize, &'static str, BTreeMap<String, String>);

/// The notes of one answer.
#[derive(Debug, Default)]
pub struct Notebook {
    tracks: BTreeMap<Of, Thinned>,
    lives: Vec<Life>,
    notes: Vec<String>,
}

impl Notebook {
    /// Writes down a measure.
    pub fn put(&mut self, measure: Measure, at: Wall, value: f64) {
        self.named(measure.word(), BTreeMap::new(), at, value);
    }
    /// Writes down something that is no measure of a workload.
    pub fn extra(&mut self, claim: &'static str, at: Wall, value: f64) {
        self.named(claim, BTreeMap::new(), at, value);
    }
    /// Writes down bytes of an interface; `host` where it is one of the host's own network namespace.
    pub fn bytes(&mut self, interface: &str, host: bool, at: Wall, received: f64, sent: f64) {
        let mut labels = BTreeMap::from([("interface".to_owned(), interface.to_owned())]);
        if host {
            labels.insert("netns".into(), "host".into());
        }
        let known = self.tracks.keys().any(|(_, _, of)| *of == labels);
        if !known && self.tracks.keys().filter(|(_, claim, _)| *claim == Measure::Received.word()).count() >= INTERFACES {
            self.say(format!("it has more than {INTERFACES} network interfaces: the bytes of the others are not told"));
            return;
        }
        self.named(Measure::Received.word(), labels.clone(), at, received);
        self.named(Measure::Sent.word(), labels, at, sent);
    }
    fn named(&mut self, claim: &'static str, labels: BTreeMap<String, String>, at: Wall, value: f64) {
        let order = Measure::ALL.iter().position(|m| m.word() == claim).unwrap_or(Measure::ALL.len());
        self.tracks.entry((order, claim, labels)).or_default().push(Sample(at, value));
    }
    /// A note, once.
    pub fn say(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
    /// Who is measured from now on. Whoever is known already goes on.
    pub fn begins(&mut self, id: String, began: Option<Wall>) {
        if !self.lives.iter().any(|l| l.id == id && l.began == began && l.ended.is_none()) {
            self.lives.push(Life { id, began, ended: None });
        }
    }
    /// Who is gone; all, if nobody is named.
    pub fn ends(&mut self, id: Option<&str>, at: Wall) {
        for life in self.lives.iter_mut().filter(|l| l.ended.is_none() && id.is_none_or(|id| l.id == id)) {
            life.ended = Some(at);
        }
    }
    /// Who was, in the order in which they began.
    pub fn lives(&self) -> &[Life] {
        &self.lives
    }
    /// How many samples of a measure there are.
    pub fn samples(&self, measure: Measure) -> usize {
        self.tracks.iter().filter(|((_, claim, _), _)| *claim == measure.word()).map(|(_, t)| t.samples.len()).max().unwrap_or(0)
    }
    /// When the last sample was taken.
    pub fn last(&self) -> Option<Wall> {
        self.tracks.values().filter_map(|t| t.last).map(|s| s.0).max()
    }
    /// The median time between two samples of a measure as they are kept, ms.
    pub fn between_ms(&self, measure: Measure) -> f64 {
        let track = self.tracks.iter().find(|((_, claim, _), _)| *claim == measure.word());
        let mut between: Vec<i64> = track.iter().flat_map(|(_, t)| t.samples.windows(2)).map(|pair| pair[1].0.0 - pair[0].0.0).collect();
        between.sort_unstable();
        between.get(between.len() / 2).map_or(0.0, |us| *us as f64 / 1e3)
    }
    /// All of it.
    pub fn close(self) -> (Tracks, Vec<String>) {
        let tracks = self.tracks.into_iter().map(|((_, claim, labels), thinned)| Track { claim: name(claim), labels, samples: thinned.all() });
        (Tracks { tracks: tracks.collect(), lives: self.lives, ..Tracks::default() }, self.notes)
    }
}

/// The samples of one track, bounded.
#[derive(Debug)]
struct Thinned {
    samples: Vec<Sample>,
    seen: u64,
    every: u64,
    last: Option<Sample>,
}

impl Default for Thinned {
    fn default() -> Self {
        Thinned { samples: vec![], seen: 0, every: 1, last: None }
    }
}

impl Thinned {
    fn push(&mut self, sample: Sample) {
        self.last = Some(sample);
        if self.seen.is_multiple_of(self.every) {
            if self.samples.len() == MOST {
                let mut at = 0_usize;
                self.samples.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.every *= 2;
            }
            if self.seen.is_multiple_of(self.every) {
                self.samples.push(sample);
            }
        }
        self.seen += 1;
    }
    /// All that are kept, and the last one whatever its turn.
    fn all(mut self) -> Vec<Sample> {
        if let Some(last) = self.last.filter(|last| self.samples.last() != Some(last)) {
            self.samples.push(last);
        }
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_stand_in_report_order_and_each_interface_has_its_own() {
        let mut book = Notebook::default();
        book.extra("online_cpus", Wall(1), 2.0);
        book.bytes("lo", true, Wall(1), 5.0, 6.0);
        book.bytes("eth0", false, Wall(1), 7.0, 8.0);
        book.put(Measure::Cpu, Wall(1), 0.5);
        book.put(Measure::Cpu, Wall(2), 0.75);
        let (tracks, notes) = book.close();
        let all: Vec<(String, Option<String>, usize)> =
            tracks.tracks.iter().map(|t| (t.claim.to_string(), t.labels.get("interface").cloned(), t.samples.len())).collect();
        let of = |claim: &str, interface: Option<&str>, n| (claim.to_owned(), interface.map(str::to_owned), n);
        assert_eq!(
            all,
            [
                of("cpu", None, 2),
                of("received", Some("eth0"), 1),
                of("received", Some("lo"), 1),
                of("sent", Some("eth0"), 1),
                of("sent", Some("lo"), 1),
                of("online_cpus", None, 1)
            ]
        );
        assert_eq!(tracks.tracks[2].labels.get("netns").map(String::as_str), Some("host"));
        assert_eq!((tracks.tracks[4].samples[0], notes.len()), (Sample(Wall(1), 6.0), 0));
    }

    #[test]
    fn an_hour_keeps_its_ends_and_a_bounded_number_of_samples() {
        let mut book = Notebook::default();
        for n in 0..50_001_i64 {
            book.put(Measure::Cpu, Wall(n * 100_000), n as f64);
        }
        assert!((book.between_ms(Measure::Cpu) - 400.0).abs() < 1e-9);
        let (tracks, _) = book.close();
        let samples = &tracks.tracks[0].samples;
        assert!(samples.len() <= MOST && samples.len() > MOST / 2, "{}", samples.len());
        assert_eq!((samples[0], samples.last()), (Sample(Wall(0), 0.0), Some(&Sample(Wall(5_000_000_000), 50_000.0))));
        let apart: Vec<i64> = samples.windows(2).map(|p| p[1].0.0 - p[0].0.0).collect();
        assert!(apart.iter().all(|us| *us == 400_000), "{:?}", apart.iter().find(|us| **us != 400_000));
    }

    #[test]
    fn whoever_comes_back_is_another_life() {
        let mut book = Notebook::default();
        book.begins("abc".into(), Some(Wall(1)));
        book.begins("abc".into(), Some(Wall(1)));
        book.ends(Some("other"), Wall(5));
        assert_eq!((book.lives().len(), book.lives()[0].ended), (1, None));
        book.ends(None, Wall(6));
        book.begins("abc".into(), Some(Wall(7)));
        assert_eq!(book.lives().iter().map(|l| l.ended).collect::<Vec<_>>(), [Some(Wall(6)), None]);
    }

    #[test]
    fn a_host_of_many_interfaces_says_that_not_all_are_told() {
        let mut book = Notebook::default();
        for n in 0..100 {
            book.bytes(&format!("veth{n}"), false, Wall(1), 0.0, 0.0);
        }
        let (tracks, notes) = book.close();
        assert_eq!((tracks.tracks.len(), notes.len()), (2 * INTERFACES, 1));
    }
}
