use crate::model::rig::HistogramOf;
use std::{collections::BTreeMap, fmt::Write as _};

/// How names of labels are written that are no plain words, such as `http.route`.
#[derive(Clone, Copy)]
pub enum Names {
    /// `"http.route"`: Prometheus 3, and whoever follows it.
    Quoted,
    /// `http\.route`: VictoriaMetrics.
    Escaped,
}

/// Are there such names among those that must match?
pub fn has_odd_names(labels: &BTreeMap<String, String>) -> bool {
    !labels.keys().all(|name| is_bare(name))
}

/// The series of a metric whose labels match.
pub fn series(metric: &str, matched: &BTreeMap<String, String>, names: Names) -> String {
    format!("{{__name__={}{}}}", text(metric), labels(matched, names))
}

/// All parts of a histogram in one selector, so that one answer holds one state of the store: asked one after another, a
/// scrape between two answers would make count and buckets disagree. The bare name is that of a native histogram.
pub fn histogram(of: &HistogramOf, names: Names) -> String {
    let name = regex(&of.metric);
    let parts = ["", "_bucket", "_sum", "_count", "_created"].map(|part| format!("{name}{part}"));
    format!("{{__name__=~{}{}}}", text(&parts.join("|")), labels(&of.labels, names))
}

/// The series that bear exemplars: the buckets, or the native histogram.
pub fn exemplars(of: &HistogramOf, native: bool) -> String {
    let ending = if native { "" } else { "_bucket" };
    format!("{{__name__={}{}}}", text(&format!("{}{ending}", of.metric)), labels(&of.labels, Names::Quoted))
}

/// Counts and sums of whatever some jobs count; of any job, if none is named.
pub fn counts<'t>(jobs: impl Iterator<Item = &'t str>) -> String {
    let jobs: Vec<_> = jobs.map(regex).collect();
    let of_jobs = if jobs.is_empty() { String::new() } else { format!(",job=~{}", text(&jobs.join("|"))) };
    format!("{{__name__=~\".+_(count|sum)\"{of_jobs}}}")
}

/// Any part of some metrics.
pub fn parts<'t>(metrics: impl Iterator<Item = &'t str>) -> String {
    let names: Vec<_> = metrics.map(regex).collect();
    format!("{{__name__=~{}}}", text(&format!("({})(_bucket|_sum|_count)", names.join("|"))))
}

/// `up` of some targets.
pub fn up<'t>(jobs: impl Iterator<Item = &'t str>, instances: impl Iterator<Item = &'t str>) -> String {
    format!("up{}", of_targets(jobs, instances))
}

/// How long scrapes of some targets took.
pub fn took<'t>(jobs: impl Iterator<Item = &'t str>, instances: impl Iterator<Item = &'t str>) -> String {
    format!("scrape_duration_seconds{}", of_targets(jobs, instances))
}

fn of_targets<'t>(jobs: impl Iterator<Item = &'t str>, instances: impl Iterator<Item = &'t str>) -> String {
    let any = |names: &mut dyn Iterator<Item = &'t str>| {
        let mut names: Vec<_> = names.map(regex).collect();
        names.sort();
        names.dedup();
        text(&names.join("|"))
    };
    let (mut jobs, mut instances) = (jobs, instances);
    format!("{{job=~{},instance=~{}}}", any(&mut jobs), any(&mut instances))
}

fn labels(labels: &BTreeMap<String, String>, names: Names) -> String {
    labels.iter().fold(String::new(), |mut out, (name, value)| {
        let name = match names {
            _ if is_bare(name) => name.clone(),
            Names::Quoted => text(name),
            Names::Escaped => escaped(name, |c| !(c.is_ascii_alphanumeric() || c == '_')),
        };
        let _ = write!(out, ",{name}={}", text(value));
        out
    })
}

fn is_bare(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A PromQL string: Go's escapes.
fn text(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    format!("\"{escaped}\"")
}

/// A text as an RE2 expression that matches it and nothing else; matchers are anchored.
fn regex(value: &str) -> String {
    escaped(value, |c| r"\.+*?()|[]{}^$".contains(c))
}

fn escaped(value: &str, special: impl Fn(char) -> bool) -> String {
    value.chars().fold(String::new(), |mut out, c| {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_escapes_its_quotes() {
        let of = HistogramOf {
            metric: "vllm:e2e.seconds".into(),
            labels: BTreeMap::from([("route".into(), "/v1/\"chat\"\\x\n".into()), ("a.b".into(), "}".into())]),
            unit_ms: 1e3,
            exemplars: false,
        };
        assert_eq!(exemplars(&of, false), r#"{__name__="vllm:e2e.seconds_bucket","a.b"="}",route="/v1/\"chat\"\\x\n"}"#);
        let both = [Names::Quoted, Names::Escaped].map(|names| histogram(&of, names));
        assert!(both[0].starts_with(r#"{__name__=~"vllm:e2e\\.seconds|vllm:e2e\\.seconds_bucket|"#), "{}", both[0]);
        assert!(both[0].contains(r#","a.b"="}","#) && both[1].contains(r#",a\.b="}","#), "{both:?}");
        assert!(has_odd_names(&of.labels));
        assert_eq!(series("x:y", &of.labels, Names::Quoted)[..18], *r#"{__name__="x:y","a"#);
        assert_eq!(counts(["a.b"].into_iter()), r#"{__name__=~".+_(count|sum)",job=~"a\\.b"}"#);
        assert_eq!(counts([].into_iter()), r#"{__name__=~".+_(count|sum)"}"#);
        assert_eq!(parts(["x_s", "y.s"].into_iter()), r#"{__name__=~"(x_s|y\\.s)(_bucket|_sum|_count)"}"#);
        assert_eq!(up(["b", "a"].into_iter(), ["10.0.0.1:80", "10.0.0.1:80"].into_iter()), r#"up{job=~"a|b",instance=~"10\\.0\\.0\\.1:80"}"#);
    }
}
