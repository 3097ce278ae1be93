//! Somebody else who uses a gateway.
#![allow(clippy::disallowed_methods, reason = "sends requests from a thread of its own")]

use super::rig::STRANGER;
use rigcheck::{llm::directive::Directive, model::timeline::Planted};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Requests of a stranger that are under way at once.
const UNDER_WAY: usize = 10;
/// Somebody who asks for short answers at a rate, until dropped.
pub struct Stranger {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Stranger {
    pub fn asking(gateway: &str, model: &str, per_second: u32) -> Stranger {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let url = format!("{gateway}/api/v1/chat/completions");
        let short = Directive { id: "a-stranger".into(), delays: Some(Planted { ttft_ms: 5.0, chunks: 2, gap_ms: 5.0 }) };
        let body = serde_json::json!({"model": model, "stream": true, "messages": [{"role": "user", "content": short.to_text()}]});
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let client = reqwest::Client::new();
                let mut due = tokio::time::interval(Duration::from_secs(1) / per_second);
                let mut asked = tokio::task::JoinSet::new();
                while !stopped.load(Ordering::Relaxed) {
                    due.tick().await;
                    while asked.try_join_next().is_some() {}
                    // A machine that cannot keep up is not buried: that would be a fault of the rig.
                    if asked.len() >= UNDER_WAY {
                        continue;
                    }
                    let request = client.post(&url).header("x-request-id", STRANGER).json(&body);
                    let counted = Arc::clone(&counted);
                    asked.spawn(async move {
                        if let Ok(answer) = request.send().await {
                            let whole = answer.text().await.is_ok_and(|text| text.contains("[DONE]"));
                            counted.fetch_add(u64::from(whole), Ordering::Relaxed);
                        }
                    });
                }
                while asked.join_next().await.is_some() {}
            });
        });
        Stranger { stop, sent, thread: Some(thread) }
    }
    /// Ends it and tells how many answers it got.
    pub fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
