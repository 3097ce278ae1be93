//! TLS sessions of one address, and whether the server gave any.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio_rustls::rustls::{
    NamedGroup,
    client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue},
    pki_types::ServerName,
};

/// A store that knows whether anything was put into it.
#[derive(Debug)]
pub struct Sessions {
    kept: ClientSessionMemoryCache,
    given: AtomicBool,
}

impl Sessions {
    /// An empty one.
    pub fn new() -> Sessions {
        Sessions { kept: ClientSessionMemoryCache::new(4), given: AtomicBool::new(false) }
    }
    /// Has the server given a session?
    pub fn given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(server, group);
    }
    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(server)
    }
    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.given.store(true, Ordering::Release);
        self.kept.set_tls12_session(server, value);
    }
    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(server)
    }
    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.kept.remove_tls12_session(server);
    }
    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.given.store(true, Ordering::Release);
        self.kept.insert_tls13_ticket(server, value);
    }
    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept.take_tls13_ticket(server)
    }
}
