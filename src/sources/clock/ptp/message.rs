//! Management messages of the Precision Time Protocol (IEEE 1588-2008, clause 15), as ptp4l speaks them over its own socket.

/// The header of every message (34 bytes), the port that is meant (10), hops and action (4); then one TLV: its type, length, body.
const TLV: usize = 48;
const BODY: usize = TLV + 4;
/// A request's body is the managementId alone.
const REQUEST: usize = BODY + 2;
const MESSAGE_MANAGEMENT: u8 = 0xd;
const VERSION: u8 = 2;
const ACTION_GET: u8 = 0;
const ACTION_RESPONSE: u8 = 2;
const CONTROL_MANAGEMENT: u8 = 4;
const LOG_INTERVAL: u8 = 0x7f;
const TLV_MANAGEMENT: u16 = 1;
const TLV_ERROR: u16 = 2;
/// The portNumber of our own sourcePortIdentity; its clockIdentity is 0, as pmc's is.
const OURS: u16 = 0x7263;

/// Whatever the number of a port: all of them, or the clock itself.
pub const ANY_PORT: u16 = 0xffff;
/// The reason of an error: not here (table 72 of the standard).
pub const NOT_SUPPORTED: u16 = 6;
/// No more is read of a reply: ptp4l's own buffer holds one Ethernet frame.
pub const MOST: usize = 1 << 11;

/// What is asked for, by managementId: table 40 of the standard, and linuxptp's own from 0xC000 on (`tlv.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum DataSet {
    /// The clock itself, with the number of its ports.
    Default = 0x2000,
    /// How far it is from its grandmaster, in steps and in time.
    Current = 0x2001,
    /// Whom it follows.
    Parent = 0x2002,
    /// What that one says of its time.
    TimeProperties = 0x2003,
    /// The offset that was measured last, and when.
    TimeStatus = 0xc000,
    /// A port's state, and who stamps there.
    PortProperties = 0xc004,
}

impl DataSet {
    /// All of them in the order in which they are asked: what is measured comes last, when it is known who follows whom.
    pub const ALL: [DataSet; 6] =
        [DataSet::Default, DataSet::PortProperties, DataSet::Parent, DataSet::TimeProperties, DataSet::Current, DataSet::TimeStatus];

    /// Its name as pmc takes it.
    pub fn name(self) -> &'static str {
        match self {
            DataSet::Default => "DEFAULT_DATA_SET",
            DataSet::Current => "CURRENT_DATA_SET",
            DataSet::Parent => "PARENT_DATA_SET",
            DataSet::TimeProperties => "TIME_PROPERTIES_DATA_SET",
            DataSet::TimeStatus => "TIME_STATUS_NP",
            DataSet::PortProperties => "PORT_PROPERTIES_NP",
        }
    }
    /// Its fixed part, bytes.
    fn least(self) -> usize {
        match self {
            DataSet::Default => 20,
            DataSet::Current => 18,
            DataSet::Parent => 32,
            DataSet::TimeProperties => 4,
            DataSet::TimeStatus => 50,
            DataSet::PortProperties => 12,
        }
    }
}

/// What a datagram says to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reply<'a> {
    /// The data set, as long as its fixed part at least.
    Data(&'a [u8]),
    /// It is refused, for this reason.
    Refused(u16),
    /// It answers another request, such as an earlier try.
    Another,
}

/// A request for `set` of one port, in a domain.
pub fn get(set: DataSet, port: u16, domain: u8, sequence: u16) -> [u8; REQUEST] {
    let mut packet = [0; REQUEST];
    (packet[0], packet[1], packet[4]) = (MESSAGE_MANAGEMENT, VERSION, domain);
    packet[2..4].copy_from_slice(&(REQUEST as u16).to_be_bytes());
    packet[28..30].copy_from_slice(&OURS.to_be_bytes());
    packet[30..32].copy_from_slice(&sequence.to_be_bytes());
    (packet[32], packet[33]) = (CONTROL_MANAGEMENT, LOG_INTERVAL);
    // Any clock: there is one behind a socket. No hops: it passes nothing on to the network.
    packet[34..42].fill(0xff);
    packet[42..44].copy_from_slice(&port.to_be_bytes());
    packet[46] = ACTION_GET;
    packet[TLV..TLV + 2].copy_from_slice(&TLV_MANAGEMENT.to_be_bytes());
    packet[TLV + 2..BODY].copy_from_slice(&2_u16.to_be_bytes());
    packet[BODY..].copy_from_slice(&(set as u16).to_be_bytes());
    packet
}

