use std::fmt::Write as _;

/// A metric with its samples.
pub struct Family {
    /// Name of its samples.
    pub name: &'static str,
    /// What it is, without a full stop.
    pub help: &'static str,
    /// Does it only ever grow?
    pub counter: bool,
    /// Unit at the end of its name.
    pub unit: Option<&'static str>,
    /// One per label set.
    pub samples: Vec<Told>,
}

/// A sample.
pub struct Told {
    /// `cpu="0"`, or nothing.
    pub labels: String,
    /// Its value.
    pub value: f64,
    /// Its own timestamp, s since the epoch.
    pub at_s: Option<f64>,
}

impl Family {
    /// As a page has it: OpenMetrics names a counter's family without `_total` and stamps in seconds, text 0.0.4 in milliseconds.
    pub fn lines(&self, openmetrics: bool) -> String {
        let family = if openmetrics { self.name.strip_suffix("_total").unwrap_or(self.name) } else { self.name };
        let kind = if self.counter { "counter" } else { "gauge" };
        let mut text = format!("# HELP {family} {}.\n# TYPE {family} {kind}\n", self.help);
        if let Some(unit) = self.unit.filter(|_| openmetrics) {
            let _ = writeln!(text, "# UNIT {family} {unit}");
        }
        for sample in &self.samples {
            let labels = if sample.labels.is_empty() { String::new() } else { format!("{{{}}}", sample.labels) };
            let _ = write!(text, "{}{labels} {}", self.name, sample.value);
            match sample.at_s {
                Some(at) if openmetrics => drop(write!(text, " {at:.3}")),
                Some(at) => drop(write!(text, " {:.0}", at * 1e3)),
                None => {}
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_have_their_own_names_and_stamps() {
        let samples = vec![Told { labels: "cpu=\"0\"".into(), value: 1.5, at_s: Some(1_800_000_000.25) }];
        let family = Family { name: "a_seconds_total", help: "All", counter: true, unit: Some("seconds"), samples };
        assert_eq!(
            family.lines(true),
            "# HELP a_seconds All.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{cpu=\"0\"} 1.5 1800000000.250\n"
        );
        assert_eq!(
            family.lines(false),
            "# HELP a_seconds_total All.\n# TYPE a_seconds_total counter\na_seconds_total{cpu=\"0\"} 1.5 1800000000250\n"
        );
    }
}
