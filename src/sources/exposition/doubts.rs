use crate::model::payload::Doubt;
use std::collections::BTreeMap;

/// Doubts beyond this number are counted, not kept: a page of garbage must not fill the memory.
const KEPT: usize = 1_000;

/// Metrics whose damage is told by name; a page on which more are broken is broken as a whole.
const MOST_DAMAGED: usize = 10_000;

/// Collects doubts and counts the lines that they are about.
#[derive(Default)]
pub struct Doubts {
    kept: Vec<Doubt>,
    /// One bit a line.
    lines: Vec<u64>,
    damage: BTreeMap<String, Doubt>,
}

/// What is left at the end of a page.
pub struct Collected {
    /// The first doubts, by line.
    pub doubts: Vec<Doubt>,
    /// Lines with a doubt.
    pub lines: u64,
    /// The first grave doubt of each metric name; the empty name stands for the whole page.
    pub damage: BTreeMap<String, Doubt>,
}

impl Doubts {
    /// A doubt that leaves the values as they are.
    pub fn light(&mut self, line: u64, why: impl Into<String>) {
        let (word, bit) = ((line / 64) as usize, line % 64);
        if self.lines.len() <= word {
            self.lines.resize(word + 1, 0);
        }
        self.lines[word] |= 1 << bit;
        if self.kept.len() < KEPT {
            self.kept.push(Doubt { line, why: why.into() });
        }
    }
    /// A doubt that took a sample from `metric` or makes its values contradict each other.
    pub fn grave(&mut self, line: u64, metric: &str, why: impl Into<String>) {
        let why = why.into();
        let metric = if self.damage.len() >= MOST_DAMAGED && !self.damage.contains_key(metric) { "" } else { metric };
        self.damage.entry(metric.to_owned()).or_insert_with(|| Doubt { line, why: why.clone() });
        self.light(line, why);
    }
    /// The end.
    pub fn collect(mut self) -> Collected {
        self.kept.sort_by_key(|d| d.line);
        Collected { doubts: self.kept, lines: self.lines.iter().map(|w| u64::from(w.count_ones())).sum(), damage: self.damage }
    }
}

/// A name for a reason: bounded, printable, in backticks.
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    format!("`{text}`")
}

/// Is a sample name the metric itself or one of the parts of a histogram of that name?
pub fn part_of(metric: &str, sample: &str) -> bool {
    sample.strip_prefix(metric).is_some_and(|rest| matches!(rest, "" | "_bucket" | "_sum" | "_count" | "_created"))
}
