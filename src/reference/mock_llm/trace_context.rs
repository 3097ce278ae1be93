/// Which trace a request belongs to (W3C Trace Context, <https://www.w3.org/TR/trace-context/>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 hex digits.
    pub trace_id: String,
    /// The caller's span, 16 hex digits, if there is a caller.
    pub parent_id: Option<String>,
    /// Does the caller record? What it does not record, we do not either.
    pub sampled: bool,
}

impl TraceContext {
    /// From a `traceparent` header; a missing or malformed one begins a new, recorded trace.
    pub fn of(traceparent: Option<&str>) -> TraceContext {
        traceparent.and_then(parse).unwrap_or_else(|| TraceContext {
            trace_id: format!("{:032x}", rand::random::<u128>().max(1)),
            parent_id: None,
            sampled: true,
        })
    }
}

/// A new span id.
pub fn new_span_id() -> String {
    format!("{:016x}", rand::random::<u64>().max(1))
}

fn parse(text: &str) -> Option<TraceContext> {
    let mut parts = text.trim().splitn(4, '-');
    let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let nought = |s: &str| s.bytes().all(|b| b == b'0');
    let well_formed = hex(version, 2) && version != "ff" && hex(trace_id, 32) && hex(parent_id, 16) && hex(flags.get(..2)?, 2);
    // Version 00 ends after the flags; later versions may go on after a dash.
    let ends = if version == "00" { flags.len() == 2 } else { matches!(flags.as_bytes().get(2), None | Some(b'-')) };
    (well_formed && ends && !nought(trace_id) && !nought(parent_id)).then(|| TraceContext {
        trace_id: trace_id.into(),
        parent_id: Some(parent_id.into()),
        sampled: u8::from_str_radix(&flags[..2], 16).is_ok_and(|f| f & 1 == 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_recommendation() {
        let t = TraceContext::of(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert_eq!(t.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((t.parent_id.as_deref(), t.sampled), (Some("00f067aa0ba902b7"), true));
        assert!(!TraceContext::of(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")).sampled);
        assert!(parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-é",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        let fresh = TraceContext::of(None);
        assert!(fresh.sampled && fresh.parent_id.is_none() && fresh.trace_id.len() == 32);
    }
}
