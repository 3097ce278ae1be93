//! ptp4l as its socket tells it: a server of Unix datagrams that answers with what a real one answered.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests")]

use super::metrics_world::slot;
use rigcheck::{
    model::{
        Gap, Source,
        audit::Effort,
        evidence::Seen,
        key::{Clock as Asked, Payload},
        name,
        payload::ClockReadings,
        source::Slot,
    },
    sources::clock::Clock,
    spec::settings::ClockBy,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::net::UnixDatagram;

const DEFAULT: u16 = 0x2000;
const TIME_STATUS: u16 = 0xc000;
const PORT_PROPERTIES: u16 = 0xc004;

/// The replies of a real slave, by managementId, its last Sync message moved to now.
fn reply_of(id: u16) -> Option<Vec<u8>> {
    let seed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/hostile/seeds/ptp/following")).unwrap();
    let mut rest = &seed[..];
    while !rest.is_empty() {
        let (datagram, after) = rest.split_at(usize::from(u16::from_be_bytes([rest[2], rest[3]])));
        if datagram[52..54] == id.to_be_bytes() {
            let mut datagram = datagram.to_vec();
            if id == TIME_STATUS {
                let now = super::metrics_world::now().0 * 1_000;
                datagram[62..70].copy_from_slice(&now.to_be_bytes());
            }
            return Some(datagram);
        }
        rest = after;
    }
    None
}

type Answers = dyn Fn(u16, Vec<u8>) -> Vec<Vec<u8>> + Send + Sync;

/// A ptp4l in a folder, and all that it was asked: managementId and port.
struct Fake {
    folder: TempDir,
    asked: Arc<Mutex<Vec<(u16, u16)>>>,
}

impl Fake {
    /// Whose answers to a managementId are changed as given, once they carry the request's number.
    fn new(change: impl Fn(u16, Vec<u8>) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Fake {
        let fake = Fake { folder: tempfile::tempdir().unwrap(), asked: Arc::default() };
        let (socket, asked, change): (_, _, Box<Answers>) = (UnixDatagram::bind(fake.at()).unwrap(), fake.asked.clone(), Box::new(change));
        tokio::spawn(async move {
            let mut request = [0; 2_048];
            loop {
                let (read, from) = socket.recv_from(&mut request).await.unwrap();
                // GET of PTP version 2, domain 0, no hops, one TLV that holds the managementId alone.
                assert_eq!(
                    (read, &request[..5], &request[34..42], &request[44..52]),
                    (54, &[0xd, 2, 0, 54, 0][..], &[0xff; 8][..], &[0, 0, 0, 0, 0, 1, 0, 2][..])
                );
                let at = |i: usize| u16::from_be_bytes([request[i], request[i + 1]]);
                asked.lock().unwrap().push((at(52), at(42)));
                let mut reply = reply_of(at(52)).unwrap();
                (reply[30], reply[31]) = (request[30], request[31]);
                for datagram in change(at(52), reply) {
                    let _ = socket.send_to(&datagram, from.as_pathname().unwrap()).await;
                }
            }
        });
        fake
    }
    fn at(&self) -> PathBuf {
        self.folder.path().join("ptp4l")
    }
    async fn seen(&self, slot: &Slot) -> Result<Seen, Gap> {
        ask(self.at(), slot).await
    }
    async fn told(&self) -> Result<ClockReadings, Gap> {
        let seen = self.seen(&slot(20.0)).await?;
        let Payload::Clock(readings) = seen.payload else { panic!("{:?}", seen.payload) };
        let left: Vec<_> = fs::read_dir(self.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["ptp4l"], "our own socket is gone");
        Ok(readings)
    }
}

async fn ask(socket: PathBuf, slot: &Slot) -> Result<Seen, Gap> {
    Clock::new(name("clock"), &ClockBy::Ptp { socket, domain: 0 })?.ask(&Asked {}.into(), Effort::default(), slot).await
}

#[tokio::test]
async fn the_bound_of_a_host_that_follows_a_grandmaster() {
    let fake = Fake::new(|_, reply| vec![reply]);
    let told = fake.told().await.unwrap();
    let [one] = told.readings.as_slice() else { panic!("{told:?}") };
    assert!(one.lo_ms < 999.999_687 && 999.999_687 < one.hi_ms && one.hi_ms - one.lo_ms > 2.0 * (974e-6 + 100e-6), "{told:?}");
    assert_eq!((told.against.as_str(), told.unbounded), ("UTC", None));
    let asked: Vec<u16> = fake.asked.lock().unwrap().iter().map(|(id, _)| *id).collect();
    assert_eq!(asked, [DEFAULT, PORT_PROPERTIES, 0x2002, 0x2003, 0x2001, TIME_STATUS], "each once");
}

#[tokio::test]
async fn the_port_that_follows_is_found_among_many() {
    let slaves = Arc::new(Mutex::new(0));
    let fake = Fake::new(move |id, mut reply| {
        if id == DEFAULT {
            reply[56..58].copy_from_slice(&40_000_u16.to_be_bytes());
        }
        if id == PORT_PROPERTIES {
            let mut count = slaves.lock().unwrap();
            *count += 1;
            // The others are masters that stamp in hardware.
            (reply[64], reply[65]) = if *count == 5 { (9, 0) } else { (6, 1) };
        }
        vec![reply]
    });
    assert_eq!(fake.told().await.unwrap().unbounded, None);
    let ports: Vec<u16> = fake.asked.lock().unwrap().iter().filter(|(id, _)| *id == PORT_PROPERTIES).map(|(_, port)| *port).collect();
    assert_eq!(ports, [1, 2, 3, 4, 5]);
    // Nobody follows: no more is asked than is needed to be sure enough.
    let fake = Fake::new(|id, mut reply| {
        match id {
            DEFAULT => reply[56..58].fill(0xff),
            PORT_PROPERTIES => reply[64] = 6,
            _ => {}
        }
        vec![reply]
    });
    assert!(fake.told().await.unwrap().unbounded.is_some_and(|why| why.contains("no port of ptp4l is SLAVE")));
    assert_eq!(fake.asked.lock().unwrap().len(), 64 + 5);
}

/// An error instead of a data set: its reason, then what it refuses.
fn error(id: u16, reply: &[u8], reason: u16) -> Vec<u8> {
    let body = [&reply[..48], &[0, 2, 0, 8], &reason.to_be_bytes(), &id.to_be_bytes(), &[0; 4]].concat();
    [&body[..2], &(body.len() as u16).to_be_bytes(), &body[4..]].concat()
}

#[tokio::test]
async fn the_read_only_socket_bounds_nothing() {
    let fake = Fake::new(|id, reply| vec![if id == PORT_PROPERTIES { error(id, &reply, 6) } else { reply }]);
    assert!(fake.told().await.unwrap().unbounded.is_some_and(|why| why.contains("/var/run/ptp4l")));
}

#[tokio::test]
async fn what_is_no_answer_is_a_gap() {
    let gap = async |change: fn(u16, Vec<u8>) -> Vec<Vec<u8>>| Fake::new(change).told().await.unwrap_err();
    let garbage = gap(|_, _| vec![b"hello".to_vec()]).await;
    assert!(matches!(&garbage, Gap::Malformed(t) if t.contains("no ptp4l")), "{garbage}");
    let refused = gap(|id, reply| vec![error(id, &reply, 2)]).await;
    assert!(matches!(&refused, Gap::Malformed(t) if t.contains("refuses DEFAULT_DATA_SET with error 0x0002")), "{refused}");
    let cut = gap(|id, reply| vec![if id == TIME_STATUS { reply[..60].to_vec() } else { reply }]).await;
    assert!(matches!(&cut, Gap::Malformed(t) if t.contains("no ptp4l")), "{cut}");
    let other = gap(|id, mut reply| {
        reply[52] ^= u8::from(id == TIME_STATUS);
        vec![reply]
    })
    .await;
    assert!(matches!(&other, Gap::Malformed(t) if t.contains("something else than TIME_STATUS_NP")), "{other}");
}

#[tokio::test]
async fn answers_to_others_and_to_earlier_tries_are_passed_over() {
    let fake = Fake::new(|_, reply| {
        let (mut to_others, mut before) = (reply.clone(), reply.clone());
        to_others[43] ^= 1;
        before[31] ^= 1;
        vec![to_others, before, reply.clone(), reply]
    });
    assert_eq!(fake.told().await.unwrap().unbounded, None);
}

#[tokio::test]
async fn nobody_who_answers() {
    let silent = Fake::new(|_, _| vec![]);
    let gap = silent.told().await.unwrap_err();
    assert!(matches!(&gap, Gap::TooLate(t) if t.contains("domainNumber") && t.contains("3 requests")), "{gap}");
    let interrupted = slot(20.0);
    interrupted.cancel.cancel();
    assert!(matches!(silent.seen(&interrupted).await, Err(Gap::NotReached(_))));
    // A socket whose owner is gone, and none at all.
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("left");
    drop(UnixDatagram::bind(&left).unwrap());
    for socket in [left, folder.path().join("none"), folder.path().join("no/folder")] {
        let gap = ask(socket, &slot(20.0)).await.unwrap_err();
        assert!(matches!(&gap, Gap::Unreachable(t) if t.contains("uds_address") && t.contains("sources.clock")), "{gap}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "our own socket is gone");
}
