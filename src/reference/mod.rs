//! Level 6: known truths. An endpoint whose delays are exact and logged by itself ([`mock_llm`]), the telemetry faults
//! that a rig can have ([`faults`]), a whole rig around the endpoint, with or without a fault ([`rig`]), and a load on this
//! machine whose use of CPU, memory and network is logged by itself ([`burner`]).

pub mod burner;
pub mod faults;
pub mod mock_llm;
pub mod rig;
