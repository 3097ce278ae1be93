use super::{
    named::{id, is_place, left_out, text},
    questions::{cut, is_cut},
    server::Known,
    session::{MOST, Rows},
    value::typed,
};
use crate::{
    kept::{self, variables::Variables},
    model::{
        evidence::Gap,
        payload::{Cell, FactTable, FactValue},
    },
};
use std::collections::BTreeSet;

/// A row of [`super::questions::SETTINGS`].
struct Setting<'r> {
    name: String,
    value: &'r str,
    unit: Option<&'r str>,
    vartype: &'r str,
    source: &'r str,
    file: Option<(&'r str, &'r str)>,
    differs: bool,
    pending: bool,
}

/// Tells the settings and what follows from all of them: `settings`, `pending_restart`, `changed`, `data_checksums`. A role
/// that does not see all of them knows those that it sees, and of the others only that it may not.
pub fn tell(facts: &mut FactTable, rows: Result<Rows, Gap>, known: &Known, url: &str, variables: &Variables) {
    let all = rows.and_then(|rows| match rows.len() {
        0 => Err(Gap::Malformed(format!("{url}: pg_settings is empty; this is no PostgreSQL server as others are"))),
        n if n > MOST => Err(Gap::Truncated(format!("{url}: pg_settings has more than {MOST} rows"))),
        _ => Ok(rows),
    });
    let rows = match all {
        Ok(rows) => rows,
        Err(gap) => return ["settings", "pending_restart", "changed", "data_checksums"].into_iter().for_each(|fact| facts.gap(fact, gap.clone())),
    };
    let settings: Vec<Setting<'_>> = rows.iter().filter_map(|row| Setting::of(row)).collect();
    let mut told = 0;
    for setting in settings.iter().filter(|s| !left_out(&s.name)) {
        told += 1;
        setting.tell(facts, variables);
    }
    let hides = |what: &str| {
        let why = "pg_settings hides some settings from this role; `GRANT pg_monitor TO` it, or pg_read_all_settings";
        Gap::Denied(format!("{url}: {what}: {why}"))
    };
    let set =
        |those: &dyn Fn(&Setting<'_>) -> bool| FactValue::Set(settings.iter().filter(|s| those(s)).map(|s| s.name.clone()).collect::<BTreeSet<_>>());
    let unread = rows.len() - settings.len();
    let whole = |what: &str, value: FactValue| match (known.sees_all, unread) {
        (false, _) => Err(hides(what)),
        (true, 0) => Ok(Some(value)),
        (true, n) => Err(Gap::Malformed(format!("{url}: {what}: {n} rows of pg_settings could not be read"))),
    };
    facts.answer("settings", whole("settings", FactValue::List(told)), "pg_settings");
    facts.answer("pending_restart", whole("pending_restart", set(&|s| s.pending)), "pg_settings.pending_restart");
    facts.answer("changed", whole("changed", set(&|s| s.changed() && !left_out(&s.name))), "pg_settings.source");
    let checksums = settings.iter().find(|s| s.name == "data_checksums").map(|s| typed(s.value, s.vartype, s.unit));
    let missing = || Gap::Malformed(format!("{url}: pg_settings has no data_checksums; it is older than PostgreSQL 9.3, or another server"));
    facts.answer("data_checksums", checksums.map(Some).ok_or_else(missing), "pg_settings");
}

impl<'r> Setting<'r> {
    fn of(row: &'r [Option<String>]) -> Option<Setting<'r>> {
        let [Some(name), setting, unit, Some(vartype), Some(source), file, line, differs, pending] = row else { return None };
        let on = |cell: &Option<String>| cell.as_deref() == Some("true");
        Some(Setting {
            name: id(name),
            // A text without a value is told as NULL by some releases.
            value: setting.as_deref().unwrap_or_default(),
            unit: unit.as_deref(),
            vartype,
            source,
            file: file.as_deref().zip(line.as_deref()),
            differs: on(differs),
            pending: on(pending),
        })
    }

    /// Has somebody set it? What this transaction itself has set is judged by what it was before.
    fn changed(&self) -> bool {
        match self.source {
            "default" | "override" | "client" => false,
            "session" => self.differs,
            _ => true,
        }
    }

    fn tell(&self, facts: &mut FactTable, variables: &Variables) {
        let fact = format!("settings.{}", self.name);
        match self.cell(variables) {
            Cell::Value(told) => facts.put(fact, told.value, self.from()),
            Cell::Absent => facts.absent(fact),
            Cell::Gap(gap) => facts.gap(fact, gap),
        }
    }

    fn cell(&self, variables: &Variables) -> Cell {
        let own = "rigcheck's own connection sets it (its client, or PGOPTIONS in its environment), so that what others get is not seen";
        match self.source {
            "client" => Cell::Gap(Gap::NotReached(own.into())),
            _ if is_cut(self.value) => Cell::Gap(cut()),
            _ if self.vartype == "string" || is_place(&self.name) => text(&self.name, self.value, variables),
            _ => Cell::Value(match typed(self.value, self.vartype, self.unit) {
                FactValue::Text(text) => FactValue::Text(kept::plain(&text)).into(),
                value => value.into(),
            }),
        }
    }

    fn from(&self) -> String {
        match (self.source, self.file) {
            // It was overridden by us, and pg_settings then tells no longer where it came from.
            ("session", _) => "pg_settings.reset_val".into(),
            (source, Some((file, line))) => format!("pg_settings: {} {}:{}", kept::plain(source), kept::plain(file), kept::plain(line)),
            (source, None) => format!("pg_settings: {}", kept::plain(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Told;

    /// Rows as a PostgreSQL 15 told them: name, setting, unit, vartype, source, sourcefile, sourceline, differs, pending_restart.
    const TOLD: &str = "\
archive_command|(disabled)||string|default|||f|f
data_checksums|off||bool|override|||f|f
max_connections|100||integer|configuration file|/d/postgresql.conf|65|f|t
shared_buffers|16384|8kB|integer|configuration file|/d/postgresql.conf|127|f|f
statement_timeout|0|ms|integer|session|||f|f
temp_file_limit|-1|kB|integer|default|||f|f
TimeZone|UTC||string|client|||t|f
transaction_read_only|on||bool|session|||f|f
work_mem|4096|kB|integer|user|||t|f";

    fn rows(text: &str) -> Rows {
        let cell = |(at, cell): (usize, &str)| match (at, cell) {
            (7 | 8, flag) => Some((if flag == "t" { "true" } else { "false" }).to_owned()),
            (_, "") => None,
            (_, cell) => Some(cell.to_owned()),
        };
        text.lines().map(|line| line.split('|').enumerate().map(cell).collect()).collect()
    }
    fn told(rows: Result<Rows, Gap>, sees_all: bool) -> FactTable {
        let mut facts = FactTable::default();
        tell(&mut facts, rows, &Known { title: None, sees_all }, "postgresql://h/d", &Variables::default());
        facts
    }
    fn set(names: &[&str]) -> FactValue {
        FactValue::Set(names.iter().map(|n| (*n).to_owned()).collect())
    }
    fn value(facts: &FactTable, fact: &str) -> Told {
        match facts.known(fact) {
            Some(Cell::Value(told)) => told.clone(),
            other => panic!("{fact}: {other:?}"),
        }
    }

    #[test]
    fn a_list_that_is_whole_says_so_and_where_each_value_came_from() {
        let facts = told(Ok(rows(TOLD)), true);
        assert_eq!(value(&facts, "settings").value, FactValue::List(8));
        let buffers = Told { value: FactValue::Bytes(128 << 20), from: "pg_settings: configuration file /d/postgresql.conf:127".into() };
        assert_eq!(value(&facts, "settings.shared_buffers"), buffers);
        assert_eq!(value(&facts, "settings.temp_file_limit").value, FactValue::Count(-1));
        let ours = Told { value: FactValue::Count(0), from: "pg_settings.reset_val".into() };
        assert_eq!(value(&facts, "settings.statement_timeout"), ours);
        assert_eq!(value(&facts, "pending_restart").value, set(&["max_connections"]));
        assert_eq!(value(&facts, "changed").value, set(&["max_connections", "shared_buffers", "work_mem"]));
        assert_eq!(value(&facts, "data_checksums").value, FactValue::Flag(false));
        assert!(matches!(facts.known("settings.timezone"), Some(Cell::Gap(Gap::NotReached(_)))));
        assert_eq!(facts.known("settings.transaction_read_only"), Some(&Cell::Absent), "of our transaction");
    }

    #[test]
    fn what_a_role_does_not_see_is_denied_and_not_absent() {
        let facts = told(Ok(rows(TOLD)), false);
        for fact in ["settings", "settings.shared_preload_libraries", "pending_restart", "changed"] {
            assert!(matches!(facts.known(fact), Some(Cell::Gap(Gap::Denied(why))) if why.contains("GRANT pg_monitor")), "{fact}");
        }
        assert_eq!(value(&facts, "settings.work_mem").value, FactValue::Bytes(4 << 20));
    }

    #[test]
    fn what_was_not_answered_or_not_understood_is_a_gap() {
        for facts in [told(Err(Gap::TooLate("late".into())), true), told(Ok(vec![]), true), told(Ok(rows("a|b")), true)] {
            assert!(matches!(facts.known("settings.work_mem"), Some(Cell::Gap(_))));
            assert!(matches!(facts.known("pending_restart"), Some(Cell::Gap(_))));
            assert!(matches!(facts.known("data_checksums"), Some(Cell::Gap(_))));
        }
        let long = told(Ok(rows(&format!("search_path|{}||string|user|||t|f", "x".repeat(5_000)))), true);
        assert!(matches!(long.known("settings.search_path"), Some(Cell::Gap(Gap::Truncated(_)))));
    }
}
