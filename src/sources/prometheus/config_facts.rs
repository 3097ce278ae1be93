//! The facts of a Prometheus server as values with units. They are made of the texts that were recorded, so that old recordings
//! have them, too. How many targets there are changes by itself and is left out.

use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{Cell, FactTable, FactValue, Scheme, Told},
    },
    sources::duration,
};
use std::collections::BTreeSet;

/// Facts of the section `global`.
const GLOBAL: [&str; 3] = ["scrape_interval", "scrape_timeout", "evaluation_interval"];
/// Flags of queries: the fact, the flag.
const QUERIES: [(&str, &str); 3] =
    [("lookback_delta", "query.lookback-delta"), ("query_timeout", "query.timeout"), ("query_max_samples", "query.max-samples")];
/// What is kept where neither time nor size is told (`defaultRetentionDuration`; `storageRetention` of `/status/runtimeinfo` then says 15d).
const RETENTION: FactValue = FactValue::Micros(15 * 86_400_000_000);

/// The values of [`super::Prometheus`]' texts about `server`.
pub fn typed(facts: &FactTable) -> FactTable {
    let mut table = FactTable::default();
    tell(&mut table, "version", &told(facts, "version", "version"), |text| match semver::Version::parse(text) {
        Ok(_) => FactValue::version(Scheme::Semver, text),
        Err(_) => FactValue::Text(text.to_owned()),
    });
    for fact in GLOBAL {
        tell(&mut table, fact, &told(facts, &format!("config.{fact}"), "config"), span);
    }
    jobs(&mut table, facts);
    for (fact, flag) in QUERIES {
        tell(&mut table, fact, &told(facts, &format!("flag.{flag}"), "flags"), |text| text.parse().map_or_else(|_| span(text), FactValue::Count));
    }
    retention(&mut table, facts);
    features(&mut table, facts);
    table
}

/// A text, that there is none, or why it is not known: its own cell, or that of its group. Where neither was recorded, nothing
/// is known.
fn told(facts: &FactTable, fact: &str, group: &str) -> Result<Option<(String, String)>, Gap> {
    match (facts.0.get(fact), facts.0.get(group)) {
        (Some(Cell::Value(Told { value: FactValue::Text(text), .. })), _) => Ok(Some((text.clone(), fact.to_owned()))),
        (Some(Cell::Gap(gap)), _) | (None, Some(Cell::Gap(gap))) => Err(gap.clone()),
        (Some(Cell::Absent), _) => Ok(None),
        _ => Err(Gap::NotRecorded),
    }
}

fn tell(table: &mut FactTable, fact: &str, told: &Result<Option<(String, String)>, Gap>, value: impl Fn(&str) -> FactValue) {
    match told {
        Ok(Some((text, from))) => table.put(fact, value(text), from.as_str()),
        Ok(None) => table.absent(fact),
        Err(gap) => table.gap(fact, gap.clone()),
    }
}

/// Each job of its configuration. What a job does not say holds for it from `global`, or by Prometheus' defaults.
fn jobs(table: &mut FactTable, facts: &FactTable) {
    if let Some(Cell::Gap(gap)) = facts.0.get("config") {
        return table.gap("jobs", gap.clone());
    }
    // Every job that was read has this cell; those that only targets tell of do not.
    let of = |key: &String| key.strip_prefix("job.")?.strip_suffix(".honor_labels").map(str::to_owned);
    let names: BTreeSet<String> = facts.0.keys().filter_map(of).collect();
    if names.is_empty() && !facts.0.contains_key("config.scrape_interval") {
        return table.gap("jobs", Gap::NotRecorded);
    }
    for name in &names {
        let of = |fact: &str| told(facts, &format!("job.{name}.{fact}"), "config");
        let id = |fact: &str| format!("jobs.{}.{fact}", kept::named(name));
        let or_global = |fact: &str| match of(fact) {
            Ok(None) => told(facts, &format!("config.{fact}"), "config"),
            own => own,
        };
        let or_usual = |fact: &str, usual: &str| of(fact).map(|own| own.or_else(|| Some((usual.to_owned(), "the default of Prometheus".into()))));
        tell(table, &id("scrape_interval"), &or_global("scrape_interval"), span);
        tell(table, &id("scrape_timeout"), &or_global("scrape_timeout"), span);
        tell(table, &id("honor_labels"), &or_usual("honor_labels", "false"), flag);
        tell(table, &id("honor_timestamps"), &or_usual("honor_timestamps", "true"), flag);
        // It is written down only where there is one.
        let limit = facts.value(&format!("job.{name}.sample_limit")).map(|text| (text.to_owned(), format!("job.{name}.sample_limit")));
        tell(table, &id("sample_limit"), &Ok(limit), |text| text.parse().map_or_else(|_| FactValue::Text(kept::plain(text)), FactValue::Count));
    }
    table.put("jobs", FactValue::List(names.len() as u64), "scrape_configs");
}

