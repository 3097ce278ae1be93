//! Messages of DNS: a question, and what of an answer is kept.

use crate::model::payload::network::{AddressClass, Answers, LookupEnd, RecordKind};
use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use std::net::IpAddr;

/// A message over TCP is no longer: its length has two bytes.
pub const MOST: usize = 64 << 10;
/// What is kept of one answer.
const MOST_ADDRESSES: usize = 64;
const MOST_NAMES: usize = 16;

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    id: u16,
    name: Name,
    kind: RecordType,
}

/// What a message turned out to be.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// No answer to this question.
    Other,
    /// Too long for a datagram.
    Truncated,
    /// The answer.
    End(LookupEnd),
}

impl Question {
    /// For addresses of a kind, under a number that nobody can guess.
    pub fn new(name: &Name, kind: RecordKind) -> Question {
        let kind = if kind == RecordKind::A { RecordType::A } else { RecordType::AAAA };
        Question { id: rand::random(), name: name.clone(), kind }
    }

    /// The same under a number that is known, as fuzzers need it.
    pub fn numbered(self, id: u16) -> Question {
        Question { id, ..self }
    }

    /// Its bytes; nothing of a name that cannot be asked for.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.kind));
        message.to_vec().ok()
    }

    /// Reads what came.
    pub fn read(&self, bytes: &[u8]) -> Told {
        let Ok(message) = Message::from_vec(bytes) else { return self.torn(bytes) };
        let asked = matches!(message.queries.as_slice(), [q] if q.name == self.name && q.query_type == self.kind);
        if message.metadata.id != self.id || message.metadata.message_type != MessageType::Response || !asked {
            return Told::Other;
        }
        if message.metadata.truncation {
            return Told::Truncated;
        }
        Told::End(match message.metadata.response_code {
            ResponseCode::NoError => LookupEnd::Answered(self.answers(&message)),
            code => LookupEnd::Code(word(code)),
        })
    }

    /// A datagram that is cut amid a record is still a cut one.
    fn torn(&self, bytes: &[u8]) -> Told {
        let ours = bytes.get(..2) == Some(&self.id.to_be_bytes());
        let truncated = bytes.get(2).is_some_and(|flags| flags & 0x80 != 0 && flags & 0x02 != 0);
        if ours && truncated && bytes.len() >= 12 { Told::Truncated } else { Told::Other }
    }

    /// Follows the chain of names from the one that was asked for.
    fn answers(&self, message: &Message) -> Answers {
        let mut answers = Answers { authoritative: message.metadata.authoritative, ..Answers::default() };
        let mut at = &self.name;
        while answers.cnames.len() < MOST_NAMES {
            let next = message.answers.iter().filter(|r| r.name == *at).find_map(|r| if let RData::CNAME(to) = &r.data { Some(&to.0) } else { None });
            let Some(next) = next else { break };
            answers.cnames.push(crate::kept::named(next.to_utf8().trim_end_matches('.')));
            at = next;
        }
        for record in message.answers.iter().filter(|r| r.name == *at) {
            let ip: IpAddr = match &record.data {
                RData::A(a) if self.kind == RecordType::A => a.0.into(),
                RData::AAAA(a) if self.kind == RecordType::AAAA => a.0.into(),
                _ => continue,
            };
            if answers.addresses.len() < MOST_ADDRESSES {
                answers.addresses.push(ip);
            }
        }
        answers.classes = answers.addresses.iter().map(|ip| AddressClass::of(*ip)).collect();
        answers.classes.sort_unstable();
        answers.classes.dedup();
        answers.ttl_s = message.answers.iter().map(|r| r.ttl).min();
        answers
    }
}

/// The word of a code in its registry.
fn word(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".into(),
        ResponseCode::ServFail => "SERVFAIL".into(),
        ResponseCode::NXDomain => "NXDOMAIN".into(),
        ResponseCode::NotImp => "NOTIMP".into(),
        ResponseCode::Refused => "REFUSED".into(),
        other => format!("RCODE {}", u16::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{
        Record,
        rdata::{A, CNAME},
    };
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn response(question: &Question) -> Message {
        let mut message = Message::response(question.id, OpCode::Query);
        message.add_query(Query::query(question.name.clone(), question.kind));
        message
    }

    #[test]
    fn the_chain_of_names_is_followed_and_strangers_are_left_out() {
        let question = Question::new(&name("api.example.com."), RecordKind::A);
        let mut message = response(&question);
        message.add_answer(Record::from_rdata(name("b.example.net."), 30, RData::A(A::new(10, 0, 0, 1))));
        message.add_answer(Record::from_rdata(name("API.example.com."), 300, RData::CNAME(CNAME(name("a.example.net.")))));
        message.add_answer(Record::from_rdata(name("a.example.net."), 60, RData::CNAME(CNAME(name("b.example.net.")))));
        message.add_answer(Record::from_rdata(name("c.example.org."), 90, RData::A(A::new(8, 8, 8, 8))));
        let Told::End(LookupEnd::Answered(answers)) = question.read(&message.to_vec().unwrap()) else { panic!() };
        assert_eq!(answers.cnames, ["a.example.net", "b.example.net"]);
        assert_eq!((answers.addresses, answers.classes, answers.ttl_s), (vec!["10.0.0.1".parse().unwrap()], vec![AddressClass::Private], Some(30)));
        // A chain in a circle has an end.
        let mut message = response(&question);
        message.add_answer(Record::from_rdata(name("api.example.com."), 1, RData::CNAME(CNAME(name("api.example.com.")))));
        assert!(matches!(question.read(&message.to_vec().unwrap()), Told::End(LookupEnd::Answered(a)) if a.cnames.len() == MOST_NAMES));
    }

    #[test]
    fn only_the_answer_to_the_question_counts() {
        let question = Question::new(&name("h.example."), RecordKind::A);
        let read = |change: &dyn Fn(&mut Message)| {
            let mut message = response(&question);
            change(&mut message);
            question.read(&message.to_vec().unwrap())
        };
        assert_eq!(read(&|m| m.metadata.response_code = ResponseCode::NXDomain), Told::End(LookupEnd::Code("NXDOMAIN".into())));
        assert_eq!(read(&|m| m.metadata.response_code = ResponseCode::ServFail), Told::End(LookupEnd::Code("SERVFAIL".into())));
        assert_eq!(read(&|m| m.metadata.truncation = true), Told::Truncated);
        assert_eq!(read(&|m| m.metadata.id ^= 1), Told::Other);
        assert_eq!(read(&|m| m.metadata.message_type = MessageType::Query), Told::Other);
        assert_eq!(read(&|m| m.queries[0].name = name("other.example.")), Told::Other);
        assert_eq!(read(&|m| m.queries[0].query_type = RecordType::MX), Told::Other);
        assert_eq!(read(&|m| m.queries.clear()), Told::Other);
        let mut cut = {
            let mut m = response(&question);
            m.metadata.truncation = true;
            m.to_vec().unwrap()
        };
        cut.truncate(14);
        assert_eq!(question.read(&cut), Told::Truncated);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let question = Question::new(&name("h.example."), RecordKind::Aaaa);
            prop_assert!(!matches!(question.read(&bytes), Told::End(LookupEnd::Answered(_))));
        }
    }
}
