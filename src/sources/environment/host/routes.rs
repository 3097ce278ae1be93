//! The way out: addresses are this machine's own and are not kept, only how many ways there are and how large packets may be.

use super::reader::{Reader, count};
use crate::model::payload::FactValue;

const V4: &str = "/proc/net/route";
const V6: &str = "/proc/net/ipv6_route";
/// Flags of a route (`linux/route.h`): in use, and one that refuses.
const UP: u32 = 0x1;
const REJECT: u32 = 0x200;

/// A default route.
#[derive(Debug, PartialEq, Eq)]
struct Route<'a> {
    interface: &'a str,
    metric: u32,
}

/// `net.default_routes`, `net.ipv6`, `net.mtu`.
pub fn tell(reader: &mut Reader<'_>) {
    reader.tell("net.default_routes", V4, |of| Ok(Some(FactValue::Count(i64::try_from(v4(of).len()).unwrap_or(i64::MAX)))));
    reader.tell("net.ipv6", V6, |of| Ok(Some(FactValue::Flag(!v6(of).is_empty()))));
    let told = reader.root.read(V4).and_then(|v4| Ok((v4.unwrap_or_default(), reader.root.read(V6)?.unwrap_or_default())));
    let (first, second) = match told {
        Ok(told) => told,
        Err(gap) => return reader.table.gap("net.mtu", gap),
    };
    let best = |routes: Vec<Route<'_>>| routes.into_iter().min_by_key(|route| route.metric).map(|route| route.interface.to_owned());
    // The name becomes a part of a path.
    match best(v4(&first)).or_else(|| best(v6(&second))).filter(|name| !name.contains('/') && !name.starts_with('.')) {
        Some(interface) => reader.tell("net.mtu", &format!("/sys/class/net/{interface}/mtu"), count),
        None => reader.table.absent("net.mtu"),
    }
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`, numbers in hex but for the metric.
fn v4(of: &str) -> Vec<Route<'_>> {
    let route = |line| -> Option<Route<'_>> {
        let words: Vec<&str> = str::split_whitespace(line).collect();
        let [interface, to, _, flags, _, _, metric, mask, ..] = words.as_slice() else { return None };
        (*to == "00000000" && *mask == "00000000" && is_used(flags)?).then_some(Route { interface, metric: metric.parse().ok()? })
    };
    of.lines().filter_map(route).collect()
}

/// `DESTINATION LENGTH SOURCE LENGTH NEXT METRIC REFCOUNT USE FLAGS INTERFACE`, all in hex.
fn v6(of: &str) -> Vec<Route<'_>> {
    let route = |line| -> Option<Route<'_>> {
        let words: Vec<&str> = str::split_whitespace(line).collect();
        let [to, length, _, _, _, metric, _, _, flags, interface] = words.as_slice() else { return None };
        let default = *length == "00" && to.bytes().all(|b| b == b'0') && *interface != "lo";
        (default && is_used(flags)?).then_some(Route { interface, metric: u32::from_str_radix(metric, 16).ok()? })
    };
    of.lines().filter_map(route).collect()
}

fn is_used(flags: &str) -> Option<bool> {
    u32::from_str_radix(flags, 16).ok().map(|flags| flags & UP != 0 && flags & REJECT == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // As this kernel writes them (6.18), addresses changed.
    const ROUTE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth1\t00000000\t010200C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n\
        eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
        docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
        blackhole\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n";
    const ROUTE6: &str = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n";
    const NO_ROUTE6: &str = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

    #[test]
    fn routes_that_refuse_are_no_way_out() {
        let found = v4(ROUTE);
        assert_eq!(found.iter().map(|route| route.interface).collect::<Vec<_>>(), ["eth1", "eth0"]);
        assert_eq!(v6(ROUTE6), [Route { interface: "eth0", metric: 1_024 }]);
        assert_eq!(v6(NO_ROUTE6), []);
    }

    #[test]
    fn the_mtu_is_that_of_the_way_that_is_taken() {
        use crate::{
            model::payload::{Cell, FactTable},
            sources::environment::root::Root,
        };
        use std::fs;
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let told = || {
            let root = Root::at(folder.path());
            let mut reader = Reader { root: &root, table: FactTable::default() };
            tell(&mut reader);
            reader.table
        };
        assert!(told().0.values().all(|cell| *cell == Cell::Absent));
        write("proc/net/route", ROUTE);
        write("proc/net/ipv6_route", NO_ROUTE6);
        write("sys/class/net/eth0/mtu", "9001\n");
        write("sys/class/net/eth1/mtu", "1500\n");
        let table = told();
        assert!(matches!(&table.0["net.mtu"], Cell::Value(told) if told.value == FactValue::Count(9_001)), "the lower metric wins");
        assert!(matches!(&table.0["net.default_routes"], Cell::Value(told) if told.value == FactValue::Count(2)));
        assert!(matches!(&table.0["net.ipv6"], Cell::Value(told) if told.value == FactValue::Flag(false)));
        write("proc/net/route", "../../../etc/x\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
        assert_eq!(told().0["net.mtu"], Cell::Absent);
    }
}
