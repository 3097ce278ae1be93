//! One workload of Kubernetes and the facts of its containers.

use super::{
    container::{Container, Missing},
    document::{Document, open},
    environment::{self, Variable},
};
use crate::{
    kept::variables::Variables,
    model::{
        decimal::Decimal,
        node::{At, Node, Value},
        payload::{FactKind, FactTable, FactValue},
    },
};

pub(super) struct Workload<'a> {
    pub(super) name: &'a str,
    pub(super) at: At,
    kind: &'a str,
    spec: &'a Node,
    pod: &'a Node,
}

impl<'a> Workload<'a> {
    /// `None` for objects that run nothing.
    pub(super) fn of(object: &'a Node) -> Option<Workload<'a>> {
        let kind = object.get("kind")?.text()?;
        let spec = object.get("spec")?;
        let pod = match kind {
            "Deployment" | "StatefulSet" | "DaemonSet" => spec.get("template")?.get("spec")?,
            "Pod" => spec,
            _ => return None,
        };
        let name = object.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::text).unwrap_or_default();
        Some(Workload { name, at: object.at, kind, spec, pod })
    }

    pub(super) fn containers(&self) -> Vec<&'a Node> {
        match self.pod.get("containers").map(|node| &node.value) {
            Some(Value::List(items)) => items.iter().collect(),
            _ => vec![],
        }
    }
}

pub(super) fn facts(document: &Document, workload: &Workload<'_>, node: &Node, how: &Variables) -> FactTable {
    let mut container = Container::new(document, node.at, false);
    let of = |group: &str, what: &str| node.get("resources").and_then(|r| r.get(group)).and_then(|group| group.get(what));
    container.image(node.get("image"));
    // What Docker calls the command are the arguments here.
    container.command("container.entrypoint", node.get("command"));
    container.command("container.command", node.get("args"));
    let cpus = |text: &str| FactKind::Millicores.read(text).map(Some);
    container.tell("container.cpus", of("limits", "cpu"), Missing::Absent, cpus);
    container.tell("container.memory", of("limits", "memory"), Missing::Absent, memory);
    // "If you specify a limit for a resource, but no request, Kubernetes copies the limit": the place is the limit's then.
    container.tell("container.requests.cpus", of("requests", "cpu").or_else(|| of("limits", "cpu")), Missing::Absent, cpus);
    container.tell("container.requests.memory", of("requests", "memory").or_else(|| of("limits", "memory")), Missing::Absent, memory);

    replicas(&mut container, workload);
    let always = Missing::Default(FactValue::Text("Always".into()), "Kubernetes' default");
    container.kind("container.restart", workload.pod.get("restartPolicy"), always, FactKind::Text);
    for (probe, fact) in [("livenessProbe", "liveness"), ("readinessProbe", "readiness"), ("startupProbe", "startup")] {
        let fact = format!("container.probes.{fact}.interval");
        match node.get(probe).filter(|probe| probe.value != Value::Null) {
            None => container.table.absent(fact),
            Some(probe) => {
                let ten = Missing::Default(FactValue::Micros(10_000_000), "Kubernetes' default");
                container.tell(&fact, probe.get("periodSeconds"), ten, |text| FactKind::Micros.read(&format!("{text}s")).map(Some));
            }
        }
    }
    node_selector(&mut container, workload.pod.get("nodeSelector"));
    variables(&mut container, node, how);
    container.table
}

fn replicas(container: &mut Container<'_>, workload: &Workload<'_>) {
    match workload.kind {
        "Pod" => container.missing("container.replicas", Missing::Default(FactValue::Count(1), "a pod is one")),
        "DaemonSet" => container.gap("container.replicas", "one on each node that it may run on; count the nodes"),
        _ => {
            let open = Missing::Decided("not written: 1, unless an autoscaler or `kubectl scale` decides; ask `kubectl get`");
            container.kind("container.replicas", workload.spec.get("replicas"), open, FactKind::Count);
        }
    }
}

/// A vertical autoscaler writes thousandths of bytes, which come to whole ones; `512m` does not.
fn memory(text: &str) -> Result<Option<FactValue>, String> {
    let whole = text.strip_suffix('m').and_then(|number| Decimal::read(number)?.ratio(1, 1_000)).and_then(|n| u64::try_from(n).ok());
    whole.map_or_else(|| FactKind::Bytes.read(text).map_err(|why| why.to_string()), |n| Ok(FactValue::Bytes(n))).map(Some)
}

fn node_selector(container: &mut Container<'_>, node: Option<&Node>) {
    let fact = "container.node_selector";
    let Some(entries) = node.and_then(Node::entries) else { return container.missing(fact, Missing::Absent) };
    let labels: Result<_, _> =
        entries.iter().map(|(key, value)| Ok(format!("{}={}", key.text().unwrap_or_default(), container.document.value(value)?))).collect();
    let from = node.map(|node| container.document.place(node.at)).unwrap_or_default();
    container.table.answer(fact, labels.map(|labels| Some(FactValue::Set(labels))), from);
}

fn variables(container: &mut Container<'_>, node: &Node, how: &Variables) {
    let env = node.get("env");
    let list = match env.map(|env| &env.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    // `$(X)` is another variable's value, and `$$(X)` is not.
    let written = |text: &str| (!open(text) && !text.replace("$$(", "").contains("$(")).then(|| text.replace("$$(", "$("));
    let told = list.iter().filter_map(|item| {
        let name = item.get("name")?.text()?.to_owned();
        let variable = match (item.get("valueFrom"), item.get("value").filter(|value| value.value != Value::Null)) {
            (Some(_), _) => Variable::Elsewhere,
            (None, Some(value)) => environment::plain(container, value, written),
            (None, None) => Variable::Plain(String::new()),
        };
        Some((name, variable))
    });
    let all = told.collect();
    let also = node.get("envFrom").map(|_| "`envFrom`");
    environment::tell(container, env.map_or(node.at, |env| env.at), all, also, how);
}
