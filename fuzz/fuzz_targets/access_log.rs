//! Any bytes as a line of an access log, JSON and nginx: durations are finite and not negative, or the line is bad.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rigcheck::{
    sources::fuzzing::durations,
    spec::settings::{AccessLog, Field, LogFormat, LogPlace},
};

const NGINX: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $request_time $upstream_header_time $request_id"#;

fn settings(format: LogFormat, id: &str, fields: [&str; 2]) -> AccessLog {
    let field = |name: &str| Some(Field { field: name.into(), unit_ms: 1e3 });
    AccessLog {
        from: LogPlace::Stdin,
        format,
        id: id.into(),
        at: Some(if id == "id" { "ts" } else { "time_local" }.into()),
        status: Some("status".into()),
        total: field(fields[0]),
        ttft: field(fields[1]),
        inter_chunk: None,
    }
}

fuzz_target!(|line: &[u8]| {
    let json = settings(LogFormat::JsonLines, "id", ["total", "time.first"]);
    let nginx = settings(LogFormat::Nginx(NGINX.into()), "request_id", ["request_time", "upstream_header_time"]);
    for settings in [json, nginx] {
        if let Ok(said) = durations(&settings, line) {
            assert!(said.iter().flatten().all(|ms| ms.is_finite() && *ms >= 0.0));
        }
    }
});
