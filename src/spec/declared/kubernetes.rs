//! Objects of Kubernetes: each container of a workload is a part.

use super::{
    document::Document,
    header::is_name,
    workload::{Workload, facts},
};
use crate::{
    kept::variables::Variables,
    model::{
        name::{Name, name},
        node::{Node, Value},
        payload::FactTable,
    },
    spec::diagnostics::{Problem, Problems, plain},
};
use std::collections::BTreeMap;

/// The containers of the Deployments, StatefulSets, DaemonSets and Pods in a file of one or more documents, or in a `List` as
/// `kubectl get -o yaml` prints it. A container goes by the name of its workload if it is the only one there, else by its own,
/// and by both where that is taken. Other objects are passed over; so are init containers.
pub fn kubernetes(text: &str, name_: &str, how: &Variables) -> Result<BTreeMap<Name, FactTable>, Problems> {
    let mut document = Document::new(text, name_);
    let roots = document.roots.clone();
    let objects: Vec<&Node> = roots.iter().flat_map(listed).collect();
    if !objects.iter().any(|object| object.get("apiVersion").is_some() && object.get("kind").is_some()) {
        document.problem(Problem::new(document.top(), "there is no object of Kubernetes").label("each has `apiVersion` and `kind`"));
    }
    let mut parts: BTreeMap<Name, FactTable> = BTreeMap::new();
    for workload in objects.into_iter().filter_map(Workload::of) {
        let containers = workload.containers();
        if containers.is_empty() {
            document.problem(
                Problem::new(workload.at, format!("`{}` has no containers", plain(workload.name)))
                    .label("a workload has `containers` in the spec of its pods"),
            );
        }
        for container in &containers {
            let own = container.get("name").and_then(Node::text).unwrap_or_default();
            let single = containers.len() == 1;
            let both = format!("{}.{own}", workload.name);
            let names = [if single { workload.name } else { own }, &both];
            if let Some(word) = names.into_iter().find(|word| is_name(word) && !parts.contains_key(*word)) {
                parts.insert(name(word), facts(&document, &workload, container, how));
            } else {
                let title = format!("the container `{}` of `{}` is there twice, or has no name", plain(own), plain(workload.name));
                document.problem(Problem::new(container.at, title).label("give one namespace of one environment"));
            }
        }
    }
    if document.sound() { Ok(parts) } else { Err(document.refuse()) }
}

/// The objects of a document: itself, or those of a list.
fn listed(root: &Node) -> Vec<&Node> {
    let list = root.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
    match root.get("items").map(|items| &items.value) {
        Some(Value::List(items)) if list => items.iter().collect(),
        _ => vec![root],
    }
}

#[cfg(test)]
#[path = "kubernetes_tests.rs"]
mod tests;
