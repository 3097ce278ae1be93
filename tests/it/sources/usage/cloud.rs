//! Exports of a cloud's metrics: what each form says of a claim, and waiting for an export that covers the act.

use super::{after, ago, ask, claim, told, tracks};
use rigcheck::{
    model::{
        Gap, Source,
        evidence::{Method, Seen},
        key::Query,
        name,
        source::Timing,
        units::{Ms, Wall},
        usage::{Measure, Shape, Told, UsageClaim},
    },
    sources::cloud::Cloud,
};
use std::{fs, path::Path, time::Duration};

fn source(path: &Path, settle: f64, claims: Vec<UsageClaim>) -> Cloud {
    Cloud::new(name("cloud"), path.to_owned(), None, Ms(settle), claims)
}

/// The same claim, told by levels.
fn level(mut claim: UsageClaim, unit: f64) -> UsageClaim {
    if let Told::Series(series) = &mut claim.told {
        (series.shape, series.unit) = (Shape::Level, unit);
    }
    claim
}

fn rfc(seconds: f64) -> String {
    Wall((seconds * 1e6) as i64).to_string().replacen(' ', "T", 1).replace(" UTC", "Z")
}

/// `get-metric-data` for minutes around an act that ended then, newest first.
fn cloudwatch(end: f64, minutes: &[i32]) -> String {
    let times: Vec<_> = minutes.iter().rev().map(|m| format!("\"{}\"", rfc(end + f64::from(*m) * 60.0))).collect();
    let values = |of: &dyn Fn(i32) -> f64| minutes.iter().rev().map(|m| of(*m).to_string()).collect::<Vec<_>>().join(", ");
    let one = |id: &str, label: &str, values: String| {
        format!(r#"{{"Id": "{id}", "Label": "{label}", "Timestamps": [{}], "Values": [{values}], "StatusCode": "Complete"}}"#, times.join(", "))
    };
    let (cpu, network) = (one("cpu", "CPUUtilization", values(&|m| f64::from(50 + m))), one("m2", "NetworkIn", values(&|_| 600.0)));
    format!(r#"{{"Messages": [], "MetricDataResults": [{cpu}, {network}]}}"#)
}

async fn read(text: &str, claims: Vec<UsageClaim>, end: f64) -> Result<Seen, Gap> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    fs::write(&path, text).unwrap();
    ask(&source(&path, 0.0, claims), &after(end, 5.0)).await
}

#[tokio::test]
async fn cloudwatchs_values_stand_at_the_end_of_their_period_and_sums_become_a_running_sum() {
    let end = ago(600.0);
    let claims = || vec![level(claim("cloud", Measure::Cpu, "CPUUtilization", &[]), 0.02), claim("cloud", Measure::Received, "m2", &[])];
    let seen = read(&cloudwatch(end, &[-2, -1, 0]), claims(), end).await.unwrap();
    assert_eq!((seen.partial.as_ref(), seen.notes.as_slice(), seen.origin.method), (None, [].as_slice(), Method::Reported));
    assert_eq!(seen.origin.server.as_deref(), Some("CloudWatch get-metric-data"));
    let got = tracks(&seen);
    assert_eq!(got.interval_ms, 60e3);
    let cpu: Vec<_> = told(&got.tracks[0]).into_iter().map(|(at, v)| (at - end, (v * 1e3).round())).collect();
    assert_eq!(cpu, [(-60.0, 960.0), (0.0, 980.0), (60.0, 1000.0)], "cores of two");
    let sum: Vec<_> = told(&got.tracks[1]).into_iter().map(|(at, v)| (at - end, v)).collect();
    assert_eq!(sum, [(-120.0, 0.0), (-60.0, 600.0), (0.0, 1200.0), (60.0, 1800.0)]);
    // The last value covers the act's end only where it is known for how long it stands.
    let gap = read(&cloudwatch(end, &[-3, -2]), claims(), end).await.unwrap_err();
    assert!(
        matches!(&gap, Gap::OutsideRetention(why) if why.contains("values of CPUUtilization cover ") && why.contains("export it again")),
        "{gap}"
    );
    let gap = read(&cloudwatch(end, &[-3]), claims(), end).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("period: 60s")), "{gap}");
}

