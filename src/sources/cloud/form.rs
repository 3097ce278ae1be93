//! Which form an export has.

use super::{cloudwatch, csv, exported::Exported, google};
use serde::{Deserialize, de::IgnoredAny};

/// Forms that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `aws cloudwatch get-metric-data`.
    CloudWatchData,
    /// `aws cloudwatch get-metric-statistics`.
    CloudWatchStatistics,
    /// `timeSeries.list`, or the bare list that `gcloud` prints.
    Google,
    /// A table.
    Csv,
}

impl Form {
    /// What wrote it, in words.
    pub fn title(self) -> &'static str {
        match self {
            Form::CloudWatchData => "CloudWatch get-metric-data",
            Form::CloudWatchStatistics => "CloudWatch get-metric-statistics",
            Form::Google => "Google Cloud Monitoring timeSeries.list",
            Form::Csv => "a CSV table",
        }
    }
}

/// What stands at the top of a document in JSON.
#[derive(Deserialize)]
struct Top {
    #[serde(rename = "MetricDataResults")]
    data: Option<IgnoredAny>,
    #[serde(rename = "Datapoints")]
    datapoints: Option<IgnoredAny>,
    #[serde(rename = "timeSeries")]
    series: Option<IgnoredAny>,
}

/// Reads an export; where it cannot, where and why.
pub fn read(bytes: &[u8]) -> Result<(Form, Vec<Exported>), String> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match text.first() {
        Some(b'[') => google::bare(text).map(|read| (Form::Google, read)),
        Some(b'{') => {
            let top: Top = serde_json::from_slice(text).map_err(|e| super::place(&e))?;
            match top {
                Top { data: Some(_), .. } => cloudwatch::data(text).map(|read| (Form::CloudWatchData, read)),
                Top { datapoints: Some(_), .. } => cloudwatch::statistics(text).map(|read| (Form::CloudWatchStatistics, read)),
                Top { series: Some(_), .. } => google::read(text).map(|read| (Form::Google, read)),
                _ => Err("has none of `MetricDataResults` and `Datapoints` (CloudWatch) and `timeSeries` (Google Cloud Monitoring)".into()),
            }
        }
        _ => {
            let text = std::str::from_utf8(bytes).map_err(|e| {
                let line = String::from_utf8_lossy(&bytes[..e.valid_up_to()]).matches('\n').count() + 1;
                format!("line {line}: not UTF-8; save it as UTF-8")
            })?;
            csv::read(text).map(|read| (Form::Csv, read))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_told_by_what_stands_in_it() {
        for (text, form) in [
            (r#"{"MetricDataResults": []}"#, Form::CloudWatchData),
            (r#" {"Label": "x", "Datapoints": []}"#, Form::CloudWatchStatistics),
            (r#"{"timeSeries": []}"#, Form::Google),
            ("[]", Form::Google),
            ("time,cpu\n", Form::Csv),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().0, form, "{text}");
        }
        for (bytes, words) in [
            (&b"{}"[..], "has none of"),
            (b"{\"timeSeries\": [", "not the JSON that was expected (line 1, column 16)"),
            (b"time,cpu\n1,\xff\n", "line 2: not UTF-8"),
            (b"", "is empty"),
        ] {
            assert!(read(bytes).unwrap_err().starts_with(words), "{bytes:?}");
        }
    }
}
