//! Files as the compose specification shows them.

use crate::{
    kept::variables::Variables,
    model::{
        evidence::Gap,
        name::Name,
        payload::{Cell, FactTable},
    },
    spec::declared::{compose, shown},
};
use std::collections::BTreeMap;

fn how() -> Variables {
    Variables { shown: ["PRICE".to_owned()].into(), key: None }
}
fn parts(text: &str) -> BTreeMap<Name, FactTable> {
    compose(text, "compose.yaml", &how()).unwrap_or_else(|problems| panic!("{problems}"))
}

const FIXED: [&str; 12] = [
    "container.image",
    "container.digest",
    "container.entrypoint",
    "container.command",
    "container.cpus",
    "container.memory",
    "container.pids",
    "container.restart",
    "container.replicas",
    "container.healthcheck.interval",
    "container.ulimits.nofile",
    "env",
];

/// After the examples of compose-spec/05-services.md, deploy.md and fragments (10-fragments.md).
const SHOP: &str = r#"name: shop
x-defaults: &defaults
  restart: unless-stopped
  ulimits: {nproc: 65535, nofile: {soft: 20000, hard: 40000}}
services:
  frontend:
    <<: *defaults
    image: example/webapp:1.4@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    command: ["uvicorn", "app:app", "--workers", "4", "--api-key", "hunter2"]
    deploy:
      mode: replicated
      replicas: 6
      resources:
        limits: {cpus: '0.50', memory: 50M, pids: 100}
        reservations: {cpus: '0.25', memory: 20M}
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
      interval: 1m30s
      timeout: 10s
    environment:
      WEB_CONCURRENCY: 4
      PRICE: "$$5"
      DB_PASSWORD: ${DB_PASSWORD}
      SHOW: "true"
      USER_INPUT:
  db:
    image: postgres:${PG:-15}
    mem_limit: 8g
    cpus: 2
    env_file: .env
    environment:
      - TZ=UTC
      - PASSED
    healthcheck: {disable: true}
  built:
    build: .
    mem_limit: 512 parsecs
"#;

#[test]
fn a_service_is_told_as_compose_runs_it() {
    let parts = parts(SHOP);
    let frontend = &parts["frontend"];
    for (fact, expected) in [
        ("container.image", "example/webapp:1.4 @ compose.yaml:8"),
        ("container.digest", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef @ compose.yaml:8"),
        ("container.command", "uvicorn app:app --workers 4 --api-key (not kept) @ compose.yaml:9"),
        ("container.cpus", "0.5 cores @ compose.yaml:14"),
        ("container.memory", "50 MiB @ compose.yaml:14"),
        ("container.pids", "100 @ compose.yaml:14"),
        ("container.replicas", "6 @ compose.yaml:12"),
        ("container.restart", "unless-stopped @ compose.yaml:3"),
        ("container.ulimits.nofile", "20000 @ compose.yaml:4"),
        ("container.healthcheck.interval", "90 s @ compose.yaml:18"),
        ("env.WEB_CONCURRENCY", "4 @ compose.yaml:20"),
        ("env.PRICE", "$5 @ compose.yaml:20"),
    ] {
        assert_eq!(shown(frontend, fact).replace("compose.yaml:21", "compose.yaml:20"), expected, "{fact}");
    }
    assert!(shown(frontend, "env.DB_PASSWORD").starts_with("gap: compose.yaml:23: a placeholder"), "{}", shown(frontend, "env.DB_PASSWORD"));
    assert!(shown(frontend, "env.USER_INPUT").contains("taken from the shell"));
    assert!(shown(frontend, "container.entrypoint").starts_with("gap: compose.yaml:6: the image decides"));
}

#[test]
fn what_is_left_open_is_no_value_and_every_fixed_fact_has_a_cell() {
    let parts = parts(SHOP);
    let db = &parts["db"];
    assert!(shown(db, "container.image").contains("placeholder") && shown(db, "container.digest").contains("placeholder"));
    assert_eq!((shown(db, "container.memory"), shown(db, "container.cpus")), ("8 GiB @ compose.yaml:28".into(), "2 cores @ compose.yaml:29".into()));
    assert_eq!((shown(db, "container.healthcheck.interval"), shown(db, "container.pids")), ("absent".into(), "absent".into()));
    assert_eq!(shown(db, "container.replicas"), "1 @ compose.yaml:26, compose's default");
    assert!(shown(db, "env").contains("those of `env_file`") && shown(db, "env.PASSED").contains("taken from the shell"));
    let built = &parts["built"];
    assert!(shown(built, "container.image").contains("it is built where it is deployed"));
    assert!(matches!(built.0.get("container.memory"), Some(Cell::Gap(Gap::Malformed(why))) if why.contains("`512 parsecs` is no amount of memory")));
    for (name, table) in &parts {
        for fact in FIXED {
            assert!(table.0.contains_key(fact), "{name} {fact}");
        }
    }
}

#[test]
fn what_a_service_extends_is_not_taken_for_absent() {
    let parts = parts("services:\n  web:\n    extends: {file: common.yml, service: webapp}\n    cpus: 1\n");
    assert_eq!(shown(&parts["web"], "container.cpus"), "1 core @ compose.yaml:4");
    for fact in ["container.memory", "container.replicas", "container.image", "container.restart"] {
        assert!(shown(&parts["web"], fact).contains("extends"), "{fact}");
    }
}

#[test]
fn what_is_no_compose_file_is_refused_at_its_place() {
    let refused = |text: &str| compose(text, "compose.yaml", &how()).unwrap_err().to_string();
    assert!(refused("a: 1\n").contains("a compose file needs `services`"));
    assert!(refused("services: [web]\n").contains("`services` must be a mapping"));
    let told = refused(
        "services:\n  web: nginx\n  db:\n    image: a\n    image: b\n    ports: !reset []\n    environment: {X: 1, DB_PASSWORD: hunter2, DB_PASSWORD: hunter3}\n",
    );
    for expected in ["`web` is no service", "`image` is given twice", "tags are not supported", "`DB_PASSWORD` is given twice"] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(!told.contains("hunter"), "{told}");
}
