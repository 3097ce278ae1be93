//! Level 6: known truths. An endpoint whose delays are exact and logged by itself ([`mock_llm`]), the telemetry faults
//! that a rig can have ([`faults`]), and a whole rig around the endpoint, with or without a fault ([`rig`]).

pub mod faults;
pub mod mock_llm;
pub mod rig;
