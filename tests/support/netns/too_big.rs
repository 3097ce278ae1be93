//! What a router tells the sender of a packet that is larger than the next link's MTU.

/// The message of ICMP (RFC 1191: type 3, code 4) or ICMPv6 (RFC 8201: type 2) that answers `packet`, from the address it was sent to.
/// IPv4 senders that did not forbid fragments are answered as well: this router makes none.
pub(super) fn answer(packet: &[u8], mtu: usize) -> Option<Vec<u8>> {
    match packet.first()? >> 4 {
        4 => answer_v4(packet, u16::try_from(mtu).ok()?),
        6 => answer_v6(packet, u32::try_from(mtu).ok()?),
        _ => None,
    }
}

fn answer_v4(packet: &[u8], mtu: u16) -> Option<Vec<u8>> {
    let quoted = packet.get(..packet.len().min(548))?;
    let mut icmp = vec![3, 4, 0, 0, 0, 0];
    icmp.extend(mtu.to_be_bytes());
    icmp.extend(quoted);
    let sum = checksum(&[&icmp]);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut answer = vec![0x45, 0];
    answer.extend(u16::try_from(20 + icmp.len()).ok()?.to_be_bytes());
    answer.extend([0, 0, 0, 0, 64, 1, 0, 0]);
    answer.extend(packet.get(16..20)?);
    answer.extend(packet.get(12..16)?);
    let sum = checksum(&[&answer]);
    answer[10..12].copy_from_slice(&sum.to_be_bytes());
    answer.extend(icmp);
    Some(answer)
}

fn answer_v6(packet: &[u8], mtu: u32) -> Option<Vec<u8>> {
    let (source, target) = (packet.get(24..40)?, packet.get(8..24)?);
    let mut icmp = vec![2, 0, 0, 0];
    icmp.extend(mtu.to_be_bytes());
    icmp.extend(packet.get(..packet.len().min(1232))?);
    let length = u16::try_from(icmp.len()).ok()?;
    let sum = checksum(&[source, target, &u32::from(length).to_be_bytes(), &[0, 0, 0, 58], &icmp]);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut answer = vec![0x60, 0, 0, 0];
    answer.extend(length.to_be_bytes());
    answer.extend([58, 64]);
    answer.extend(source);
    answer.extend(target);
    answer.extend(icmp);
    Some(answer)
}

/// The Internet checksum (RFC 1071) over parts of which all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2)).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[test]
fn a_checksum_is_as_the_rfc_computes_it() {
    assert_eq!(checksum(&[&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2, "RFC 1071, section 3");
}
