use super::api::{Api, Told, seconds, wall};
use crate::{
    model::{
        evidence::Gap,
        payload::{Exemplar, Performed},
        source::Slot,
        units::Wall,
    },
    sources::{
        exposition::number,
        ours::{only_ours, trace_id},
    },
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfSeries {
    #[serde(default)]
    series_labels: BTreeMap<String, String>,
    #[serde(default)]
    exemplars: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    labels: BTreeMap<String, String>,
    value: Written,
    timestamp: f64,
}

/// Prometheus writes values as text; some engines write numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(f64),
}

/// The exemplars of our own requests that the server stored for a selector between two instants, with the server's warnings.
pub async fn of(api: &Api, selector: String, span: (Wall, Wall), ours: &Performed, slot: &Slot) -> Result<(Vec<Exemplar>, Vec<String>), Gap> {
    let query = [("query", selector), ("start", seconds(span.0)), ("end", seconds(span.1))];
    let Told { data, warnings, .. } = api.get::<Vec<OfSeries>>("query_exemplars", &query, slot).await?;
    let stored = data.into_iter().flat_map(|series| {
        let le = series.series_labels.get("le").and_then(|le| number(le)).filter(|le| !le.is_nan()).unwrap_or(f64::INFINITY);
        series.exemplars.into_iter().map(move |stored| (le, stored))
    });
    let exemplars = stored.filter_map(|(le, stored)| {
        let id = ["trace_id", "traceID", "traceId"].iter().find_map(|name| stored.labels.get(*name))?;
        let value = match stored.value {
            Written::Number(value) => value,
            Written::Text(text) => number(&text)?,
        };
        value.is_finite().then_some(Exemplar { trace_id: trace_id(id)?, value, le, at: wall(stored.timestamp) })
    });
    Ok((only_ours(ours, exemplars.collect()), warnings))
}
