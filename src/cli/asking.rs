//! Questions outside an audit: asked with progress, ended by Ctrl-C, and not recorded.

use super::{
    progress::Progress,
    run::{header, listen_for_the_end},
};
use crate::{
    engine::{self, Job, Journal},
    model::{
        audit::Need,
        event::{Recorder, Sink},
        evidence::{Evidence, Fact},
        name::name,
        rows::InMemory,
        source::Source,
    },
    spec::Loaded,
};
use std::{collections::BTreeMap, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What is learnt is shown or written as a whole, and never as a run.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn keep(&self, _: &Fact) -> std::io::Result<()> {
        Ok(())
    }
}

/// Somebody watches: what is waited for is said each 5 s.
const OFTEN: u64 = 5;

/// Asks, as what it is `called`; nothing if the user ended it.
pub async fn ask(
    loaded: &Loaded,
    called: &str,
    sources: Vec<Arc<dyn Source>>,
    needs: Vec<Need>,
    progress: &Arc<Progress>,
) -> anyhow::Result<Option<Evidence>> {
    let journal = Journal::new(vec![Arc::clone(progress) as Arc<dyn Sink>], loaded.settings.redactor.clone());
    let cancel = CancellationToken::new();
    let listening = listen_for_the_end(cancel.clone());
    let job = Job {
        header: header(&name(called), loaded, None),
        sources,
        profile: loaded.profile.clone(),
        cases: vec![],
        others: BTreeMap::new(),
        blobs: Arc::new(InMemory::default()),
        recorder: Arc::new(Unrecorded),
        cancel: cancel.clone(),
        patience: engine::PATIENCE,
    };
    let asked = tokio::select! {
        asked = engine::ask(&job, needs, &journal) => asked,
        never = progress.keep_saying(OFTEN, || job.longest_wait()) => match never {},
    };
    listening.abort();
    let evidence = asked?;
    Ok((!cancel.is_cancelled()).then_some(evidence))
}
