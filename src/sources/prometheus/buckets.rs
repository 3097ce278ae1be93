use super::{
    api::{Api, seconds},
    selector::{Names, series},
};
use crate::{
    engine::wall_now,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
        rig::Claim,
        source::Slot,
    },
    sources::exposition::number,
};

/// Edges that were stored within this time are those of now: an hour holds a deployment of rare requests, too.
const LATELY_US: i64 = 3_600_000_000;
/// A histogram has fewer edges; whoever answers with more answers something else.
const MOST: usize = 1_000;

/// The bucket edges of each histogram that is claimed to measure something, as `buckets.CLAIM`: quantiles read from other edges
/// are other figures of the same service.
pub async fn tell(table: &mut FactTable, api: &Api, claims: &[Claim], slot: &Slot) {
    for (claim, of) in claims.iter().filter_map(|claim| Some((claim, claim.histogram()?))) {
        let buckets = format!("{}_bucket", of.metric);
        let query = [("match[]", series(&buckets, &of.labels, Names::Quoted)), ("start", seconds(wall_now().plus_us(-LATELY_US)))];
        let edges = api.get::<Vec<String>>("label/le/values", &query, slot).await.and_then(|told| match told.data.len() {
            0 => Err(Gap::NotReached(format!(
                "no `{buckets}` within the last hour: it is a native histogram, nothing was asked of the service, or `match` fits nothing"
            ))),
            n if n > MOST => Err(Gap::Truncated(format!("`{buckets}` has {n} edges, and no histogram has more than {MOST}"))),
            _ => Ok(Some(FactValue::Set(told.data.iter().map(|edge| plain(edge)).collect()))),
        });
        table.answer(format!("buckets.{}", claim.name), edges, format!("edges of {buckets}"));
    }
}

/// `0.50` and `0.5` are one edge.
fn plain(edge: &str) -> String {
    number(edge).map_or_else(|| edge.to_owned(), |edge| edge.to_string())
}
