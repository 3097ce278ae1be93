//! Any bytes as a stream of events: however the reads split them, the events are the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rigcheck::sources::fuzzing::events;

fuzz_target!(|input: (usize, &[u8])| {
    let (size, bytes) = input;
    let whole = events(&[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(size % 64 + 1).collect();
    assert_eq!(events(&pieces), whole);
});
