//! When a waiver ends, as it was asked for and as it is written.

use crate::{cli::amounts::lasting, model::units::Wall};
use anyhow::{anyhow, bail};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The longest time that anybody can answer for a failure: a year.
const LONGEST_US: i64 = 366 * 86_400_000_000;

/// RFC 3339 with its offset, as it is; a date begins in the local time zone; `30d` counts from now.
pub fn expiry(text: &str, now: Wall, zone: &TimeZone) -> anyhow::Result<(Wall, String)> {
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let written = if text.parse::<Timestamp>().is_ok() {
        text.to_owned()
    } else if let Some(date) = text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        local(date.to_zoned(zone.clone())?.timestamp())
    } else if let Ok(us) = lasting(text) {
        local(Timestamp::from_microsecond(now.0.saturating_add(us))?)
    } else if text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<jiff::Span>().is_ok() {
        // Months and years have no length of their own, and nothing is no time.
        bail!("--expires {text}: use days, `1d` to `365d`");
    } else {
        bail!("--expires {text}: is not a time; write `30d`, `2027-01-31`, or a time with its offset, `2027-01-31T00:00:00+01:00`");
    };
    let at = Wall(written.parse::<Timestamp>().map_err(|e| anyhow!("--expires {text}: {e}"))?.as_microsecond());
    if at <= now {
        bail!("--expires {text}: that is over; a waiver ends in the future");
    }
    if at.0 - now.0 > LONGEST_US {
        bail!("--expires {text}: a waiver lasts at most a year; choose an earlier day, and renew it when the failure is still accepted then");
    }
    Ok((at, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_say_it_and_none_without_an_offset() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now = Wall("2026-12-01T12:00:00Z".parse::<Timestamp>().unwrap().as_microsecond());
        let said = |text: &str| expiry(text, now, &zone).map(|e| e.1).map_err(|e| e.to_string());
        assert_eq!(said("2027-01-31T00:00:00+05:30"), Ok("2027-01-31T00:00:00+05:30".into()));
        assert_eq!(said("2027-01-31"), Ok("2027-01-31T00:00:00+01:00".into()));
        assert_eq!(said("30d"), Ok("2026-12-31T13:00:00+01:00".into()));
        for (bad, why) in [
            ("2027-01-31T00:00:00", "is not a time"),
            ("soon", "is not a time"),
            ("2026-12-01", "that is over"),
            ("0d", "--expires 0d: use days, `1d` to `365d`"),
            ("2y", "--expires 2y: use days, `1d` to `365d`"),
            ("3mo", "use days"),
            ("400d", "at most a year"),
            ("2028-01-31", "at most a year"),
        ] {
            assert!(said(bad).unwrap_err().contains(why), "{bad}");
        }
    }
}
