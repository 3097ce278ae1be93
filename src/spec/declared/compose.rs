//! Compose files: each service is a part.

use super::{
    container::{Container, Missing},
    docker_units,
    document::Document,
    environment::{self, Variable},
    header::is_name,
};
use crate::{
    kept::variables::Variables,
    model::{
        evidence::Gap,
        name::{Name, name},
        node::{At, Node, Value},
        payload::{FactKind, FactTable, FactValue},
    },
    spec::diagnostics::{Problem, Problems, plain},
};
use std::collections::BTreeMap;

/// The services of a compose file that goes by a name. Only what the file says: `docker compose config` prints it whole, with
/// other files, variables of the shell and `extends` in their places.
pub fn compose(text: &str, name_: &str, how: &Variables) -> Result<BTreeMap<Name, FactTable>, Problems> {
    let mut document = Document::new(text, name_);
    document.only_one();
    let services = document.roots.first().and_then(|root| root.get("services")).cloned();
    let mut parts = BTreeMap::new();
    match services.as_ref().map(|services| (services.at, services.entries())) {
        Some((_, Some(entries))) => {
            for (key, service) in entries {
                let word = key.text().unwrap_or_default();
                if is_name(word) && service.entries().is_some() {
                    parts.insert(name(word), facts(&document, key.at, service, how));
                } else {
                    document.problem(Problem::new(key.at, format!("`{}` is no service", plain(word))).label("a name with a mapping below it"));
                }
            }
        }
        Some((at, None)) => document.problem(Problem::new(at, "`services` must be a mapping").label("write `web: {image: …}` below it")),
        None => document.problem(Problem::new(document.top(), "a compose file needs `services`").label("is this another kind of file?")),
    }
    if document.sound() { Ok(parts) } else { Err(document.refuse()) }
}

fn facts(document: &Document, at: At, service: &Node, how: &Variables) -> FactTable {
    let mut container = Container::new(document, at, service.get("extends").is_some());
    let under = |path: &[&str]| path.iter().try_fold(service, |node, key| node.get(key));
    let limit = |key: &str, own: &str| under(&["deploy", "resources", "limits", key]).or_else(|| service.get(own));
    container.image(service.get("image"));
    container.command("container.entrypoint", service.get("entrypoint"));
    container.command("container.command", service.get("command"));

    if service.get("cpu_quota").is_some() && limit("cpus", "cpus").is_none() {
        container.gap("container.cpus", "set by `cpu_quota`; write `cpus`");
    } else {
        container.tell("container.cpus", limit("cpus", "cpus"), Missing::Absent, |text| {
            FactKind::Millicores.read(text).map(|value| Some(value).filter(|v| *v != FactValue::Millicores(0)))
        });
    }
    let memory = |text: &str| docker_units::bytes(text).map(|n| (n > 0).then_some(FactValue::Bytes(n)));
    container.tell("container.memory", limit("memory", "mem_limit"), Missing::Absent, memory);
    let above_zero = |text: &str| FactKind::Count.read(text).map(|value| Some(value).filter(|v| !matches!(v, FactValue::Count(n) if *n <= 0)));
    container.tell("container.pids", limit("pids", "pids_limit"), Missing::Absent, above_zero);

    let restart = service.get("restart").or_else(|| under(&["deploy", "restart_policy", "condition"]));
    container.kind("container.restart", restart, Missing::Default(FactValue::Text("no".into()), "compose's default"), FactKind::Text);
    if under(&["deploy", "mode"]).and_then(Node::text).is_some_and(|mode| mode.starts_with("global")) {
        container.gap("container.replicas", "one on each node of the swarm; count the nodes");
    } else {
        let replicas = under(&["deploy", "replicas"]).or_else(|| service.get("scale"));
        container.kind("container.replicas", replicas, Missing::Default(FactValue::Count(1), "compose's default"), FactKind::Count);
    }
    healthcheck(&mut container, service.get("healthcheck"));
    nofile(&mut container, under(&["ulimits", "nofile"]));
    variables(&mut container, at, service, how);
    container.table
}

fn healthcheck(container: &mut Container<'_>, check: Option<&Node>) {
    let fact = "container.healthcheck.interval";
    let off = |check: &Node| {
        let none = check.get("test").is_some_and(|test| matches!(&test.value, Value::List(l) if l.first().and_then(Node::text) == Some("NONE")));
        none || check.get("disable").is_some_and(|node| node.value == Value::Bool(true))
    };
    match check {
        None => container.missing(fact, Missing::Decided("no health check in the file; the image may have one: ask `docker image inspect`")),
        Some(check) if off(check) => container.table.absent(fact),
        Some(check) => {
            container.kind(fact, check.get("interval"), Missing::Default(FactValue::Micros(30_000_000), "compose's default"), FactKind::Micros);
        }
    }
}

/// The soft limit is what a process gets.
fn nofile(container: &mut Container<'_>, node: Option<&Node>) {
    let soft = node.map(|node| node.get("soft").unwrap_or(node));
    container.kind("container.ulimits.nofile", soft, Missing::Decided("the daemon decides; ask `docker inspect`"), FactKind::Count);
}

fn variables(container: &mut Container<'_>, at: At, service: &Node, how: &Variables) {
    let node = service.get("environment");
    let shell = |node: &Node| {
        Variable::Open(Gap::NotConfigured(format!(
            "{}: taken from the shell that deploys; give the output of `docker compose config`",
            container.document.place(node.at)
        )))
    };
    let all = match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries
            .iter()
            .map(|(key, value)| {
                let told = if value.value == Value::Null { shell(value) } else { environment::plain(container, value, unescaped) };
                (key.text().unwrap_or_default().to_owned(), told)
            })
            .collect(),
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| {
                let text = item.text()?;
                Some(match text.split_once('=') {
                    Some((name, value)) => {
                        (name.to_owned(), unescaped(value).map_or_else(|| Variable::Open(container.document.unresolved(item)), Variable::Plain))
                    }
                    None => (text.to_owned(), shell(item)),
                })
            })
            .collect(),
        _ => vec![],
    };
    let also = service.get("env_file").map(|_| "`env_file`");
    environment::tell(container, node.map_or(at, |node| node.at), all, also, how);
}

/// Compose fills in `$X` and `${X}`, and `$$` is a plain `$`. `None` where something was to be filled in.
fn unescaped(text: &str) -> Option<String> {
    let parts: Vec<_> = text.split("$$").collect();
    (!parts.iter().any(|part| part.contains('$'))).then(|| parts.join("$"))
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
