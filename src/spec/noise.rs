//! The section `noise`: this machine is watched while nothing is asked of the rig.

use super::table::{Field, Reading};
use crate::model::{
    name::name,
    noise::Noise,
    rig::{Rig, SourceInfo},
    workload::NOISE,
};

/// Reads the section.
pub(super) fn read(field: &Field<'_>, cx: &Reading) -> Option<Noise> {
    let mut table = field.table(cx)?;
    let monitors = table.get("monitors").map(|f| f.list(cx).iter().filter_map(|item| item.text(cx)).collect()).unwrap_or_default();
    let calibrate = table.get("calibrate").map_or(Some(true), |f| f.flag(cx));
    table.close(cx);
    Some(Noise { monitors, calibrate: calibrate? })
}

/// Puts it into the rig.
pub(super) fn put(noise: Noise, rig: &mut Rig) {
    rig.noise = Some(noise);
    rig.sources.insert(name(NOISE), SourceInfo { kind: NOISE.into(), place: "this machine".into(), reads: String::new() });
}
