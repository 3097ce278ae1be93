//! The kernel's own bound on its clock, as node_exporter's page shows it (`adjtimex`).

use super::Told;
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method},
        payload::{ClockReading, ClockReadings},
        source::Slot,
    },
    sources::{
        exposition::{Format, Page, parse_kept},
        http::Http,
    },
};

/// Larger pages are refused.
pub const CAP: usize = 16 << 20;

/// Reads the page.
pub async fn read(http: &Http, slot: &Slot) -> Result<Told, Gap> {
    let answered = http.get("", &[], Format::ACCEPT, slot, CAP).await?;
    let format = Format::from_content_type(&answered.content_type)
        .ok_or_else(|| Gap::Malformed(format!("{}: answered with no metrics page in text form", answered.request)))?;
    let readings = readings(&parse_kept(&answered.body, format, &|s| s.name.starts_with("node_timex_")))
        .map_err(|why| Gap::Malformed(format!("{}: {why}", answered.request)))?;
    Ok(Told { readings, request: answered.request, server: answered.server, method: Method::Reported, notes: vec![] })
}

fn readings(page: &Page<'_>) -> Result<ClockReadings, String> {
    let value = |name: &str| {
        let found: Vec<f64> = page.families.iter().flat_map(|f| &f.samples).filter(|s| s.name == name).map(|s| s.value).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(format!("the page has no {name}; node_exporter's collector `timex` shows it")),
            several => Err(format!(
                "the page has {} samples of {name}, of several hosts or times: give the page of one host's node_exporter, not a federated one",
                several.len()
            )),
        }
    };
    let (offset, maxerror) = (value("node_timex_offset_seconds")?, value("node_timex_maxerror_seconds")?);
    let synchronised = value("node_timex_sync_status")? > 0.0;
    if !(offset.is_finite() && maxerror.is_finite() && maxerror >= 0.0) {
        return Err("its offset or its largest error is no number".into());
    }
    // The kernel's offset is what is still to be added to its clock.
    let (ahead, around) = (-offset * 1e3, maxerror * 1e3);
    Ok(ClockReadings {
        against: "UTC".into(),
        by: "timex: the kernel's offset and its largest error".into(),
        readings: vec![ClockReading { at: wall_now(), lo_ms: ahead - around, hi_ms: ahead + around }],
        unbounded: (!synchronised)
            .then(|| "the kernel says that its clock is not synchronised: nothing bounds it; with chrony, set `rtcsync`".into()),
    })
}
