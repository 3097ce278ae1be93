use super::{
    questions::ROLLBACK,
    refused::{Doing, failed, late},
};
use crate::{
    model::{evidence::Gap, source::Slot},
    spec::postgres::{PostgresPlace, PostgresServer, PostgresTls},
};
use futures_util::{FutureExt, StreamExt};
use sqlx::{
    ConnectOptions, Connection, Row,
    postgres::{PgConnectOptions, PgConnection, PgSslMode},
};
use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

/// Whoever has not answered everything by then is not asked any longer: these are small questions.
const PATIENCE: Duration = Duration::from_secs(10);
/// A goodbye that takes longer is not said.
const GOODBYE: Duration = Duration::from_millis(500);
/// Rows of one answer: some 350 settings are usual, and those of extensions beside them.
pub const MOST: usize = 5_000;
/// Bytes of one answer.
const LARGEST: usize = 8 << 20;

/// The cells of an answer, all of them as text; none is SQL's NULL.
pub type Rows = Vec<Vec<Option<String>>>;

/// What asking has cost.
#[derive(Default)]
pub struct Spent {
    /// Messages sent.
    pub queries: AtomicU64,
    /// Bytes of the values in their answers.
    pub bytes: AtomicU64,
}

/// One connection, until it is closed or given up.
pub struct Session<'a> {
    server: &'a PostgresServer,
    slot: &'a Slot,
    spent: &'a Spent,
    patience: Pin<Box<Sleep>>,
    /// Where it cannot be used any longer: why.
    open: Result<PgConnection, Gap>,
}

impl<'a> Session<'a> {
    /// Signs in.
    pub async fn open(server: &'a PostgresServer, slot: &'a Slot, spent: &'a Spent) -> Result<Session<'a>, Gap> {
        let mut patience = Box::pin(sleep(PATIENCE));
        spent.queries.fetch_add(1, Ordering::Relaxed);
        let options = options(server);
        let work = async { options.connect().await.map_err(|e| failed(server, Doing::SignIn, &e)) };
        let connection = bounded(server, slot, patience.as_mut(), "signing in", work).await?;
        Ok(Session { server, slot, spent, patience, open: Ok(connection) })
    }

    /// Asks, with one of [`super::questions`]; `what` names it for people. A question that fails costs itself only, one that
    /// is not answered in time those after it, too.
    pub async fn read(&mut self, sql: &'static str, what: &'static str) -> Result<Rows, Gap> {
        let Session { server, slot, spent, patience, open } = self;
        let connection = open.as_mut().map_err(|gap| gap.clone())?;
        spent.queries.fetch_add(1, Ordering::Relaxed);
        let answer = bounded(server, slot, patience.as_mut(), what, async { Ok(rows(connection, server, sql, what, spent).await) }).await;
        match answer {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(Failed { gap, usable: true })) => {
                spent.queries.fetch_add(1, Ordering::Relaxed);
                let rolled =
                    bounded(server, slot, patience.as_mut(), what, async { Ok(rows(connection, server, ROLLBACK, what, spent).await) }).await;
                if !matches!(rolled, Ok(Ok(_))) {
                    *open = Err(gap.clone());
                }
                Err(gap)
            }
            Ok(Err(Failed { gap, .. })) | Err(gap) => {
                *open = Err(gap.clone());
                Err(gap)
            }
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Ok(connection) = self.open {
            // Whoever does not take it finds the socket closed.
            let _ = timeout(GOODBYE, connection.close()).await;
        }
    }
}

/// Work that ends with patience, with the question, or with the run; what it throws is what the server sent.
async fn bounded<T>(
    server: &PostgresServer,
    slot: &Slot,
    patience: Pin<&mut Sleep>,
    what: &str,
    work: impl Future<Output = Result<T, Gap>>,
) -> Result<T, Gap> {
    tokio::select! {
        () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
        done = AssertUnwindSafe(work).catch_unwind() => done.unwrap_or_else(|_| {
            Err(Gap::Malformed(format!("{}: {what}: sent what is no message of PostgreSQL's protocol; correct the address", server.url)))
        }),
        () = patience => Err(late(server, what)),
        () = sleep_until(Instant::from_std(slot.deadline)) => Err(late(server, what)),
    }
}

/// Why there is no answer, and whether the connection can still be used.
struct Failed {
    gap: Gap,
    usable: bool,
}

async fn rows(connection: &mut PgConnection, server: &PostgresServer, sql: &'static str, what: &'static str, spent: &Spent) -> Result<Rows, Failed> {
    let (mut found, mut bytes): (Rows, usize) = (vec![], 0);
    let mut stream = sqlx::raw_sql(sql).fetch(connection);
    let broken = |e: &sqlx::Error| Failed { gap: failed(server, Doing::Asking(what), e), usable: matches!(e, sqlx::Error::Database(_)) };
    while let Some(row) = stream.next().await {
        let row = row.map_err(|e| broken(&e))?;
        let cells = (0..row.len()).map(|at| row.try_get(at)).collect::<Result<Vec<Option<String>>, _>>().map_err(|e| broken(&e))?;
        bytes += cells.iter().flatten().map(String::len).sum::<usize>() + cells.len();
        found.push(cells);
        if found.len() > MOST || bytes > LARGEST {
            let gap = Gap::Truncated(format!("{}: {what}: more than {MOST} rows or {LARGEST} bytes", server.url));
            return Err(Failed { gap, usable: false });
        }
    }
    spent.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    Ok(found)
}

/// How the library is told. It would take what is not said from the environment and from files of the user.
fn options(server: &PostgresServer) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .database(&server.database)
        .password(server.password.as_ref().map_or("", |secret| secret.expose()))
        .application_name("rigcheck")
        // Poolers refuse what they do not know in a greeting.
        .extra_float_digits(None)
        .disable_statement_logging()
        .ssl_mode(match server.tls {
            PostgresTls::Disable => PgSslMode::Disable,
            PostgresTls::Prefer => PgSslMode::Prefer,
            PostgresTls::Require => PgSslMode::Require,
            PostgresTls::VerifyCa => PgSslMode::VerifyCa,
            PostgresTls::VerifyFull => PgSslMode::VerifyFull,
        });
    options = match &server.at {
        PostgresPlace::Tcp(host, port) => options.host(host).port(*port),
        PostgresPlace::Socket(folder, port) => options.host("localhost").socket(folder).port(*port),
    };
    if let Some(user) = &server.user {
        options = options.username(user);
    }
    if let Some(file) = &server.ca_file {
        options = options.ssl_root_cert(file);
    }
    options
}
