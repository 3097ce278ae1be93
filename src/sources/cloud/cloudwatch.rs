//! What `aws cloudwatch get-metric-data` and `get-metric-statistics` print.

use super::{
    exported::{Exported, Point, Says, Stamped},
    time,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Statistics that say what a period added.
const SUMS: [&str; 2] = ["Sum", "SampleCount"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    metric_data_results: Vec<Result1>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Result1 {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    timestamps: Vec<Value>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics {
    #[serde(default)]
    label: String,
    datapoints: Vec<BTreeMap<String, Value>>,
}

/// Reads `get-metric-data`. A page of it may have a series in several parts: they are one.
pub fn data(text: &[u8]) -> Result<Vec<Exported>, String> {
    let data: Data = serde_json::from_slice(text).map_err(|e| super::place(&e))?;
    let mut found: Vec<Exported> = vec![];
    for (n, one) in data.metric_data_results.into_iter().enumerate() {
        let path = format!("MetricDataResults[{n}]");
        if one.timestamps.len() != one.values.len() {
            return Err(format!("{path}: {} Timestamps and {} Values", one.timestamps.len(), one.values.len()));
        }
        let points = one.timestamps.iter().zip(&one.values).enumerate().map(|(i, (at, value))| {
            let at = stamp(at).ok_or_else(|| format!("{path}.Timestamps[{i}]: {NO_TIME}"))?;
            Ok(Point { from: None, at, value: *value })
        });
        let points = points.collect::<Result<Vec<_>, String>>()?;
        let names: Vec<String> = [one.id, one.label].into_iter().filter(|name| !name.is_empty()).collect();
        match found.iter_mut().find(|e| e.names == names) {
            Some(same) => same.points.extend(points),
            None => found.push(Exported { names, points, stamped: Stamped::Beginning, ..Exported::default() }),
        }
    }
    Ok(found)
}

const NO_TIME: &str = "not a time: RFC 3339 or seconds since the epoch";

/// Reads `get-metric-statistics`: a series for each statistic.
pub fn statistics(text: &[u8]) -> Result<Vec<Exported>, String> {
    let told: Statistics = serde_json::from_slice(text).map_err(|e| super::place(&e))?;
    let mut found: BTreeMap<String, Exported> = BTreeMap::new();
    for (n, point) in told.datapoints.iter().enumerate() {
        let at = point.get("Timestamp").and_then(stamp).ok_or_else(|| format!("Datapoints[{n}].Timestamp: {NO_TIME}"))?;
        // Percentiles lie one deeper.
        let extended = point.get("ExtendedStatistics").and_then(Value::as_object);
        let plain = point.iter().filter(|(name, _)| !["Timestamp", "Unit", "ExtendedStatistics"].contains(&name.as_str()));
        for (statistic, value) in plain.chain(extended.into_iter().flatten()) {
            let value = value.as_f64().ok_or_else(|| format!("Datapoints[{n}].{statistic}: not a number"))?;
            let says = if SUMS.contains(&statistic.as_str()) { Says::Added } else { Says::State };
            let new = || Exported {
                names: vec![told.label.clone()],
                statistic: Some(statistic.clone()),
                says,
                stamped: Stamped::Beginning,
                ..Exported::default()
            };
            found.entry(statistic.clone()).or_insert_with(new).points.push(Point { from: None, at, value });
        }
    }
    Ok(if found.is_empty() { vec![Exported { names: vec![told.label], ..Exported::default() }] } else { found.into_values().collect() })
}

fn stamp(value: &Value) -> Option<crate::model::units::Wall> {
    match value {
        Value::String(text) => time::text(text),
        Value::Number(number) => time::epoch(number.as_f64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::Wall;

    const T: i64 = 1_764_187_200;

    #[test]
    fn parts_of_a_series_are_one() {
        let text = br#"{"MetricDataResults": [
            {"Id": "cpu", "Label": "CPUUtilization", "Timestamps": ["2025-11-26T20:01:00+00:00", "2025-11-26T20:00:00+00:00"], "Values": [50.5, 12], "StatusCode": "PartialData"},
            {"Id": "cpu", "Label": "CPUUtilization", "Timestamps": [1764187320.0], "Values": [7.0], "StatusCode": "Complete"},
            {"Id": "empty", "Label": "NetworkIn", "Timestamps": [], "Values": [], "StatusCode": "Complete"}], "Messages": []}"#;
        let read = data(text).unwrap();
        assert_eq!(
            read.iter().map(|e| (e.names.join(" "), e.points.len())).collect::<Vec<_>>(),
            [("cpu CPUUtilization".into(), 3), ("empty NetworkIn".into(), 0)]
        );
        assert_eq!(read[0].points[1], Point { from: None, at: Wall(T * 1_000_000), value: 12.0 });
        assert_eq!((read[0].says, read[0].stamped), (Says::Untold, Stamped::Beginning));
    }

    #[test]
    fn each_statistic_is_a_series() {
        let text = br#"{"Label": "NetworkIn", "Datapoints": [
            {"Timestamp": "2025-11-26T20:00:00Z", "Average": 10.0, "Sum": 600.0, "Unit": "Bytes", "ExtendedStatistics": {"p99": 20.5}}]}"#;
        let read = statistics(text).unwrap();
        let told: Vec<_> = read.iter().map(|e| (e.statistic.as_deref().unwrap(), e.says, e.points[0].value)).collect();
        assert_eq!(told, [("Average", Says::State, 10.0), ("Sum", Says::Added, 600.0), ("p99", Says::State, 20.5)]);
        assert_eq!(statistics(br#"{"Label": "x", "Datapoints": []}"#).unwrap()[0].names, ["x"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, words) in [
            (r#"{"MetricDataResults": [{"Id": "a", "Timestamps": [1], "Values": []}]}"#, "MetricDataResults[0]: 1 Timestamps and 0 Values"),
            (r#"{"MetricDataResults": [{"Id": "a", "Timestamps": ["soon"], "Values": [1]}]}"#, "MetricDataResults[0].Timestamps[0]: not a time"),
            (r#"{"MetricDataResults": [{"Id""#, "not the JSON that was expected (line 1, column "),
        ] {
            let why = data(text.as_bytes()).expect_err(text);
            assert!(why.starts_with(words), "{why}");
        }
        let why = statistics(br#"{"Datapoints": [{"Timestamp": 5, "Sum": "many"}]}"#).unwrap_err();
        assert_eq!(why, "Datapoints[0].Sum: not a number");
    }
}
