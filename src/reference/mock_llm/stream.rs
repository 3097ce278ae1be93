use super::{plan::Plan, served::Ticket, speech, speech::Speech};
use crate::reference::faults::Misbehaviour;
use axum::body::Body;
use bytes::Bytes;
use std::convert::Infallible;

/// The body of a streamed completion. The client sees each event in a write of its own, unless the machine is late.
pub fn body(ticket: Ticket, plan: Plan, speech: Speech, usage: bool) -> Body {
    let settings = &ticket.shared().settings;
    let speaker = Speaker {
        role_first: settings.role_first,
        buffered: settings.fault == Some(Misbehaviour::BufferedStream),
        ticket,
        plan,
        speech,
        usage,
        held: vec![],
        step: Step::Begin,
    };
    Body::from_stream(futures_util::stream::unfold(speaker, |mut speaker| async move {
        let event = speaker.next().await?;
        Some((Ok::<Bytes, Infallible>(event), speaker))
    }))
}

struct Speaker {
    ticket: Ticket,
    plan: Plan,
    speech: Speech,
    usage: bool,
    role_first: bool,
    buffered: bool,
    held: Vec<u8>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Begin,
    Content(usize),
    End,
    Over,
}

impl Speaker {
    /// The next bytes to hand over; `None` when all is said.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.step {
                Step::Begin => {
                    self.step = Step::Content(0);
                    // Servers say the role when they have the first token, in a write of its own. On a connection that leaves
                    // Nagle's algorithm on, that write is what holds the first token back: an early role would hide it.
                    if self.role_first && !self.plan.tokens.is_empty() {
                        self.ticket.until_due(self.plan.due(0)).await;
                    }
                    if self.role_first && !self.buffered {
                        return Some(self.speech.role());
                    }
                    if self.role_first {
                        self.held.extend_from_slice(&self.speech.role());
                    }
                }
                Step::Content(n) if n < self.plan.tokens.len() => {
                    self.step = Step::Content(n + 1);
                    let event = self.content(n).await;
                    if !self.buffered {
                        return Some(event);
                    }
                    self.held.extend_from_slice(&event);
                }
                Step::Content(_) => {
                    self.step = Step::End;
                    if self.plan.tokens.is_empty() {
                        self.ticket.until_due(self.plan.due(0)).await;
                    }
                    // Lets the last content leave in a write of its own before the end is handed over.
                    tokio::task::yield_now().await;
                }
                Step::End => {
                    self.step = Step::Over;
                    let mut last = std::mem::take(&mut self.held);
                    last.extend_from_slice(&self.speech.tail(&self.plan, self.usage));
                    self.ticket.finish(200);
                    return Some(last.into());
                }
                Step::Over => return None,
            }
        }
    }
    /// Everything is ready before the deadline; after the stamp only the hand-over is left.
    async fn content(&mut self, n: usize) -> Bytes {
        let tokens = self.plan.tokens[n];
        let event = self.speech.content(&speech::text(self.ticket.served.tokens, tokens), n == 0 && !self.role_first);
        let due = self.plan.due(n);
        self.ticket.until_due(due).await;
        self.ticket.chunk(due, tokens);
        event
    }
}
