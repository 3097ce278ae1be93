//! Objects as Kubernetes' documentation shows them.

use crate::{
    kept::variables::Variables,
    model::{name::Name, payload::FactTable},
    spec::declared::{kubernetes, shown},
};
use std::collections::BTreeMap;

fn how() -> Variables {
    Variables { shown: ["LITERAL".to_owned()].into(), key: None }
}
fn parts(text: &str) -> BTreeMap<Name, FactTable> {
    kubernetes(text, "k8s.yaml", &how()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// After docs/concepts/workloads/controllers/deployment.md, .../configuration/manage-resources-containers.md and
/// tasks/inject-data-application.
const OBJECTS: &str = r#"apiVersion: v1
kind: Service
metadata: {name: gateway}
spec: {ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gateway
spec:
  replicas: 3
  template:
    spec:
      nodeSelector: {disktype: ssd}
      containers:
      - name: app
        image: nginx:1.14.2
        command: ["/bin/sh"]
        args: ["-c", "exec uvicorn app:app --workers $(WORKERS)"]
        resources:
          requests: {memory: "64Mi", cpu: "250m"}
          limits: {memory: "128974848000m", cpu: 0.5}
        livenessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 3}
        readinessProbe: {httpGet: {path: /ready, port: 8080}}
        env:
        - {name: WORKERS, value: "4"}
        - {name: GREETING, value: "Hi $(NAME)"}
        - {name: LITERAL, value: "$$(NAME)"}
        - name: SECRET_USERNAME
          valueFrom: {secretKeyRef: {name: mysecret, key: username}}
        envFrom: [{configMapRef: {name: special-config}}]
---
apiVersion: v1
kind: Pod
metadata: {name: frontend}
spec:
  containers:
  - {name: app, image: "images.my-company.example/app:v4", resources: {limits: {memory: 128Mi, cpu: 500m}}}
  - {name: log-aggregator, image: "{{ .Values.image }}", resources: {limits: {memory: 512m}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec: {template: {spec: {containers: [{name: agent, image: "a@sha256:xyz"}]}}}
"#;

#[test]
fn a_container_is_told_as_kubernetes_runs_it() {
    let parts = parts(OBJECTS);
    assert_eq!(parts.keys().map(Name::as_str).collect::<Vec<_>>(), ["agent", "app", "gateway", "log-aggregator"]);
    let gateway = &parts["gateway"];
    for (fact, expected) in [
        ("container.image", "nginx:1.14.2 @ k8s.yaml:17"),
        ("container.entrypoint", "/bin/sh @ k8s.yaml:18"),
        ("container.command", "-c 'exec uvicorn app:app --workers $(WORKERS)' @ k8s.yaml:19"),
        ("container.cpus", "0.5 cores @ k8s.yaml:22"),
        ("container.memory", "123 MiB @ k8s.yaml:22"),
        ("container.requests.cpus", "0.25 cores @ k8s.yaml:21"),
        ("container.requests.memory", "64 MiB @ k8s.yaml:21"),
        ("container.replicas", "3 @ k8s.yaml:11"),
        ("container.node_selector", "disktype=ssd @ k8s.yaml:14"),
        ("container.probes.liveness.interval", "3 s @ k8s.yaml:23"),
        ("container.probes.readiness.interval", "10 s @ k8s.yaml:16, Kubernetes' default"),
        ("container.probes.startup.interval", "absent"),
        ("container.restart", "Always @ k8s.yaml:16, Kubernetes' default"),
        ("env.LITERAL", "$(NAME) @ k8s.yaml:26"),
        ("env.SECRET_USERNAME", "(set, not kept) @ k8s.yaml:26"),
    ] {
        assert_eq!(shown(gateway, fact), expected, "{fact}");
    }
    assert!(shown(gateway, "env.GREETING").contains("placeholder"));
    assert!(shown(gateway, "env").contains("sets 4 variables") && shown(gateway, "env").contains("`envFrom`"), "{}", shown(gateway, "env"));
}

#[test]
fn what_is_left_open_is_no_value() {
    let parts = parts(OBJECTS);
    assert_eq!(shown(&parts["app"], "container.requests.memory"), "128 MiB @ k8s.yaml:38", "the limit is copied");
    assert_eq!(shown(&parts["app"], "container.replicas"), "1 @ k8s.yaml:38, a pod is one");
    assert!(shown(&parts["app"], "container.digest").contains("has a tag only"));
    let second = &parts["log-aggregator"];
    assert!(shown(second, "container.image").contains("placeholder"));
    assert!(shown(second, "container.memory").contains("`512m` is not an amount of bytes, for `m` is a thousandth"));
    assert_eq!(shown(second, "container.cpus"), "absent");
    assert!(shown(&parts["agent"], "container.replicas").contains("count the nodes"));
    assert!(shown(&parts["agent"], "container.digest").contains("is not a digest"));
}

#[test]
fn a_list_of_kubectl_is_read_and_names_that_clash_are_told_apart() {
    let deployment = |name: &str| {
        format!(
            "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {{name: {name}}}\n  spec: {{template: {{spec: {{containers: [{{name: app, image: a}}, {{name: proxy, image: b}}]}}}}}}\n"
        )
    };
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{}{}", deployment("one"), deployment("two"));
    let parts = parts(&list);
    assert_eq!(parts.keys().map(Name::as_str).collect::<Vec<_>>(), ["app", "proxy", "two.app", "two.proxy"]);
    assert!(shown(&parts["app"], "container.replicas").contains("autoscaler"));
    let thrice = format!("{list}{}", deployment("two"));
    let told = kubernetes(&thrice, "k8s.yaml", &how()).unwrap_err().to_string();
    assert!(told.contains("the container `app` of `two` is there twice"), "{told}");
}

#[test]
fn what_is_no_object_is_refused() {
    let refused = |text: &str| kubernetes(text, "k8s.yaml", &how()).unwrap_err().to_string();
    assert!(refused("services: {a: {image: b}}\n").contains("there is no object of Kubernetes"));
    assert!(refused("").contains("there is no object of Kubernetes"));
    let unquoted = refused("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - image: {{ .Values.image }}\n");
    assert!(unquoted.contains("k8s.yaml:6"), "{unquoted}");
    assert!(refused("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n").contains("`a` has no containers"));
}
