use crate::{
    model::units::{Ms, Share},
    reference::faults::Misbehaviour,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// What the endpoint does when a request does not ask for something else, and where its telemetry goes.
#[derive(Clone, Debug)]
pub struct MockSettings {
    /// Where it listens; port 0 takes a free one. Loopback unless told otherwise.
    pub listen: SocketAddr,
    /// From the request read to the first content chunk.
    pub ttft: Ms,
    /// Between two content chunks.
    pub gap: Ms,
    /// Content chunks of a completion.
    pub chunks: u32,
    /// Tokens in each chunk, at least 1.
    pub tokens_per_chunk: u32,
    /// Does a stream begin with a chunk that has a role and no content, sent at once?
    pub role_first: bool,
    /// Do a stream's headers go out at once? If not, they go with the first chunk, as from servers that do not flush them.
    pub headers_first: bool,
    /// When a stream ends with a usage chunk.
    pub usage: UsageChunk,
    /// Share of requests that are answered with status 500, evenly spread.
    pub error_rate: Share,
    /// Names that `/v1/models` lists. Other names are served too; metrics count them as `other`.
    pub models: Vec<String>,
    /// Service name in traces.
    pub service: String,
    /// Base URL of an OTLP/HTTP receiver; spans go to `{otlp}/v1/traces`.
    pub otlp: Option<String>,
    /// File to which the JSON access log is appended.
    pub access_log: Option<PathBuf>,
    /// Records that the emission log holds before it forgets the oldest.
    pub emissions_kept: usize,
    /// What its telemetry or its stream does wrong.
    pub fault: Option<Misbehaviour>,
}

/// When a stream ends with a chunk of token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageChunk {
    /// In every stream.
    Always,
    /// If the request says `stream_options.include_usage`, as OpenAI does.
    WhenAsked,
}

impl Default for MockSettings {
    fn default() -> MockSettings {
        MockSettings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ttft: Ms(120.0),
            gap: Ms(20.0),
            chunks: 16,
            tokens_per_chunk: 1,
            role_first: true,
            headers_first: true,
            usage: UsageChunk::WhenAsked,
            error_rate: Share(0.0),
            models: vec!["rigcheck-truth".into(), "rigcheck-truth-embed".into()],
            service: "rigcheck-mock".into(),
            otlp: None,
            access_log: None,
            emissions_kept: 200_000,
            fault: None,
        }
    }
}
