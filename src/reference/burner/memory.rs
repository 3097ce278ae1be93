//! Memory that is kept resident.

use super::stop::Stop;
use std::{
    hint::black_box,
    io,
    time::{Duration, Instant},
};

/// The smallest page of any machine that this runs on: larger ones are touched more than once.
const PAGE: usize = 4096;
/// Taken in pieces of so much, so that a burn can be stopped meanwhile.
const PIECE: usize = 16 << 20;
/// Each page is written to again once in so many steps of so long: 10 s, so that none looks unused.
const STEPS: usize = 100;
const STEP: Duration = Duration::from_millis(100);

/// Bytes, each page of which was written to.
pub struct Held(Vec<u8>);

impl Held {
    /// Takes so many bytes and writes to all of them. Who cancels it meanwhile gets what there is so far.
    pub fn take(bytes: u64, cancelled: &dyn Fn() -> bool) -> io::Result<Held> {
        let all = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut held = vec![];
        held.try_reserve_exact(all).map_err(|_| io::ErrorKind::OutOfMemory)?;
        while held.len() < all && !cancelled() {
            let more = PIECE.min(all - held.len());
            // Not zeros: pages of nothing but zeros can be merged or left out by the kernel.
            held.resize(held.len() + more, 0xA5);
        }
        Ok(Held(held))
    }
    /// How many.
    pub fn bytes(&self) -> u64 {
        self.0.len() as u64
    }
    /// Writes to them again and again until it is told to stop.
    pub fn keep_touched(&mut self, began: Instant, stop: &Stop) {
        let pages = self.0.len().div_ceil(PAGE);
        let each = pages.div_ceil(STEPS).max(1);
        let mut next = 0;
        for step in 1_u32.. {
            if stop.wait_until(began + STEP * step) {
                return;
            }
            for page in next..(next + each).min(pages) {
                if let Some(byte) = self.0.get_mut(page * PAGE) {
                    *byte = black_box(byte.wrapping_add(1));
                }
            }
            next = if next + each >= pages { 0 } else { next + each };
        }
    }
}