#[tokio::test]
async fn statistics_google_and_tables() {
    let end = ago(600.0);
    let point = |m: i32| format!(r#"{{"Timestamp": "{}", "Maximum": 9.0, "Sum": 60.0, "Unit": "Bytes"}}"#, rfc(end + f64::from(m) * 60.0));
    let statistics = format!(r#"{{"Label": "NetworkIn", "Datapoints": [{}]}}"#, [0, -2, -1].map(point).join(","));
    let counter = vec![claim("cloud", Measure::Received, "NetworkIn", &[])];
    let seen = read(&statistics, counter.clone(), end).await.unwrap();
    assert_eq!(told(&tracks(&seen).tracks[0]).last(), Some(&(end + 60.0, 180.0)));
    let seen = read(&statistics, vec![level(counter[0].clone(), 1.0)], end).await.unwrap();
    assert!(seen.notes.iter().any(|n| n.contains("statistic Maximum")), "{:?}", seen.notes);
    let without = statistics.replace("\"Sum\"", "\"Average\"");
    let gap = read(&without, counter, end).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("--statistics Sum")), "{gap}");

    let delta = |m: i32| {
        let [from, to] = [m, m + 1].map(|m| rfc(end + f64::from(m) * 60.0));
        format!(r#"{{"interval": {{"startTime": "{from}", "endTime": "{to}"}}, "value": {{"doubleValue": 1.5}}}}"#)
    };
    let google = format!(
        r#"{{"timeSeries": [{{"metric": {{"type": "k8s.io/cpu", "labels": {{"pod": "db-1"}}}}, "resource": {{"labels": {{"zone": "a"}}}}, "metricKind": "DELTA", "points": [{}]}}]}}"#,
        [0, -1, -2].map(delta).join(",")
    );
    let of = |labels: &[(&str, &str)]| vec![claim("cloud", Measure::Cpu, "k8s.io/cpu", labels)];
    let seen = read(&google, of(&[("pod", "db-1")]), end).await.unwrap();
    let got = tracks(&seen);
    assert_eq!(told(&got.tracks[0]), [(end - 120.0, 0.0), (end - 60.0, 1.5), (end, 3.0), (end + 60.0, 4.5)]);
    assert_eq!((got.tracks[0].labels["pod"].as_str(), got.interval_ms), ("db-1", 60e3));
    let seen = read(&google, of(&[("pod", "db-2")]), end).await.unwrap();
    assert!(tracks(&seen).tracks.is_empty() && seen.notes[0].contains("no series is k8s.io/cpu{pod=\"db-2\"}"), "{:?}", seen.notes);
    let gap = read(&google, vec![level(of(&[])[0].clone(), 1.0)], end).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("say `type: counter`")), "{gap}");

    let table = format!("time,mem\n{},100\n{},200\n{},300\n", end - 60.0, end, end + 60.0);
    let seen = read(&table, vec![claim("cloud", Measure::Rss, "mem", &[])], end).await.unwrap();
    assert_eq!(told(&tracks(&seen).tracks[0]), [(end - 60.0, 100.0), (end, 200.0), (end + 60.0, 300.0)]);
}

#[tokio::test]
async fn an_export_that_does_not_cover_the_act_yet_is_waited_for() {
    let (folder, end) = (tempfile::tempdir().unwrap(), ago(600.0));
    let path = folder.path().join("cloudwatch.json");
    let claims = vec![claim("cloud", Measure::Received, "m2", &[])];
    let waiting = source(&path, 8_000.0, claims.clone());
    assert_eq!((waiting.waits(), waiting.timing(&Query::Usage(super::question()))), (Ms(8e3), Timing::Recall { settle: Ms(0.0) }));
    let write = async {
        // No file, then one that is written only in part, one that is too old, and one that covers it.
        for text in [&cloudwatch(end, &[-2, -1, 0])[..40], &cloudwatch(end, &[-4, -3]), &cloudwatch(end, &[-2, -1, 0])] {
            tokio::time::sleep(Duration::from_millis(700)).await;
            fs::write(&path, text).unwrap();
        }
    };
    let slot = after(end, 20.0);
    let (seen, ()) = tokio::join!(ask(&waiting, &slot), write);
    assert_eq!(told(&tracks(&seen.unwrap()).tracks[0]).len(), 4);
    assert!(waiting.cost().queries >= 3);
    // Without `settle` the first look decides.
    let missing = source(&folder.path().join("none.json"), 0.0, claims);
    let gap = ask(&missing, &after(end, 20.0)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(why) if why.contains("no such file")), "{gap}");
}

#[tokio::test]
async fn what_is_no_export_is_a_gap_with_its_place() {
    let end = ago(600.0);
    let good = cloudwatch(end, &[-2, -1, 0]);
    let claims = || vec![claim("cloud", Measure::Received, "m2", &[])];
    for (text, words) in [
        (&good[..good.len() - 20], "(line 1, column "),
        ("{\"data\": []}", "has none of"),
        ("", "is empty"),
        ("time,m2\n1,many\n", "line 2, column `m2`: not a number"),
        (&good.replacen("600", "600, 1", 1), "MetricDataResults[1]: 3 Timestamps and 4 Values"),
        (&good.replace(&rfc(end - 60.0), &rfc(end)).replacen("600", "5", 1), "two values stand at"),
    ] {
        let gap = read(text, claims(), end).await.unwrap_err();
        assert!(matches!(&gap, Gap::Malformed(why) if why.contains(words)), "{words}: {gap}");
    }
    let folder = tempfile::tempdir().unwrap();
    let gap = ask(&source(folder.path(), 0.0, claims()), &after(end, 5.0)).await.unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("is a folder")), "{gap}");
    let large = folder.path().join("large");
    fs::File::create(&large).unwrap().set_len(17 << 20).unwrap();
    let gap = ask(&source(&large, 0.0, claims()), &after(end, 5.0)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Truncated(why) if why.contains("larger than 16 MiB")), "{gap}");
}
