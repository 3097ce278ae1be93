//! Two real PostgreSQL servers that differ: every fact is what `psql` tells by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use crate::{metrics_world::slot, stack::or_skip, support::postgres::Server};
use rigcheck::{
    kept::variables::Variables,
    model::{
        Source,
        audit::Effort,
        evidence::{Gap, Seen},
        key::{Facts, Payload},
        name::name,
        payload::{Cell, FactTable, FactValue},
        secret::Secret,
    },
    sources::postgres::Postgres,
    spec::postgres::{PostgresPlace, PostgresServer, PostgresTls},
};

fn spec(server: &Server, user: &str) -> PostgresServer {
    PostgresServer {
        url: format!("postgresql://127.0.0.1:{}/postgres", server.port),
        at: PostgresPlace::Tcp("127.0.0.1".into(), server.port),
        user: Some(user.into()),
        password: None,
        database: "postgres".into(),
        tls: PostgresTls::Prefer,
        ca_file: None,
    }
}

async fn ask(server: PostgresServer) -> Result<Seen, Gap> {
    Postgres::new(name("database"), server, Variables::default()).ask(&Facts { scope: name("server") }.into(), Effort::default(), &slot(20.0)).await
}

async fn facts(server: PostgresServer) -> FactTable {
    match ask(server).await.unwrap().payload {
        Payload::Facts(facts) => facts,
        other => panic!("{other:?}"),
    }
}

fn value<'f>(facts: &'f FactTable, fact: &str) -> &'f FactValue {
    match facts.0.get(fact) {
        Some(Cell::Value(told)) => &told.value,
        other => panic!("{fact}: {other:?}"),
    }
}

fn from<'f>(facts: &'f FactTable, fact: &str) -> &'f str {
    match facts.0.get(fact) {
        Some(Cell::Value(told)) => &told.from,
        other => panic!("{fact}: {other:?}"),
    }
}

fn set(members: &[&str]) -> FactValue {
    FactValue::Set(members.iter().map(|m| (*m).to_owned()).collect())
}

/// Every setting with an amount is what PostgreSQL itself makes of `SHOW`; returns how many there are.
fn amounts_agree(server: &Server, facts: &FactTable) -> usize {
    // `pg_size_bytes` and `interval` are PostgreSQL's own readers of what SHOW prints.
    let truth = server.psql(
        "SELECT lower(name), CASE WHEN unit ~ 'B$' THEN 'bytes' ELSE 'micros' END, \
         CASE WHEN unit ~ 'B$' THEN pg_size_bytes(current_setting(name)) \
         ELSE round(extract(epoch FROM current_setting(name)::interval) * 1000000)::bigint END \
         FROM pg_settings WHERE unit IS NOT NULL AND setting::float8 > 0",
    );
    for line in truth.lines() {
        let [name, kind, amount] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let expected = if kind == "bytes" { FactValue::Bytes(amount.parse().unwrap()) } else { FactValue::Micros(amount.parse().unwrap()) };
        assert_eq!(value(facts, &format!("settings.{name}")), &expected, "{line}");
    }
    truth.lines().count()
}

