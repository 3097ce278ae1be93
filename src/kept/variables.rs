//! Environment variables: some are shown by name, of all others only whether they are the same in another place.

use super::{arguments, named, secrets};
use crate::model::{
    evidence::{digest, hex},
    payload::{FactTable, FactValue},
    secret::Secret,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;

/// Names whose values are shown: they decide how an API server performs, and hold no secrets by their meaning.
const SHOWN: [&str; 47] = [
    // where things lie: most are too short for a fingerprint, and would never be known to be the same
    "HOME",
    "PATH",
    "VIRTUAL_ENV",
    // Python and what it runs on
    "PYTHONUNBUFFERED",
    "PYTHONOPTIMIZE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONMALLOC",
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONPATH",
    "MALLOC_ARENA_MAX",
    "MALLOC_TRIM_THRESHOLD_",
    "LD_PRELOAD",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
    "TZ",
    "LANG",
    "LC_ALL",
    // servers
    "WEB_CONCURRENCY",
    "UVICORN_WORKERS",
    "UVICORN_LOOP",
    "UVICORN_HTTP",
    "UVICORN_LOG_LEVEL",
    "UVICORN_LIMIT_CONCURRENCY",
    "UVICORN_TIMEOUT_KEEP_ALIVE",
    "GUNICORN_CMD_ARGS",
    "LOG_LEVEL",
    "DEBUG",
    // pools
    "DB_POOL_SIZE",
    "DB_MAX_OVERFLOW",
    "POOL_SIZE",
    "MAX_CONNECTIONS",
    // telemetry
    "OTEL_SDK_DISABLED",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_SERVICE_NAME",
    "PROMETHEUS_MULTIPROC_DIR",
    "OTEL_PROPAGATORS",
];

/// Those of one process, one shell, one container: they are never the same and mean nothing.
const PASSING: [&str; 12] = [
    "_",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "HOSTNAME",
    "TERM",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "SYSTEMD_EXEC_PID",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "LS_COLORS",
];

/// Shorter values can be guessed from their fingerprint by whoever has the key: ports, switches, short words.
const SHORTEST: usize = 12;
/// Longer values are told by their digest.
const LONGEST: usize = 1_024;
/// Variables beyond this are counted only.
const MOST: usize = 1_000;

/// How variables are told.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Names that the user lets be shown, beside our own.
    pub shown: BTreeSet<String>,
    /// The key of fingerprints: who compares two environments gives both collectors the same one.
    pub key: Option<Secret>,
}

impl Variables {
    /// Writes them down as `env.NAME`, with `env` as the list of them.
    pub fn tell(&self, table: &mut FactTable, of: impl IntoIterator<Item = (String, String)>, from: &str) {
        let mut count = 0;
        for (name, value) in of {
            if PASSING.contains(&name.as_str()) || name.is_empty() {
                continue;
            }
            count += 1;
            if count <= MOST {
                table.put(format!("env.{}", named(&name)), self.value(&name, &value), from);
            }
        }
        table.put("env", FactValue::List(count as u64), from);
    }

    /// What the key makes of a text that everybody knows: two collectors with the same one have the same key.
    pub fn key_id(&self) -> Option<String> {
        self.key.as_ref().map(|key| fingerprint(key, "", "rigcheck"))
    }

    /// What of a value is kept, shown or not. A value that looks like a secret is none that is shown, whatever its name.
    pub fn value(&self, name: &str, value: &str) -> FactValue {
        let shown = SHOWN.contains(&name) || self.shown.contains(name);
        if shown && secrets::of(name, value).is_none() && !arguments::hold_secret(value) {
            return if value.len() > LONGEST { FactValue::Digest(digest(value.as_bytes())) } else { FactValue::Text(value.to_owned()) };
        }
        match &self.key {
            Some(key) if value.len() >= SHORTEST => FactValue::Fingerprint(fingerprint(key, name, value)),
            _ => FactValue::Hidden,
        }
    }
}

