//! The two requests to the kernel for which there is no safe call: a TUN device, and mounts of a thread's own.
#![allow(
    unsafe_code,
    reason = "TUNSETIFF takes a structure by address, and a thread that leaves the process's mounts must share no open files by number"
)]

use rustix::{
    fs::{Mode, OFlags, open},
    ioctl::{Setter, ioctl, opcode},
    thread::{UnshareFlags, unshare_unsafe},
};
use std::{io, os::fd::OwnedFd};

/// Packets of the network layer, with no Ethernet header (`IFF_TUN`) and no header of the driver before them (`IFF_NO_PI`).
const TUN_WITHOUT_HEADER: u16 = 0x0001 | 0x1000;
const TUNSETIFF: rustix::ioctl::Opcode = opcode::write::<i32>(b'T', 202);

/// `struct ifreq` of `linux/if.h`: a name, and a union of 24 bytes of which the first two are the flags here.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// A new TUN device in the network namespace of the calling thread. It is gone when the descriptor is closed.
pub(super) fn open_tun(name: &str) -> io::Result<OwnedFd> {
    let mut request = InterfaceRequest { name: [0; 16], flags: TUN_WITHOUT_HEADER, rest: [0; 22] };
    assert!(name.len() < request.name.len(), "a device's name has at most 15 bytes: {name}");
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    let device = open("/dev/net/tun", OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    // SAFETY: the code is TUNSETIFF of linux/if_tun.h, whose argument is the address of a `struct ifreq`, which `InterfaceRequest` is laid out as.
    unsafe { ioctl(&device, Setter::<TUNSETIFF, _>::new(request))? };
    Ok(device)
}

/// Gives the calling thread mounts of its own, a copy of the process's.
pub(super) fn unshare_mounts() -> io::Result<()> {
    // SAFETY: open files stay shared, for which alone the call is unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS)? };
    Ok(())
}
