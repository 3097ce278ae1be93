//! Charts of the samples.

use rigcheck::model::chart::{Chart, ChartKind, Line};

/// Two sources that agree, and one that rounds to whole seconds.
pub fn charts() -> Vec<Chart> {
    let level = |i: u32| 320.0 + 340.0 * f64::from(i * 37 % 240) / 240.0;
    let mut values: Vec<f64> = (0..240).map(level).collect();
    values.sort_by(f64::total_cmp);
    let ecdf = |name: &str, of: &dyn Fn(f64) -> f64| {
        let mut shown: Vec<f64> = values.iter().map(|v| of(*v)).collect();
        shown.sort_by(f64::total_cmp);
        Line {
            name: name.into(),
            of: "240 requests".into(),
            points: shown.into_iter().enumerate().map(|(i, v)| (v, (i + 1) as f64 / 240.0)).collect(),
        }
    };
    let noise = |v: f64| (v * 12.9898).sin() * 3.0;
    let gap =
        |name: &str, of: &dyn Fn(f64) -> f64| Line { name: name.into(), of: String::new(), points: values.iter().map(|v| (*v, of(*v))).collect() };
    vec![
        Chart {
            id: "ecdf-total".into(),
            title: "Total time by source".into(),
            caption: "Share of requests that took at most so long. Lines that lie on one another agree.".into(),
            x: "total time, ms".into(),
            y: "share of requests".into(),
            kind: ChartKind::Ecdf {
                log: true,
                slo: None,
                lines: vec![
                    ecdf("load generator", &|v| v),
                    ecdf("jaeger:total", &|v| v - 0.8),
                    ecdf("access_log:total", &|v| (v / 1000.0).ceil() * 1000.0),
                ],
            },
        },
        Chart {
            id: "difference-total".into(),
            title: "Total time: client minus source".into(),
            caption: "Each point is one request, less the round trip. Inside the band a source counts as equal to the client.".into(),
            x: "total time at the client, ms".into(),
            y: "client minus source, ms".into(),
            kind: ChartKind::Difference { band: 9.6, lines: vec![gap("jaeger:total", &noise), gap("prometheus:total", &|v| noise(v) * 2.0 + 5.0)] },
        },
    ]
}
