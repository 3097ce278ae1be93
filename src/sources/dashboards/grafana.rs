//! Expressions of Grafana's dashboards, as they are exported, as its API answers them, and as it stores them.

use crate::{
    model::payload::StoredQuery,
    sources::stored_query::{stored, title},
};
use serde_json::Value;

/// Panels lie in rows, rows in dashboards; deeper than this nobody nests them.
const DEEPEST: usize = 8;

/// The expressions of a document, or what it is instead.
pub fn read(text: &[u8]) -> Result<Vec<StoredQuery>, String> {
    let document: Value = serde_json::from_slice(text).map_err(|e| format!("not JSON (line {}, column {})", e.line(), e.column()))?;
    // The API wraps a dashboard; its newer form, and files of Kubernetes, have it under `spec`.
    let dashboard = ["dashboard", "spec"].iter().find_map(|name| document.get(name).filter(|d| d.is_object())).unwrap_or(&document);
    let of = title(dashboard.get("title").and_then(Value::as_str).unwrap_or_default());
    let (panels, rows, elements) = (list(dashboard, "panels"), list(dashboard, "rows"), dashboard.get("elements").and_then(Value::as_object));
    if dashboard.get("panels").is_none() && dashboard.get("rows").is_none() && elements.is_none() {
        return Err("no dashboard of Grafana: it has neither `panels` nor `rows` nor `elements`; export the dashboard's JSON model".into());
    }
    let mut found = vec![];
    panels.chain(rows).for_each(|panel| nested(&of, panel, 0, &mut found));
    elements.into_iter().flat_map(|e| e.values()).for_each(|element| element_of(&of, element, &mut found));
    Ok(found)
}

fn list<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A panel, or a row with panels in it.
fn nested(of: &str, panel: &Value, depth: usize, found: &mut Vec<StoredQuery>) {
    for target in list(panel, "targets") {
        let source = target.get("datasource").filter(|d| kind(d).is_some()).or_else(|| panel.get("datasource"));
        keep(of, panel, target.get("expr"), source.and_then(kind), found);
    }
    if depth < DEEPEST {
        list(panel, "panels").for_each(|inner| nested(of, inner, depth + 1, found));
    }
}

/// A panel of the schema that names panels apart from their layout.
fn element_of(of: &str, element: &Value, found: &mut Vec<StoredQuery>) {
    let Some(panel) = element.get("spec") else { return };
    let queries = at(panel, &["data", "spec", "queries"]).and_then(Value::as_array);
    for query in queries.into_iter().flatten().filter_map(|q| at(q, &["spec", "query"])) {
        // The first drafts of this schema name the kind of source where the later ones have a group.
        let source = query.get("group").or_else(|| query.get("kind")).and_then(Value::as_str);
        keep(of, panel, at(query, &["spec", "expr"]), source, found);
    }
}

fn at<'v>(of: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(of, |value, name| value.get(name))
}

/// The kind of a data source; `-- Mixed --` tells none.
fn kind(source: &Value) -> Option<&str> {
    source.get("type").and_then(Value::as_str).filter(|kind| *kind != "datasource")
}

/// Loki has expressions of its own language.
fn keep(of: &str, panel: &Value, expr: Option<&Value>, source: Option<&str>, found: &mut Vec<StoredQuery>) {
    let expr = expr.and_then(Value::as_str).filter(|e| !e.trim().is_empty());
    let Some(expr) = expr.filter(|_| !source.is_some_and(|kind| kind.to_ascii_lowercase().contains("loki"))) else { return };
    let panel = title(panel.get("title").and_then(Value::as_str).unwrap_or_default());
    found.push(stored(format!("dashboard {of}, panel {panel}"), expr, None));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String)> {
        read(text.as_bytes()).unwrap().into_iter().map(|q| (q.place, q.expr)).collect()
    }

    fn is(found: &[(String, String)], expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(p, e)| ((*p).to_owned(), (*e).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn panels_are_found_in_rows_too() {
        let text = r#"{"title": "Gateway", "schemaVersion": 38, "templating": {"list": [{"name": "pod", "query": "label_values(up, pod)"}]},
          "panels": [
            {"title": "CPU", "type": "timeseries", "datasource": {"type": "prometheus", "uid": "p"},
             "targets": [{"expr": "rate(container_cpu_usage_seconds_total{name=~\"$pod\"}[$__rate_interval])", "refId": "A"}, {"expr": " ", "refId": "B"}]},
            {"title": "Row", "type": "row", "collapsed": true, "panels": [{"title": "Memory", "targets": [{"expr": "container_memory_rss"}]}]},
            {"title": "Logs", "datasource": {"type": "loki"}, "targets": [{"expr": "{app=\"x\"} |= \"error\""}]},
            {"title": "Mixed", "datasource": {"type": "datasource", "uid": "-- Mixed --"},
             "targets": [{"datasource": {"type": "loki"}, "expr": "rate({a=\"b\"}[1m])"}, {"datasource": {"type": "prometheus"}, "expr": "up"}]},
            {"title": "Text", "type": "text"}]}"#;
        is(
            &told(text),
            &[
                ("dashboard Gateway, panel CPU", "rate(container_cpu_usage_seconds_total{name=~\"$pod\"}[$__rate_interval])"),
                ("dashboard Gateway, panel Memory", "container_memory_rss"),
                ("dashboard Gateway, panel Mixed", "up"),
            ],
        );
    }

    #[test]
    fn old_rows_the_apis_frame_and_the_schema_with_elements() {
        let rows =
            r#"{"title": "Old", "rows": [{"title": "r", "panels": [{"title": "p", "datasource": "Prometheus", "targets": [{"expr": "up"}]}]}]}"#;
        is(&told(rows), &[("dashboard Old, panel p", "up")]);
        is(&told(&format!(r#"{{"meta": {{}}, "dashboard": {rows}}}"#)), &[("dashboard Old, panel p", "up")]);
        let elements = r#"{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"title": "New", "elements": {
          "panel-1": {"kind": "Panel", "spec": {"title": "p", "data": {"kind": "QueryGroup", "spec": {"queries": [
            {"kind": "PanelQuery", "spec": {"query": {"kind": "DataQuery", "group": "prometheus", "spec": {"expr": "up"}}}},
            {"kind": "PanelQuery", "spec": {"query": {"kind": "DataQuery", "group": "loki", "spec": {"expr": "{a=\"b\"}"}}}}]}}}}}}}"#;
        is(&told(elements), &[("dashboard New, panel p", "up")]);
        is(&told(r#"{"panels": []}"#), &[]);
    }

    #[test]
    fn what_is_no_dashboard_is_told() {
        for (text, words) in [
            (r#"{"title": "x"}"#, "no dashboard of Grafana"),
            ("[]", "no dashboard of Grafana"),
            ("{\n\"panels\": [", "not JSON (line 2, column 11)"),
        ] {
            assert!(read(text.as_bytes()).unwrap_err().starts_with(words), "{text}");
        }
        let odd = r#"{"title": 5, "panels": [null, 7, {"targets": 1}, {"title": null, "targets": [null, {"expr": 5}, {"expr": "up"}]}], "rows": {}}"#;
        is(&told(odd), &[("dashboard without a title, panel without a title", "up")]);
        let deep = format!("{{\"panels\": {}[]{}}}", "[{\"targets\": [{\"expr\": \"up\"}], \"panels\": ".repeat(30), "}]".repeat(30));
        assert_eq!(told(&deep).len(), DEEPEST + 1);
    }
}