/// Keyed digest of a value under its name (HMAC-SHA256), so that the same value under two names does not show as the same.
fn fingerprint(key: &Secret, name: &str, value: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(name.as_bytes());
    mac.update(&[0]);
    mac.update(value.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, Told};

    fn told(variables: &Variables, of: &[(&str, &str)]) -> FactTable {
        let mut table = FactTable::default();
        variables.tell(&mut table, of.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())), "there");
        table
    }
    fn one(variables: &Variables, name: &str, value: &str) -> FactValue {
        match told(variables, &[(name, value)]).0.get(&format!("env.{name}")) {
            Some(Cell::Value(Told { value, .. })) => value.clone(),
            other => panic!("{other:?}"),
        }
    }
    fn keyed(key: &str) -> Variables {
        Variables { shown: BTreeSet::from(["UPSTREAM".to_owned(), "TIER".to_owned()]), key: Some(Secret::new(key)) }
    }

    #[test]
    fn values_are_shown_by_name_only() {
        let none = Variables::default();
        assert_eq!(one(&none, "WEB_CONCURRENCY", "4"), FactValue::Text("4".into()));
        assert_eq!(one(&none, "HOME", "/root"), FactValue::Text("/root".into()), "nobody could tell whether it is the same");
        assert_eq!(one(&none, "ORDERS_TOKEN", "a long enough value"), FactValue::Hidden, "without a key");
        assert_eq!(one(&keyed("k"), "TIER", "gold"), FactValue::Text("gold".into()));
        assert_eq!(one(&keyed("k"), "PORT_OF_X", "8080"), FactValue::Hidden, "too short for a fingerprint");
        assert_eq!(told(&none, &[("HOSTNAME", "a"), ("PWD", "/")]).0.len(), 1, "the list alone");
    }

    #[test]
    fn a_secret_under_a_shown_name_is_not_shown() {
        for secret in ["https://user:hunter2hunter2@upstream/v1", "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"] {
            assert!(matches!(one(&keyed("k"), "UPSTREAM", secret), FactValue::Fingerprint(_)), "{secret}");
            assert_eq!(one(&Variables { key: None, ..keyed("k") }, "UPSTREAM", secret), FactValue::Hidden);
        }
        // Arguments in a variable: some of them may be secrets, and all variables that they set.
        for secret in ["--workers 4 --env LICENCE=hunter2", "-w 4 --certificate-password hunter2hunter2", "--bind x DB_PASSWORD=hunter2hunter2"] {
            assert_eq!(one(&Variables::default(), "GUNICORN_CMD_ARGS", secret), FactValue::Hidden, "{secret}");
        }
        assert_eq!(one(&Variables::default(), "GUNICORN_CMD_ARGS", "--workers 4"), FactValue::Text("--workers 4".into()));
    }

    #[test]
    fn a_fingerprint_is_the_same_wherever_key_name_and_value_are() {
        // Independent truth: printf 'A\0a long enough value' | openssl dgst -sha256 -hmac k
        let expected = EXPECTED;
        assert_eq!(one(&keyed("k"), "A", "a long enough value"), FactValue::Fingerprint(expected.into()));
        assert_ne!(one(&keyed("other"), "A", "a long enough value"), FactValue::Fingerprint(expected.into()));
        assert_ne!(one(&keyed("k"), "B", "a long enough value"), FactValue::Fingerprint(expected.into()));
    }
    const EXPECTED: &str = "d64dad98a05821d2de8230f2678d8d09bfc19dda9141371b1d6ecb6e6e88d6f6";

    #[test]
    fn hostile_names_and_values_are_cut() {
        let name = format!("A\n\u{1b}[31m{}", "x".repeat(1_000_000));
        let table = told(&Variables::default(), &[(&name, "v"), ("TZ", &"y".repeat(1_000_000))]);
        assert!(table.0.keys().all(|id| id.len() < 200 && !id.contains(char::is_control)), "{:?}", table.0.keys());
        assert!(serde_json::to_string(&table).unwrap().len() < 1_000);
    }
}
