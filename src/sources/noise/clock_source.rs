use super::kept_file::KeptFile;
use crate::{
    kept::plain,
    model::{payload::ClockSourceAt, units::Wall},
    sources::environment::root::Root,
};

/// The clock source that the kernel uses, and each change of it.
pub struct ClockSource {
    file: KeptFile,
    told: Vec<ClockSourceAt>,
    buffer: Vec<u8>,
}

/// More changes than this are not told.
const MOST: usize = 100;

impl ClockSource {
    /// That below a root.
    pub fn new(root: &Root) -> ClockSource {
        let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        ClockSource { file: KeptFile::new(root, path), told: vec![], buffer: vec![] }
    }
    /// Looks at it.
    pub fn read(&mut self, at: Wall) {
        let Ok(Some(name)) = self.file.read(&mut self.buffer) else { return };
        let name = plain(&name);
        if self.told.len() < MOST && self.told.last().is_none_or(|last| last.name != name) {
            self.told.push(ClockSourceAt { at, name });
        }
    }
    /// All that was seen.
    pub fn told(self) -> Vec<ClockSourceAt> {
        self.told
    }
}
