//! What `timeSeries.list` of Google Cloud Monitoring answers.

use super::{
    exported::{Exported, Point, Says, Stamped},
    time,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    time_series: Vec<One>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    metric: Kind,
    #[serde(default)]
    resource: Kind,
    #[serde(default)]
    metric_kind: String,
    #[serde(default)]
    points: Vec<Told>,
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Told {
    interval: Interval,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interval {
    #[serde(default)]
    start_time: Option<String>,
    end_time: String,
}

/// Reads a list; each series is named by its metric's type, its labels are those of its metric and of its resource.
pub fn read(text: &[u8]) -> Result<Vec<Exported>, String> {
    let list: List = serde_json::from_slice(text).map_err(|e| super::place(&e))?;
    each(list.time_series)
}

/// The same without its frame.
pub fn bare(text: &[u8]) -> Result<Vec<Exported>, String> {
    each(serde_json::from_slice(text).map_err(|e| super::place(&e))?)
}

fn each(list: Vec<One>) -> Result<Vec<Exported>, String> {
    list.into_iter().enumerate().map(|(n, one)| series(&format!("timeSeries[{n}]"), one)).collect()
}

fn series(path: &str, one: One) -> Result<Exported, String> {
    let says = match one.metric_kind.as_str() {
        "GAUGE" => Says::State,
        "DELTA" => Says::Added,
        "CUMULATIVE" => Says::Total,
        _ => Says::Untold,
    };
    let mut labels = one.resource.labels;
    labels.extend(one.metric.labels);
    let mut found = Exported { names: vec![one.metric.kind], labels, says, stamped: Stamped::End, ..Exported::default() };
    for (i, told) in one.points.iter().enumerate() {
        let stamp = |name: &str, text: &str| time::text(text).ok_or_else(|| format!("{path}.points[{i}].interval.{name}: not a time"));
        let at = stamp("endTime", &told.interval.end_time)?;
        let from = told.interval.start_time.as_deref().map(|text| stamp("startTime", text)).transpose()?;
        // What is counted since a beginning covers no period; a state's beginning is its end.
        let from = from.filter(|from| *from < at && says != Says::Total);
        let value = number(&told.value).ok_or_else(|| format!("{path}.points[{i}].value: neither doubleValue nor int64Value"))?;
        if value.is_finite() {
            found.points.push(Point { from, at, value });
        } else {
            found.nan += 1;
        }
    }
    Ok(found)
}

/// A double, which may be written `"NaN"`, or a whole number, which is written as text.
fn number(value: &Value) -> Option<f64> {
    let told = value.get("doubleValue").or_else(|| value.get("int64Value"))?;
    told.as_f64().or_else(|| told.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::Wall;

    const LIST: &str = r#"{"timeSeries": [
      {"metric": {"type": "kubernetes.io/container/cpu/core_usage_time", "labels": {"container_name": "gateway"}},
       "resource": {"type": "k8s_container", "labels": {"pod_name": "gateway-1", "container_name": "other"}},
       "metricKind": "DELTA", "valueType": "DOUBLE", "unit": "s{CPU}",
       "points": [{"interval": {"startTime": "2025-11-26T20:00:00Z", "endTime": "2025-11-26T20:01:00Z"}, "value": {"doubleValue": 12.5}}]},
      {"metric": {"type": "agent.googleapis.com/memory/bytes_used"}, "metricKind": "GAUGE", "valueType": "INT64",
       "points": [{"interval": {"startTime": "2025-11-26T20:01:00Z", "endTime": "2025-11-26T20:01:00Z"}, "value": {"int64Value": "4096"}}]}], "unit": "1"}"#;

    #[test]
    fn kinds_intervals_and_labels_are_read() {
        let read = read(LIST.as_bytes()).unwrap();
        assert_eq!(read[0].names, ["kubernetes.io/container/cpu/core_usage_time"]);
        assert_eq!((read[0].labels["container_name"].as_str(), read[0].labels["pod_name"].as_str()), ("gateway", "gateway-1"));
        let at = Wall(1_764_187_260_000_000);
        assert_eq!((read[0].says, read[0].points[0]), (Says::Added, Point { from: Some(at.plus_us(-60_000_000)), at, value: 12.5 }));
        assert_eq!((read[1].says, read[1].points[0]), (Says::State, Point { from: None, at, value: 4096.0 }));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (from, to, words) in [
            ("2025-11-26T20:01:00Z\"}, \"value\": {\"d", "soon\"}, \"value\": {\"d", "timeSeries[0].points[0].interval.endTime: not a time"),
            ("\"int64Value\": \"4096\"", "\"distributionValue\": {}", "timeSeries[1].points[0].value: neither doubleValue nor int64Value"),
            ("\"points\": [", "\"points\": ", "not the JSON that was expected (line "),
        ] {
            let why = read(LIST.replacen(from, to, 1).as_bytes()).expect_err(words);
            assert!(why.starts_with(words), "{why}");
        }
    }
}
