//! Ids come as hex of any case, as hex without leading zeros (Jaeger's legacy API) or as base64 (protobuf's own JSON
//! mapping); they leave as lower-case hex of full length.

use crate::model::evidence::hex;

/// Lower-case hex of `bytes` bytes, or `None` if the text is no such id. All zeros is no id either (W3C trace context).
pub fn normal_id(text: &str, bytes: usize) -> Option<String> {
    let text = text.trim();
    let id = if !text.is_empty() && text.len() <= bytes * 2 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        format!("{:0>width$}", text.to_ascii_lowercase(), width = bytes * 2)
    } else {
        hex_id(&base64(text)?, bytes)?
    };
    id.bytes().any(|b| b != b'0').then_some(id)
}

/// The same from raw bytes; `None` if it has another length or is all zeros.
pub fn hex_id(raw: &[u8], bytes: usize) -> Option<String> {
    let valid = raw.len() == bytes && raw.iter().any(|b| *b != 0);
    valid.then(|| hex(raw))
}

/// A trace id as a number: 16 bytes instead of a heap string, for sets of many.
pub fn trace_number(hex: &str) -> Option<u128> {
    u128::from_str_radix(hex, 16).ok()
}

/// A trace id for a request of ours, from 64 random bits. The low half follows from the high one, so that a receiver in a
/// flood of strangers can tell which spans are worth room before it knows which ids this run sent. Either half by itself is
/// as random as W3C trace context asks (level 2, "Random trace ID flag": the right 56 bits), because the step is a bijection.
pub fn marked_trace(random: u64) -> u128 {
    // All zeros is no valid id.
    let high = random.max(1);
    u128::from(high) << 64 | u128::from(low_half(high))
}

/// May this trace be one of ours? One of strangers passes once in 2^64.
pub fn is_marked(trace: u128) -> bool {
    trace as u64 == low_half((trace >> 64) as u64)
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
fn low_half(high: u64) -> u64 {
    let x = high.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The span id under which our load generator sends a request of this trace, known from the trace id alone: so a trace
/// source can tell the span that our request started from one whose parent is still on its way.
pub fn our_span(trace: u128) -> u64 {
    (trace as u64).max(1)
}

/// Standard or URL-safe base64, padded or not.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_lower_hex() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(normal_id(id, 16).as_deref(), Some(id));
        assert_eq!(normal_id(&id.to_uppercase(), 16).as_deref(), Some(id));
        // base64 of the same sixteen bytes, by coreutils' base64.
        for text in ["CvdlGRbNQ92ESOshHIAxnA==", "CvdlGRbNQ92ESOshHIAxnA"] {
            assert_eq!(normal_id(text, 16).as_deref(), Some(id), "{text}");
        }
        assert_eq!(normal_id("t60W4R2gO_o=", 8).as_deref(), Some("b7ad16e11da03bfa"));
        assert_eq!(normal_id("7b", 8).as_deref(), Some("000000000000007b"));
    }

    #[test]
    fn ours_are_told_from_strangers() {
        for random in [0, 1, 0x0af7_6519_16cd_43dd, u64::MAX] {
            let trace = marked_trace(random);
            assert!(is_marked(trace) && !is_marked(trace ^ 1) && !is_marked(trace ^ (1 << 64)), "{trace:032x}");
        }
        // The first outputs of SplitMix64 seeded with 1234567, as its author's C program prints them.
        assert_eq!(low_half(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(low_half(1_234_567_u64.wrapping_add(0x9e37_79b9_7f4a_7c15)), 3_203_168_211_198_807_973);
        assert!(!is_marked(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c));
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "0", "00000000000000000000000000000000", "not an id", "CvdlGRbNQ92ESOshHIAx", "0af7651916cd43dd8448eb211c80319c00"] {
            assert_eq!(normal_id(text, 16), None, "{text}");
        }
        assert_eq!(hex_id(&[0; 16], 16), None);
        assert_eq!(hex_id(&[1; 8], 16), None);
    }
}
