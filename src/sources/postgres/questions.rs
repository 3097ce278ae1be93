//! The SQL that is sent, all of it. Each question is one message and one transaction of its own: read only, with limits to how
//! long the server works on it, and with names that nobody can put others in front of. What is set is forgotten with the
//! transaction, also where a pooler hands the connection to somebody else.

use crate::model::evidence::Gap;

/// As many characters of a value are asked for.
const ASKED: usize = 4_096;

/// May a value go on behind what was asked for?
pub fn is_cut(value: &str) -> bool {
    value.chars().count() >= ASKED
}

/// Why such a value is not told.
pub fn cut() -> Gap {
    Gap::Truncated(format!("the value has {ASKED} characters or more, of which no more were asked for"))
}

/// A question as it is sent.
macro_rules! read_only {
    ($sql:literal) => {
        concat!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = '8s'; SET LOCAL lock_timeout = '2s'; SET LOCAL search_path = pg_catalog; ",
            $sql,
            "; COMMIT"
        )
    };
}

/// Who it is: its number, its words, whether this role sees all settings and all statistics. Roles that hold these rights came
/// with PostgreSQL 10.
pub const SERVER: &str = read_only!(
    "SELECT current_setting('server_version'), left(version(), 300), \
     (current_setting('is_superuser') = 'on' OR EXISTS (SELECT 1 FROM pg_roles \
     WHERE rolname = 'pg_read_all_settings' AND pg_has_role(current_user, oid, 'USAGE')))::text, \
     pg_is_in_recovery()::text"
);

/// The database that was named. Columns that came or went with a release are read from the row as JSON.
pub const DATABASE: &str = read_only!(
    "SELECT pg_encoding_to_char(encoding), to_jsonb(d)->>'datcollate', to_jsonb(d)->>'datctype', to_jsonb(d)->>'datlocprovider', \
     coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'), to_jsonb(d)->>'datcollversion' \
     FROM pg_database d WHERE datname = current_database()"
);

/// Every setting that this role sees. What this transaction itself has set is told as it was before.
pub const SETTINGS: &str = read_only!(
    "SELECT name, left(CASE WHEN source = 'session' THEN reset_val ELSE setting END, 4096), unit, vartype, source, \
     left(sourcefile, 512), sourceline::text, (reset_val IS DISTINCT FROM boot_val)::text, pending_restart::text \
     FROM pg_settings ORDER BY name LIMIT 5001"
);

/// What roles and databases have of their own: role, database, `NAME=VALUE`; a name has 63 bytes at most, or a few parts of them.
pub const OVERRIDES: &str = read_only!(
    "SELECT coalesce(r.rolname::text, '*'), coalesce(d.datname::text, '*'), left(own, 4096 + 128) FROM pg_db_role_setting s \
     CROSS JOIN LATERAL unnest(s.setconfig) AS own LEFT JOIN pg_roles r ON r.oid = s.setrole \
     LEFT JOIN pg_database d ON d.oid = s.setdatabase ORDER BY 1, 2, 3 LIMIT 5001"
);

/// What is installed in the database.
pub const EXTENSIONS: &str = read_only!("SELECT extname::text, left(extversion, 100) FROM pg_extension ORDER BY 1 LIMIT 5001");

/// Who streams from it: how many, how many of them are backups, and how many keep that from this role.
pub const REPLICAS: &str = read_only!(
    "SELECT count(*)::text, count(*) FILTER (WHERE state = 'backup')::text, count(*) FILTER (WHERE state IS NULL)::text \
     FROM pg_stat_replication"
);

/// Ends a transaction that failed, before the next question.
pub const ROLLBACK: &str = "ROLLBACK";
