//! Pages of a size that no rig has: what is foreign costs nothing, what is claimed is refused in words.

use super::laws;
use rigcheck::sources::{
    exposition::Format,
    internals::{Claimed, claimed},
};
use std::fmt::Write as _;

const OURS: &str = "# TYPE t_seconds histogram\nt_seconds_bucket{le=\"+Inf\"} 3\nt_seconds_sum 4\nt_seconds_count 3\n";
/// Beyond what is kept of one claim: each takes some 200 bytes.
const SERIES: usize = 340_000;

fn text(page: String) -> Claimed {
    claimed(&page.into(), Some(Format::Text), &laws::claim())
}

fn labels(n: usize) -> String {
    (0..n).fold(String::new(), |mut all, i| {
        let _ = write!(all, "l{i}=\"\",");
        all
    })
}

fn series(name: &str) -> String {
    (0..SERIES).fold(String::new(), |mut all, i| {
        let _ = writeln!(all, "{name}{{n=\"{i}\"}} 1");
        all
    })
}

fn whole(read: &Claimed) -> bool {
    read.damage.is_none() && read.values == [3.0, 4.0, 3.0]
}

#[test]
fn a_metric_of_a_million_labels() {
    for many in [300, 1_000_000] {
        let line = |name: &str| format!("{name}{{{}}} 1\n", labels(many));
        let foreign = text(line("other_count") + OURS);
        assert!(whole(&foreign), "{:?}", foreign.damage);
        let why = text(OURS.to_owned() + &line("t_seconds_count")).damage.unwrap();
        assert!(why.starts_with("line 5: ") && (why.contains("more labels than any series has") || why.contains("longer than 1 MiB")), "{why}");
    }
}

#[test]
fn a_page_of_hundreds_of_thousands_of_series() {
    let foreign = text(series("other_seconds_count") + OURS);
    assert!(whole(&foreign), "{:?}", foreign.damage);
    let claimed = text(OURS.to_owned() + &series("t_seconds_count"));
    let why = claimed.damage.unwrap();
    assert!(why.contains("take more than 64 MiB; name labels in its `match`"), "{why}");
    assert!(claimed.values.len() < SERIES);
}

/// The same in protobuf, where labels stand before what they are of.
#[test]
fn protobuf_of_a_million_labels_and_of_many_series() {
    let field = |number: u8, bytes: &[u8]| {
        let (mut out, mut len) = (vec![number << 3 | 2], bytes.len());
        while len > 0x7f {
            out.push(len as u8 | 0x80);
            len >>= 7;
        }
        [&out[..], &[len as u8], bytes].concat()
    };
    let label = |name: &[u8]| field(1, &[field(1, name), field(2, b"v")].concat());
    let counted = field(7, &[0x08, 3]);
    let family = |name: &[u8], metrics: &[u8]| field(1, &[&field(1, name), &[0x18, 4][..], metrics].concat())[1..].to_vec();
    let ours = family(b"t_seconds", &field(4, &counted));
    let read = |page: Vec<u8>| claimed(&page.into(), None, &laws::claim());

    let labelled = field(4, &[label(b"l").repeat(1_000_000), counted.clone()].concat());
    let many = (0..SERIES).flat_map(|i| field(4, &[label(i.to_string().as_bytes()), counted.clone()].concat())).collect::<Vec<u8>>();
    for (metrics, why) in [(labelled, "more labels than any has"), (many, "more series than any histogram of requests has")] {
        let foreign = read([family(b"other_seconds", &metrics), ours.clone()].concat());
        assert!(foreign.damage.is_none() && foreign.values == [3.0, 0.0, 3.0], "{:?} {:?}", foreign.damage, foreign.values);
        let damage = read(family(b"t_seconds", &metrics)).damage.unwrap();
        assert!(damage.contains(why), "{damage}");
    }
}
