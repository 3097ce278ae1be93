//! A program that runs in a namespace until it is dropped.

use std::{
    io,
    process::{Child, Command},
};

/// A started program; it is killed when dropped.
pub struct Process(Child);

impl Process {
    /// Starts it.
    pub fn start(command: &mut Command) -> io::Result<Process> {
        command.spawn().map(Process)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// To read its output, or to wait for it.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Has it ended by itself?
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
