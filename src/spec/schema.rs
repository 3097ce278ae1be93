//! The JSON Schema of `rigcheck.yaml`, for editors: completion and hints while typing. What is judged is what the readers
//! of this module read; a test holds that both know the same keys.

use super::sources::KINDS;
use crate::{
    llm::definitions,
    model::{capability::Capability, rig::Quantity, times::Moment, usage::Measure},
};
use serde_json::{Map, Value, json};

/// The schema as the text of its file, `schema/rigcheck.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// The schema (draft 2020-12). What stands over another spec need not be whole, and may remove keys of it.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rigcheck.yaml",
        "if": {"required": ["extends"]},
        "then": over_another(whole()),
        "else": whole(),
    })
}

/// A spec that stands for itself.
fn whole() -> Value {
    object(
        &json!(["version", "rig"]),
        [
            ("extends", described(text(), "A spec that this one is written over: mappings merge, anything else replaces, `null` removes a key")),
            ("version", json!({"const": 1})),
            ("checks", described(json!({"enum": super::editions::embedded_names()}), "Edition of the checks: fixes rules, thresholds and weights")),
            ("rig", described(text(), "What you call this rig; its history goes by this name")),
            ("target", target()),
            ("sources", sources()),
            ("metrics", described(map_of(&metric()), "Which series claim to measure what")),
            ("resources", described(map_of(&workload()), "Whose CPU time, memory and network are looked at: the API server, its database, the burn")),
            ("environment", environment()),
            ("noise", noise()),
            ("network", network()),
            ("cases", cases()),
            ("require", described(list_of(&words(Capability::ALL.map(Capability::word))), "What this spec must provide; a problem if it does not")),
            ("waivers", list_of(&waiver())),
            ("gate", object(&json!([]), [("threshold", number()), ("coverage", number())])),
        ],
    )
}

/// The same without required keys, and with `null` under any key. Lists replace, so their items stay as they are.
fn over_another(mut schema: Value) -> Value {
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("required");
    for key in ["properties", "additionalProperties", "anyOf", "oneOf"] {
        match object.get_mut(key) {
            Some(Value::Object(inner)) if key == "properties" => inner.values_mut().for_each(|v| *v = or_null(&over_another(v.take()))),
            Some(inner @ Value::Object(_)) => *inner = or_null(&over_another(inner.take())),
            Some(Value::Array(choices)) => choices.iter_mut().for_each(|v| *v = over_another(v.take())),
            _ => {}
        }
    }
    // Without what is required, several may fit.
    if let Some(choices) = object.remove("oneOf") {
        object.insert("anyOf".into(), choices);
    }
    schema
}

