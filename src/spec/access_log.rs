//! A source of kind `access_log`: where its lines are, how one is read, and what it claims.

use super::{
    diagnostics::{Problem, plain},
    settings::{AccessLog, Field as LogField, LogFormat, LogPlace},
    sources::unit_ms,
    table::{Field, Reading, Table},
};
use crate::model::{
    name::Name,
    node::Value,
    rig::{By, Claim, Quantity},
};

/// An access log, resolved.
pub(super) struct Log {
    /// As the user would name it.
    pub(super) place: String,
    pub(super) settings: AccessLog,
}

impl Log {
    /// What its fields claim, in report order.
    pub(super) fn claims(&self, source: &Name) -> Vec<Claim> {
        let log = &self.settings;
        let told = [(Quantity::Ttft, &log.ttft), (Quantity::Total, &log.total), (Quantity::InterChunk, &log.inter_chunk)];
        let told = told.into_iter().filter(|(_, field)| field.is_some());
        told.map(|(quantity, _)| Claim { name: quantity.word().into(), source: source.clone(), quantity, by: By::LogField }).collect()
    }
}

/// Reads the keys of an access log.
pub(super) fn read(table: &mut Table<'_>, cx: &Reading) -> Option<Log> {
    let at = table.at();
    let place = place(table, cx);
    let format = format(table, cx);
    let variables = format.as_ref().and_then(|f| if let LogFormat::Nginx(text) = f { Some(variables(text)) } else { None });
    let fields = Fields { variables, cx };
    let id = match table.get("id") {
        Some(field) => fields.name(&field),
        None => fields.default_id(table, format.is_some()),
    };
    let at_field = optional(table, "at", &fields, &["time_iso8601", "msec"]);
    let status = optional(table, "status", &fields, &["status"]);
    let total = fields.timed(table, "duration", Some(if fields.variables.is_some() { ("request_time", 1e3) } else { ("duration_ms", 1.0) }));
    let ttft = fields.timed(table, "ttft", None);
    let inter_chunk = fields.timed(table, "inter_chunk", None);
    let (total, ttft, inter_chunk) = (total?, ttft?, inter_chunk?);
    if total.is_none() && ttft.is_none() && inter_chunk.is_none() {
        let label = "name the field of at least one: `duration: {field: duration_ms, unit: ms}`, `ttft`, `inter_chunk`";
        cx.problem(Problem::new(at, "this access log times nothing").label(label));
        return None;
    }
    let (place, from) = place?;
    let settings = AccessLog { from, format: format?, id: id?, at: at_field?, status: status?, total, ttft, inter_chunk };
    Some(Log { place, settings })
}

fn place(table: &mut Table<'_>, cx: &Reading) -> Option<(String, LogPlace)> {
    let at = table.at();
    match (table.get("path"), table.get("docker")) {
        (Some(path), Some(docker)) => {
            let title = format!("`{}` and `{}` exclude each other", path.path, docker.path);
            cx.problem(Problem::new(docker.key, title).label("remove one of them").also(path.key, "the other"));
            None
        }
        (Some(path), None) => {
            let text = path.text(cx)?;
            let from = if text == "-" { LogPlace::Stdin } else { LogPlace::File(cx.beside(path.node.at, &text)) };
            Some((if text == "-" { "standard input".into() } else { text }, from))
        }
        (None, Some(docker)) => {
            let container = docker.text(cx)?;
            Some((format!("docker: {container}"), LogPlace::Docker(container)))
        }
        (None, None) => {
            let label = "add `path: logs/access.jsonl`, `docker: CONTAINER`, or `path: \"-\"` for standard input";
            cx.problem(Problem::new(at, "this access log does not say where its lines are").label(label));
            None
        }
    }
}

