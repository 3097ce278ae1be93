//! Whatever the bytes of a page in protobuf are: no panic, and nothing is kept that is not on it.

use proptest::prelude::*;
use rigcheck::sources::exposition::protobuf::{Family, Histogram, family};

/// Reads a page to its end, as far as it goes: buckets and labels that were read of it.
fn read(page: &[u8], name: &str) -> usize {
    let Ok(Some(found)) = family(page, name) else { return 0 };
    let buckets = |h: Histogram<'_>| {
        let marks = h.marks().filter_map(Result::ok).map(|m| m.labels.len() + 1).sum::<usize>();
        marks + h.read().map_or(0, |b| b.classic.len() + b.native.map_or(0, |n| n.len()))
    };
    let of = |found: Family<'_>| found.metrics().filter_map(Result::ok).map(|m| m.labels.len() + m.histogram.map_or(0, buckets)).sum();
    of(found)
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut out = vec![];
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

/// Fields of any number and kind, whose lengths may lie.
fn fields(inner: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let field = (1u64..18, 0u64..6, any::<u64>(), inner, prop::bool::weighted(0.1)).prop_map(|(number, kind, n, bytes, lies)| {
        let value = match kind {
            0 => varint(n),
            1 => n.to_le_bytes().to_vec(),
            2 => [varint(if lies { n } else { bytes.len() as u64 }), bytes].concat(),
            5 => (n as u32).to_le_bytes().to_vec(),
            _ => vec![],
        };
        [varint(number << 3 | kind), value].concat()
    });
    prop::collection::vec(field, 0..8).prop_map(|fields| fields.concat())
}

/// A family by the name `x` with a series that has a histogram of these fields.
fn around(histogram: &[u8]) -> Vec<u8> {
    let field = |number: u64, bytes: &[u8]| [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat();
    let family = [field(1, b"x"), vec![0x18, 4], field(4, &field(7, histogram))].concat();
    [varint(family.len() as u64), family].concat()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(page in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&page, "") <= page.len());
        let inside = around(&page);
        prop_assert!(read(&inside, "x") <= inside.len());
    }

    #[test]
    fn messages_within_messages_whose_lengths_lie(histogram in fields(fields(fields(prop::collection::vec(any::<u8>(), 0..20))))) {
        let page = around(&histogram);
        prop_assert!(read(&page, "x") <= page.len());
    }
}

#[test]
fn a_span_of_four_billion_buckets_takes_nothing() {
    // Schema 0, one span of 2^32 - 1 buckets, one delta.
    let span = [vec![0x10], varint(u64::from(u32::MAX))].concat();
    let histogram = [&[0x28, 0, 0x62, span.len() as u8][..], &span, &[0x68, 2]].concat();
    assert_eq!(read(&around(&histogram), "x"), 0);
    // More deltas than any histogram has buckets.
    let packed = vec![0u8; 20_000];
    let histogram = [vec![0x6a], varint(packed.len() as u64), packed].concat();
    assert_eq!(read(&around(&histogram), "x"), 0);
}
