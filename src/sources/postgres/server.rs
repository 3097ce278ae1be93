//! Facts about the server and the database beside its settings.

use super::{
    named::id,
    questions::{cut, is_cut},
    session::{MOST, Rows},
};
use crate::{
    kept::{self, variables::Variables},
    model::{
        evidence::Gap,
        payload::{FactKind, FactTable, FactValue, Scheme},
    },
};

/// Longest text that is kept of a name or a version.
const LONGEST: usize = 200;

/// What later questions need to know of it.
pub struct Known {
    /// `PostgreSQL 15.14`.
    pub title: Option<String>,
    /// Does this role see every setting?
    pub sees_all: bool,
}

/// Its version, and whether it follows another server.
pub fn identity(facts: &mut FactTable, rows: &Rows, url: &str) -> Result<Known, Gap> {
    let Some([Some(number), Some(words), Some(sees_all), Some(in_recovery)]) = rows.first().map(Vec::as_slice) else {
        return Err(Gap::Malformed(format!("{url}: does not tell its version; this is no PostgreSQL server as others are")));
    };
    // Packagers add their own behind it: `15.14 (Debian 15.14-0+deb12u1)`.
    let number = short(number.split_whitespace().next().unwrap_or_default());
    facts.put("version", versioned(&number), "server_version");
    facts.put("version_text", FactValue::Text(short(words)), "version()");
    facts.put("in_recovery", FactValue::Flag(in_recovery == "true"), "pg_is_in_recovery()");
    let title = match words.split_once(' ') {
        Some(("PostgreSQL", _)) => format!("PostgreSQL {number}"),
        Some((other, _)) => format!("{}, which claims PostgreSQL {number}", short(other)),
        None => format!("a server that claims PostgreSQL {number}"),
    };
    Ok(Known { title: Some(title), sees_all: sees_all == "true" })
}

/// Encoding and collation of the database: they decide how texts are compared and which indexes serve.
pub fn database(facts: &mut FactTable, rows: Result<Rows, Gap>, url: &str) {
    let row = rows.and_then(|rows| match rows.into_iter().next().map(<[_; 6]>::try_from) {
        Some(Ok(row)) => Ok(row),
        _ => Err(Gap::Malformed(format!("{url}: pg_database does not tell of the database; `GRANT pg_monitor` does not help: look at its log"))),
    });
    match row {
        Ok([encoding, collate, ctype, provider, locale, version]) => {
            let text = |text: Option<String>| Ok(text.filter(|t| !t.is_empty()).map(|t| FactValue::Text(short(&t))));
            // `c` is the C library's, as in all releases before 15, which tell none.
            let collation = match (provider.as_deref(), locale) {
                (Some("i"), Some(locale)) => Some(format!("{locale} (icu)")),
                (Some("b"), Some(locale)) => Some(format!("{locale} (builtin)")),
                _ => collate,
            };
            facts.answer("encoding", text(encoding), "pg_database");
            facts.answer("collation", text(collation), "pg_database");
            facts.answer("ctype", text(ctype), "pg_database");
            facts.answer("collation_version", text(version), "pg_database");
        }
        Err(gap) => ["encoding", "collation", "ctype", "collation_version"].into_iter().for_each(|fact| facts.gap(fact, gap.clone())),
    }
}

/// What roles and databases have of their own, as `overridden.ROLE/DATABASE.SETTING`, `*` for all of them: whoever signs in as the
/// application gets it, whatever `pg_settings` shows to others. A value is shown where it is a number or a switch: others may
/// be secrets.
pub fn overridden(facts: &mut FactTable, rows: Result<Rows, Gap>, url: &str, variables: &Variables) {
    let rows = match rows {
        Ok(rows) if rows.len() <= MOST => rows,
        Ok(_) => return facts.gap("overridden", Gap::Truncated(format!("{url}: pg_db_role_setting has more than {MOST} rows"))),
        Err(gap) => return facts.gap("overridden", gap),
    };
    let Some(all) = rows.iter().map(|row| own(row)).collect::<Option<Vec<_>>>() else {
        return facts.gap("overridden", Gap::Malformed(format!("{url}: pg_db_role_setting has rows that could not be read")));
    };
    facts.put("overridden", FactValue::List(all.len() as u64), "pg_db_role_setting");
    for (fact, name, value) in all {
        let told = match FactKind::PgSetting.read(value) {
            _ if is_cut(value) => Err(cut()),
            _ if !harmless(value) => Ok(Some(variables.value(&name, value))),
            typed => Ok(Some(typed.unwrap_or_else(|_| FactValue::Text(value.to_owned())))),
        };
        facts.answer(fact, told, "pg_db_role_setting");
    }
}

/// Of a row: the fact, the setting and its value.
fn own(row: &[Option<String>]) -> Option<(String, String, &str)> {
    let [Some(role), Some(database), Some(own)] = row else { return None };
    let (name, value) = own.split_once('=')?;
    let name = id(name);
    Some((format!("overridden.{}/{}.{name}", kept::named(role), kept::named(database)), name, value))
}

/// A number with or without a unit, or a switch.
fn harmless(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = value[number.len()..].trim();
    let units = ["", "B", "kB", "MB", "GB", "TB", "us", "ms", "s", "min", "h", "d"];
    let number = number.trim();
    ["on", "off", "true", "false"].contains(&value) || number.len() <= 12 && number.parse::<f64>().is_ok() && units.contains(&unit)
}

