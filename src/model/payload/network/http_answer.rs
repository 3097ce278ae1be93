use serde::{Deserialize, Serialize};

/// The head of a response. Nothing else of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// From when the request began to be sent to the first byte of the response, µs. To a stranger's request this bounds from above
    /// how far the edge is from whoever turns strangers away.
    pub first_byte_us: u64,
    /// Its status.
    pub status: u16,
    /// After how many seconds the server asks to come back (`Retry-After`), if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

impl HttpAnswer {
    /// Does the server ask to be left alone for now? Whoever is asked so stops.
    pub fn asks_to_stop(&self) -> bool {
        self.status == 429 || (self.status == 503 && self.retry_after_s.is_some())
    }
}