/// For how long, and how much, is kept.
fn retention(table: &mut FactTable, facts: &FactTable) {
    let [time, size] = ["storage.tsdb.retention.time", "storage.tsdb.retention.size"].map(|flag| told(facts, &format!("flag.{flag}"), "flags"));
    let nothing = |told: &Result<Option<(String, String)>, Gap>| matches!(told, Ok(Some((text, _))) if ["0s", "0B", "0"].contains(&text.as_str()));
    match (nothing(&time), nothing(&size)) {
        (true, true) => table.put("retention", RETENTION, "the default, since neither flag is set"),
        (true, false) => table.absent("retention"),
        (false, _) => tell(table, "retention", &time, span),
    }
    if nothing(&size) { table.absent("retention_size") } else { tell(table, "retention_size", &size, bytes) }
}

/// What was switched on by the flag, and switches that the server itself tells of.
fn features(table: &mut FactTable, facts: &FactTable) {
    let enabled = match told(facts, "flag.enable-feature", "flags") {
        Ok(enabled) => enabled.map(|(text, _)| text).unwrap_or_default(),
        Err(gap) => return table.gap("features", gap),
    };
    let on = enabled
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| (kept::named(name), FactValue::Flag(true), "flag.enable-feature".to_owned()));
    let told = facts.0.keys().filter_map(|key| {
        let name = key.strip_prefix("feature.")?;
        Some((kept::named(name), flag(facts.value(key)?), key.clone()))
    });
    let all: Vec<_> = on.chain(told).collect();
    let count = all.iter().map(|(name, ..)| name).collect::<BTreeSet<_>>().len();
    for (name, value, from) in all {
        table.put(format!("features.{name}"), value, from);
    }
    table.put("features", FactValue::List(count as u64), "flag.enable-feature");
}

fn flag(text: &str) -> FactValue {
    match text {
        "true" => FactValue::Flag(true),
        "false" => FactValue::Flag(false),
        other => FactValue::Text(kept::named(other)),
    }
}

/// A duration; what is none stays text.
fn span(text: &str) -> FactValue {
    match duration::ms(text).map(|ms| ms * 1e3).filter(|us| us.abs() < 9e15) {
        Some(us) => FactValue::Micros(us.round() as i64),
        None => FactValue::Text(kept::plain(text)),
    }
}

