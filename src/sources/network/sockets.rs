//! The system calls that no crate here wraps: `TCP_INFO`, options that are mere numbers, and `recvmsg` with its control messages
//! (the error queue of `IP_RECVERR`, the kernel's stamps). Each is one call on memory of this file; whatever it brings is read as
//! bytes, elsewhere.
#![allow(unsafe_code, reason = "getsockopt, setsockopt, recvmsg and the registration of a socket: the only unsafe code of this program")]

use socket2::Socket;
use std::{
    ffi::c_int,
    io, mem,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};
use tokio::io::{Interest, unix::AsyncFd};

/// Longer than any `struct tcp_info` so far (280 bytes in Linux 6.18): what a newer kernel adds is left out.
const TCP_INFO: usize = 512;
/// Words of control messages: an extended error with an IPv6 address and a stamp take 14.
const CONTROL: usize = 64;

/// What one call of `recvmsg` brought.
#[derive(Debug, Default)]
pub struct Received {
    /// Bytes of the message.
    pub bytes: usize,
    /// Control messages.
    pub control: Vec<Control>,
}

/// One control message (cmsg(3)).
#[derive(Debug, PartialEq, Eq)]
pub struct Control {
    /// `cmsg_level`.
    pub level: c_int,
    /// `cmsg_type`.
    pub kind: c_int,
    /// Its data.
    pub data: Vec<u8>,
}

/// `struct tcp_info` of a TCP socket, as many bytes as the kernel gives.
pub fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0_u8; TCP_INFO];
    let mut length = libc::socklen_t::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the kernel writes at most `length` bytes, which is the length of `bytes`; both live until it returns, and the
    // descriptor is borrowed, so that it is open.
    let done =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, bytes.as_mut_ptr().cast(), ptr::from_mut(&mut length)) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    bytes.truncate(length as usize);
    Ok(bytes)
}

/// Sets an option that is a number.
pub fn set(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<c_int>()).unwrap_or(0);
    // SAFETY: the kernel reads `length` bytes, the size of `value`, which lives until it returns; the descriptor is borrowed, so
    // that it is open.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, ptr::from_ref(&value).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A socket that can be waited for.
pub fn watched(socket: Socket, interest: Interest) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a `Socket` owns its descriptor, which is open until it is dropped and the same at each call of `as_raw_fd`; it lies
    // in the `AsyncFd`, and nobody takes it out or replaces it.
    Ok(unsafe { AsyncFd::register_with_interest(socket, interest) }?)
}

/// Receives one message with its control messages, without waiting.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], flags: c_int) -> io::Result<Received> {
    // As words, so that the control messages are aligned as the kernel writes them.
    let mut control = [0_usize; CONTROL];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a `msghdr` is numbers and pointers, for which all zeros are valid: nothing is pointed to.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = ptr::from_mut(&mut part);
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    // SAFETY: every pointer of `message` points to memory of this function or of `buffer`, with its true length beside it, and
    // all of it lives until the call returns; the descriptor is borrowed, so that it is open.
    let read = unsafe { libc::recvmsg(socket.as_raw_fd(), ptr::from_mut(&mut message), flags | libc::MSG_DONTWAIT) };
    let bytes = usize::try_from(read).map_err(|_| io::Error::last_os_error())?;
    let written = (message.msg_controllen as usize).min(size_of_val(&control));
    let all: Vec<u8> = control.iter().flat_map(|word| word.to_ne_bytes()).take(written).collect();
    Ok(Received { bytes: bytes.min(buffer.len()), control: controls(&all) })
}

/// Reads control messages: a length that counts this head, level and kind, then data, each message aligned to a word.
fn controls(mut bytes: &[u8]) -> Vec<Control> {
    const WORD: usize = size_of::<usize>();
    const HEAD: usize = WORD + 2 * size_of::<c_int>();
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, c_int::from_ne_bytes);
    let mut found = vec![];
    while let Some(head) = bytes.get(..HEAD) {
        let length = head[..WORD].try_into().map_or(0, usize::from_ne_bytes);
        let Some(data) = bytes.get(HEAD..length) else { break };
        found.push(Control { level: number(&head[WORD..WORD + 4]), kind: number(&head[WORD + 4..HEAD]), data: data.to_vec() });
        bytes = bytes.get(length.next_multiple_of(WORD)..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        net::{TcpListener, TcpStream, UdpSocket},
        os::fd::AsFd,
    };

    #[test]
    fn the_kernel_tells_of_a_connection_and_of_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let info = tcp_info(stream.as_fd()).unwrap();
        assert!(info.len() >= 104 && info.len() < TCP_INFO, "{} bytes", info.len());
        assert_eq!(info[0], 1, "TCP_ESTABLISHED");
        assert!(tcp_info(UdpSocket::bind("127.0.0.1:0").unwrap().as_fd()).is_err());
    }

    #[test]
    fn a_message_comes_with_its_stamp() {
        let [a, b] = [0, 0].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        set(b.as_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1).unwrap();
        let mut buffer = [0; 4];
        assert_eq!(receive(b.as_fd(), &mut buffer, 0).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        a.send_to(b"longer", b.local_addr().unwrap()).unwrap();
        let received = receive(b.as_fd(), &mut buffer, 0).unwrap();
        assert_eq!((received.bytes, &buffer), (4, b"long"));
        let stamp = &received.control[0];
        assert_eq!((stamp.level, stamp.kind, stamp.data.len()), (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, 16));
        assert!(set(b.as_fd(), 12_345, 1, 1).is_err());
    }

    #[test]
    fn control_messages_end_where_they_are_cut() {
        let mut bytes = vec![];
        for (level, kind, data) in [(1_i32, 35_i32, vec![7_u8; 16]), (0, 11, vec![9; 5])] {
            bytes.extend((16 + data.len()).to_ne_bytes());
            bytes.extend(level.to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(&data);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        let all = controls(&bytes);
        assert_eq!(all[1], Control { level: 0, kind: 11, data: vec![9; 5] });
        for cut in 0..bytes.len() {
            assert!(controls(&bytes[..cut]).len() <= 2);
        }
        // A length of nothing does not go round for ever.
        assert!(controls(&[0; 64]).is_empty());
    }
}
