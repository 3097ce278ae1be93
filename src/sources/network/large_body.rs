//! The large body: some 8 KB of JSON without an end, which no server takes for a request and every path must carry.

use super::{
    clock::us_since,
    dialer::{Dialer, row},
    failure, http,
    leash::{Leash, Off},
    tcp_info,
};
use crate::model::payload::network::{Ended, LargeBody, Look, Measured, Stage, Target};
use std::{
    os::fd::AsFd as _,
    time::{Duration, Instant},
};
use tokio::io::AsyncWriteExt as _;

/// Bytes of the body.
pub const BYTES: usize = 8 << 10;
/// For how long a response is waited for: packets that do not pass are sent again after 0.2, 0.6, 1.4 and 3 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// Looks at the kernel's state.
const EACH: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 100;
/// Sent again by the timer so often in a row, it does not pass.
const AGAIN: u8 = 4;

/// Sends it to a target.
pub async fn send(target: usize, to: &Target, dialer: &Dialer<'_>, leash: &Leash) -> Measured<LargeBody> {
    let mut row = row(0, target);
    let fresh = dialer.tls.and_then(|tls| tls.as_ref().ok()).map(|tls| tls.fresh(&["http/1.1"]));
    let opened = dialer.open(to.address, fresh.as_ref(), leash, &mut row).await;
    let ends = |ended: Ended| match ended {
        Ended::Cut(_) => Measured::missing(leash.over().unwrap_or(Off::End).gap("large body")),
        ended => Measured::missing(crate::model::evidence::Gap::Unreachable(format!("large body: no connection to send it over: {ended}"))),
    };
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(ended) => return ends(ended),
    };
    if dialer.tls.is_some() && !opened.shown.as_ref().is_some_and(|shown| shown.trust.trusted()) {
        return ends(Ended::Untrusted);
    }
    let before = tcp_info::read(opened.socket.as_fd()).unwrap_or_default();
    let mut told = LargeBody { target, bytes: BYTES as u64, before, looks: vec![], answered_us: None, status: None, ended: Ended::Done };
    let began = Instant::now();
    let sending = async {
        let mut request = http::request("POST", &dialer.endpoint.path, dialer.endpoint, Some(BYTES));
        request.extend(body());
        opened.wire.write_all(&request).await.map_err(http::NoHead::Io)?;
        opened.wire.flush().await.map_err(http::NoHead::Io)?;
        http::head(&mut *opened.wire, began).await
    };
    let mut sending = std::pin::pin!(sending);
    told.ended = loop {
        // Shorter than the whole, so that the kernel is looked at meanwhile.
        match leash.hold(EACH, &mut sending).await {
            Ok(Ok(head)) => {
                (told.answered_us, told.status) = (Some(head.answer.first_byte_us), Some(head.answer.status));
                break Ended::Done;
            }
            Ok(Err(why)) => break failure::no_head(&why, Stage::Http),
            Err(Off::Patience) if began.elapsed() < PATIENCE => told.look(began, opened.socket.as_fd()),
            Err(off) => break failure::off(off, Stage::Http),
        }
        let (then, now) = (told.before, told.last());
        if now.retransmits.is_some_and(|n| n >= AGAIN) && now.pmtu == then.pmtu && told.arrived() == Some(false) {
            break Ended::TimedOut(Stage::Http);
        }
    };
    told.look(began, opened.socket.as_fd());
    Measured::Known(told)
}

impl LargeBody {
    /// Looks at what the kernel says, and keeps it if it is something else than before. A full list keeps its last place for the
    /// newest.
    fn look(&mut self, began: Instant, socket: std::os::fd::BorrowedFd<'_>) {
        let Some(tcp) = tcp_info::read(socket) else { return };
        if tcp == self.last() {
            return;
        }
        if self.looks.len() == MOST_LOOKS {
            self.looks.pop();
        }
        self.looks.push(Look { after_us: us_since(began), tcp });
    }
}

/// An object whose text never ends.
fn body() -> Vec<u8> {
    let mut body = br#"{"rigcheck": ""#.to_vec();
    body.resize(BYTES, b'x');
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_no_json() {
        assert_eq!(body().len(), BYTES);
        assert!(serde_json::from_slice::<serde_json::Value>(&body()).is_err());
    }
}
