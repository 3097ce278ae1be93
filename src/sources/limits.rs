//! How much is read of each place that is asked, and what that takes of our memory at most. Each limit stands where it acts;
//! here they are together, as `docs/limits.md` shows them. Nobody's answer may end the audit for want of memory: beyond its
//! limit an answer is a gap.

use super::{
    access_log, clock, cloud, dashboards,
    environment::{python, root},
    http, lines, load, network, otlp, scrape,
    spans::MOST_SPANS,
    survey,
};
use crate::{spec::yaml, store};

/// One limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Of what.
    pub of: &'static str,
    /// Bytes that are read, unpacked, of one answer, export, line or file.
    pub read: usize,
    /// Bytes of our memory that reading one takes at most, whatever stands in it.
    pub memory: usize,
    /// What is said beyond it.
    pub beyond: &'static str,
}

/// A body grows in place, and may be moved once to make room: twice its size.
const BODY: usize = 2;
/// The smallest element of an answer of Prometheus (`[0,""],`, `{"metric":{}},`) becomes some five times as much, in a list
/// that doubles as it grows.
const SERIES: usize = 10;
/// The shortest line of a page that begins a family of its own (`abc 1`) becomes some 600 bytes; `init` looks at all families.
const FAMILY: usize = 100;
/// Of a page whose samples are not kept only a hash of each series is, half the page's size at most.
const HASHES: usize = 2;
/// A claim's samples are held as they are parsed, as points, and in what is watched, there with an index.
const HELD: usize = 4;
/// A span that is kept, with room for its texts.
const SPAN: usize = 1_000;
/// A JSON value takes 32 bytes and its text at least two (`0,`); the list of them doubles as it grows.
const VALUE: usize = 32;