fn or_null(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn target() -> Value {
    let timing = object(&json!([]), Quantity::ALL.map(|q| (q.word(), words(definitions::ALL.iter().filter(|d| d.quantity == q).map(|d| d.name)))));
    let chat = object(
        &json!(["model"]),
        [
            ("path", text()),
            ("model", described(text(), "A model that routes to `rigcheck mock` is free and makes the truth known")),
            ("max_tokens", count()),
            ("stream", flag()),
            ("rate", described(text(), "Such as 15/s")),
            ("planted", described(flag(), "Do prompts ask `rigcheck mock` for exact delays?")),
            ("timing", timing),
        ],
    );
    let allow = object(&json!([]), [("requests", count()), ("tokens", count()), ("rate", text())]);
    let own = [
        ("chat", chat),
        (
            "embeddings",
            object(&json!(["model"]), [("path", text()), ("model", text()), ("rate", described(text(), "Such as 15/s")), ("planted", flag())]),
        ),
        ("allow", described(allow, "Nothing is sent beyond this; needed off loopback")),
    ];
    described(object(&json!(["url"]), connection().into_iter().chain(own)), "The API under test")
}

fn connection() -> Vec<(&'static str, Value)> {
    let certificate = object(&json!(["cert"]), [("cert", text()), ("key", text())]);
    let proxy = object(&json!(["url"]), [("url", text()), ("basic", basic())]);
    vec![
        ("url", described(text(), "Base URL without credentials")),
        ("headers", described(map_of(&text()), "Sent to this origin only; write secrets as ${env:X} or ${file:X}")),
        ("bearer", text()),
        ("basic", basic()),
        ("ca_file", described(text(), "PEM file of an additional trust root")),
        ("client_cert", described(certificate, "PEM files; the key may stand in the certificate's file")),
        ("proxy", described(json!({"anyOf": [text(), proxy]}), "HTTP proxy, CONNECT for https; none is taken from the environment")),
    ]
}

fn basic() -> Value {
    object(&json!(["user", "password"]), [("user", text()), ("password", text())])
}

fn sources() -> Value {
    let of = |kind: &'static str| source(kind);
    let named: Vec<_> = KINDS.iter().map(|kind| of(kind)).collect();
    let properties: Map<_, _> = KINDS.iter().map(|kind| ((*kind).to_owned(), of(kind))).collect();
    json!({
        "description": "Who can be asked: by kind, or by a name of your own with `kind`",
        "type": "object",
        "properties": properties,
        "additionalProperties": {"required": ["kind"], "oneOf": named},
    })
}

fn source(kind: &'static str) -> Value {
    let settle =
        ("settle", described(text(), "How long after the load traces may take to come, at most `10min`: more than a tail sampler's `decision_wait`"));
    let claims = ("claims", list_of(&words(Quantity::ALL.map(Quantity::word))));
    let with = |own: Vec<(&'static str, Value)>| connection().into_iter().chain(own).collect::<Vec<_>>();
    let field = || object(&json!(["field", "unit"]), [("field", text()), ("unit", unit())]);
    let (required, mut keys) = match kind {
        "scrape" => (json!(["url"]), with(vec![("interval", text())])),
        "jaeger" => (json!(["url", "service"]), with(vec![("service", text()), settle, claims])),
        "otlp" => {
            let places = [
                ("listen", described(text(), "A loopback address to which spans are sent; not together with `path`")),
                ("path", described(text(), "A file to which a collector writes OTLP-JSON")),
            ];
            (json!([]), places.into_iter().chain([("service", text()), settle, claims]).collect())
        }
        "access_log" => {
            let places = [("path", described(text(), "A file; `-` is standard input")), ("docker", described(text(), "A container"))];
            let reading = [("format", words(["json", "nginx"])), ("log_format", text()), ("id", text()), ("at", text()), ("status", text())];
            let timed = || described(json!({"anyOf": [field(), {"const": "none"}, {"type": "null"}]}), "`none` where the log has none");
            (json!([]), places.into_iter().chain(reading).chain([("duration", timed()), ("ttft", timed()), ("inter_chunk", timed())]).collect())
        }
        "clock" => {
            let timex = described(object(&json!(["url"]), connection()), "node_exporter's page, with its collector `timex`");
            let header = object(
                &json!(["url"]),
                with(vec![
                    ("name", described(text(), "Without it, `date`, which is too coarse to show a clock right")),
                    ("unit", words(["s", "ms", "us", "ns"])),
                ]),
            );
            let ptp = object(&json!(["socket"]), [("socket", text()), ("domain", count())]);
            let ptp = described(json!({"anyOf": [text(), ptp]}), "ptp4l's socket, such as /var/run/ptp4l; `domain` where it is not 0");
            let header = described(header, "A time in a response's header; `unit` where it is a number since the epoch");
            (
                json!([]),
                vec![
                    ("chrony", described(text(), "Where chronyd takes commands, such as 127.0.0.1:323")),
                    ("timex", timex),
                    ("ptp", ptp),
                    ("header", header),
                ],
            )
        }
        "docker" => (json!([]), vec![("socket", described(text(), "Its socket; else that of DOCKER_HOST, or the usual one"))]),
        "cloud" => {
            let period = described(text(), "What one value covers, where the file does not tell");
            let settle = described(text(), "How long the file is waited for until it covers the load");
            let path = described(text(), "CloudWatch's get-metric-data or time series of Google Cloud Monitoring as JSON, or CSV");
            (json!(["path"]), vec![("path", path), ("period", period), ("settle", settle)])
        }
        "dashboards" => (json!(["path"]), vec![("path", described(text(), "Dashboards as JSON; `*` in the name stands for several"))]),
        "postgres" => {
            let url = described(text(), "postgresql://USER@HOST:5432/DATABASE without a password; `?sslmode=`, and `?host=/FOLDER` for a socket");
            let ca_file = described(text(), "PEM file of the authority that signed its certificate");
            (json!(["url"]), vec![("url", url), ("password", described(text(), "Write it as ${env:X} or ${file:X}")), ("ca_file", ca_file)])
        }
        _ => (json!(["url"]), with(vec![])),
    };
    keys.push(("kind", json!({"const": kind})));
    object(&required, keys)
}

fn metric() -> Value {
    let event = || words(Moment::ALL.map(Moment::word));
    let definition = object(&json!(["from", "to"]), [("from", event()), ("to", event())]);
    let keys = [
        ("histogram", described(text(), "Base name, without _bucket, _sum, _count")),
        ("unit", unit()),
        ("match", described(map_of(&text()), "Labels that must match exactly")),
        ("exemplars", flag()),
        ("definition", described(definition, "Which events it times, where its name alone does not say so")),
        ("of", words(Quantity::ALL.map(Quantity::word))),
        ("source", text()),
    ];
    object(&json!(["histogram"]), keys)
}

fn workload() -> Value {
    let burn = [
        ("cpu", described(number(), "Cores that are used while it is on: 0.5")),
        ("memory", described(text(), "Bytes that are touched and kept: 64MiB")),
        ("network", described(text(), "Bytes a second over its loopback interface: 1MB/s")),
        ("in", words(["process", "container"])),
    ];
    let series = [
        ("series", described(text(), "The metric's name")),
        ("of", described(words(Measure::ALL.map(Measure::word)), "What it measures, where neither its key nor its name says so")),
        ("type", words(["counter", "gauge"])),
        ("unit", described(text(), "What one value is, where the series' name does not say it")),
        ("cores", described(number(), "Of how many cores a share of CPU time is told")),
        ("match", described(map_of(&text()), "Labels that must match exactly; series that match are added up")),
        ("source", text()),
    ];
    let keys = [
        ("container", described(text(), "A container of Docker")),
        ("label", described(text(), "The one container of Docker with this label, KEY=VALUE")),
        ("pid", count()),
        ("port", described(count(), "Whoever listens on this TCP port")),
        ("process", described(text(), "Processes of this name")),
        ("cgroup", described(text(), "A control group, by its path below its hierarchy's root")),
        ("burn", described(object(&json!([]), burn), "A load that rigcheck itself makes: the known truth")),
        ("observer", described(flag(), "Does it only watch?")),
        ("metrics", described(map_of(&object(&json!(["series"]), series)), "Which series claim to measure it")),
    ];
    object(&json!([]), keys)
}

fn cases() -> Value {
    let any = || json!({"type": "object"});
    let rule = [("params", any()), ("weight", weight()), ("blocker", flag()), ("n_min", count()), ("ttl", text()), ("deselect", flag())];
    let slo = object(&json!([]), Quantity::ALL.map(|q| (q.word(), text())));
    let slo = described(slo, "What users may expect, such as {ttft: 500ms}: a histogram must have a bucket edge there");
    let case = [("audit", any()), ("weight", weight()), ("slo", slo), ("rules", map_of(&object(&json!([]), rule)))];
    let case = json!({"anyOf": [object(&json!([]), case), {"type": "null"}]});
    json!({"description": "Which cases run, and what is changed of them", "anyOf": [{"const": "all"}, list_of(&text()), map_of(&case)]})
}

fn environment() -> Value {
    let value = |text_: &str| described(text(), text_);
    let waiver = [
        ("fact", value("Which fact, such as gateway.process.workers; `*` stands for anything")),
        ("here", value("The value here when it was signed; `absent` for none")),
        ("there", value("The value in the reference when it was signed")),
        ("reason", text()),
        ("owner", text()),
        ("impact", value("What the difference does to the results")),
        ("expires", described(json!({"type": "string", "format": "date-time"}), "With its offset, at most 180 days away")),
    ];
    let keys = [
        ("reference", value("What it is compared with: the name of a baseline, or the path of a snapshot or of a document")),
        (
            "variables",
            described(list_of(&text()), "Environment variables, and options of processes, whose values may be shown, beside those that always are"),
        ),
        ("fingerprint_key", value("Makes values that are not shown comparable; the same for both environments, as ${env:X} or ${file:X}")),
        ("called", described(map_of(&text()), "Paths and hosts here, and what they are called in the reference")),
        ("scale", described(map_of(&json!({"type": "number"})), "How large it is beside the reference, by group: {service: 0.5}")),
        ("waivers", list_of(&object(&json!(["fact", "here", "there", "reason", "owner", "expires"]), waiver))),
    ];
    described(object(&json!([]), keys), "The configuration is read, and compared with that of another environment")
}

fn noise() -> Value {
    let keys = [
        ("monitors", described(list_of(&text()), "Programs, containers and services that only watch, besides those that are known")),
        ("calibrate", described(flag(), "May small fixed loads be run on this machine? They are unless it says no")),
    ];
    described(object(&json!([]), keys), "This machine is watched while nothing is asked of the rig")
}

fn network() -> Value {
    let value = |text_: &str| described(text(), text_);
    let known = super::endpoints::Endpoints::embedded().map(|all| all.patterns.into_iter().map(|p| p.name).collect::<Vec<_>>()).unwrap_or_default();
    let download = object(&json!(["path"]), [("path", text()), ("most", value("Bytes at most: 4MB"))]);
    let endpoint = [
        ("from", described(words(known.iter().map(String::as_str)), "An endpoint of the catalogue; `rigcheck network endpoints` lists them")),
        ("region", value("The provider's region")),
        ("url", value("Any other endpoint: https://HOST:PORT/PATH, where a stranger's request costs nothing")),
        ("ca_file", value("PEM file of an additional trust root")),
        ("sni", value("The name that is shown in the TLS handshake, if it is not the host")),
        ("method", described(words(["get", "head", "none"]), "What each connection asks by HTTP")),
        ("issuer", value("A word that stands in the issuer of its certificate")),
        ("large_body", described(flag(), "Is a body of 8 KB of invalid JSON posted once, to find what swallows large packets?")),
        ("download", described(download, "What is read once to measure the bandwidth")),
    ];
    let pace = object(&json!([]), [("mean_gap", text()), ("between_rounds", text())]);
    let keys = [
        ("endpoints", described(map_of(&object(&json!([]), endpoint)), "Whom the system under test calls; only they are connected to")),
        ("reference", value("What the ways are compared with: the name of a baseline, or the path of a recording or of a document")),
        ("ttft", value("The TTFT that is aimed at, of which the network takes a share; else the SLO of the cases")),
        ("proxy", value("`environment`, `none`, or http://HOST:PORT")),
        ("pace", described(pace, "How fast endpoints in a laboratory are connected to")),
    ];
    described(object(&json!(["endpoints"]), keys), "The way to the endpoints that the system under test calls is measured")
}

fn waiver() -> Value {
    let keys = [
        ("rule", text()),
        ("of", text()),
        ("while", described(map_of(&text()), "Such as {bias: 250ms..350ms}: it ends when the value leaves the range")),
        ("reason", text()),
        ("owner", text()),
        ("expires", described(json!({"type": "string", "format": "date-time"}), "With its offset")),
    ];
    object(&json!(["rule", "reason", "owner", "expires"]), keys)
}

fn object<'k>(required: &Value, keys: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let properties: Map<_, _> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

fn map_of(value: &Value) -> Value {
    json!({"type": "object", "additionalProperties": value})
}

fn list_of(value: &Value) -> Value {
    json!({"type": "array", "items": value})
}

fn described(mut value: Value, text: &str) -> Value {
    value["description"] = json!(text);
    value
}

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    json!({"enum": words.into_iter().collect::<Vec<_>>()})
}

/// Whole numbers are taken for the text that they are written as.
fn text() -> Value {
    json!({"type": ["string", "integer"]})
}

/// A reference resolves to text, wherever it stands.
fn count() -> Value {
    json!({"type": ["integer", "string"]})
}

fn number() -> Value {
    json!({"type": ["number", "string"]})
}

fn flag() -> Value {
    json!({"type": ["boolean", "string"]})
}

fn unit() -> Value {
    words(["s", "ms", "us", "ns", "min"])
}

fn weight() -> Value {
    words(["critical", "important", "normal", "low"])
}
