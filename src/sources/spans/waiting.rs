//! Waiting inside a slot: never beyond its deadline, never past an interruption.

use crate::model::{
    evidence::{Gap, Seen},
    source::Slot,
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Waits for the end of the act, but not beyond deadline and interruption.
pub async fn act_over(slot: &Slot) -> Result<Arc<Seen>, Gap> {
    let over = async { slot.act_done().await.map_err(not_reached) };
    interrupted_or(slot, over).await.unwrap_or_else(|| Err(Gap::NotReached("the act was not over before the deadline".into())))
}

fn not_reached(gap: Gap) -> Gap {
    match gap {
        Gap::NotReached(_) => gap,
        other => Gap::NotReached(format!("the act failed: {other}")),
    }
}

/// The work's result, an interruption, or `None` at the deadline.
pub async fn interrupted_or<T>(slot: &Slot, work: impl Future<Output = Result<T, Gap>>) -> Option<Result<T, Gap>> {
    tokio::select! {
        () = slot.cancel.cancelled() => Some(Err(Gap::NotReached("interrupted".into()))),
        done = tokio::time::timeout_at(slot.deadline.into(), work) => done.ok(),
    }
}

/// Waits a while, or until the deadline. `Err` only when interrupted.
pub async fn pause(slot: &Slot, lasting: Duration) -> Result<(), Gap> {
    let slept = async {
        tokio::time::sleep(lasting).await;
        Ok(())
    };
    interrupted_or(slot, slept).await.unwrap_or(Ok(()))
}

/// The slot with a deadline a little earlier: the engine gives up at its own, so what is there must be handed over before.
pub fn in_time(slot: &Slot) -> Slot {
    let left = slot.left(Instant::now().into_std());
    let reserve = (left / 10).min(Duration::from_secs(1));
    Slot { deadline: slot.deadline.checked_sub(reserve).unwrap_or(slot.deadline), ..slot.clone() }
}
