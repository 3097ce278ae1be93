//! What a machine is and how its kernel is set, by files below `/proc`, `/sys` and `/etc`. Nothing is asked over the network.

mod cloud;
mod cmdline;
mod cpu;
mod cpu_model;
mod frequency;
mod kernel;
mod memory;
mod network;
mod reader;
mod resolver;
mod routes;

use super::root::Root;
use crate::model::payload::FactTable;
use reader::Reader;

/// All facts of the machine whose files lie below `root`. Each has a cell: what a virtual machine does not have
/// (frequencies of its CPUs, a firmware that names it) is absent. Settings of the network are those of the
/// namespace in which this process is.
pub fn facts(root: &Root) -> FactTable {
    let mut reader = Reader { root, table: FactTable::default() };
    kernel::tell(&mut reader);
    cpu_model::tell(&mut reader);
    cpu::tell(&mut reader);
    memory::tell(&mut reader);
    cloud::tell(&mut reader);
    network::tell(&mut reader);
    resolver::tell(&mut reader);
    reader.table
}
