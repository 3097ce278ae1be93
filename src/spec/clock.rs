//! A source of kind `clock`: who tells how far a host's clock may be off.

use super::{
    connection::connection,
    diagnostics::Problem,
    settings::ClockBy,
    table::{Field, Reading, Table},
};
use crate::model::node::Value;

/// The header that every HTTP server should send (RFC 9110), in whole seconds.
const DATE: &str = "date";
/// Where chronyd takes commands.
const CHRONY_PORT: u16 = 323;

/// Units of a number since the epoch, ms.
const UNITS: [(&str, f64); 4] = [("s", 1e3), ("ms", 1.0), ("us", 1e-3), ("ns", 1e-6)];

/// Reads the one way by which a clock is told: where it is, and how.
pub(super) fn read(table: &mut Table<'_>, cx: &Reading) -> Option<(String, ClockBy)> {
    let at = table.at();
    let ways = [table.get("chrony"), table.get("timex"), table.get("ptp"), table.get("header")];
    let told: Vec<String> = ways.iter().flatten().map(|field| format!("`{}`", field.path)).collect();
    if told.len() != 1 {
        let (how, label) = if told.is_empty() {
            let label = "add one of `chrony: HOST:323`, `timex: {url: http://HOST:9100/metrics}`, `ptp: /var/run/ptp4l`, `header: {url: http://HOST/healthz, name: x-server-time, unit: ms}`";
            ("is told by none of `chrony`, `timex`, `ptp` and `header`".to_owned(), label)
        } else {
            (format!("is told by {}", told.join(" and ")), "keep one of them; another clock is a source of its own")
        };
        cx.problem(Problem::new(at, format!("this clock {how}")).label(label));
        return None;
    }
    match ways {
        [Some(field), ..] => chrony(&field, cx),
        [_, Some(field), ..] => timex(&field, cx),
        [_, _, Some(field), _] => ptp(&field, cx),
        [.., field] => header(&field?, cx),
    }
}

/// `HOST:PORT`, or a host alone.
fn chrony(field: &Field<'_>, cx: &Reading) -> Option<(String, ClockBy)> {
    let text = field.text(cx)?;
    // More than one colon and no bracket is an IPv6 address without a port.
    let alone = !text.contains(':') || text.matches(':').count() > 1 && !text.contains(']');
    let host = if alone && text.contains(':') { format!("[{text}]") } else { text.clone() };
    let at = if alone || text.ends_with(']') { format!("{host}:{CHRONY_PORT}") } else { text };
    let port = at.rsplit_once(':').and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
    if port.is_none() || at.contains(['/', '@', ' ']) {
        cx.problem(field.refuse("is not where chronyd takes commands", "write `127.0.0.1:323`"));
        return None;
    }
    Some((format!("chronyd at {at}"), ClockBy::Chrony { at }))
}

fn timex(field: &Field<'_>, cx: &Reading) -> Option<(String, ClockBy)> {
    let mut table = field.table(cx)?;
    let connection = connection(&mut table, "http://127.0.0.1:9100/metrics", cx);
    table.close(cx);
    let (connection, _) = connection?;
    Some((connection.place(), ClockBy::Timex { connection }))
}

/// `ptp: SOCKET`, or `ptp: {socket: SOCKET, domain: 24}`.
fn ptp(field: &Field<'_>, cx: &Reading) -> Option<(String, ClockBy)> {
    let (socket, domain) = match field.node.value {
        Value::Map(_) => {
            let mut table = field.table(cx)?;
            let socket = table.need("socket", "/var/run/ptp4l", cx);
            let domain = table.get("domain");
            table.close(cx);
            (socket?, domain)
        }
        _ => (field.clone(), None),
    };
    let domain = domain.map_or(Some(0), |f| {
        let domain = f.text(cx)?.parse().ok();
        if domain.is_none() {
            cx.problem(f.refuse("is no domain of PTP", "write a number from 0 to 255, as `domainNumber` in ptp4l.conf"));
        }
        domain
    });
    let (socket, domain) = (socket.file(cx)?, domain?);
    Some((format!("ptp4l at {}", socket.display()), ClockBy::Ptp { socket, domain }))
}

/// `unit` says that the header holds a number since the epoch; without it, it is a date.
fn header(field: &Field<'_>, cx: &Reading) -> Option<(String, ClockBy)> {
    let mut table = field.table(cx)?;
    let connection = connection(&mut table, "http://gateway:8000/healthz", cx);
    let name = table.get("name").map_or_else(|| Some(DATE.to_owned()), |f| f.text(cx).map(|t| t.to_ascii_lowercase()));
    let unit = table.get("unit");
    let unit_ms = unit.as_ref().map(|f| f.word("unit", &UNITS, cx));
    table.close(cx);
    let (name, (connection, _)) = (name?, connection?);
    let unit_ms = match unit_ms {
        Some(None) => return None,
        Some(Some(ms)) => Some(ms),
        None => None,
    };
    if unit_ms.is_none() && name != DATE {
        cx.problem(Problem::new(field.key, format!("the unit of the header `{name}` is not told")).label("add `unit: ms` (since the epoch)"));
        return None;
    }
    if unit_ms.is_none() {
        let coarse = Problem::new(field.key, format!("the header `{name}` has whole seconds: it can show a clock wrong, and never right (LAT-18)"));
        cx.warn(coarse.label("name one with parts of a second and its unit (`name: x-server-time`, `unit: ms`), or use `chrony` or `timex`"));
    }
    Some((connection.place(), ClockBy::Header { connection, name, unit_ms }))
}
