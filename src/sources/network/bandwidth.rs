//! A download of bounded length, for who asked for one.

use super::{
    clock::us,
    dialer::{Dialer, row},
    failure, http,
    leash::{Leash, Off},
};
use crate::model::{
    endpoint::Download,
    evidence::Gap,
    payload::network::{Arrived, Bandwidth, Ended, Measured, Stage, Target},
};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;

/// It takes no longer, whatever came by then.
const PATIENCE: Duration = Duration::from_secs(20);
/// Points that are kept of it.
const MOST: u64 = 400;
/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// Downloads from a target.
pub async fn download(target: usize, to: &Target, what: &Download, dialer: &Dialer<'_>, leash: &Leash) -> Measured<Bandwidth> {
    let mut row = row(0, target);
    let fresh = dialer.tls.and_then(|tls| tls.as_ref().ok()).map(|tls| tls.fresh(&["http/1.1"]));
    let ends = |ended: Ended| match ended {
        Ended::Cut(_) => Measured::missing(leash.over().unwrap_or(Off::End).gap("download")),
        ended => Measured::missing(Gap::Unreachable(format!("download: {ended}"))),
    };
    let mut opened = match dialer.open(to.address, fresh.as_ref(), leash, &mut row).await {
        Ok(opened) => opened,
        Err(ended) => return ends(ended),
    };
    if dialer.tls.is_some() && !opened.shown.as_ref().is_some_and(|shown| shown.trust.trusted()) {
        return ends(Ended::Untrusted);
    }
    let request = http::request("GET", &what.path, dialer.endpoint, None);
    let head = match leash.hold(dialer.pace.answer, http::exchange(&mut *opened.wire, &request)).await {
        Ok(Ok(head)) => head,
        Ok(Err(why)) => return ends(failure::no_head(&why, Stage::Http)),
        Err(off) => return ends(failure::off(off, Stage::Http)),
    };
    let status = head.answer.status;
    if !(200..300).contains(&status) {
        return Measured::missing(Gap::Malformed(format!("download: {} answered {status}; name a path that strangers may read", what.path)));
    }
    let mut arrived = vec![Arrived { after_us: 0, bytes: head.rest as u64 }];
    let step = (what.most_bytes / MOST).max(1);
    let until = head.first_byte + PATIENCE;
    let mut piece = vec![0; PIECE];
    let mut bytes = head.rest as u64;
    let mut ended = Ended::Done;
    while bytes < what.most_bytes {
        let most = PIECE.min(usize::try_from(what.most_bytes - bytes).unwrap_or(PIECE));
        let read = match leash.hold(until.saturating_duration_since(Instant::now()), opened.wire.read(&mut piece[..most])).await {
            Ok(Ok(0)) => break,
            Ok(Ok(read)) => read,
            // Many servers close a connection without TLS's farewell.
            Ok(Err(error)) => {
                ended = failure::of(&error, Stage::Http);
                break;
            }
            Err(off) => {
                ended = failure::off(off, Stage::Http);
                break;
            }
        };
        bytes += read as u64;
        let now = Arrived { after_us: us(head.first_byte.elapsed()), bytes };
        // The newest always stands at the end.
        match arrived.as_slice() {
            [.., before, last] if last.bytes - before.bytes < step => *arrived.last_mut().expect("there are two") = now,
            _ => arrived.push(now),
        }
    }
    Measured::Known(Bandwidth { target, status, arrived, ended })
}