/// As Prometheus writes sizes: `512MB`, `1.5GiB`, its units being powers of 1024 either way.
fn bytes(text: &str) -> FactValue {
    const UNITS: [f64; 7] = [1.0, 1024.0, 1_048_576.0, 1_073_741_824.0, 1_099_511_627_776.0, 1_125_899_906_842_624.0, 1_152_921_504_606_846_976.0];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let power = ["B", "K", "M", "G", "T", "P", "E"].iter().position(|unit| text[digits..].starts_with(unit) && text[digits..].len() <= 3);
    match text[..digits].parse::<f64>().ok().zip(power) {
        Some((n, power)) if n * UNITS[power] < 9e15 => FactValue::Bytes((n * UNITS[power]).round() as u64),
        _ => FactValue::Text(kept::plain(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Prometheus 2.42 told of itself; `gateway` has `scrape_interval: 1s, honor_labels: true, sample_limit: 5000` of its own.
    fn recorded() -> FactTable {
        let mut facts = FactTable::default();
        for (fact, text) in [
            ("version", "2.42.0+ds"),
            ("flag.enable-feature", "exemplar-storage,native-histograms"),
            ("flag.query.lookback-delta", "5m"),
            ("flag.query.timeout", "2m"),
            ("flag.query.max-samples", "50000000"),
            ("flag.storage.tsdb.retention.time", "0s"),
            ("flag.storage.tsdb.retention.size", "0B"),
            ("feature.otlp_write_receiver", "false"),
            ("config.scrape_interval", "15s"),
            ("config.scrape_timeout", "10s"),
            ("config.evaluation_interval", "1m"),
            ("job.gateway.scrape_interval", "1s"),
            ("job.gateway.scrape_timeout", "1s"),
            ("job.gateway.honor_labels", "true"),
            ("job.gateway.honor_timestamps", "true"),
            ("job.gateway.sample_limit", "5000"),
            ("job.node.exporter.honor_timestamps", "false"),
            ("targets", "2"),
            ("job.gone.targets", "1"),
        ] {
            facts.set(fact, text);
        }
        for fact in ["job.node.exporter.scrape_interval", "job.node.exporter.scrape_timeout", "job.node.exporter.honor_labels"] {
            facts.absent(fact);
        }
        facts
    }
    fn value(table: &FactTable, fact: &str) -> FactValue {
        match table.known(fact) {
            Some(Cell::Value(told)) => told.value.clone(),
            other => panic!("{fact}: {other:?}"),
        }
    }

    #[test]
    fn texts_become_values_with_units() {
        let table = typed(&recorded());
        for (fact, expected) in [
            ("version", FactValue::version(Scheme::Semver, "2.42.0+ds")),
            ("scrape_interval", FactValue::Micros(15_000_000)),
            ("scrape_timeout", FactValue::Micros(10_000_000)),
            ("evaluation_interval", FactValue::Micros(60_000_000)),
            ("lookback_delta", FactValue::Micros(300_000_000)),
            ("query_max_samples", FactValue::Count(50_000_000)),
            ("retention", FactValue::Micros(1_296_000_000_000)),
            ("jobs", FactValue::List(2)),
            ("jobs.gateway.scrape_interval", FactValue::Micros(1_000_000)),
            ("jobs.gateway.honor_labels", FactValue::Flag(true)),
            ("jobs.gateway.sample_limit", FactValue::Count(5_000)),
            ("jobs.node.exporter.scrape_interval", FactValue::Micros(15_000_000)),
            ("jobs.node.exporter.honor_labels", FactValue::Flag(false)),
            ("jobs.node.exporter.honor_timestamps", FactValue::Flag(false)),
            ("features", FactValue::List(3)),
            ("features.exemplar-storage", FactValue::Flag(true)),
            ("features.otlp_write_receiver", FactValue::Flag(false)),
        ] {
            assert_eq!(value(&table, fact), expected, "{fact}");
        }
        for absent in ["retention_size", "jobs.node.exporter.sample_limit", "features.memory-snapshot-on-shutdown", "jobs.gone.scrape_interval"] {
            assert_eq!(table.known(absent), Some(&Cell::Absent), "{absent}");
        }
        assert!(!table.0.keys().any(|fact| fact.contains("targets")));
    }

    #[test]
    fn gaps_are_handed_through() {
        let (mut facts, denied) = (FactTable::default(), Gap::Denied("no".into()));
        for group in ["version", "flags", "config"] {
            facts.gap(group, denied.clone());
        }
        let table = typed(&facts);
        for fact in [
            "version",
            "scrape_interval",
            "evaluation_interval",
            "jobs.gateway.scrape_interval",
            "retention",
            "retention_size",
            "features.x",
            "lookback_delta",
        ] {
            assert_eq!(table.known(fact), Some(&Cell::Gap(denied.clone())), "{fact}");
        }
        let table = typed(&FactTable::default());
        for fact in ["version", "scrape_interval", "jobs", "retention", "features"] {
            assert_eq!(table.known(fact), Some(&Cell::Gap(Gap::NotRecorded)), "{fact}");
        }
    }

    #[test]
    fn a_size_alone_means_that_no_time_limits_what_is_kept() {
        let mut facts = recorded();
        facts.set("flag.storage.tsdb.retention.size", "512MB");
        let table = typed(&facts);
        assert_eq!((value(&table, "retention_size"), table.known("retention")), (FactValue::Bytes(512 << 20), Some(&Cell::Absent)));
        facts.set("flag.storage.tsdb.retention.time", "30d");
        assert_eq!(value(&typed(&facts), "retention"), FactValue::Micros(2_592_000_000_000));
        for (odd, expected) in [("1.5GiB", FactValue::Bytes(3 << 29)), ("many", FactValue::Text("many".into())), ("9é", FactValue::Text("9é".into()))]
        {
            facts.set("flag.storage.tsdb.retention.size", odd);
            assert_eq!(value(&typed(&facts), "retention_size"), expected);
        }
    }
}
