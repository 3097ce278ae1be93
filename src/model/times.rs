//! What a duration times: from which event of a request to which. Two figures under one label are only comparable if they
//! time the same pair of events.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An event in the life of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The client begins with the request; setting up a connection comes after it.
    Sent,
    /// The client has its connection, and begins to write.
    Connected,
    /// The server gets the request.
    Arrival,
    /// A proxy turns to the server behind it.
    Upstream,
    /// The engine takes the request from its queue.
    Scheduled,
    /// The response headers, or the first byte of the response.
    Headers,
    /// The first token, or the first chunk with content.
    FirstToken,
    /// The end of the response.
    End,
    /// The application is done with the request, tasks that run after the response included.
    Done,
    /// A chunk with content.
    Chunk,
    /// A token; where several share a chunk, an equal part of it.
    Token,
}

impl Moment {
    /// All of them, in the order of a request.
    pub const ALL: [Moment; 11] = [
        Moment::Sent,
        Moment::Connected,
        Moment::Arrival,
        Moment::Upstream,
        Moment::Scheduled,
        Moment::Headers,
        Moment::FirstToken,
        Moment::End,
        Moment::Done,
        Moment::Chunk,
        Moment::Token,
    ];
    /// The word of the spec and of the checks.
    pub fn word(self) -> &'static str {
        match self {
            Moment::Sent => "sent",
            Moment::Connected => "connected",
            Moment::Arrival => "arrival",
            Moment::Upstream => "upstream",
            Moment::Scheduled => "scheduled",
            Moment::Headers => "headers",
            Moment::FirstToken => "first_token",
            Moment::End => "end",
            Moment::Done => "done",
            Moment::Chunk => "chunk",
            Moment::Token => "token",
        }
    }
    /// In words, for reports.
    pub fn words(self) -> &'static str {
        match self {
            Moment::Sent => "request sent",
            Moment::Connected => "connection set up",
            Moment::Arrival => "request at the server",
            Moment::Upstream => "proxy turns to the server behind it",
            Moment::Scheduled => "engine takes it from its queue",
            Moment::Headers => "response headers",
            Moment::FirstToken => "first token",
            Moment::End => "end of the response",
            Moment::Done => "application done, tasks after the response included",
            Moment::Chunk => "chunk with content",
            Moment::Token => "token",
        }
    }
    /// What is the same event but for what the other rules measure: between the client's start and the server's lie the
    /// connection and the hop (LAT-14), between the end of the response and the application's end its tasks (LAT-11). With one
    /// token in each chunk, chunks and tokens are the same events, and whether it is one is counted (LAT-20).
    fn but_for_what_is_measured(self) -> Moment {
        match self {
            Moment::Sent | Moment::Connected => Moment::Arrival,
            Moment::Done => Moment::End,
            Moment::Token => Moment::Chunk,
            other => other,
        }
    }
    /// Does it happen again and again in one request?
    pub fn recurs(self) -> bool {
        matches!(self, Moment::Chunk | Moment::Token)
    }
}

/// A pair of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// The clock starts.
    pub from: Moment,
    /// The clock stops.
    pub to: Moment,
}

impl Times {
    /// From one event to another.
    pub const fn new(from: Moment, to: Moment) -> Times {
        Times { from, to }
    }
    /// Do both time the same events, but for what other rules measure?
    pub fn comparable(self, other: Times) -> bool {
        let plain = |t: Times| (t.from.but_for_what_is_measured(), t.to.but_for_what_is_measured());
        plain(self) == plain(other)
    }
    /// Does the first event come before the second one in a request? What recurs is timed from one to the next.
    pub fn in_order(self) -> bool {
        if self.from.recurs() || self.to.recurs() { self.from.recurs() && self.to.recurs() } else { self.from < self.to }
    }
}

/// In the words of the spec, then in those of reports.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("`{} → {}` ({} → {})", self.from.word(), self.to.word(), self.from.words(), self.to.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_does_not_run_backwards() {
        let t = |from, to| Times::new(from, to).in_order();
        assert!(t(Moment::Arrival, Moment::FirstToken) && t(Moment::FirstToken, Moment::End) && t(Moment::Token, Moment::Token));
        assert!(!t(Moment::FirstToken, Moment::Arrival) && !t(Moment::End, Moment::End));
        assert!(!t(Moment::Arrival, Moment::Token) && !t(Moment::Chunk, Moment::End), "which of them?");
    }

    #[test]
    fn only_what_is_measured_may_lie_between() {
        let t = Times::new;
        assert!(t(Moment::Sent, Moment::End).comparable(t(Moment::Arrival, Moment::Done)));
        assert!(!t(Moment::Scheduled, Moment::FirstToken).comparable(t(Moment::Arrival, Moment::FirstToken)), "the queue lies between");
        assert!(!t(Moment::Arrival, Moment::Headers).comparable(t(Moment::Arrival, Moment::FirstToken)));
        assert!(t(Moment::Chunk, Moment::Chunk).comparable(t(Moment::Token, Moment::Token)), "LAT-20 counts tokens");
        assert!(!t(Moment::Arrival, Moment::FirstToken).comparable(t(Moment::Token, Moment::Token)));
        assert!(Moment::ALL.is_sorted());
        for moment in Moment::ALL {
            assert_eq!(serde_json::to_value(moment).ok(), Some(moment.word().into()));
        }
    }
}