/// Reads a datagram that may answer a request, or says what it is instead.
pub fn reply(datagram: &[u8], set: DataSet, sequence: u16) -> Result<Reply<'_>, String> {
    let no_ptp = || Err("is no ptp4l: it answers with no management message of PTP version 2".to_owned());
    if datagram.len() < BODY || datagram[0] & 0xf != MESSAGE_MANAGEMENT || datagram[1] & 0xf != VERSION {
        return no_ptp();
    }
    let Some(message) = datagram.get(..usize::from(u16_at(datagram, 2))).filter(|m| m.len() >= BODY) else {
        return no_ptp();
    };
    let ours = u16_at(message, 42) == OURS && u16_at(message, 30) == sequence && message[46] & 0xf == ACTION_RESPONSE;
    if !ours {
        return Ok(Reply::Another);
    }
    // Its length is the body's.
    let body = message.get(BODY..BODY + usize::from(u16_at(message, TLV + 2))).unwrap_or_default();
    match u16_at(message, TLV) {
        // Its reason, and then what it refuses.
        TLV_ERROR if body.len() >= 4 && u16_at(body, 2) == set as u16 => Ok(Reply::Refused(u16_at(body, 0))),
        TLV_MANAGEMENT if body.len() >= 2 + set.least() && u16_at(body, 0) == set as u16 => Ok(Reply::Data(&body[2..])),
        _ => Err(format!("answers something else than {}", set.name())),
    }
}

/// The bytes at a place, most significant first; 0 beyond the end.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(at_least(bytes, at))
}

/// As many bytes as wanted from a place on; 0 beyond the end.
pub fn at_least<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|b| b.try_into().ok()).unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout of tables 18, 37 and 38 of the standard, written out.
    #[test]
    fn a_request_is_laid_out_as_the_standard_says() {
        let packet = get(DataSet::PortProperties, 3, 24, 0x0102);
        let by_hand = [
            &[0x0d, 2, 0, 54, 24, 0, 0, 0][..],    // management, version 2, length, domain, flags
            &[0; 12],                              // correction, reserved
            &[0, 0, 0, 0, 0, 0, 0, 0, 0x72, 0x63], // from: no clock, our port
            &[1, 2, 4, 0x7f],                      // sequence, control, interval
            &[0xff; 8],                            // to: any clock
            &[0, 3, 0, 0, 0, 0],                   // port 3, no hops, GET
            &[0, 1, 0, 2, 0xc0, 4],                // TLV of 2 bytes: PORT_PROPERTIES_NP
        ]
        .concat();
        assert_eq!(packet[..], by_hand[..]);
    }

    fn answer(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut message = get(DataSet::TimeProperties, ANY_PORT, 0, 7)[..TLV].to_vec();
        message[46] = ACTION_RESPONSE;
        message[42..44].copy_from_slice(&OURS.to_be_bytes());
        message.extend([kind.to_be_bytes(), (body.len() as u16).to_be_bytes()].concat());
        message.extend(body);
        let length = message.len() as u16;
        message[2..4].copy_from_slice(&length.to_be_bytes());
        message
    }

    #[test]
    fn data_refusals_and_others() {
        let read = |datagram: &[u8]| reply(datagram, DataSet::TimeProperties, 7).map(|r| format!("{r:?}"));
        let data = answer(1, &[0x20, 3, 0, 37, 0x3c, 0x20]);
        assert_eq!(reply(&data, DataSet::TimeProperties, 7), Ok(Reply::Data(&[0, 37, 0x3c, 0x20])));
        assert_eq!(reply(&answer(2, &[0, 6, 0x20, 3, 0, 0, 0, 0]), DataSet::TimeProperties, 7), Ok(Reply::Refused(NOT_SUPPORTED)));
        assert_eq!(reply(&data, DataSet::TimeProperties, 8), Ok(Reply::Another), "of an earlier try");
        let mut to_others = data.clone();
        to_others[43] = 9;
        assert_eq!(reply(&to_others, DataSet::TimeProperties, 7), Ok(Reply::Another));
        assert!(reply(&data, DataSet::Current, 7).unwrap_err().contains("something else than CURRENT_DATA_SET"));
        for (wrong, why) in [(answer(1, &[0x20, 3, 0, 37]), "something else"), (b"hello".to_vec(), "no ptp4l"), (vec![0x0d; 80], "no ptp4l")] {
            assert!(read(&wrong).unwrap_err().contains(why), "{wrong:?}");
        }
        for cut in 0..data.len() {
            assert!(read(&data[..cut]).is_err(), "{cut}");
        }
    }
}
