//! How the kernel is set for many short connections and for long streams.

use super::{
    reader::{Reader, Says, count, text},
    routes,
};

/// Settings by what the kernel calls them, each with its folder below `/proc/sys/net`. Some belong to the first network
/// namespace alone and are absent in a container.
const SETTINGS: [(&str, &str); 17] = [
    ("core", "somaxconn"),
    ("core", "netdev_max_backlog"),
    ("core", "default_qdisc"),
    ("core", "rmem_max"),
    ("core", "wmem_max"),
    ("ipv4", "tcp_max_syn_backlog"),
    ("ipv4", "tcp_rmem"),
    ("ipv4", "tcp_wmem"),
    ("ipv4", "tcp_fin_timeout"),
    ("ipv4", "tcp_tw_reuse"),
    ("ipv4", "tcp_keepalive_time"),
    ("ipv4", "tcp_slow_start_after_idle"),
    ("ipv4", "tcp_mtu_probing"),
    ("ipv4", "tcp_notsent_lowat"),
    ("ipv4", "tcp_syncookies"),
    ("ipv4", "tcp_abort_on_overflow"),
    ("ipv4", "ip_local_port_range"),
];

/// `net.congestion`, `net.sysctl.*`, and what routes tell.
pub fn tell(reader: &mut Reader<'_>) {
    reader.tell("net.congestion", "/proc/sys/net/ipv4/tcp_congestion_control", text);
    for (folder, name) in SETTINGS {
        reader.tell(&format!("net.sysctl.{name}"), &format!("/proc/sys/net/{folder}/{name}"), setting);
    }
    routes::tell(reader);
}

/// A number, several of them with one blank between, or a word.
fn setting(of: &str) -> Says {
    count(of).or_else(|_| text(&of.split_whitespace().collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::FactValue;
    use std::process::Command;

    #[test]
    fn a_setting_is_a_number_where_it_is_one() {
        assert_eq!(setting("4096\n"), Ok(Some(FactValue::Count(4_096))));
        assert_eq!(setting("4096\t131072\t6291456\n"), Ok(Some(FactValue::Text("4096 131072 6291456".into()))));
        assert_eq!(setting("fq_codel\n"), Ok(Some(FactValue::Text("fq_codel".into()))));
    }

    #[test]
    fn this_machine_is_set_as_sysctl_says() {
        use crate::{
            model::payload::{Cell, FactTable},
            sources::environment::root::Root,
        };
        let root = Root::machine();
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        for (folder, name) in SETTINGS {
            let Ok(out) = Command::new("sysctl").args(["-n", &format!("net.{folder}.{name}")]).output() else { return };
            let expected = String::from_utf8(out.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            match &reader.table.0[&format!("net.sysctl.{name}")] {
                Cell::Value(told) => assert_eq!(told.value.to_string(), expected, "{name}"),
                other => assert!(*other == Cell::Absent && expected.is_empty(), "{name}: {other:?}, {expected}"),
            }
        }
    }
}
