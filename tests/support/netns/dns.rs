//! A real DNS server (dnsmasq) in a namespace, that knows some records and nobody to ask.

use super::{namespace::Namespace, process::Process};
use crate::support::stack::NotUp;
use std::{
    fmt, fs, io,
    net::{IpAddr, UdpSocket},
    process::Command,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What the server says of a name. Several address records of a name are one answer; a name that has records but none of the type that is
/// asked for is an empty answer. Names of which no record speaks are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A or AAAA.
    Address {
        /// Of whom.
        name: String,
        /// Where.
        address: IpAddr,
        /// Time to live, s.
        ttl: u32,
    },
    /// CNAME. Another record must say where the target is.
    Alias {
        /// Of whom.
        name: String,
        /// Its canonical name.
        target: String,
        /// Time to live, s.
        ttl: u32,
    },
    /// NXDOMAIN, for this name and all below it.
    Absent {
        /// Of whom.
        name: String,
    },
}

impl Record {
    /// A or AAAA.
    pub fn address(name: &str, address: IpAddr, ttl: u32) -> Record {
        Record::Address { name: name.to_owned(), address, ttl }
    }

    /// CNAME.
    pub fn alias(name: &str, target: &str, ttl: u32) -> Record {
        Record::Alias { name: name.to_owned(), target: target.to_owned(), ttl }
    }

    /// NXDOMAIN.
    pub fn absent(name: &str) -> Record {
        Record::Absent { name: name.to_owned() }
    }
}

/// As lines of dnsmasq's configuration.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Record::Address { name, address, ttl } => writeln!(f, "host-record={name},{address},{ttl}\nlocal=/{name}/"),
            Record::Alias { name, target, ttl } => writeln!(f, "cname={name},{target},{ttl}\nlocal=/{name}/"),
            Record::Absent { name } => writeln!(f, "local=/{name}/"),
        }
    }
}

/// The running server. It ends when dropped.
pub struct Dns {
    folder: TempDir,
    at: IpAddr,
    process: Option<Process>,
}

impl Dns {
    /// Starts one on port 53 of an address that the host has.
    pub fn start(host: &Namespace, at: IpAddr, records: &[Record]) -> Result<Dns, NotUp> {
        if let Err(error) = Command::new("dnsmasq").arg("--version").output() {
            return Err(NotUp::Missing(format!("no dnsmasq ({error}): install the Debian package dnsmasq-base")));
        }
        let broken = |error: io::Error| NotUp::Broken(format!("no DNS server: {error}"));
        let folder = tempfile::tempdir().map_err(broken)?;
        let mut dns = Dns { folder, at, process: None };
        dns.change(host, records).map_err(broken)?;
        Ok(dns)
    }

    /// Says something else from now on: the server is started again.
    pub fn change(&mut self, host: &Namespace, records: &[Record]) -> io::Result<()> {
        let config = self.folder.path().join("dnsmasq.conf");
        let lines: String = records.iter().map(Record::to_string).collect();
        let at = self.at;
        fs::write(&config, format!("listen-address={at}\nbind-interfaces\n{ALONE}{lines}"))?;
        self.process = None;
        let mut command = host.command("dnsmasq");
        command.arg(format!("--conf-file={}", config.display())).stderr(fs::File::create(self.folder.path().join("log"))?);
        let mut process = Process::start(&mut command)?;
        let answers = host.enter(|| answers(self.at, || process.has_ended()))??;
        self.process = Some(process);
        if answers {
            return Ok(());
        }
        let said = fs::read_to_string(self.folder.path().join("log"))?;
        Err(io::Error::other(format!("dnsmasq on {} does not answer: {}", self.at, said.trim())))
    }
}

/// Nothing of this machine's, and no process beside the one that was started.
const ALONE: &str = "no-resolv\nno-hosts\ncache-size=0\nuser=root\nkeep-in-foreground\npid-file=\nlog-facility=-\n";

/// A question for the address of `ready`, in the format of RFC 1035, section 4.1.
const QUESTION: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05ready\x00\x00\x01\x00\x01";

/// Waits until a server answers anything.
fn answers(server: IpAddr, mut has_ended: impl FnMut() -> bool) -> io::Result<bool> {
    let socket = UdpSocket::bind((server, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until && !has_ended() {
        socket.send_to(QUESTION, (server, 53))?;
        if socket.recv(&mut [0; 512]).is_ok_and(|bytes| bytes > 0) {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}
