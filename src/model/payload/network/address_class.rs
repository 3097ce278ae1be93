use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where an address can be reached from. The same name may resolve to a private address in one environment (a private endpoint
/// of a cloud) and to a public one in another: then the ways are different, whatever their times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    /// From anywhere.
    Public,
    /// Within a private network (RFC 1918).
    Private,
    /// Behind a carrier's translation, 100.64.0.0/10 (RFC 6598); clouds and overlay networks use it, too.
    Shared,
    /// On one link: 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291).
    LinkLocal,
    /// Within a private network, fc00::/7 (RFC 4193).
    UniqueLocal,
    /// On this machine.
    Loopback,
    /// An IPv4 address behind a translation from IPv6, 64:ff9b::/96 (RFC 6052).
    Translated,
    /// From nowhere: documentation, benchmarks, multicast, unspecified.
    Special,
}

impl AddressClass {
    /// The class of an address.
    pub fn of(address: IpAddr) -> AddressClass {
        match address.to_canonical() {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }
    /// The same without the difference between the families: what is private is private in both.
    #[must_use]
    pub fn of_either_family(self) -> AddressClass {
        if self == AddressClass::UniqueLocal { AddressClass::Private } else { self }
    }
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            AddressClass::Public => "public",
            AddressClass::Private => "private",
            AddressClass::Shared => "shared (100.64.0.0/10)",
            AddressClass::LinkLocal => "link-local",
            AddressClass::UniqueLocal => "unique-local",
            AddressClass::Loopback => "loopback",
            AddressClass::Translated => "translated (64:ff9b::/96)",
            AddressClass::Special => "special",
        }
    }
}

fn of_v4(address: Ipv4Addr) -> AddressClass {
    let [a, b, ..] = address.octets();
    if address.is_loopback() {
        AddressClass::Loopback
    } else if address.is_private() {
        AddressClass::Private
    } else if a == 100 && b & 0xc0 == 64 {
        AddressClass::Shared
    } else if address.is_link_local() {
        AddressClass::LinkLocal
    } else if a == 0 || a >= 224 || address.is_documentation() || (a == 198 && b & 0xfe == 18) {
        AddressClass::Special
    } else {
        AddressClass::Public
    }
}

fn of_v6(address: Ipv6Addr) -> AddressClass {
    let segments = address.segments();
    if address.is_loopback() {
        AddressClass::Loopback
    } else if address.is_unique_local() {
        AddressClass::UniqueLocal
    } else if address.is_unicast_link_local() {
        AddressClass::LinkLocal
    } else if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        AddressClass::Translated
    } else if address.is_unspecified() || address.is_multicast() || (segments[0] == 0x2001 && segments[1] == 0xdb8) {
        AddressClass::Special
    } else {
        AddressClass::Public
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::AddressClass as C;

    #[test]
    fn classes_follow_the_registries_of_special_addresses() {
        for (address, class) in [
            ("10.0.0.1", C::Private),
            ("172.31.255.255", C::Private),
            ("172.32.0.1", C::Public),
            ("192.168.1.1", C::Private),
            ("100.64.0.1", C::Shared),
            ("100.127.255.255", C::Shared),
            ("100.128.0.1", C::Public),
            ("169.254.169.254", C::LinkLocal),
            ("127.0.0.53", C::Loopback),
            ("198.18.0.1", C::Special),
            ("192.0.2.1", C::Special),
            ("224.0.0.1", C::Special),
            ("0.0.0.0", C::Special),
            ("8.8.8.8", C::Public),
            ("::1", C::Loopback),
            ("fe80::1", C::LinkLocal),
            ("fd00::1", C::UniqueLocal),
            ("64:ff9b::808:808", C::Translated),
            ("2001:db8::1", C::Special),
            ("ff02::1", C::Special),
            ("2606:4700::1111", C::Public),
            ("::ffff:10.1.2.3", C::Private),
        ] {
            assert_eq!(C::of(address.parse().unwrap()), class, "{address}");
        }
    }
}
