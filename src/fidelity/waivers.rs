//! Differences that somebody answers for.

use super::value::{Same, Terms, same};
use crate::model::{
    comparison::{Class, Row, WaiverStands},
    fact_waiver::{FactWaiver, FactWaiverState as State},
    payload::{Cell, FactValue},
    units::Wall,
};
use std::collections::BTreeMap;

/// The cells of a row, for the values that a waiver was signed for.
pub type Cells<'e> = (Option<&'e Cell>, Option<&'e Cell>);

/// Covers what waivers cover, and says how each of them stands.
pub fn apply(waivers: &[FactWaiver], rows: &mut [Row], cells: &[Cells<'_>], now: Wall) -> Vec<WaiverStands> {
    waivers.iter().map(|waiver| one(waiver, rows, cells, now)).collect()
}

fn one(waiver: &FactWaiver, rows: &mut [Row], cells: &[Cells<'_>], now: Wall) -> WaiverStands {
    let fact = String::from(waiver.fact.clone());
    let stands = |state, says: String| WaiverStands { fact: fact.clone(), state, says };
    let named: Vec<usize> = (0..rows.len()).filter(|i| waiver.fact.matches(&rows[*i].path())).collect();
    if named.is_empty() {
        return stands(State::Stale, "no such fact on either side".into());
    }
    let differing: Vec<usize> = named.iter().copied().filter(|i| rows[*i].raw.differs()).collect();
    let (signed, moved): (Vec<usize>, Vec<usize>) =
        differing.into_iter().partition(|i| is(&waiver.here, cells[*i].0) && is(&waiver.there, cells[*i].1));
    let state = waiver.at(now);
    for i in &signed {
        let row = &mut rows[*i];
        if state.holds() {
            row.class = Class::Waived;
            row.because = format!("{}: accepted by {} until {}: {}", row.because, waiver.owner, waiver.expires_text, waiver.reason);
        } else {
            row.because = format!("{}; its waiver expired on {}", row.because, waiver.expires_text);
        }
    }
    if !signed.is_empty() {
        let says = match state {
            State::Expired => format!("expired on {}", waiver.expires_text),
            _ => format!("until {}", waiver.expires_text),
        };
        return stands(state, says);
    }
    match moved.first() {
        Some(i) => {
            let row = &mut rows[*i];
            let signed = format!("signed for {} here and {} there", waiver.here, waiver.there);
            row.because = format!("{}; its waiver was {signed}", row.because);
            stands(State::Outgrown, format!("{signed}; now it is {} and {}", row.here.text, row.there.text))
        }
        None if named.iter().all(|i| rows[*i].class == Class::Unknown) => stands(State::Unknown, "what it names is not known on both sides".into()),
        None => stands(State::Unused, "what it names does not differ".into()),
    }
}

/// Is this the value that was signed, as it was written?
fn is(written: &str, cell: Option<&Cell>) -> bool {
    match cell {
        Some(Cell::Absent) => ["absent", "(none)"].contains(&written.trim()),
        Some(Cell::Value(told)) => {
            told.value.to_string() == written.trim()
                || matches!(
                    same(&FactValue::Text(written.trim().to_owned()), &told.value, &Terms { called: &BTreeMap::new(), keyed: true }),
                    Same::Yes(_)
                )
        }
        _ => false,
    }
}
