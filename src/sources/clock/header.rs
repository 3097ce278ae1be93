//! A time in the header of a response, between our sending and receiving (Cristian 1989).

use super::Told;
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method},
        payload::{ClockReading, ClockReadings},
        source::{Cost, Slot},
        units::{Ms, Wall},
    },
    sources::http::Http,
    spec::settings::Connection,
};
use std::time::Duration;

/// Probes when nobody asks for another number.
const ROUNDS: u64 = 20;
/// Time between two probes: no divisor of a second, so that they meet all its parts.
const SPACING: Duration = Duration::from_millis(137);
/// Bodies are not looked at.
pub const CAP: usize = 1 << 20;
/// A `Date` is cut to whole seconds, and servers write it anew only about once a second (Uvicorn's `on_tick`, nginx's cached
/// time): it may be so much older than the response.
const DATE_MS: f64 = 2_000.0;

/// One header of one URL.
pub struct Header {
    http: Http,
    name: String,
    /// Milliseconds per unit of a number since the epoch; none for a date.
    unit_ms: Option<f64>,
}

fn rounds(effort: Effort) -> u32 {
    u32::try_from(if effort.rounds == 0 { ROUNDS } else { effort.rounds.min(ROUNDS) }).unwrap_or(1)
}

/// How long probing takes.
pub fn lasting(effort: Effort) -> Ms {
    Ms(SPACING.as_secs_f64() * 1e3 * f64::from(rounds(effort)) + 500.0)
}

impl Header {
    /// The header `name` of the connection's URL.
    pub fn new(connection: &Connection, name: String, unit_ms: Option<f64>) -> Result<Header, Gap> {
        Ok(Header { http: Http::new(connection)?, name, unit_ms })
    }
    /// What asking has cost so far.
    pub fn cost(&self) -> Cost {
        self.http.cost()
    }
    /// Asks many times, at varied parts of a second.
    pub async fn probe(&self, effort: Effort, slot: &Slot) -> Result<Told, Gap> {
        let (mut readings, mut request, mut server) = (vec![], String::new(), None);
        for n in 0..rounds(effort) {
            if n > 0 {
                tokio::time::sleep(SPACING).await;
            }
            let sent = wall_now();
            let (answered, value) = self.http.get_with_header(&self.name, slot, CAP).await?;
            let received = wall_now();
            let (lo, hi) = self.time(value.as_deref()).map_err(|why| Gap::Malformed(format!("{}: {why}", answered.request)))?;
            let less = |ms: f64, at: Wall| ms - at.0 as f64 / 1e3;
            readings.push(ClockReading { at: sent, lo_ms: less(lo, received), hi_ms: less(hi, sent) });
            (request, server) = (answered.request, answered.server);
            (slot.progress)(u64::from(n) + 1, u64::from(rounds(effort)));
        }
        let notes = vec!["a proxy on the way may have set this header: then it tells the proxy's clock".to_owned()];
        let readings = ClockReadings { against: "ours".into(), by: format!("the header {} of responses", self.name), readings, unbounded: None };
        Ok(Told { readings, request: format!("{request} × {}", rounds(effort)), server, method: Method::Measured, notes })
    }

    /// Between which times, ms since the epoch, the header was written.
    fn time(&self, value: Option<&str>) -> Result<(f64, f64), String> {
        let value = value.ok_or_else(|| format!("the response has no header {}", self.name))?.trim();
        match self.unit_ms {
            None => {
                let at = jiff::fmt::rfc2822::parse(value).map_err(|_| format!("the header {} is no date", self.name))?;
                let ms = at.timestamp().as_millisecond() as f64;
                Ok((ms, ms + DATE_MS))
            }
            Some(unit) => {
                let number: f64 =
                    value.parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| format!("the header {} is no number", self.name))?;
                let decimals = value.split_once('.').map_or(0, |(_, d)| d.len().min(12));
                // Cut or rounded to its last digit.
                let digit = unit * 10_f64.powi(-i32::try_from(decimals).unwrap_or(12));
                Ok((number * unit - digit / 2.0, number * unit + digit))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(unit_ms: Option<f64>) -> Header {
        Header::new(&Connection { url: "http://127.0.0.1:1".into(), ..Connection::default() }, "x-time".into(), unit_ms).unwrap()
    }

    #[test]
    fn a_date_and_numbers_of_every_unit() {
        let (lo, hi) = header(None).time(Some("Sun, 06 Nov 1994 08:49:37 GMT")).unwrap();
        assert!((lo - 784_111_777_000.0).abs() < 0.5 && (hi - lo - 2_000.0).abs() < 0.5, "{lo} {hi}");
        let (lo, hi) = header(Some(1e3)).time(Some("784111777.25")).unwrap();
        assert!((lo - 784_111_777_245.0).abs() < 0.5 && (hi - 784_111_777_260.0).abs() < 0.5, "{lo} {hi}");
        assert!(header(Some(1.0)).time(Some("soon")).is_err() && header(None).time(Some("784111777")).is_err() && header(None).time(None).is_err());
    }
}
