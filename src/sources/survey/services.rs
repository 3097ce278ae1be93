//! The services that a Jaeger knows.

use super::{Goal, look::Looker};
use crate::spec::draft::found::{Place, Services};
use serde::Deserialize;

/// More services than this are not told.
const MOST: usize = 200;

#[derive(Deserialize)]
struct List {
    #[serde(alias = "data", default)]
    services: Option<Vec<String>>,
}

/// Looks at a query service: its newer API first, then the one that Jaeger 1 has.
pub async fn look(looker: &Looker, goal: &Goal) -> Place<Services> {
    let (newer, older) = tokio::join!(looker.json::<List>(goal, "/api/v3/services", &[]), looker.json::<List>(goal, "/api/services", &[]),);
    let list = match (newer, older) {
        (Ok(list), _) if list.services.is_some() => Ok(list),
        (Ok(list), Err(_)) | (_, Ok(list)) => Ok(list),
        (Err(why), Err(_)) => Err(why),
    };
    let said = list.map(|list| {
        let mut names = list.services.unwrap_or_default();
        names.retain(|n| !n.is_empty() && n.len() <= 100 && !n.chars().any(char::is_control));
        names.sort();
        names.dedup();
        names.truncate(MOST);
        Services { names }
    });
    Place { at: goal.at.clone(), asked: goal.asked, said }
}

/// In words.
pub fn told(services: &Services) -> String {
    match services.names.len() {
        0 => "no service yet".into(),
        1 => "1 service".into(),
        n => format!("{n} services"),
    }
}