/// Every other number, word and switch is what `SHOW` prints, letter by letter.
fn words_agree(server: &Server, facts: &FactTable) -> usize {
    let truth = server.psql(
        "SELECT lower(name), vartype, current_setting(name) FROM pg_settings WHERE (vartype IN ('bool', 'enum') OR vartype IN ('integer', 'real') \
         AND (unit IS NULL OR setting::float8 <= 0)) AND name NOT IN ('port', 'server_version_num', 'transaction_isolation', \
         'transaction_read_only', 'transaction_deferrable', 'in_hot_standby', 'debug_io_direct')",
    );
    for line in truth.lines() {
        let [name, kind, shown] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let told = match value(facts, &format!("settings.{name}")) {
            FactValue::Flag(on) => if *on { "on" } else { "off" }.to_owned(),
            FactValue::Count(n) => n.to_string(),
            FactValue::Number(x) => x.to_string(),
            FactValue::Text(text) => text.clone(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(told, shown, "{line}");
        assert_eq!(kind == "bool", matches!(value(facts, &format!("settings.{name}")), FactValue::Flag(_)), "{line}");
    }
    truth.lines().count()
}

#[tokio::test]
async fn every_fact_is_what_psql_says_of_two_servers_that_differ() {
    let test = "every_fact_is_what_psql_says_of_two_servers_that_differ";
    let tuned = "work_mem = '64MB'\nmax_connections = 77\nstatement_timeout = '90s'\nshared_preload_libraries = 'auto_explain'\n\
                 auto_explain.log_min_duration = '250ms'\nprimary_conninfo = 'host=10.9.8.7 password=hunter2'\narchive_mode = on\n\
                 archive_command = 'cp %p /hunter2/%f'\nvacuum_cost_delay = '1500us'\ntimezone = 'Europe/Berlin'\nautovacuum_vacuum_cost_delay = 3";
    let Some(plain) = or_skip(test, Server::start("plain", "", "")) else { return };
    let Some(tuned) = or_skip(test, Server::start("tuned", tuned, "host all walled 127.0.0.1/32 scram-sha-256")) else { return };
    for sql in [
        "CREATE ROLE app LOGIN",
        "CREATE ROLE watcher LOGIN IN ROLE pg_monitor",
        "CREATE ROLE walled LOGIN PASSWORD 'l0ng-enough-password' IN ROLE pg_monitor",
        "CREATE ROLE one LOGIN CONNECTION LIMIT 0",
        "ALTER ROLE app SET work_mem = '8MB'",
        "ALTER ROLE app IN DATABASE postgres SET search_path = 'hunter2'",
        "ALTER DATABASE postgres SET jit = off",
        "ALTER SYSTEM SET max_connections = 88",
        "SELECT pg_reload_conf()",
    ] {
        tuned.psql(sql);
    }
    tuned.waits("SELECT pending_restart FROM pg_settings WHERE name = 'max_connections'", "t");

    let (a, b) = (facts(spec(&plain, "postgres")).await, facts(spec(&tuned, "watcher")).await);
    for (server, facts) in [(&plain, &a), (&tuned, &b)] {
        assert!(amounts_agree(server, facts) > 40 && words_agree(server, facts) > 200);
        let FactValue::List(count) = value(facts, "settings") else { panic!() };
        assert_eq!(*count as usize, facts.0.keys().filter(|fact| fact.starts_with("settings.")).count());
        let version = server.psql("SHOW server_version");
        assert_eq!(value(facts, "version").to_string(), version.split(' ').next().unwrap());
        assert_eq!(value(facts, "version_text"), &FactValue::Text(server.psql("SELECT version()")));
        assert_eq!(value(facts, "encoding"), &FactValue::Text(server.psql("SHOW server_encoding")));
        assert_eq!(value(facts, "collation"), &FactValue::Text(server.psql("SHOW lc_collate")));
        assert_eq!(value(facts, "ctype"), &FactValue::Text(server.psql("SHOW lc_ctype")));
        assert_eq!(value(facts, "data_checksums"), &FactValue::Flag(server.psql("SHOW data_checksums") == "on"));
        assert_eq!(value(facts, "in_recovery"), &FactValue::Flag(false));
        assert_eq!(value(facts, "replicas"), &FactValue::Count(0));
        assert_eq!(value(facts, "extensions"), &FactValue::List(1));
        assert_eq!(value(facts, "extensions.plpgsql").to_string(), server.psql("SELECT extversion FROM pg_extension"));
        assert_eq!(value(facts, "settings.data_directory"), &FactValue::Place(server.psql("SHOW data_directory")));
        assert_eq!(value(facts, "settings.port"), &FactValue::Place(server.port.to_string()));
        assert!(matches!(facts.0.get("settings.timezone"), Some(Cell::Gap(Gap::NotReached(_)))));
    }
    assert_eq!((value(&a, "pending_restart"), value(&b, "pending_restart")), (&set(&[]), &set(&["max_connections"])));
    assert_eq!((value(&a, "settings.max_connections"), value(&b, "settings.max_connections")), (&FactValue::Count(100), &FactValue::Count(77)));
    assert_eq!(value(&b, "settings.statement_timeout"), &FactValue::Micros(90_000_000), "ours is another one");
    assert_eq!(value(&b, "settings.vacuum_cost_delay"), &FactValue::Micros(1_500));
    assert_eq!(value(&b, "settings.auto_explain.log_min_duration"), &FactValue::Micros(250_000));
    assert_eq!(
        (value(&a, "settings.shared_preload_libraries"), value(&b, "settings.shared_preload_libraries")),
        (&set(&[]), &set(&["auto_explain"]))
    );
    assert_eq!((value(&a, "overridden"), value(&b, "overridden")), (&FactValue::List(0), &FactValue::List(3)));
    assert_eq!(value(&b, "overridden.*/postgres.jit"), &FactValue::Flag(false));
    assert_eq!(value(&b, "overridden.app/*.work_mem"), &FactValue::Bytes(8 << 20));
    assert_eq!(value(&b, "overridden.app/postgres.search_path"), &FactValue::Hidden);
    assert_eq!((value(&b, "settings.archive_command"), value(&b, "settings.primary_conninfo")), (&FactValue::Hidden, &FactValue::Hidden));
    assert!(!serde_json::to_string(&b).unwrap().contains("hunter2"));
    let line = tuned.psql("SELECT source || ' ' || sourcefile || ':' || sourceline FROM pg_settings WHERE name = 'work_mem'");
    assert_eq!(from(&b, "settings.work_mem"), format!("pg_settings: {line}"));
    let changed = tuned.psql("SELECT name FROM pg_settings WHERE source NOT IN ('default', 'override', 'client') ORDER BY 1");
    let told = value(&b, "changed").to_string();
    for name in ["work_mem", "max_connections", "vacuum_cost_delay", "statement_timeout"] {
        assert!(changed.lines().any(|c| c == name) && told.split(", ").any(|c| c == name), "{name}: {told}");
    }

    // A role without rights knows what it sees, and of the rest that it may not; over the socket.
    let socket = PostgresServer { at: PostgresPlace::Socket(tuned.folder.path().to_owned(), tuned.port), ..spec(&tuned, "app") };
    let c = facts(socket).await;
    for fact in ["settings", "pending_restart", "changed", "settings.shared_preload_libraries"] {
        assert!(matches!(c.known(fact), Some(Cell::Gap(Gap::Denied(why))) if why.contains("GRANT pg_monitor")), "{fact}: {:?}", c.known(fact));
    }
    assert_eq!(value(&c, "settings.work_mem"), &FactValue::Bytes(8 << 20), "its own");
    assert_eq!((from(&c, "settings.work_mem"), value(&c, "replicas")), ("pg_settings: user", &FactValue::Count(0)));

    // By password, and what becomes of mistakes.
    let password = |text: &str| PostgresServer { password: Some(Secret::new(text)), ..spec(&tuned, "walled") };
    let seen = ask(password("l0ng-enough-password")).await.unwrap();
    assert_eq!(seen.origin.server, Some(format!("PostgreSQL {}", value(&b, "version"))));
    let elsewhere = PostgresServer { database: "nowhere".into(), ..spec(&tuned, "app") };
    let encrypted = PostgresServer { tls: PostgresTls::Require, ..spec(&tuned, "app") };
    for (server, word, words) in [
        (password("wrong"), "denied", "correct `password`"),
        (spec(&tuned, "walled"), "denied", "add `password:"),
        (spec(&tuned, "nobody"), "denied", "see that the role exists"),
        (elsewhere, "not configured", "no such database"),
        (encrypted, "malformed", "`sslmode=disable`"),
        (spec(&tuned, "one"), "busy", "too many connections"),
    ] {
        let gap = ask(server).await.unwrap_err();
        assert!(gap.word() == word && gap.to_string().contains(words), "{gap}");
    }
    // Nothing stays behind.
    for _ in 0..100 {
        if tuned.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rigcheck'") == "0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a connection was left open");
}
