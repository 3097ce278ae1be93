//! The bytes of an echo (RFC 792, RFC 4443): request and reply.

/// Behind an ICMP head of 8 bytes.
const TOKEN: usize = 16;
/// Length of a request.
pub const LENGTH: usize = 8 + TOKEN;

/// What tells our echoes from those of others.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// IPv6?
    pub v6: bool,
    /// The identifier; a ping socket writes its own over it.
    pub id: u16,
    /// The data.
    pub token: [u8; TOKEN],
}

impl Mark {
    /// A random one.
    pub fn new(v6: bool) -> Mark {
        Mark { v6, id: rand::random(), token: rand::random() }
    }

    /// A request.
    pub fn request(&self, nth: u16) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = if self.v6 { 128 } else { 8 };
        bytes[4..6].copy_from_slice(&self.id.to_be_bytes());
        bytes[6..8].copy_from_slice(&nth.to_be_bytes());
        bytes[8..].copy_from_slice(&self.token);
        if !self.v6 {
            // The kernel fills in ICMPv6's, which covers addresses.
            let sum = checksum(&bytes).to_be_bytes();
            bytes[2..4].copy_from_slice(&sum);
        }
        bytes
    }

    /// The number of a reply to one of these requests; nothing if it is something else. Of a raw IPv4 socket the head of the packet
    /// comes first.
    pub fn reply(&self, bytes: &[u8], headed: bool) -> Option<u16> {
        let head = if headed { usize::from(bytes.first()? & 0x0f) * 4 } else { 0 };
        let bytes = bytes.get(head..)?;
        let kind = if self.v6 { 129 } else { 0 };
        let ours = bytes.len() >= LENGTH && bytes[0] == kind && bytes[1] == 0 && bytes[8..LENGTH] == self.token;
        ours.then(|| u16::from_be_bytes([bytes[6], bytes[7]]))
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_known_by_its_token() {
        for v6 in [false, true] {
            let mark = Mark::new(v6);
            let mut reply = mark.request(7);
            assert_eq!(mark.reply(&reply, false), None, "our own request");
            reply[0] = if v6 { 129 } else { 0 };
            // The kernel has written another identifier.
            reply[4] ^= 0xff;
            assert_eq!(mark.reply(&reply, false), Some(7));
            assert_eq!(Mark::new(v6).reply(&reply, false), None);
            assert_eq!(mark.reply(&reply[..LENGTH - 1], false), None);
            let packet = [&[0x45_u8; 1][..], &[0; 19], &reply].concat();
            assert_eq!(mark.reply(&packet, true), Some(7));
            assert_eq!(mark.reply(&[0x4f], true), None);
        }
    }

    #[test]
    fn the_sum_is_that_of_the_rfc() {
        // RFC 1071, section 3: the words 0001 f203 f4f5 f6f7 add up to ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        let request = Mark::new(false).request(1);
        assert_eq!(checksum(&request), 0, "a message with its own sum");
    }
}
