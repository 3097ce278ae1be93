//! The lines of an access log in the spec, and what a log lacks.

use super::{
    found::{LogFormat, LogShape, Place, Timed},
    sections::Written,
    snippets::{ASGI, NGINX, STRUCTLOG},
};
use crate::spec::write::{scalar, verbatim};

/// One log as a source of this name.
pub fn write(out: &mut Written, name: &str, log: &Place<LogShape>) {
    let kind = if name == "access_log" { "" } else { "kind: access_log, " };
    let at = match log.at.strip_prefix("docker:") {
        Some(container) => format!("docker: {}", verbatim(container)),
        None => format!("path: {}", verbatim(&log.at)),
    };
    let defaults = format!("{name}: {{{kind}{at}, id: request_id, duration: {{field: duration_ms, unit: ms}}}}");
    let shape = match &log.said {
        Ok(shape) => shape,
        Err(why) => {
            out.guess(2, &format!("{name}: the log could not be read ({why}); the names of its fields are the usual ones"));
            return out.text.line(&format!("  {defaults}"));
        }
    };
    if shape.format == LogFormat::Empty {
        out.guess(2, &format!("{name}: the log has no lines yet; the names of its fields are the usual ones"));
        return out.text.line(&format!("  {defaults}"));
    }
    match lacking(shape) {
        None => sound(out, name, [kind.trim_end_matches(", "), &at], shape),
        Some(lacks) => {
            out.text.comment(2, &format!("{at}: {lacks}. The source is left out until then; this is how it would be written:"));
            out.text.off(2, &defaults);
            let all = snippets(&shape.format);
            for (what, lines) in &all {
                out.text.comment(2, &format!("{what}:"));
                out.text.quoted(2, lines);
            }
            // One is enough to read; whoever writes the log otherwise finds the others in the file.
            if let [(what, lines), others @ ..] = all.as_slice() {
                let others: Vec<_> = others.iter().map(|(what, _)| *what).collect();
                let also = if others.is_empty() { String::new() } else { format!(" (the file has it for {}, too)", others.join(" and ")) };
                out.snippets.push((format!("{}: {lacks}. {what}{also}:", log.at), (*lines).to_owned()));
            }
        }
    }
}

/// Is it declared as a source? What cannot be looked at or is empty now is.
pub fn usable(log: &Place<LogShape>) -> bool {
    log.said.as_ref().map_or(true, |shape| shape.format == LogFormat::Empty || lacking(shape).is_none())
}

/// What keeps a log from telling about single requests.
fn lacking(shape: &LogShape) -> Option<String> {
    let lines = shape.lines;
    let timed = shape.total.is_some() || shape.ttft.is_some() || shape.inter_chunk.is_some();
    match (&shape.format, shape.id.is_some(), timed) {
        (LogFormat::Uvicorn, ..) => Some(format!("{lines} lines in uvicorn's default format hold neither an id nor a duration; write lines that do")),
        (LogFormat::Unknown, ..) => Some(format!("{lines} lines are neither JSON objects nor nginx's; write lines that are")),
        (_, false, true) => Some(format!("{lines} lines hold no id of the request (x-request-id or trace id); add one")),
        (_, true, false) => Some(format!("{lines} lines hold no duration; add one")),
        (_, false, false) => Some(format!("{lines} lines hold neither an id of the request nor a duration; add both")),
        (_, true, true) => None,
    }
}

fn snippets(format: &LogFormat) -> Vec<(&'static str, &'static str)> {
    match format {
        LogFormat::Nginx(_) => vec![("nginx.conf", NGINX)],
        LogFormat::Json => vec![("structlog", STRUCTLOG), ("nginx.conf", NGINX)],
        LogFormat::Uvicorn => vec![("ASGI middleware", ASGI)],
        LogFormat::Empty | LogFormat::Unknown => vec![("nginx.conf", NGINX), ("ASGI middleware", ASGI), ("structlog", STRUCTLOG)],
    }
}

fn sound(out: &mut Written, name: &str, place: [&str; 2], shape: &LogShape) {
    let timed = [("duration", &shape.total), ("ttft", &shape.ttft), ("inter_chunk", &shape.inter_chunk)];
    let fields = [("id", &shape.id), ("at", &shape.at), ("status", &shape.status)];
    let mut why: Vec<String> = fields.iter().filter_map(|(key, f)| f.as_ref().map(|f| format!("{key} {}", f.why))).collect();
    why.extend(timed.iter().filter_map(|(key, t)| t.as_ref().map(|t: &Timed| format!("{key} {}", t.why))));
    out.guess(2, &format!("{name} from {} lines: {}. The id must be the one that the client sends", shape.lines, why.join("; ")));
    let mut parts: Vec<String> = place.iter().filter(|p| !p.is_empty()).map(|p| (*p).to_owned()).collect();
    if let LogFormat::Nginx(format) = &shape.format {
        parts.push(format!("log_format: {}", scalar(format)));
    }
    parts.extend(fields.iter().filter_map(|(key, f)| f.as_ref().map(|f| format!("{key}: {}", scalar(&f.name)))));
    // Without it, the usual name would be taken to be there.
    if shape.total.is_none() {
        parts.push("duration: ~".into());
    }
    parts.extend(timed.iter().filter_map(|(key, t)| t.as_ref().map(|t| format!("{key}: {{field: {}, unit: {}}}", scalar(&t.name), t.unit))));
    out.text.line(&format!("  {name}:"));
    for part in parts {
        out.text.line(&format!("    {part}"));
    }
}
