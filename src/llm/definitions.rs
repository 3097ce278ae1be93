//! Named definitions over the raw stamps of a request. The same stream gives different figures in every tool;
//! a figure is only comparable with its definition beside it.

use crate::model::{
    rig::Quantity,
    timeline::{Class, Event, Nanos, Timeline},
    times::{Moment, Times},
};

/// One definition: a name, what it times, and the rule.
pub struct Definition {
    /// `ttft.content`.
    pub name: &'static str,
    /// What it is a definition of.
    pub quantity: Quantity,
    /// From what to what, in words.
    pub from_to: &'static str,
    /// The pair of events.
    pub times: Times,
    /// Milliseconds, or `None` where the request did not come to that.
    pub of: fn(&Timeline) -> Option<f64>,
}

/// All definitions; the first of each quantity is the default.
pub const ALL: &[Definition] = &[
    Definition {
        name: "ttft.content",
        quantity: Quantity::Ttft,
        from_to: "request sent to the first event with content",
        times: Times::new(Moment::Sent, Moment::FirstToken),
        of: ttft_content,
    },
    Definition {
        name: "ttft.headers",
        quantity: Quantity::Ttft,
        from_to: "request sent to the response headers",
        times: Times::new(Moment::Sent, Moment::Headers),
        of: |t| t.headers.map(|h| ms(t.sent, h)),
    },
    Definition {
        name: "total.closed",
        quantity: Quantity::Total,
        from_to: "request sent to the end of the body",
        times: Times::new(Moment::Sent, Moment::End),
        of: |t| t.closed.map(|c| ms(t.sent, c)),
    },
    Definition {
        name: "total.scheduled",
        quantity: Quantity::Total,
        from_to: "scheduled send time to the end of the body (counts the load generator's own lag)",
        times: Times::new(Moment::Sent, Moment::End),
        of: |t| t.closed.map(|c| ms(t.scheduled, c)),
    },
    Definition {
        name: "total.headers",
        quantity: Quantity::Total,
        from_to: "request sent to the response headers (what a client sees that does not read the stream)",
        times: Times::new(Moment::Sent, Moment::Headers),
        of: |t| t.headers.map(|h| ms(t.sent, h)),
    },
    Definition {
        name: "inter_chunk.mean",
        quantity: Quantity::InterChunk,
        from_to: "first to last content event, divided by the gaps between",
        times: Times::new(Moment::Chunk, Moment::Chunk),
        of: inter_chunk_mean,
    },
];

/// A definition by its name.
pub fn named(name: &str) -> Option<&'static Definition> {
    ALL.iter().find(|d| d.name == name)
}

/// The definition that rigcheck uses unless told otherwise.
///
/// # Panics
/// Never: each quantity has a definition, and a test holds that.
pub fn default_of(quantity: Quantity) -> &'static Definition {
    ALL.iter().find(|d| d.quantity == quantity).expect("each quantity has a definition")
}

/// The events with content, in order.
pub fn content(timeline: &Timeline) -> impl Iterator<Item = &Event> {
    timeline.events.iter().filter(|e| e.class == Class::Content)
}

fn ms(from: Nanos, to: Nanos) -> f64 {
    to.since(from).0
}

fn ttft_content(t: &Timeline) -> Option<f64> {
    content(t).next().map(|e| ms(t.sent, e.at))
}

fn inter_chunk_mean(t: &Timeline) -> Option<f64> {
    let gaps = content(t).count().checked_sub(1).filter(|n| *n > 0)?;
    Some(ms(content(t).next()?.at, content(t).last()?.at) / gaps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quantity_has_a_default() {
        for q in Quantity::ALL {
            assert_eq!(default_of(q).quantity, q);
            assert!(named(default_of(q).name).is_some());
        }
    }

    #[test]
    fn role_chunks_are_no_content() {
        let at = |ms: u64, class| Event { at: Nanos(ms * 1_000_000), read: 0, class };
        let t = Timeline {
            sent: Nanos(1_000_000),
            scheduled: Nanos(0),
            headers: Some(Nanos(5_000_000)),
            events: vec![
                at(6, Class::Role),
                at(11, Class::Content),
                at(21, Class::Content),
                at(41, Class::Content),
                at(42, Class::Usage),
                at(43, Class::Done),
            ],
            closed: Some(Nanos(44_000_000)),
            ..Timeline::default()
        };
        let of = |name: &str| (named(name).unwrap().of)(&t);
        assert_eq!(
            [of("ttft.content"), of("ttft.headers"), of("total.closed"), of("total.scheduled"), of("inter_chunk.mean")],
            [Some(10.0), Some(4.0), Some(43.0), Some(44.0), Some(15.0)]
        );
        assert_eq!((named("inter_chunk.mean").unwrap().of)(&Timeline::default()), None);
    }
}
