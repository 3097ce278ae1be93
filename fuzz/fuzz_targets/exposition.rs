//! Any bytes as a metrics page, in both formats: what is read names a line that is there, and no line is lost in silence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rigcheck::sources::exposition::{Format, lost_by_lax_reader, parse};

fuzz_target!(|page: &[u8]| {
    let lines = page.split_inclusive(|b| *b == b'\n').count() as u64;
    for format in [Format::Text, Format::OpenMetrics] {
        let read = parse(page, format);
        assert!(read.samples().all(|s| (1..=lines).contains(&s.line) && !s.name.is_empty()));
        assert!(read.doubts.iter().all(|d| d.line <= lines.max(1)) && read.doubtful_lines <= lines.max(1));
        assert!(read.damage("some_metric").is_none_or(|d| d.line <= lines.max(1)));
        let _ = lost_by_lax_reader(page, &read);
    }
});
