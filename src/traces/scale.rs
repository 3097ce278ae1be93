use super::Tree;

/// Share of the request by which its axis may reach beyond it on either side.
const BEYOND: f64 = 0.5;
/// Pieces that are nearer to each other than this share of the axis are one to the eye.
const FINE: f64 = 1.0 / 1_000.0;

/// The axis of a picture: ms since a span began.
pub struct Scale {
    start_ns: u64,
    /// Length of the span.
    pub total: f64,
    /// Where the axis begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

impl Scale {
    /// Around a span: as far as others of its trace reach, but no farther than half of it. One span with a clock of its own must
    /// not press the others into a line.
    pub fn around(tree: &Tree<'_>, root: usize) -> Scale {
        let span = tree.span(root);
        let mut scale = Scale { start_ns: span.start_ns, total: 0.0, from: 0.0, to: 0.0 };
        scale.total = scale.ms(span.end_ns.max(span.start_ns));
        let reach = if scale.total > 0.0 { scale.total * BEYOND } else { f64::INFINITY };
        let (lo, hi) = (-reach, scale.total + reach);
        scale.to = scale.total;
        for span in tree.spans() {
            let (start, end) = (scale.ms(span.start_ns), scale.ms(span.end_ns));
            if end >= lo && start <= hi && start <= end {
                (scale.from, scale.to) = (scale.from.min(start.max(lo)), scale.to.max(end.min(hi)));
            }
        }
        if scale.to <= scale.from {
            scale.to = scale.from + 1.0;
        }
        scale
    }
    /// Ms since the span began.
    pub fn ms(&self, ns: u64) -> f64 {
        (i128::from(ns) - i128::from(self.start_ns)) as f64 / 1e6
    }
    /// How much of a stretch lies on the axis, ns.
    pub fn within(&self, from_ns: u64, to_ns: u64) -> u64 {
        ((self.ms(to_ns).min(self.to) - self.ms(from_ns).max(self.from)) * 1e6).max(0.0) as u64
    }
    /// Pieces as they can be seen: those on the axis in order, near ones as one.
    pub fn seen(&self, pieces: impl Iterator<Item = (u64, u64)>) -> Vec<(f64, f64)> {
        let pieces = pieces.map(|(from, to)| (self.ms(from), self.ms(to))).filter(|(from, to)| from <= to && *to >= self.from && *from <= self.to);
        let mut pieces: Vec<_> = pieces.map(|(from, to)| (from.max(self.from), to.min(self.to))).collect();
        pieces.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let near = (self.to - self.from) * FINE;
        let mut seen: Vec<(f64, f64)> = vec![];
        for (from, to) in pieces {
            match seen.last_mut() {
                Some(last) if from - last.1 <= near => last.1 = last.1.max(to),
                _ => seen.push((from, to)),
            }
        }
        seen
    }
}
