//! The loads of a rig: what audits may ask the load generator for. Only what an audit needs is sent.

use super::{
    connection::same_origin,
    sources::{Source, TRACES},
    target::TargetSection,
};
use crate::model::{
    act::{Destination, LoadAct, Traced},
    name::{Name, name},
};
use std::collections::BTreeMap;

/// The model that the reference endpoint answers for.
pub const TRUTH_MODEL: &str = "rigcheck-truth";
/// Where the reference endpoint answers.
const TRUTH_PATH: &str = "/v1/chat/completions";

/// All of them, by name:
///
/// - `controlled`: chat completions, streamed unless the spec says otherwise;
/// - `unstreamed`: the same without a stream, where `controlled` streams;
/// - `embeddings`: where the spec names the endpoint;
/// - `half-traced`: the controlled load with every second trace left out, where traces are read;
/// - `calibration`: the controlled load straight to the reference endpoint, where that is not the target itself.
pub(super) fn of(target: &TargetSection, sources: &[Source]) -> BTreeMap<Name, LoadAct> {
    let mut loads: Vec<LoadAct> = target.embeddings.iter().cloned().collect();
    if let Some(chat) = &target.chat {
        let controlled = &chat.load;
        loads.push(controlled.clone());
        if controlled.stream {
            loads.push(LoadAct { name: name("unstreamed"), stream: false, ..controlled.clone() });
        }
        if sources.iter().any(|s| TRACES.contains(&s.info.kind.as_str())) {
            loads.push(LoadAct { name: name("half-traced"), traced: Traced::Half, ..controlled.clone() });
        }
        let truth = sources.iter().find_map(|s| s.url.as_ref());
        // Behind a proxy, the same address is another server.
        if truth.is_some_and(|truth| !same_origin(truth, &target.url) || target.settings.connection.proxy.is_some()) {
            loads.push(calibration(controlled));
        }
    }
    loads.into_iter().map(|load| (load.name.clone(), load)).collect()
}

/// The same load straight to the reference endpoint, which answers for its own model whatever the gateway calls it.
fn calibration(controlled: &LoadAct) -> LoadAct {
    LoadAct {
        name: name("calibration"),
        to: Destination::Reference,
        model: TRUTH_MODEL.into(),
        path: TRUTH_PATH.into(),
        planted: true,
        ..controlled.clone()
    }
}
