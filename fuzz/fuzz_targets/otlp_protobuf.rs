//! Any bytes as OTLP in protobuf: ids are of full length, names are short.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rigcheck::sources::fuzzing::spans_of_protobuf;

fuzz_target!(|body: &[u8]| {
    let Ok((rows, _)) = spans_of_protobuf(body) else { return };
    for row in rows {
        assert!(row.trace_id.len() == 32 && row.span_id.len() == 16 && row.parent_id.is_none_or(|p| p.len() == 16));
        assert!(row.name.chars().count() <= 200 && row.length_ms().is_finite());
    }
});
