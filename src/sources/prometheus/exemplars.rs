use super::{
    api::{Api, Told, seconds, wall},
    facts,
    histogram::incomplete,
};
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
use serde::{Deserialize, de::IgnoredAny};
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

/// No selector: whoever reads the question refuses it.
const UNREADABLE: &str = "{";

/// The exemplars of our own requests that the server stored for a selector between two instants.
pub async fn of(api: &Api, selector: String, span: (Wall, Wall), ours: &Performed, slot: &Slot) -> Result<Vec<Exemplar>, Gap> {
    let query = [("query", selector), ("start", seconds(span.0)), ("end", seconds(span.1))];
    let Told { data, warnings, request, .. } = api.get::<Vec<OfSeries>>("query_exemplars", &query, slot).await?;
    if let Some(gap) = incomplete(&request, &warnings) {
        return Err(gap);
    }
    if data.is_empty()
        && let Some(why) = keeps_none(api, span, slot).await
    {
        return Err(Gap::NotConfigured(format!("{request}: {why}")));
    }
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
    Ok(only_ours(ours, exemplars.collect()))
}

/// Why an empty list says nothing, where the server cannot hold exemplars: told by what it does, not by its version.
async fn keeps_none(api: &Api, span: (Wall, Wall), slot: &Slot) -> Option<&'static str> {
    let query = [("query", UNREADABLE.to_owned()), ("start", seconds(span.0)), ("end", seconds(span.1))];
    if api.get::<IgnoredAny>("query_exemplars", &query, slot).await.is_ok() {
        return Some(
            "this server keeps no exemplars: it answers every question about them with an empty list, even one that cannot be read; \
             read the page itself by a source of kind `scrape`, or remove `exemplars: true`",
        );
    }
    let flags = facts::flags(api, slot).await.ok()?;
    // Queriers over other stores have features, too, and keep nothing themselves.
    let stores = flags.contains_key("storage.tsdb.path");
    (stores && !flags.get("enable-feature")?.split(',').any(|f| f == "exemplar-storage"))
        .then_some("this server keeps no exemplars: start it with `--enable-feature=exemplar-storage`, or remove `exemplars: true`")
}