/// What is installed in the database, with its version.
pub fn extensions(facts: &mut FactTable, rows: Result<Rows, Gap>) {
    let rows = match rows {
        Ok(rows) => rows,
        Err(gap) => return facts.gap("extensions", gap),
    };
    let mut count = 0;
    for row in &rows {
        if let [Some(name), Some(version)] = row.as_slice() {
            count += 1;
            facts.put(format!("extensions.{}", id(name)), versioned(&short(version)), "pg_extension");
        }
    }
    facts.put("extensions", FactValue::List(count), "pg_extension");
}

/// Servers that follow it; a backup that runs is none.
pub fn replicas(facts: &mut FactTable, rows: Result<Rows, Gap>, url: &str) {
    let numbers = rows.and_then(|rows| {
        let numbers: Vec<i64> = rows.first().into_iter().flatten().filter_map(|n| n.as_deref()?.parse().ok()).collect();
        <[i64; 3]>::try_from(numbers).map_err(|_| Gap::Malformed(format!("{url}: pg_stat_replication does not tell how many follow it")))
    });
    let count = numbers.and_then(|numbers| match numbers {
        [all, backups, 0] => Ok(Some(FactValue::Count(all - backups))),
        _ => Err(Gap::Denied(format!("{url}: pg_stat_replication hides from this role what its followers are; `GRANT pg_monitor TO` it"))),
    });
    facts.answer("replicas", count, "pg_stat_replication");
}

/// Numbers with dots between them are compared as numbers.
fn versioned(text: &str) -> FactValue {
    match text.parse::<pep440_rs::Version>() {
        Ok(_) => FactValue::version(Scheme::Pep440, text),
        Err(_) => FactValue::Text(text.to_owned()),
    }
}

fn short(text: &str) -> String {
    kept::plain(text).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, Told};

    fn row(cells: &[&str]) -> Vec<Option<String>> {
        cells.iter().map(|cell| Some((*cell).to_owned()).filter(|c| !c.is_empty())).collect()
    }
    fn value(facts: &FactTable, fact: &str) -> FactValue {
        match facts.known(fact) {
            Some(Cell::Value(Told { value, .. })) => value.clone(),
            other => panic!("{fact}: {other:?}"),
        }
    }

    #[test]
    fn a_version_is_told_without_what_its_packager_added() {
        let debian = "PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit";
        let cockroach = "CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27 01:53:43, go1.19.10)";
        for (number, words, title, version) in [
            ("15.18 (Debian 15.18-0+deb12u1)", debian, "PostgreSQL 15.18", FactValue::version(Scheme::Pep440, "15.18")),
            ("13.0.0", cockroach, "CockroachDB, which claims PostgreSQL 13.0.0", FactValue::version(Scheme::Pep440, "13.0.0")),
            ("18devel", "PostgreSQL 18devel on x", "PostgreSQL 18devel", FactValue::Text("18devel".into())),
        ] {
            let mut facts = FactTable::default();
            let known = identity(&mut facts, &vec![row(&[number, words, "true", "false"])], "u").unwrap();
            assert_eq!((known.title.as_deref(), value(&facts, "version")), (Some(title), version));
        }
        assert!(identity(&mut FactTable::default(), &vec![], "u").is_err());
    }

    #[test]
    fn values_of_roles_are_shown_where_they_are_numbers_or_switches() {
        let mut facts = FactTable::default();
        let rows = vec![row(&["app", "orders", "work_mem=64MB"]), row(&["*", "orders", "app.jwt_secret=hunter2"]), row(&["app", "*", "jit=off"])];
        overridden(&mut facts, Ok(rows), "u", &Variables::default());
        assert_eq!(value(&facts, "overridden"), FactValue::List(3));
        assert_eq!(value(&facts, "overridden.*/orders.app.jwt_secret"), FactValue::Hidden);
        assert_eq!(value(&facts, "overridden.app/*.jit"), FactValue::Flag(false));
        assert_eq!(value(&facts, "overridden.app/orders.work_mem"), FactValue::Bytes(64 << 20));
        assert_eq!(facts.known("overridden.app/*.work_mem"), Some(&Cell::Absent), "nobody set it there");
        for (secret, shown) in [("0123456789123", false), ("5 min", true), ("1e3", true), ("abc", false), ("", false), ("12é", false)] {
            assert_eq!(harmless(secret), shown, "{secret}");
        }
    }

    #[test]
    fn a_follower_of_which_the_role_sees_nothing_is_no_number() {
        let of = |numbers: &[&str]| {
            let mut facts = FactTable::default();
            replicas(&mut facts, Ok(vec![row(numbers)]), "u");
            facts.known("replicas").cloned()
        };
        assert_eq!(of(&["3", "1", "0"]), Some(Cell::Value(Told { value: FactValue::Count(2), from: "pg_stat_replication".into() })));
        assert!(matches!(of(&["1", "0", "1"]), Some(Cell::Gap(Gap::Denied(_)))));
        assert!(matches!(of(&["1"]), Some(Cell::Gap(Gap::Malformed(_)))));
    }

    #[test]
    fn groups_that_were_not_answered_are_gaps() {
        let mut facts = FactTable::default();
        let gap = || Err(Gap::TooLate("late".into()));
        database(&mut facts, gap(), "u");
        overridden(&mut facts, gap(), "u", &Variables::default());
        extensions(&mut facts, gap());
        replicas(&mut facts, gap(), "u");
        for fact in ["encoding", "collation", "ctype", "collation_version", "overridden", "extensions.hstore", "replicas"] {
            assert_eq!(facts.known(fact), Some(&Cell::Gap(Gap::TooLate("late".into()))), "{fact}");
        }
    }
}
