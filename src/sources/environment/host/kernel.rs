//! The kernel, its clock and limits, and the distribution around it.

use super::{
    cmdline,
    reader::{Reader, Says, count, field, text, words},
};
use crate::{
    kept,
    model::payload::{FactValue, Scheme},
    sources::environment::root::Root,
};

const ARCH: &str = "/proc/sys/kernel/arch";
const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";
const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0";
/// The second is where the first mostly points, and what counts where there is no first (os-release(5)).
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// `kernel.*`, `os.*`, `clock.*`, `cgroup.version` and the machine's own `limits.*`.
pub fn tell(reader: &mut Reader<'_>) {
    reader.tell("kernel.release", "/proc/sys/kernel/osrelease", release);
    arch(reader);
    reader.tell("kernel.cmdline", "/proc/cmdline", cmdline::says);
    mitigations(reader);
    let path = if reader.root.has(OS_RELEASE[0]) { OS_RELEASE[0] } else { OS_RELEASE[1] };
    reader.tell_all(path, &[("os.id", &|of| os(of, "ID")), ("os.version", &|of| os(of, "VERSION_ID"))]);
    reader.tell("clock.source", &format!("{CLOCK}/current_clocksource"), text);
    reader.tell("clock.available", &format!("{CLOCK}/available_clocksource"), words);
    reader.tell("cgroup.version", "/proc/self/mountinfo", control_groups);
    reader.tell("limits.files", "/proc/sys/fs/file-max", files);
    reader.tell("limits.pids", "/proc/sys/kernel/pid_max", count);
}

fn release(of: &str) -> Says {
    let release = kept::plain(of);
    if release.is_empty() { Err("a release of the kernel") } else { Ok(Some(FactValue::version(Scheme::Kernel, release))) }
}

/// Kernels before 6.1 do not tell it by a file. On this machine this very program does: it would not run on another one.
fn arch(reader: &mut Reader<'_>) {
    reader.tell("kernel.arch", ARCH, text);
    if *reader.root == Root::machine() && !reader.root.has(ARCH) {
        let from = format!("what this program was built for; {ARCH} is not there");
        reader.table.put("kernel.arch", FactValue::Text(std::env::consts::ARCH.into()), from);
    }
}

fn mitigations(reader: &mut Reader<'_>) {
    let names = match reader.root.list(VULNERABILITIES) {
        Ok(Some(names)) => names,
        Ok(None) => return reader.table.absent("kernel.mitigations"),
        Err(gap) => return reader.table.gap("kernel.mitigations", gap),
    };
    for name in &names {
        reader.tell(&format!("kernel.mitigations.{}", kept::plain(name)), &format!("{VULNERABILITIES}/{name}"), text);
    }
    let from = reader.root.shown(VULNERABILITIES);
    reader.table.put("kernel.mitigations", FactValue::List(names.len() as u64), from);
}

/// Values may stand in quotes, which belong to the shell (os-release(5)).
fn os(of: &str, key: &str) -> Says {
    field(of, key, '=').map_or(Ok(None), |value| text(value.trim_matches(['"', '\''])))
}

/// `v2` also where v1 merely names groups, as systemd's own hierarchy does: limits are v2's then.
fn control_groups(mounts: &str) -> Says {
    let mounted = mounts.lines().filter_map(|line| line.split_once(" - ")?.1.split_once(' '));
    let (mut v1, mut v2) = (false, false);
    for (kind, rest) in mounted {
        v2 |= kind == "cgroup2";
        v1 |= kind == "cgroup" && !rest.split([' ', ',']).any(|option| option.starts_with("name="));
    }
    let version = match (v1, v2) {
        (true, true) => "mixed",
        (true, false) => "v1",
        (false, true) => "v2",
        (false, false) => return Ok(None),
    };
    text(version)
}

/// The largest number that the kernel can hold is no limit: systemd sets it where it runs.
fn files(of: &str) -> Says {
    let most: u64 = of.trim().parse().map_err(|_| "a whole number")?;
    Ok(i64::try_from(most).ok().filter(|most| *most < i64::MAX).map(FactValue::Count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, FactTable, Told};
    use std::{fs, process::Command};

    fn machine() -> FactTable {
        let root = Root::machine();
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        reader.table
    }

    #[test]
    fn this_machine_is_what_uname_says() {
        let uname = |of: &str| String::from_utf8(Command::new("uname").arg(of).output().unwrap().stdout).unwrap().trim().to_owned();
        let table = machine();
        assert_eq!(table.value("kernel.arch"), Some(uname("-m").as_str()));
        let release = FactValue::version(Scheme::Kernel, uname("-r"));
        assert!(matches!(&table.0["kernel.release"], Cell::Value(Told { value, from }) if *value == release && from == "/proc/sys/kernel/osrelease"));
    }

    #[test]
    fn a_tree_without_the_architecture_is_not_given_ours() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        assert_eq!(reader.table.0["kernel.arch"], Cell::Absent);
        assert_eq!(reader.table.0["kernel.mitigations"], Cell::Absent);
    }

    #[test]
    fn mitigations_are_a_list_that_says_how_many() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join(&VULNERABILITIES[1..]);
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("retbleed"), "Mitigation: untrained return thunk; SMT vulnerable\n").unwrap();
        fs::write(at.join("mds"), "Not affected\n").unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        assert_eq!(reader.table.value("kernel.mitigations.retbleed"), Some("Mitigation: untrained return thunk; SMT vulnerable"));
        assert!(matches!(&reader.table.0["kernel.mitigations"], Cell::Value(told) if told.value == FactValue::List(2)));
        assert_eq!(reader.table.known("kernel.mitigations.srbds"), Some(&Cell::Absent));
    }

    #[test]
    fn the_version_of_control_groups_is_that_of_the_controllers() {
        let says = |mounts: &str| control_groups(mounts).unwrap().map(|v| v.to_string());
        // As systemd mounts them: v2 alone; v1 with v2 for processes only; Debian 10's v1 alone.
        let v2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let v1 = "34 25 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n";
        let named = "29 25 0:26 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup rw,xattr,name=systemd\n";
        assert_eq!(says(v2).as_deref(), Some("v2"));
        assert_eq!(says(v1).as_deref(), Some("v1"));
        assert_eq!(says(&[v1, v2, named].concat()).as_deref(), Some("mixed"));
        assert_eq!(says(&[v2, named].concat()).as_deref(), Some("v2"));
        assert_eq!(says("23 28 0:21 / /sys rw - sysfs sysfs rw\n"), None);
    }

    #[test]
    fn a_distribution_is_read_with_and_without_quotes() {
        // Debian 12 and Alpine 3.19, as they ship it.
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n";
        let alpine = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\n";
        let says = |of, key| os(of, key).unwrap().map(|v| v.to_string());
        assert_eq!((says(debian, "ID").as_deref(), says(debian, "VERSION_ID").as_deref()), (Some("debian"), Some("12")));
        assert_eq!((says(alpine, "ID").as_deref(), says(alpine, "VERSION_ID").as_deref()), (Some("alpine"), Some("3.19.1")));
        assert_eq!(says("ID=debian\n", "VERSION_ID"), None, "Debian testing has none");
    }

    #[test]
    fn the_largest_number_is_no_limit() {
        assert_eq!((files("9223372036854775807\n"), files("18446744073709551615\n")), (Ok(None), Ok(None)));
        assert_eq!(files("2466174\n"), Ok(Some(FactValue::Count(2_466_174))));
        assert!(files("many\n").is_err());
    }
}
