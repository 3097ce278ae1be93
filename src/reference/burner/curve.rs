use crate::model::payload::BurnSample;

/// Samples that are kept: an hour of one each 100 ms.
const MOST: usize = 36_000;

/// The samples of a burn, bounded: when the list is full every second one is dropped, and from then on every second one is left out.
#[derive(Debug)]
pub struct Curve {
    samples: Vec<BurnSample>,
    most: usize,
    every: u64,
    seen: u64,
}

impl Curve {
    /// None yet.
    pub fn new() -> Curve {
        Curve::of(MOST)
    }
    fn of(most: usize) -> Curve {
        Curve { samples: vec![], most, every: 1, seen: 0 }
    }
    /// One more, if its turn has come.
    pub fn push(&mut self, sample: BurnSample) {
        let turn = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !turn {
            return;
        }
        if self.samples.len() == self.most {
            let mut at = 0_usize;
            self.samples.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.every *= 2;
            if !(self.seen - 1).is_multiple_of(self.every) {
                return;
            }
        }
        self.samples.push(sample);
    }
    /// All, with one at the end whatever its turn; and of how many taken each is one.
    pub fn ended(&mut self, last: BurnSample) -> (Vec<BurnSample>, u64) {
        self.samples.push(last);
        (std::mem::take(&mut self.samples), self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_halves_its_resolution_and_keeps_its_distances() {
        let mut curve = Curve::of(8);
        for n in 0..100 {
            curve.push(BurnSample { at_us: n, ..BurnSample::default() });
            assert!(curve.samples.len() <= 8);
        }
        let (samples, every) = curve.ended(BurnSample { at_us: 1_000, ..BurnSample::default() });
        assert_eq!(every, 16);
        assert_eq!(samples.iter().map(|s| s.at_us).collect::<Vec<_>>(), [0, 16, 32, 48, 64, 80, 96, 1_000]);
    }
}
