//! What is kept of settings that are texts, by their names.

use crate::{
    kept::{self, secrets, variables::Variables},
    model::{
        evidence::digest,
        payload::{Cell, FactValue},
    },
};
use std::collections::BTreeSet;

/// Of one transaction or session, or facts of their own beside the settings: `version`, `encoding`, `in_recovery` and others.
const LEFT_OUT: [&str; 15] = [
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
    "application_name",
    "client_encoding",
    "datestyle",
    "is_superuser",
    "session_authorization",
    "role",
    "server_version",
    "server_version_num",
    "server_encoding",
    "lc_collate",
    "lc_ctype",
    "in_hot_standby",
];

/// Lists whose order means nothing. That of `search_path` decides which table a name means, so it stays a text.
const LISTS: [&str; 9] = [
    "createrole_self_grant",
    "debug_io_direct",
    "local_preload_libraries",
    "log_destination",
    "restrict_nonsystem_relation_kind",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "wal_consistency_checking",
];

/// Paths, addresses and names of one server: another one has others and performs alike.
const PLACES: [&str; 26] = [
    "bonjour_name",
    "cluster_name",
    "config_file",
    "data_directory",
    "dynamic_library_path",
    "extension_control_path",
    "extension_destdir",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "krb_server_keyfile",
    "listen_addresses",
    "log_directory",
    "port",
    "primary_slot_name",
    "promote_trigger_file",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_dir",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_key_file",
    "stats_temp_directory",
    "synchronous_standby_names",
    "unix_socket_directories",
    "unix_socket_group",
];

/// They hold passwords, or commands that do.
const HIDDEN: [&str; 6] =
    ["archive_cleanup_command", "archive_command", "primary_conninfo", "recovery_end_command", "restore_command", "ssl_passphrase_command"];

/// Extensions of PostgreSQL itself, whose texts are no secrets; those of all others may be keys and addresses.
const HARMLESS: [&str; 5] = ["auto_explain.", "pg_prewarm.", "pg_stat_statements.", "pg_trgm.", "plpgsql."];

/// Longer texts are told by their digest.
const LONGEST: usize = 1_024;

/// Is nothing told of it?
pub fn left_out(name: &str) -> bool {
    LEFT_OUT.contains(&name)
}

/// The cell of a text; an empty one is a setting that is not set. Of what is not shown a fingerprint may be kept.
pub fn text(name: &str, setting: &str, variables: &Variables) -> Cell {
    let value = if LISTS.contains(&name) {
        FactValue::Set(members(setting))
    } else if setting.is_empty() {
        return Cell::Absent;
    } else if PLACES.contains(&name) {
        FactValue::Place(kept::plain(setting))
    } else if hidden(name, setting) {
        variables.value(name, setting)
    } else if setting.len() > LONGEST {
        FactValue::Digest(digest(setting.as_bytes()))
    } else {
        FactValue::Text(kept::plain(setting))
    };
    Cell::Value(value.into())
}

/// Is it a place, whatever its type is?
pub fn is_place(name: &str) -> bool {
    PLACES.contains(&name)
}

fn hidden(name: &str, setting: &str) -> bool {
    // What the server shows of a command where archiving is off.
    let command = HIDDEN.contains(&name) && setting != "(disabled)";
    let foreign = name.contains('.') && !HARMLESS.iter().any(|prefix| name.starts_with(prefix));
    command || foreign || secrets::credentials(setting) || secrets::of(name, setting).is_some()
}

/// Members of a list as PostgreSQL writes it: commas between them, quotes around some.
fn members(setting: &str) -> BTreeSet<String> {
    setting.split(',').map(|member| kept::plain(member.trim().trim_matches('"'))).filter(|member| !member.is_empty()).collect()
}

/// A name as a part of a fact's.
pub fn id(name: &str) -> String {
    kept::named(&name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, setting: &str) -> FactValue {
        match text(name, setting, &Variables::default()) {
            Cell::Value(told) => told.value,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn what_may_be_secret_is_not_kept() {
        for (name, setting) in [
            ("primary_conninfo", "host=a password=hunter2"),
            ("archive_command", "aws s3 cp %p s3://wal/%f"),
            ("pgsodium.key", "short"),
            ("app.upstream", "x"),
            ("search_path", "https://me:hunter2hunter2@upstream"),
        ] {
            assert_eq!(value(name, setting), FactValue::Hidden, "{name}");
        }
        let keyed = Variables { key: Some(crate::model::secret::Secret::new("a key of these tests")), ..Variables::default() };
        let of = |setting: &str| text("archive_command", setting, &keyed);
        assert!(matches!(of("aws s3 cp %p s3://wal/%f"), Cell::Value(told) if matches!(told.value, FactValue::Fingerprint(_))));
        assert_ne!(of("aws s3 cp %p s3://wal/%f"), of("aws s3 cp %p s3://another/%f"));
        assert_eq!(value("archive_command", "(disabled)"), FactValue::Text("(disabled)".into()));
        assert_eq!(value("plpgsql.extra_errors", "none"), FactValue::Text("none".into()));
    }

    #[test]
    fn texts_are_places_lists_or_words() {
        assert_eq!(value("data_directory", "/var/lib/x"), FactValue::Place("/var/lib/x".into()));
        let libraries = FactValue::Set(["auto_explain".to_owned(), "pg_stat_statements".to_owned()].into());
        assert_eq!(value("shared_preload_libraries", "pg_stat_statements, \"auto_explain\""), libraries);
        assert_eq!(value("shared_preload_libraries", ""), FactValue::Set(BTreeSet::new()));
        assert_eq!(value("search_path", "\"$user\", public"), FactValue::Text("\"$user\", public".into()), "its order has a meaning");
        assert_eq!(text("ssl_ca_file", "", &Variables::default()), Cell::Absent);
    }

    #[test]
    fn hostile_names_and_values_stay_short_and_in_one_line() {
        let name = id(&format!("A\n\u{1b}[31m b{}", "x".repeat(100_000)));
        assert!(name.len() < 200 && !name.contains(|c: char| c.is_control() || c.is_whitespace()), "{name}");
        assert_eq!(value("log_line_prefix", "a\nb"), FactValue::Text("a\u{fffd}b".into()));
        assert!(matches!(value("log_line_prefix", &"y".repeat(2_000)), FactValue::Digest(_)));
        assert_eq!((id("DateStyle"), id("auto_explain.log_timing")), ("datestyle".into(), "auto_explain.log_timing".into()));
    }
}
