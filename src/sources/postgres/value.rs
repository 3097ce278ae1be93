use crate::model::payload::FactValue;

/// The value of a setting, by `vartype` and `unit` of `pg_settings`. A unit counts for what is above zero only, as it does
/// in `SHOW`: `-1` and `0` are words there (none, off, no limit, as the other setting), and no amounts that could be compared
/// with one. What does not look as its type says stays text with its unit.
pub fn typed(setting: &str, vartype: &str, unit: Option<&str>) -> FactValue {
    let unit = unit.filter(|u| !u.is_empty());
    let read = match vartype {
        "bool" => flag(setting).map(FactValue::Flag),
        "integer" => integer(setting, unit),
        "real" => real(setting, unit),
        _ => None,
    };
    read.unwrap_or_else(|| FactValue::Text(unit.map_or_else(|| setting.to_owned(), |unit| format!("{setting} {unit}"))))
}

fn flag(setting: &str) -> Option<bool> {
    match setting {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn integer(setting: &str, unit: Option<&str>) -> Option<FactValue> {
    // Modes of files are octal: 0777.
    if setting.len() > 1 && setting.starts_with('0') {
        return None;
    }
    let n: i64 = setting.parse().ok()?;
    match unit {
        Some(unit) if n > 0 => amount(n, unit),
        _ => Some(FactValue::Count(n)),
    }
}

fn real(setting: &str, unit: Option<&str>) -> Option<FactValue> {
    let x: f64 = setting.parse().ok().filter(|x: &f64| x.is_finite())?;
    match unit {
        Some(unit) if x > 0.0 => {
            let (times, unit) = factor(unit)?;
            let micros = x * times as f64 * micros_in(unit)? as f64;
            // A part of a microsecond would be lost.
            (micros < 9e15 && (micros - micros.round()).abs() < 1e-6 && micros >= 1.0).then(|| FactValue::Micros(micros.round() as i64))
        }
        Some(_) if x.fract() == 0.0 && x.abs() < 1e15 => Some(FactValue::Count(x as i64)),
        _ => Some(FactValue::Number(x)),
    }
}

fn amount(n: i64, unit: &str) -> Option<FactValue> {
    let (times, unit) = factor(unit)?;
    let n = n.checked_mul(times)?;
    match bytes_in(unit) {
        Some(bytes) => n.checked_mul(bytes).and_then(|all| u64::try_from(all).ok()).map(FactValue::Bytes),
        None => n.checked_mul(micros_in(unit)?).map(FactValue::Micros),
    }
}

/// `8kB` is 8 times `kB`: pages have the size with which the server was built.
fn factor(unit: &str) -> Option<(i64, &str)> {
    let digits = unit.find(|c: char| !c.is_ascii_digit())?;
    let (times, unit) = unit.split_at(digits);
    Some((if times.is_empty() { 1 } else { times.parse().ok().filter(|n| *n > 0)? }, unit))
}

/// PostgreSQL's kilobyte is 1024 bytes.
fn bytes_in(unit: &str) -> Option<i64> {
    ["B", "kB", "MB", "GB", "TB"].iter().position(|u| *u == unit).map(|power| 1 << (10 * power))
}

fn micros_in(unit: &str) -> Option<i64> {
    let units = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];
    units.iter().find(|(u, _)| *u == unit).map(|(_, micros)| *micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_the_type_and_the_unit_that_the_server_tells() {
        // Rows of a PostgreSQL 15, and what SHOW says of them.
        for (setting, vartype, unit, expected) in [
            ("16384", "integer", Some("8kB"), FactValue::Bytes(128 << 20)), // shared_buffers: 128MB
            ("4096", "integer", Some("kB"), FactValue::Bytes(4 << 20)),     // work_mem: 4MB
            ("1024", "integer", Some("MB"), FactValue::Bytes(1 << 30)),     // max_wal_size: 1GB
            ("300", "integer", Some("s"), FactValue::Micros(300_000_000)),  // checkpoint_timeout: 5min
            ("30000", "integer", Some("ms"), FactValue::Micros(30_000_000)),
            ("2", "real", Some("ms"), FactValue::Micros(2_000)), // autovacuum_vacuum_cost_delay: 2ms
            ("0.1", "real", None, FactValue::Number(0.1)),
            ("100", "integer", None, FactValue::Count(100)),
            ("on", "bool", None, FactValue::Flag(true)),
            ("replica", "enum", None, FactValue::Text("replica".into())),
            ("0777", "integer", None, FactValue::Text("0777".into())),
        ] {
            assert_eq!(typed(setting, vartype, unit), expected, "{setting} {unit:?}");
        }
    }

    #[test]
    fn words_that_are_numbers_are_no_amounts() {
        for (setting, vartype, unit) in [("-1", "integer", "kB"), ("0", "integer", "ms"), ("0", "real", "ms"), ("-1", "real", "ms")] {
            let expected = FactValue::Count(setting.parse().unwrap());
            assert_eq!(typed(setting, vartype, Some(unit)), expected, "{setting} {unit}");
        }
    }

    #[test]
    fn what_is_not_as_its_type_says_stays_text() {
        for (setting, vartype, unit, text) in [
            ("many", "integer", None, "many"),
            ("5", "integer", Some("furlongs"), "5 furlongs"),
            ("9223372036854775807", "integer", Some("TB"), "9223372036854775807 TB"),
            ("5", "integer", Some("99999999999999999999kB"), "5 99999999999999999999kB"),
            ("0.0001", "real", Some("ms"), "0.0001 ms"),
            ("nan", "real", Some("ms"), "nan ms"),
            ("maybe", "bool", None, "maybe"),
        ] {
            assert_eq!(typed(setting, vartype, unit), FactValue::Text(text.into()));
        }
    }
}
