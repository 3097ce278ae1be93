/// Faults of the gateway's traces that are seeded together: each is found by a rule of its own.
pub struct Together {
    /// Their names (`examples/fastapi-gateway/gateway/faults.py`), each with what is done.
    pub faults: &'static [(&'static str, &'static str)],
    /// Rules that must fail.
    pub must: &'static [&'static str],
    /// Rules that may fail too, since the same thing is wrong in their eyes.
    pub may: &'static [&'static str],
}

/// Each is a run of the audit of traces on the real stack (`tests/live/audits/traces.rs`).
pub const TOGETHER: &[Together] = &[
    Together {
        faults: &[
            ("auth-untraced", "no span tells of authentication"),
            ("secret-attributes", "the server span carries an authorization header"),
            ("slow-tracing", "recording a request holds it up for 40 ms"),
            ("not-propagated", "the provider is called without the trace's id"),
            ("outlasting-span", "the span of the adaptation ends 80 ms after the work"),
        ],
        must: &["TRC-01", "TRC-05", "TRC-09", "TRC-11", "TRC-12"],
        may: &["TRC-02", "TRC-06", "TRC-07", "TRC-10"],
    },
    Together {
        faults: &[
            ("stages-side-by-side", "the spans of the stages are the caller's children, beside the server span"),
            ("invented-durations", "authentication lasts 7 ms in every trace, whatever it took"),
        ],
        must: &["TRC-04", "TRC-10"],
        may: &["TRC-02", "TRC-05", "TRC-06"],
    },
    Together {
        faults: &[("provider-untraced", "no span tells of the call of the provider, and the trace ends at the gateway")],
        must: &["TRC-01", "TRC-02", "TRC-11"],
        may: &[],
    },
];
