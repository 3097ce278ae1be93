/// Whose time a process' is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Its own: it is in no group that is counted.
    Own,
    /// That of a group, which the group's own files tell.
    Group(usize),
    /// Ours: this process, and what it started.
    Ours,
}

/// A process as it was read at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its id.
    pub pid: u32,
    /// When it was started, ticks since the machine was. Ids are used again; both together are not.
    pub start: u64,
    /// Who started it, or has it now.
    pub parent: u32,
    /// Its name, plain.
    pub name: String,
    /// Is it a thread of the kernel?
    pub kernel: bool,
    /// Its nice value.
    pub nice: i32,
    /// What it used since it was started, ns.
    pub used_ns: u64,
    /// What its children used that ended and that it reaped, with theirs, ns.
    pub ended_ns: u64,
    /// Whose time this is.
    pub whose: Whose,
}
