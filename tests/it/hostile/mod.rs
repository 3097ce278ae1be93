//! Servers and files that no program of good will would send: every question ends in an answer or a gap, in time, in bounded
//! memory, and nothing is told to a stranger.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests; real sockets, clocks and processes")]
#![allow(clippy::print_stdout, reason = "a child tells its parent how much memory it took")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "texts of tests are made once")]

mod encodings;
mod framing;
mod generated;
mod large;
mod laws;
mod memory;
mod redirects;
mod seeds;
mod server;
mod sources;
mod spans;
mod tls;

use futures_util::StreamExt as _;

/// So many at a time: each has a server, a client and a deadline of its own.
const AT_ONCE: usize = 8;

/// Runs all of them.
async fn at_once<F: Future>(all: Vec<F>) -> Vec<F::Output> {
    futures_util::stream::iter(all).buffer_unordered(AT_ONCE).collect().await
}
