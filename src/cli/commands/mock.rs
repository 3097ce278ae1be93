//! `rigcheck mock`: the reference endpoint, until Ctrl-C.

use crate::{
    cli::{args, run::told_to_end},
    reference::mock_llm::{Mock, MockSettings},
};
use anyhow::Context;
use std::process::ExitCode;

pub async fn run(args: args::Mock) -> anyhow::Result<ExitCode> {
    let settings = MockSettings {
        listen: args.listen,
        ttft: args.ttft,
        gap: args.gap,
        chunks: args.chunks,
        tokens_per_chunk: args.tokens_per_chunk,
        role_first: !args.no_role_chunk,
        headers_first: !args.late_headers,
        error_rate: args.error_rate,
        access_log: args.access_log,
        otlp: args.otlp,
        ..MockSettings::default()
    };
    let mock = Mock::start(settings).context("starting the mock")?;
    if !args.listen.ip().is_loopback() {
        eprintln!("note: listening beyond this machine; anyone who reaches {} can use it", mock.addr());
    }
    eprintln!("rigcheck mock on {}", mock.url());
    eprintln!("  POST /v1/chat/completions · POST /v1/embeddings · GET /v1/models · GET /metrics · GET /rigcheck/emissions");
    eprintln!("  route a model of your gateway here and name this address under sources.truth; Ctrl-C ends it");
    told_to_end().await?;
    let pacing = mock.pacing();
    mock.stop().await;
    eprintln!("pacing error: {pacing}");
    Ok(ExitCode::SUCCESS)
}
