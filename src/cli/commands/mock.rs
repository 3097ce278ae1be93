//! `rigcheck mock`: the reference endpoint, until Ctrl-C.

use crate::{
    cli::run::told_to_end,
    model::units::{BadUnit, Ms, Share},
    reference::mock_llm::{self, MockSettings},
};
use std::{io::ErrorKind, net::SocketAddr, path::PathBuf, process::ExitCode};

/// `rigcheck mock`.
#[derive(Debug, clap::Args)]
pub struct Mock {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "IP:PORT", value_parser = address)]
    pub listen: SocketAddr,
    /// Time to first token, unless the prompt asks for another
    #[arg(long, default_value = "120ms")]
    pub ttft: Ms,
    /// Gap between chunks
    #[arg(long, default_value = "20ms")]
    pub gap: Ms,
    /// Content chunks of an answer
    #[arg(long, default_value_t = 16)]
    pub chunks: u32,
    /// Tokens in each chunk
    #[arg(long, default_value_t = 1)]
    pub tokens_per_chunk: u32,
    /// Leave out the first chunk that carries a role only
    #[arg(long)]
    pub no_role_chunk: bool,
    /// Send the headers of a stream with its first chunk, as servers do that do not flush them
    #[arg(long)]
    pub late_headers: bool,
    /// Share of requests answered with 500, such as 1%
    #[arg(long, default_value = "0%", value_name = "SHARE", value_parser = part)]
    pub error_rate: Share,
    /// Append one JSON line a request here
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,
    /// Send traces to this OTLP/HTTP endpoint, such as http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, as in `127.0.0.1:9100`, or `0.0.0.0:9100` for all of this machine's addresses".into())
}

/// A share of something that cannot be more than all of it.
fn part(text: &str) -> Result<Share, String> {
    let share: Share = text.parse().map_err(|e: BadUnit| e.to_string())?;
    if share.0 <= 1.0 { Ok(share) } else { Err("more than all requests; write at most `100%`".into()) }
}

pub async fn run(args: Mock) -> anyhow::Result<ExitCode> {
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
    let mock = mock_llm::Mock::start(settings).map_err(|e| {
        let todo = if e.kind() == ErrorKind::AddrInUse { "; choose another --listen" } else { "" };
        anyhow::anyhow!("starting the mock: {e}{todo}")
    })?;
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
