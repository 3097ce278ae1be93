//! The rounds of connects: in turn to each target, at irregular times, until all are made or something asks to stop.

use super::{
    certificate,
    dialer::{Dialer, Opened, row},
    failure, http,
    leash::Leash,
    pace::Pacer,
    prober::{self, Counted},
    tcp_info,
    tls::Manner,
    witness::Shown,
};
use crate::model::{
    payload::network::{Certificate, Connect, Cut, Ended, HttpAnswer, Prober, Seeing, Session, Stage, Target},
    source::Progress,
};
use std::{
    os::fd::AsFd as _,
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// So many failures in a row give up a target ...
const FAILURES: u32 = 5;
/// ... and so many where nothing comes back: each takes all of our patience.
const SILENCES: u32 = 3;
/// For how long a session is waited for where no request is sent: it comes right behind the handshake.
const SESSION: Duration = Duration::from_millis(300);
/// What is offered where a request follows.
const HTTP1: &[&str] = &["http/1.1"];
/// What is offered where the choice itself is looked at.
const BOTH: &[&str] = &["h2", "http/1.1"];

/// What the rounds brought.
#[derive(Debug, Default)]
pub struct Rounds {
    /// One row per connect.
    pub connects: Vec<Connect>,
    /// Certificates that were shown, each once.
    pub certificates: Vec<Certificate>,
    /// Why they ended early.
    pub cut: Option<Cut>,
    /// Targets that were given up.
    pub given_up: Vec<usize>,
}

/// How many connects, and to whom.
pub struct Asked<'a> {
    /// Of all targets together.
    pub connects: u64,
    /// ... in so many rounds.
    pub rounds: u32,
    /// To whom.
    pub targets: &'a [Target],
}

/// What is kept of a target in a round.
#[derive(Default)]
struct Turn {
    made: u32,
    /// The manner of the connect that kept its session, if that connect was trusted.
    keeping: Option<Manner>,
}

/// Makes them.
pub async fn make(asked: &Asked<'_>, dialer: &Dialer<'_>, pacer: &mut Pacer, leash: &Leash, progress: &Progress, prober: &mut Prober) -> Rounds {
    let mut rounds = Rounds::default();
    let mut failed = vec![0_u32; asked.targets.len()];
    let mut nth = 0_usize;
    for round in 0..asked.rounds {
        if round > 0 && leash.until(Instant::now() + dialer.pace.between_rounds).await.is_err() {
            rounds.cut = leash.over().map(super::leash::Off::cut);
            return rounds;
        }
        let before = Counted::now();
        let mut turns: Vec<Turn> = asked.targets.iter().map(|_| Turn::default()).collect();
        for _ in 0..share(asked, round) {
            let alive: Vec<usize> = (0..asked.targets.len()).filter(|t| !rounds.given_up.contains(t)).collect();
            let Some(&target) = alive.get(nth % alive.len().max(1)) else {
                rounds.cut = Some(Cut::Failures);
                break;
            };
            nth += 1;
            let waited = leash.until(pacer.next(Instant::now())).await;
            if let Some(off) = waited.err().or_else(|| leash.over()) {
                rounds.cut = Some(off.cut());
                break;
            }
            let made = rounds.one(round, target, &mut turns[target], asked.targets, dialer, leash).await;
            // Who is not trusted was reached: the way there can be measured.
            let bad = !matches!(made.ended, Ended::Done | Ended::Untrusted) || made.http.is_some_and(|http| http.status >= 500);
            failed[target] = if bad && !made.ended.cut() { failed[target] + 1 } else { 0 };
            if failed[target] >= if matches!(made.ended, Ended::TimedOut(_)) { SILENCES } else { FAILURES } {
                rounds.given_up.push(target);
            }
            rounds.cut = match (made.http.filter(HttpAnswer::asks_to_stop), made.ended.cut()) {
                (Some(http), _) => Some(Cut::Asked { status: http.status, retry_after_s: http.retry_after_s }),
                (None, true) => leash.over().map(super::leash::Off::cut).or(Some(Cut::Deadline)),
                (None, false) => None,
            };
            rounds.connects.push(made);
            progress(rounds.connects.len() as u64, asked.connects);
            if rounds.cut.is_some() {
                break;
            }
        }
        prober.at.push(before.since(Seeing::Connects));
        if rounds.cut.is_some() {
            break;
        }
    }
    rounds
}