/// All of them.
pub const LIMITS: [Limit; 24] = [
    Limit {
        of: "an answer of Prometheus",
        read: http::CAP,
        memory: (BODY + SERIES) * http::CAP,
        beyond: "a gap (truncated) that names the request; NO DATA. Narrow the metric with `match`. Of usage also beyond 1,000 series of a claim",
    },
    Limit {
        of: "an answer of Jaeger",
        read: http::CAP,
        memory: BODY * http::CAP + 2 * SPAN * MOST_SPANS,
        beyond: "the searched time is halved until each answer fits; what does not fit into 1 ms is a gap (truncated). Also beyond 200,000 spans",
    },
    Limit {
        of: "the mock's emission log",
        read: http::CAP,
        memory: 2 * BODY * http::CAP,
        beyond: "the time is read in halves, down to 1 ms, then a gap (truncated)",
    },
    Limit {
        of: "a metrics page",
        read: scrape::CAP,
        memory: BODY * scrape::CAP + scrape::CAP / HASHES,
        beyond: "a gap (truncated) that names the page; NO DATA for its claims. Also beyond 5,000,000 series or 500,000 families; a line of more than 1 MiB or 256 labels is a bad line",
    },
    Limit {
        of: "one claim's series on a metrics page, in text or protobuf",
        read: scrape::KEPT,
        memory: HELD * scrape::KEPT,
        beyond: "the answer is partial and says so; name labels in the claim's `match`. What rose on a whole page (`probe`) is a gap beyond it",
    },
    Limit { of: "a response of the target", read: load::CAP, memory: 2 * BODY * load::CAP, beyond: "this request has failed: `body over 1 MiB`" },
    Limit {
        of: "an export to the OTLP receiver",
        read: otlp::CAP,
        memory: BODY * otlp::CAP + 2 * SPAN * MOST_SPANS,
        beyond: "it is refused with 413, and the answer is partial. Also beyond 200,000 spans in one export; four are read at once, 300,000 spans are held",
    },
    Limit {
        of: "a document in a file of traces",
        read: otlp::DOCUMENT_CAP,
        memory: BODY * otlp::DOCUMENT_CAP + 2 * SPAN * MOST_SPANS,
        beyond: "it is left out, and the answer is partial. Also beyond 200,000 spans; files are read piece by piece",
    },
    Limit {
        of: "a trace that `rigcheck trace` shows",
        read: http::CAP,
        memory: BODY * http::CAP + 2 * SPAN * MOST_SPANS,
        beyond: "an error, of a store; of a file 200,000 spans are read, and it says how many were left out. The picture has 200 rows at most",
    },
    Limit {
        of: "an export of a cloud's metrics",
        read: cloud::CAP,
        memory: (BODY + VALUE) * cloud::CAP,
        beyond: "a gap (truncated): export the time of the act only. Of one claim also beyond 1,000 series, as of any other source",
    },
    Limit {
        of: "a dashboard",
        read: dashboards::CAP,
        memory: (BODY + VALUE) * dashboards::CAP,
        beyond: "it is left out, and the answer is partial. Also beyond 1,000 files or 10,000 expressions",
    },
    Limit {
        of: "a line of an access log",
        read: lines::CAP,
        memory: (BODY + VALUE) * lines::CAP,
        beyond: "the line is bad, and told as one; packed files are unpacked piece by piece until the deadline",
    },
    Limit {
        of: "an access log on standard input",
        read: access_log::STDIN_CAP,
        memory: BODY * access_log::STDIN_CAP,
        beyond: "a gap (truncated): name the log file instead, which is read piece by piece",
    },
    Limit {
        of: "node_exporter's page, for its kernel's clock",
        read: clock::TIMEX_CAP,
        memory: BODY * clock::TIMEX_CAP + clock::TIMEX_CAP / HASHES,
        beyond: "a gap (truncated) that names the page",
    },
    Limit {
        of: "a response whose header tells the time",
        read: clock::HEADER_CAP,
        memory: BODY * clock::HEADER_CAP,
        beyond: "a gap (truncated): name a path with a short answer",
    },
    Limit {
        of: "a reply of chronyd",
        read: clock::REPLY_CAP,
        memory: clock::REPLY_CAP,
        beyond: "it is cut there; a whole reply has 104 bytes, and whatever else comes is a gap (malformed)",
    },
    Limit {
        of: "a reply of ptp4l",
        read: clock::PTP_CAP,
        memory: clock::PTP_CAP,
        beyond: "it is cut there; a whole reply fits into one Ethernet frame, and whatever else comes is a gap (malformed)",
    },
    Limit {
        of: "the head of a response of an endpoint whose network is measured",
        read: network::HEAD_CAP,
        memory: 2 * BODY * network::HEAD_CAP,
        beyond: "this connect has ended by an answer that is no HTTP; nothing of a body is kept, and no more of a download is read than its `most_bytes`",
    },
    Limit {
        of: "an answer of a nameserver",
        read: network::ANSWER_CAP,
        memory: SERIES * network::ANSWER_CAP,
        beyond: "it cannot be longer; 64 addresses and 16 names of it are kept",
    },
    Limit {
        of: "one look of `init`",
        read: survey::CAP,
        memory: (BODY + FAMILY) * survey::CAP,
        beyond: "the place is told as one that answers too much; the draft is written without it",
    },
    Limit {
        of: "a file of the machine or of a container, for its configuration",
        read: root::LONGEST as usize,
        memory: 2 * BODY * root::LONGEST as usize,
        beyond: "a gap (truncated) of what it tells; folders beyond 20,000 entries likewise",
    },
    Limit {
        of: "what the interpreter of a process tells of its packages",
        read: python::LONGEST,
        memory: (BODY + VALUE) * python::LONGEST,
        beyond: "they are read from its folders instead, and it says so. Also beyond 10 s or 10,000 packages",
    },
    Limit {
        of: "a snapshot, or the evidence of a baseline",
        read: store::snapshot::LONGEST as usize,
        memory: (BODY + VALUE) * store::snapshot::LONGEST as usize,
        beyond: "an error that names it: 10,000 facts take some 2 MB",
    },
    Limit {
        of: "a spec, or a file that it is made of",
        read: yaml::MAX_BYTES,
        memory: 256 << 20,
        beyond: "an error at its place. Also beyond 50,000 values or 4 MiB of text, uses of anchors counted each time, and below 64 levels",
    },
];

/// What an imported run may unpack to.
pub fn of_imports() -> Limit {
    let bounds = store::Bounds::default();
    Limit {
        of: "an imported run",
        read: bounds.bytes as usize,
        memory: SERIES * store::MOST_TEXT as usize,
        beyond: "it is refused. Also beyond 10,000 files, and 64 MiB for its profile, its events or its answers; long answers are read row by row",
    }
}
