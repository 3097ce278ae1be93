use super::page::Labels;

/// A hash of a set of labels that does not depend on their order, without one label. Fast, not collision-proof:
/// whoever finds two equal hashes compares with [`same`].
pub fn hash(labels: &Labels<'_>, without: &str) -> u64 {
    let kept = labels.0.iter().filter(|(n, _)| n != without);
    kept.fold(0, |sum: u64, (n, v)| sum.wrapping_add(mix(hash_text(n).rotate_left(7) ^ hash_text(v))))
}

/// A hash of a text: multiply and rotate over words of 8 bytes.
pub fn hash_text(text: &str) -> u64 {
    let words = text.as_bytes().chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    words.fold(text.len() as u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95))
}

/// Spreads what is summed, so that sums of like labels do not meet.
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ (x >> 29)
}

/// Are two sets of labels equal, whatever their order, without one label?
pub fn same(a: &Labels<'_>, b: &Labels<'_>, without: &str) -> bool {
    // Programs write the labels of one metric in one order nearly always.
    let in_order = kept(a, without).eq(kept(b, without));
    in_order || sorted(a, without) == sorted(b, without)
}

fn kept<'l>(labels: &'l Labels<'_>, without: &'l str) -> impl Iterator<Item = (&'l str, &'l str)> {
    labels.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref())).filter(move |(n, _)| *n != without)
}

fn sorted<'l>(labels: &'l Labels<'_>, without: &'l str) -> Vec<(&'l str, &'l str)> {
    let mut pairs: Vec<_> = kept(labels, without).collect();
    pairs.sort_unstable();
    pairs
}