/// How many connects a round has.
fn share(asked: &Asked<'_>, round: u32) -> u64 {
    let rounds = u64::from(asked.rounds.max(1));
    asked.connects / rounds + u64::from(u64::from(round) < asked.connects % rounds)
}

impl Rounds {
    async fn one(&mut self, round: u32, target: usize, turn: &mut Turn, targets: &[Target], dialer: &Dialer<'_>, leash: &Leash) -> Connect {
        let tls = dialer.tls.and_then(|tls| tls.as_ref().ok());
        // The first connect of a round keeps its session, the second offers it, the third of the first round looks which protocol
        // the server prefers; all others are by themselves.
        let manner = tls.map(|tls| match (turn.made, turn.keeping.take()) {
            (0, _) => tls.kept(HTTP1),
            (1, Some(keeping)) => keeping.offering(),
            (2, _) if round == 0 => tls.fresh(BOTH),
            _ => tls.fresh(HTTP1),
        });
        turn.made += 1;
        let mut row = row(round, target);
        let threads = prober::threads_now();
        match dialer.open(targets[target].address, manner.as_ref(), leash, &mut row).await {
            Ok(opened) => {
                let trusted = self.looked_at(&mut row, opened.shown.as_ref(), dialer);
                row.ended = self.speak(opened, trusted, manner.as_ref(), dialer, leash, &mut row).await;
                if trusted && row.tls.as_ref().is_some_and(|tls| tls.session == Session::Kept) {
                    turn.keeping = manner;
                }
            }
            Err(ended) => row.ended = ended,
        }
        row.waited_us = threads.waited_us();
        row
    }

    /// Keeps a certificate once; may anything be sent to who showed it? A resumed session is one that was trusted.
    fn looked_at(&mut self, row: &mut Connect, shown: Option<&Shown>, dialer: &Dialer<'_>) -> bool {
        let (Some(shown), Some(Ok(tls))) = (shown, dialer.tls) else { return dialer.tls.is_none() || row.tls.as_ref().is_some_and(|t| t.resumed) };
        if let Some(read) = certificate::read(shown, tls.server(), row.target) {
            let there =
                self.certificates.iter().position(|c| (&c.sha256, &c.chain_sha256, &c.trust) == (&read.sha256, &read.chain_sha256, &read.trust));
            row.certificate = Some(there.unwrap_or(self.certificates.len()));
            match there {
                Some(at) if !self.certificates[at].shown_by.contains(&row.target) => self.certificates[at].shown_by.push(row.target),
                Some(_) => {}
                None => self.certificates.push(read),
            }
        }
        shown.trust.trusted()
    }

    async fn speak(
        &self,
        mut opened: Opened,
        trusted: bool,
        manner: Option<&Manner>,
        dialer: &Dialer<'_>,
        leash: &Leash,
        row: &mut Connect,
    ) -> Ended {
        let other = row.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref().is_some_and(|alpn| alpn != "http/1.1"));
        let ended = match dialer.endpoint.method {
            _ if !trusted => Ended::Untrusted,
            Some(verb) if !other => {
                let request = http::request(verb.word(), &dialer.endpoint.path, dialer.endpoint, None);
                match leash.hold(dialer.pace.answer, http::exchange(&mut *opened.wire, &request)).await {
                    Ok(Ok(head)) => {
                        row.http = Some(head.answer);
                        Ended::Done
                    }
                    Ok(Err(why)) => failure::no_head(&why, Stage::Http),
                    Err(off) => failure::off(off, Stage::Http),
                }
            }
            _ => {
                // A session comes behind the handshake; whoever does not read does not get it.
                if manner.is_some_and(Manner::waits_for_session) {
                    let _ = leash.hold(SESSION, opened.wire.read(&mut [0; 16])).await;
                }
                Ended::Done
            }
        };
        row.at_end = tcp_info::read(opened.socket.as_fd());
        let _ = leash.hold(Duration::from_millis(100), opened.wire.shutdown()).await;
        ended
    }
}