fn format(table: &mut Table<'_>, cx: &Reading) -> Option<LogFormat> {
    let at = table.at();
    let format = table.get("format").map(|f| f.word("log format", &[("json", false), ("nginx", true)], cx));
    let text = table.get("log_format");
    match (format, text) {
        (Some(None), _) => None,
        (None | Some(Some(false)), None) => Some(LogFormat::JsonLines),
        (Some(Some(false)), Some(text)) => {
            cx.problem(Problem::new(text.key, "`log_format` describes nginx's lines, but `format` is json").label("remove one of them"));
            None
        }
        (None | Some(Some(true)), Some(text)) => {
            let format = text.text(cx)?;
            if variables(&format).is_empty() {
                cx.problem(text.refuse("has no `$variable`", "copy the text of nginx's `log_format`"));
                return None;
            }
            Some(LogFormat::Nginx(format))
        }
        (Some(Some(true)), None) => {
            cx.problem(Problem::new(at, "`format: nginx` needs `log_format`").label("add the text of nginx's `log_format`"));
            None
        }
    }
}

/// The variables of an nginx format, `$name` or `${name}`, without the dollar sign.
fn variables(format: &str) -> Vec<String> {
    let after = format.split('$').skip(1);
    let names = after.map(|rest| rest.trim_start_matches('{').chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>());
    names.filter(|name| !name.is_empty()).collect()
}

/// What a section says of something optional; what it says wrongly is a problem, and `None`.
type Read<T> = Option<T>;

/// An optional field; where nginx's format has the usual variable, that one.
fn optional(table: &mut Table<'_>, key: &'static str, fields: &Fields<'_>, usual: &[&str]) -> Read<Option<String>> {
    match table.get(key) {
        Some(field) => fields.name(&field).map(Some),
        None => Some(usual.iter().find(|u| fields.in_format(u)).map(|u| (*u).to_owned())),
    }
}

/// Reads the names of fields; those of an nginx format are known.
struct Fields<'a> {
    variables: Option<Vec<String>>,
    cx: &'a Reading,
}

impl Fields<'_> {
    fn in_format(&self, name: &str) -> bool {
        self.variables.as_ref().is_some_and(|all| all.iter().any(|v| v == name))
    }
    fn name(&self, field: &Field<'_>) -> Option<String> {
        let text = field.text(self.cx)?;
        let text = if self.variables.is_some() { text.trim_start_matches('$').to_owned() } else { text };
        if let Some(variables) = self.variables.as_ref().filter(|all| !all.contains(&text)) {
            self.cx.problem(Problem::unknown(field.node.at, "variable of the `log_format`:", &text, variables.iter().map(String::as_str)));
            return None;
        }
        Some(text)
    }
    /// Our `x-request-id` or the trace id.
    fn default_id(&self, table: &Table<'_>, readable: bool) -> Option<String> {
        let Some(variables) = &self.variables else { return readable.then(|| "request_id".to_owned()) };
        let usual = [
            "http_x_request_id",
            "sent_http_x_request_id",
            "upstream_http_x_request_id",
            "http_traceparent",
            "otel_trace_id",
            "opentelemetry_trace_id",
        ];
        let found = usual.iter().find(|u| self.in_format(u)).map(|u| (*u).to_owned());
        if found.is_none() {
            let label = "add `$http_x_request_id` to nginx's format, or say `id: VARIABLE`";
            let help = format!("its variables: {}; `$request_id` is nginx's own id, not the one that was sent", plain(&variables.join(", ")));
            self.cx.problem(Problem::new(table.at(), "no variable of this `log_format` holds the request's id").label(label).help(help));
        }
        found
    }
    /// `{field: duration_ms, unit: ms}`; `none` or `~` says that there is none.
    fn timed(&self, table: &mut Table<'_>, key: &'static str, default: Option<(&str, f64)>) -> Read<Option<LogField>> {
        let Some(field) = table.get(key) else {
            let default = default.filter(|(field, _)| self.variables.is_none() || self.in_format(field));
            return Some(default.map(|(field, unit_ms)| LogField { field: field.to_owned(), unit_ms }));
        };
        // In a spec that extends another, `null` removes what that one says; `none` says that there is none.
        if field.node.value == Value::Null || field.node.text() == Some("none") {
            return Some(None);
        }
        let mut inner = field.table(self.cx)?;
        let name = inner.need("field", "duration_ms", self.cx).and_then(|f| self.name(&f));
        let unit = inner.need("unit", "ms", self.cx).and_then(|f| unit_ms(&f, self.cx));
        inner.close(self.cx);
        Some(Some(LogField { field: name?, unit_ms: unit? }))
    }
}
