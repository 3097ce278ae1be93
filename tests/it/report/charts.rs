//! Charts of the samples.

use rigcheck::model::chart::{Chart, ChartKind, Line, Mark};

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

/// What two sources say of a burn that goes on and off, and what a table says of a gateway.
pub fn resources() -> Vec<Chart> {
    let on = |n: u32| f64::from(u8::from(n % 40 < 17 || n > 100));
    let kernel = (0..1_200_u32).map(|n| (f64::from(n) / 100.0, on(n / 10) * 0.5 + f64::from(n % 3) * 0.004)).collect();
    let scraped = (1..12_u32).map(|n| (f64::from(n), on(n * 10 - 5) * 0.5)).collect();
    let line = |name: &str, points| Line { name: name.into(), of: String::new(), points };
    let cells = |row: &[&str]| row.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mark = |from, to, why: &str| Mark { from, to, why: why.into() };
    vec![
        Chart {
            id: "cpu-burner".into(),
            title: "CPU of the burn by source".into(),
            caption: "Lines that lie on one another agree.".into(),
            x: "time since the burn began, s".into(),
            y: "CPU, cores".into(),
            kind: ChartKind::Timeline {
                lines: vec![line("kernel:burner.cpu", kernel), line("scrape:burner.cpu", scraped)],
                steps: vec!["scrape:burner.cpu".into()],
                marks: vec![
                    mark(2.5, 4.0, "the CPU quota was used up"),
                    mark(8.0, 9.5, "the CPU quota was used up"),
                    mark(6.0, 6.8, "no scrape came"),
                ],
            },
        },
        Chart {
            id: "memory".into(),
            title: "Memory by source".into(),
            caption: "Each as the source tells it.".into(),
            x: String::new(),
            y: String::new(),
            kind: ChartKind::Table {
                head: cells(&["of", "kernel", "docker", "prometheus", "difference"]),
                rows: vec![
                    cells(&["gateway working set", "212 MiB", "211 MiB", "212 MiB", "0.4 %"]),
                    cells(&["gateway resident memory", "180 MiB", "", "180 MiB", "0 %"]),
                    cells(&["database memory usage", "1 204 MiB", "1 204 MiB", "2 408 MiB, a sum of two series of the same container", "100 %"]),
                ],
            },
        },
    ]
}
