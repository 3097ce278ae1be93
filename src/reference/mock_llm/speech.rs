//! What is said: text of an exact number of tokens, and OpenAI's JSON around it.

use super::plan::Plan;
use bytes::Bytes;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Each is one token with its leading space in OpenAI's cl100k and o200k vocabularies.
const WORDS: [&str; 16] = [" the", " of", " and", " to", " in", " is", " that", " for", " it", " with", " as", " was", " on", " are", " by", " this"];

/// The unchanging parts of one answer.
pub struct Speech {
    id: String,
    created: u64,
    model: String,
    prompt_tokens: u64,
}

/// `count` tokens, beginning with the `first`-th of the answer.
pub fn text(first: u64, count: u32) -> String {
    (0..u64::from(count)).map(|i| WORDS[((first + i) % WORDS.len() as u64) as usize]).collect()
}

impl Speech {
    /// For the n-th request of this mock.
    pub fn new(n: u64, wall_ns: u64, model: &str, prompt_tokens: u64) -> Speech {
        Speech { id: format!("chatcmpl-{n:08x}"), created: wall_ns / 1_000_000_000, model: model.to_owned(), prompt_tokens }
    }
    /// The event with a role and no content.
    pub fn role(&self) -> Bytes {
        self.event(&json!({"role": "assistant", "content": ""}), None)
    }
    /// An event with content; `with_role` where no role went before.
    pub fn content(&self, text: &str, with_role: bool) -> Bytes {
        let delta = if with_role { json!({"role": "assistant", "content": text}) } else { json!({"content": text}) };
        self.event(&delta, None)
    }
    /// What ends a stream: finish reason, token counts if they are due, `[DONE]`.
    pub fn tail(&self, plan: &Plan, usage: bool) -> Vec<u8> {
        let mut tail = self.event(&json!({}), Some(plan.finish_reason())).to_vec();
        if usage {
            let mut chunk = self.envelope("chat.completion.chunk", &json!([]));
            chunk["usage"] = self.usage(plan);
            tail.extend_from_slice(&data(&chunk));
        }
        tail.extend_from_slice(b"data: [DONE]\n\n");
        tail
    }
    /// The body of an answer that is no stream.
    pub fn whole(&self, plan: &Plan) -> Value {
        let mut said = String::new();
        let mut first = 0;
        for tokens in &plan.tokens {
            said.push_str(&text(first, *tokens));
            first += u64::from(*tokens);
        }
        let choice = json!({"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": plan.finish_reason()});
        let mut body = self.envelope("chat.completion", &json!([choice]));
        body["usage"] = self.usage(plan);
        body
    }
    fn event(&self, delta: &Value, finish_reason: Option<&str>) -> Bytes {
        data(&self.envelope("chat.completion.chunk", &json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}])))
    }
    fn envelope(&self, object: &str, choices: &Value) -> Value {
        json!({"id": self.id, "object": object, "created": self.created, "model": self.model, "choices": choices})
    }
    fn usage(&self, plan: &Plan) -> Value {
        let completion = plan.total_tokens();
        json!({"prompt_tokens": self.prompt_tokens, "completion_tokens": completion, "total_tokens": self.prompt_tokens + completion})
    }
}

/// The body of an embeddings answer: unit vectors that differ from input to input.
pub fn embeddings(model: &str, inputs: usize, dimensions: usize, prompt_tokens: u64) -> Value {
    let vector = |i: usize| -> Vec<f64> { (0..dimensions).map(|d| f64::from(u8::from(d == i % dimensions))).collect() };
    let data: Vec<Value> = (0..inputs).map(|i| json!({"object": "embedding", "index": i, "embedding": vector(i)})).collect();
    json!({"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}})
}

/// The body of an error.
pub fn error(message: &str, kind: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
}

fn data(value: &Value) -> Bytes {
    let mut event = String::from("data: ");
    // Writing to a String cannot fail.
    let _ = write!(event, "{value}");
    event.push_str("\n\n");
    event.into()
}
