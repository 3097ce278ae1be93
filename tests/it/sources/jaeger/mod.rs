//! The Jaeger client against fakes that answer as Jaeger 1.76 (v2) does.
#![allow(clippy::unwrap_used, reason = "a helper of tests that cannot go on fails them")]

mod arriving;
pub mod fake;
mod finding;
mod gaps;
mod page;
mod privacy;

use super::traced_act::{QUICK, connection};
use rigcheck::{
    model::{
        Gap, Seen,
        key::{Question as _, Spans},
        name, payload,
    },
    sources::jaeger::Jaeger,
};

/// A client of a fake that does not wait long.
fn client(url: &str) -> Jaeger {
    Jaeger::new(name("jaeger"), &connection(url), "gateway".into()).unwrap().with_pace(QUICK)
}

/// The spans of an answer that is whole.
fn whole(answer: Result<Seen, Gap>) -> (payload::Spans, Vec<String>) {
    let seen = answer.unwrap();
    assert_eq!(seen.partial, None);
    (Spans::pick(&seen.payload).unwrap().clone(), seen.notes)
}
