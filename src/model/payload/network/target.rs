use super::AddressClass;
use core::net::{IpAddr, SocketAddr};
use serde::{Deserialize, Serialize};

/// An address that is connected to: the endpoint's own, or its proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where to.
    pub address: SocketAddr,
    /// From where that can be reached.
    pub class: AddressClass,
    /// The address of ours from which the kernel would go there; `None`: it knows no way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
}

impl Target {
    /// Is it an IPv6 address?
    pub fn is_v6(&self) -> bool {
        self.address.is_ipv6()
    }
}
