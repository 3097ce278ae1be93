//! What a chat-completion event carries. Only its class and the token counts are kept, never a text.

use crate::model::{
    act::Api,
    timeline::{Class, Usage},
};
use serde_json::Value;

/// What one event says.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Its class.
    pub class: Class,
    /// Token counts, if it has any.
    pub usage: Option<Usage>,
}

impl From<Class> for Said {
    fn from(class: Class) -> Said {
        Said { class, usage: None }
    }
}

/// Reads the data of one event of a stream.
pub fn event(data: &[u8]) -> Said {
    if data.trim_ascii() == b"[DONE]" {
        return Class::Done.into();
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return Class::Other.into() };
    let usage = usage(&value);
    let choices = || value["choices"].as_array().into_iter().flatten();
    let class = if is_error(&value) {
        Class::Error
    } else if choices().any(|c| has_content(&c["delta"])) {
        Class::Content
    } else if choices().any(|c| !c["finish_reason"].is_null()) {
        Class::Finish
    } else if choices().any(|c| !c["delta"]["role"].is_null()) {
        Class::Role
    } else if usage.is_some() {
        Class::Usage
    } else {
        Class::Other
    };
    Said { class, usage }
}

/// Reads a whole body that was no stream; `Err` says in a few words why it is no answer to what was asked.
pub fn whole(body: &[u8], api: &Api) -> Result<Said, &'static str> {
    let value = serde_json::from_slice::<Value>(body).map_err(|_| "body is not JSON")?;
    if is_error(&value) {
        return Ok(Class::Error.into());
    }
    match api {
        Api::Chat if !value["choices"].is_array() => return Err("no chat completion"),
        Api::Embeddings if !value["data"].as_array().is_some_and(|d| d.iter().any(|e| !e["embedding"].is_null())) => return Err("no embedding"),
        Api::Chat | Api::Embeddings => {}
    }
    Ok(Said { class: Class::Body, usage: usage(&value) })
}

/// Text, reasoning or a tool call. Reasoning has two names in the field: `reasoning_content` and `reasoning`.
fn has_content(delta: &Value) -> bool {
    let filled = |v: &Value| v.as_str().is_some_and(|t| !t.is_empty()) || v.as_array().is_some_and(|a| !a.is_empty());
    ["content", "reasoning_content", "reasoning", "tool_calls"].into_iter().any(|name| filled(&delta[name]))
}

/// Some servers send `"error": null` with every chunk.
fn is_error(value: &Value) -> bool {
    value.get("error").is_some_and(|e| !e.is_null()) || value["object"] == "error"
}

fn usage(value: &Value) -> Option<Usage> {
    let usage = value.get("usage").filter(|u| u.is_object())?;
    let count = |name: &str| usage[name].as_u64();
    match (count("prompt_tokens"), count("completion_tokens")) {
        (None, None) => None,
        (prompt, completion) => Some(Usage { prompt: prompt.unwrap_or(0), completion: completion.unwrap_or(0) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_the_field() {
        let delta = |d: &str| format!(r#"{{"choices":[{{"index":0,"delta":{d},"finish_reason":null}}]}}"#);
        for (data, class) in [
            (delta(r#"{"role":"assistant"}"#), Class::Role),
            (delta(r#"{"role":"assistant","content":""}"#), Class::Role),
            (delta(r#"{"role":"assistant","content":"hi"}"#), Class::Content),
            (delta(r#"{"content":" "}"#), Class::Content),
            (delta(r#"{"reasoning_content":"hm"}"#), Class::Content),
            (delta(r#"{"reasoning":"hm"}"#), Class::Content),
            (delta(r#"{"tool_calls":[{"index":0}]}"#), Class::Content),
            (delta(r#"{"tool_calls":[]}"#), Class::Other),
            (delta(r#"{"content":null}"#), Class::Other),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.into(), Class::Finish),
            (r#"{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}"#.into(), Class::Content),
            (r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}"#.into(), Class::Usage),
            (r#"{"choices":[],"usage":null}"#.into(), Class::Other),
            (r#"{"error":{"message":"x"}}"#.into(), Class::Error),
            (r#"{"object":"error","message":"x"}"#.into(), Class::Error),
            (r#"{"error":null,"choices":[{"delta":{"content":"x"}}]}"#.into(), Class::Content),
            (" [DONE]".into(), Class::Done),
            ("[DONE".into(), Class::Other),
            ("7".into(), Class::Other),
            (String::new(), Class::Other),
        ] {
            assert_eq!(event(data.as_bytes()).class, class, "{data}");
        }
    }

    #[test]
    fn usage_is_read_wherever_it_comes() {
        let with_content = br#"{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
        assert_eq!(event(with_content), Said { class: Class::Content, usage: Some(Usage { prompt: 5, completion: 1 }) });
        let body = br#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":9}}"#;
        assert_eq!(whole(body, &Api::Chat), Ok(Said { class: Class::Body, usage: Some(Usage { prompt: 5, completion: 9 }) }));
    }

    #[test]
    fn a_whole_body_must_be_a_chat_completion() {
        assert_eq!(whole(br#"{"status":"ok"}"#, &Api::Chat), Err("no chat completion"));
        let vectors = br#"{"object":"list","data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":3}}"#;
        assert_eq!(whole(vectors, &Api::Embeddings), Ok(Said { class: Class::Body, usage: Some(Usage { prompt: 3, completion: 0 }) }));
        assert_eq!(whole(br#"{"data":[]}"#, &Api::Embeddings), Err("no embedding"));
        assert_eq!(whole(b"ok", &Api::Chat), Err("body is not JSON"));
        assert_eq!(whole(br#"{"error":{"code":1}}"#, &Api::Chat).unwrap().class, Class::Error);
    }
}
