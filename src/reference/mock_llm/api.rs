//! What clients send: the parts of OpenAI's request bodies that the mock heeds. Unknown fields are ignored, as there.

use crate::llm::directive::Directive;
use serde::Deserialize;

/// Body of `POST /v1/chat/completions`.
#[derive(Deserialize)]
pub struct ChatRequest {
    /// Any name.
    pub model: String,
    messages: Vec<Message>,
    /// Is a stream asked for?
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
}

/// Body of `POST /v1/embeddings`.
#[derive(Deserialize)]
pub struct EmbeddingsRequest {
    /// Any name.
    pub model: String,
    input: Input,
    /// Length of a vector; 8 if not given.
    pub dimensions: Option<u32>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
}

/// A text, or parts of which some are texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize, Default)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// One text or several; token arrays are counted, not read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

impl ChatRequest {
    /// The directive in the newest message that has one.
    pub fn directive(&self) -> Option<Directive> {
        self.messages.iter().rev().flat_map(Message::texts).find_map(Directive::find)
    }
    /// Tokens of the prompt, estimated as a quarter of its characters (right to about a third on English text).
    pub fn prompt_tokens(&self) -> u64 {
        self.messages.iter().flat_map(Message::texts).map(estimate).sum()
    }
    /// Does the client ask for a usage chunk?
    pub fn include_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|o| o.include_usage)
    }
    /// Largest completion; the newer name wins.
    pub fn max_tokens(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }
    /// Why it cannot be served.
    pub fn refusal(&self) -> Option<&'static str> {
        if self.messages.is_empty() {
            Some("`messages` is empty")
        } else if self.max_tokens() == Some(0) {
            Some("`max_tokens` must be at least 1")
        } else {
            None
        }
    }
}

impl EmbeddingsRequest {
    /// How many vectors are asked for.
    pub fn inputs(&self) -> usize {
        match &self.input {
            Input::One(_) | Input::Tokens(_) => 1,
            Input::Many(texts) => texts.len(),
            Input::ManyTokens(lists) => lists.len(),
        }
    }
    /// The directive in the first text that has one.
    pub fn directive(&self) -> Option<Directive> {
        match &self.input {
            Input::One(text) => Directive::find(text),
            Input::Many(texts) => texts.iter().find_map(|t| Directive::find(t)),
            Input::Tokens(_) | Input::ManyTokens(_) => None,
        }
    }
    /// Tokens of the input, estimated like a prompt where it is text.
    pub fn prompt_tokens(&self) -> u64 {
        match &self.input {
            Input::One(text) => estimate(text),
            Input::Many(texts) => texts.iter().map(|t| estimate(t)).sum(),
            Input::Tokens(tokens) => tokens.len() as u64,
            Input::ManyTokens(lists) => lists.iter().map(|l| l.len() as u64).sum(),
        }
    }
}

impl Message {
    fn texts(&self) -> Vec<&str> {
        match &self.content {
            None => vec![],
            Some(Content::Text(text)) => vec![text],
            Some(Content::Parts(parts)) => parts.iter().filter_map(|p| p.text.as_deref()).collect(),
        }
    }
}

fn estimate(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}
