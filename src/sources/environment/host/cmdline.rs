//! What the kernel was started with, without what names this one machine.

use super::reader::Says;
use crate::kept::{self, arguments::HIDDEN, secrets};

/// Words that say where this machine's disks, images and addresses are, or who it is: they differ between any two machines
/// and change nothing about how fast one is.
const IDENTITY: [&str; 17] = [
    "BOOT_IMAGE",
    "root",
    "resume",
    "resume_offset",
    "initrd",
    "ip",
    "nfsroot",
    "nfsaddrs",
    "netroot",
    "hostname",
    "BOOTIF",
    "ds",
    "cloud-config-url",
    "iscsi_initiator",
    "systemd.hostname",
    "systemd.machine_id",
    "ostree",
];
/// The same, of the initial file system's parameters that name devices: `rd.luks.uuid`, `rd.lvm.lv`, `rd.md.uuid`, `rd.iscsi.*`.
const DEVICES: [&str; 6] = ["rd.luks.", "rd.lvm.", "rd.md.", "rd.iscsi.", "rd.znet", "rd.zfcp"];

/// The words as a set. What stands behind `--` is init's, not the kernel's, and is left out.
pub fn says(text: &str) -> Says {
    let words: Vec<String> = split(text.trim()).into_iter().take_while(|word| word != "--").filter(|word| !is_identity(word)).map(shown).collect();
    kept::set(words.iter().map(String::as_str), "").map(Some).map_err(|_| "a short list of words")
}

fn is_identity(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    IDENTITY.contains(&name) || DEVICES.iter().any(|begin| name.starts_with(begin)) || word.contains("UUID=")
}

/// A word whose value looks like a secret without its value.
fn shown(word: String) -> String {
    let (name, value) = word.split_once('=').unwrap_or(("", &word));
    match (secrets::of(name, value), name) {
        (None, _) => word,
        (Some(_), "") => HIDDEN.into(),
        (Some(_), name) => format!("{name}={HIDDEN}"),
    }
}

/// At blanks that do not stand in quotes.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (vec![], String::new(), false);
    for c in text.chars() {
        quoted ^= c == '"';
        if c.is_whitespace() && !quoted {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(text: &str) -> String {
        says(text).unwrap().unwrap().to_string()
    }

    #[test]
    fn what_names_the_machine_is_left_out() {
        // Debian 12 on EC2.
        let text = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-cloud-amd64 root=PARTUUID=8b5c0a4e-01 ro console=tty0 console=ttyS0,115200 nvme_core.io_timeout=4294967295 quiet\n";
        assert_eq!(shows(text), "console=tty0, console=ttyS0,115200, nvme_core.io_timeout=4294967295, quiet, ro");
        assert_eq!(shows("rd.luks.uuid=luks-1234 rd.lvm.lv=vg/root isolcpus=2-7 rd.break"), "isolcpus=2-7, rd.break");
    }

    #[test]
    fn words_in_quotes_stay_together_and_those_of_init_stay_out() {
        // Firecracker, and the kernel's own example of quotes.
        assert_eq!(shows("panic=1 nomodule -- --firecracker-init --addr 0.0.0.0:2024"), "nomodule, panic=1");
        assert_eq!(shows("dyndbg=\"file ec.c +p\" quiet"), "dyndbg=\"file ec.c +p\", quiet");
    }

    #[test]
    fn what_looks_like_a_secret_is_not_kept() {
        let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
        let shown = shows(&format!("agent.password=hunter2hunter2 init_key={key} {key} quiet"));
        assert_eq!(shown, "(not kept), agent.password=(not kept), init_key=(not kept), quiet");
    }
}
