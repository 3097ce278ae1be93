//! Recorded runs whose verdict is taken as it was recorded: it must be the one that the recorded answers give.

use crate::{
    engine::recorded::contradicted,
    model::event::{Event, Header},
    store::{self, Recorded, THIS, id_of},
};
use anyhow::anyhow;
use std::path::Path;

/// Opens a run, and judges it again: an edited verdict is refused. A run of another release may have been judged otherwise;
/// that is said.
pub fn open(path: &Path) -> anyhow::Result<(Recorded, Option<String>)> {
    let recorded = store::open(path)?;
    let doubt = check(&recorded).map_err(|why| anyhow!("{}: {why}; `rigcheck replay {}` judges by the answers", path.display(), id_of(path)))?;
    Ok((recorded, doubt))
}

/// What is to be said of the judgements of a run, if anything; why they are none, else.
pub fn check(recorded: &Recorded) -> Result<Option<String>, String> {
    let tool = recorded.events.iter().find_map(|e| if let Event::Began(Header { tool, .. }) = &e.event { Some(tool.as_str()) } else { None });
    let ours = tool.is_none_or(|tool| tool == THIS);
    let by = tool.unwrap_or("nobody");
    let cases = match recorded.profile.bind() {
        Ok(cases) => cases,
        Err(bad) => {
            let why = bad.iter().map(|b| b.why.as_str()).collect::<Vec<_>>().join("; ");
            let why = format!("recorded with cases that this release does not know so ({why})");
            return if ours { Err(why) } else { Ok(Some(format!("This run cannot be judged again: {why}. The verdict is that of {by}."))) };
        }
    };
    let otherwise = contradicted(&recorded.events, &recorded.evidence, &recorded.profile, &cases);
    if otherwise.is_empty() {
        return Ok(None);
    }
    let of = otherwise.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if ours {
        return Err(format!("what is recorded as the judgement of {of} does not follow from the recorded answers: it was changed after the run"));
    }
    Ok(Some(format!("This release ({THIS}) judges {of} otherwise than {by} did, or the run was changed after it: `rigcheck replay` shows how.")))
}
