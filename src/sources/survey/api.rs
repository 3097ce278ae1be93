//! The API under test, as far as GETs tell: its models, its OpenAPI document, its metrics page.

use super::{Goal, look::Looker, page};
use crate::spec::draft::{
    found::{Asked, Models, Place},
    like_chat, speaks_llm,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where lists of models are.
const MODELS: [&str; 3] = ["/v1/models", "/api/v1/models", "/models"];
/// A path that looks less like chat than this is something else.
const LIKE_CHAT: u32 = 30;

/// What an API said.
pub struct Api {
    /// As written.
    pub at: String,
    /// Resolved.
    pub url: String,
    /// Given, or tried.
    pub asked: Asked,
    /// Its models.
    pub models: Result<ModelList, String>,
    /// The path of chat completions in its OpenAPI document.
    pub chat_path: Option<String>,
    /// Its metrics page, and where.
    pub page: Option<(String, Result<page::Seen, String>)>,
}

/// A list of models.
pub struct ModelList {
    /// What is kept of it.
    pub models: Models,
    /// Is it that of `rigcheck mock`?
    pub mock: bool,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    #[serde(default)]
    owned_by: Option<String>,
}

#[derive(Deserialize)]
struct OpenApi {
    #[serde(default)]
    paths: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
}

/// Looks at an API.
pub async fn look(looker: &Looker, goal: &Goal) -> Api {
    let (models, chat_path, page) = tokio::join!(models(looker, goal), chat_path(looker, goal), page::below(looker, goal));
    Api { at: goal.at.clone(), url: goal.url.clone(), asked: goal.asked, models, chat_path, page: Some(page) }
}

/// Looks whether `rigcheck mock` is there.
pub async fn mock(looker: &Looker, goal: &Goal) -> Place<Models> {
    let list = list(looker, goal, MODELS[0]).await;
    let said = list.and_then(|l| if l.mock { Ok(l.models) } else { Err("answers, but not as `rigcheck mock`".into()) });
    Place { at: goal.at.clone(), asked: goal.asked, said }
}

async fn models(looker: &Looker, goal: &Goal) -> Result<ModelList, String> {
    let (first, second, third) = tokio::join!(list(looker, goal, MODELS[0]), list(looker, goal, MODELS[1]), list(looker, goal, MODELS[2]));
    // The usual path says best what is wrong.
    first.or_else(|why| second.or(third).map_err(|_| why))
}

async fn list(looker: &Looker, goal: &Goal, path: &str) -> Result<ModelList, String> {
    let list: List = looker.json(goal, path, &[]).await?;
    let truth = list.data.iter().any(|m| m.id == crate::spec::draft::TRUTH_MODEL);
    let mock = !list.data.is_empty() && list.data.iter().all(|m| m.owned_by.as_deref() == Some("rigcheck"));
    Ok(ModelList { models: Models { count: list.data.len(), truth }, mock })
}

async fn chat_path(looker: &Looker, goal: &Goal) -> Option<String> {
    let document: OpenApi = looker.json(goal, "/openapi.json", &[]).await.ok()?;
    let posts = document.paths.into_iter().filter(|(path, methods)| methods.contains_key("post") && path.starts_with('/') && !path.contains('{'));
    let rated = posts.map(|(path, _)| (like_chat(&path, None), path)).filter(|(score, _)| *score >= LIKE_CHAT);
    rated.max_by(|(a, p), (b, q)| a.cmp(b).then_with(|| q.len().cmp(&p.len())).then_with(|| q.cmp(p))).map(|(_, path)| path)
}

impl Api {
    /// Does it look like a gateway or server of language models, and not like the mock behind one?
    pub fn speaks_llm(&self) -> bool {
        let mock = self.models.as_ref().is_ok_and(|m| m.mock);
        let metrics = self.page.as_ref().is_some_and(|(_, page)| page.as_ref().is_ok_and(|p| speaks_llm(&p.families)));
        !mock && (self.models.is_ok() || metrics)
    }
    /// Was a metrics page found below its URL?
    pub fn has_page(&self) -> bool {
        self.page.as_ref().is_some_and(|(_, page)| page.is_ok())
    }
    /// In words.
    pub fn told(&self) -> Result<String, String> {
        let path = self.chat_path.as_ref().map(|p| format!("; chat at {p}")).unwrap_or_default();
        match &self.models {
            Ok(list) => {
                let ours = if list.models.truth { ", rigcheck-truth among them" } else { ", rigcheck-truth not among them" };
                Ok(format!("{} models{ours}{path}", list.models.count))
            }
            Err(_) if self.chat_path.is_some() || self.has_page() => Ok(format!("answers, but tells no list of models{path}")),
            Err(why) => Err(why.clone()),
        }
    }
}
