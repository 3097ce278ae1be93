//! One file per rule.

mod against_itself;
mod clock_source;
mod explained;
mod idle_cpu;
mod idle_disk;
mod idle_network;
mod interrupt_load;
mod monitors;
mod neighbours;
mod other_times;
mod own_quota;
mod paging;
mod pressure;
mod repeatable;
mod same_machine;
mod short_lived;
mod stalls;
mod steady;
mod steal;

pub use against_itself::AgainstItself;
pub use clock_source::ClockSource;
pub use explained::Explained;
pub use idle_cpu::IdleCpu;
pub use idle_disk::IdleDisk;
pub use idle_network::IdleNetwork;
pub use interrupt_load::InterruptLoad;
pub use monitors::Monitors;
pub use neighbours::Neighbours;
pub use other_times::OtherTimes;
pub use own_quota::OwnQuota;
pub use paging::Paging;
pub use pressure::Pressure;
pub use repeatable::Repeatable;
pub use same_machine::SameMachine;
pub use short_lived::ShortLived;
pub use stalls::Stalls;
pub use steady::Steady;
pub use steal::Steal;

use crate::model::{
    name::{Name, name},
    payload::CalibrationKernel,
};

/// The small fixed loads as subjects.
fn kernels() -> Vec<Name> {
    CalibrationKernel::ALL.map(|kernel| name(kernel.word())).into()
}

/// The load that a subject is.
fn kernel(subject: &Name) -> CalibrationKernel {
    CalibrationKernel::ALL.into_iter().find(|kernel| kernel.word() == subject.as_str()).unwrap_or(CalibrationKernel::Cpu)
}
