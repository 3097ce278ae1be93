//! A nameserver on loopback that behaves as it is told.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME},
    },
};
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    thread,
    time::Duration,
};

/// What it does.
#[derive(Clone)]
pub enum Says {
    Address(Ipv4Addr),
    Alias(&'static str, Ipv4Addr),
    Code(ResponseCode),
    Slow(Duration, Ipv4Addr),
    Nothing,
    /// Cut over UDP, whole over TCP.
    Truncated(Ipv4Addr),
    /// First one under another number, then the right one.
    WrongId(Ipv4Addr),
    Garbage,
}

/// Answers at `127.0.0.<host>:port`; 0 is any port.
pub fn start(host: u8, port: u16, says: Says) -> u16 {
    // A port is taken by both, or another one is tried.
    let (udp, tcp) = (0..50)
        .find_map(|_| {
            let udp = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, host), port)).ok()?;
            let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
            Some((udp, tcp))
        })
        .expect("a port for UDP and TCP");
    let port = udp.local_addr().unwrap().port();
    let over_tcp = says.clone();
    thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut asked = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut asked).unwrap();
            if let Says::Truncated(ip) = over_tcp {
                let reply = answer(&asked, &Says::Address(ip)).to_vec().unwrap();
                let _ = stream.write_all(&[&u16::try_from(reply.len()).unwrap().to_be_bytes(), reply.as_slice()].concat());
            }
        }
    });
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((read, peer)) = udp.recv_from(&mut buffer) {
            let asked = &buffer[..read];
            let mut reply = answer(asked, &says);
            match &says {
                Says::Nothing => continue,
                Says::Slow(wait, _) => thread::sleep(*wait),
                Says::Garbage => {
                    let _ = udp.send_to(b"\xff\xfe no DNS", peer);
                    continue;
                }
                Says::Truncated(_) => {
                    reply.answers.clear();
                    reply.metadata.truncation = true;
                }
                Says::WrongId(_) => {
                    let mut other = reply.clone();
                    other.metadata.id ^= 0x5555;
                    let _ = udp.send_to(&other.to_vec().unwrap(), peer);
                }
                Says::Address(_) | Says::Alias(..) | Says::Code(_) => {}
            }
            let _ = udp.send_to(&reply.to_vec().unwrap(), peer);
        }
    });
    port
}

fn answer(asked: &[u8], says: &Says) -> Message {
    let asked = Message::from_vec(asked).unwrap();
    let question = asked.queries[0].clone();
    let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
    let mut at = question.name.clone();
    reply.add_query(question.clone());
    let ip = match says {
        Says::Code(code) => {
            reply.metadata.response_code = *code;
            return reply;
        }
        Says::Alias(to, ip) => {
            let to = Name::from_ascii(to).unwrap();
            reply.add_answer(Record::from_rdata(at, 300, RData::CNAME(CNAME(to.clone()))));
            at = to;
            *ip
        }
        Says::Address(ip) | Says::Slow(_, ip) | Says::Truncated(ip) | Says::WrongId(ip) => *ip,
        Says::Nothing | Says::Garbage => return reply,
    };
    if question.query_type == RecordType::A {
        reply.add_answer(Record::from_rdata(at, 60, RData::A(A(ip))));
    }
    reply
}
