//! Small requests and answers over one loopback connection of our own.

use crate::reference::burner::clocks::thread_cpu;
use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// The length of a request and of its answer.
const MESSAGE: usize = 64;
/// An answer that does not come within this never comes.
const STUCK: Duration = Duration::from_secs(5);

/// A connection to a thread of this process that answers. Nobody else can connect to it.
pub struct Exchange {
    asking: TcpStream,
    answering: Option<JoinHandle<()>>,
    used_ns: Arc<AtomicU64>,
}

impl Exchange {
    /// Connects, and lets a thread answer.
    pub fn new() -> io::Result<Exchange> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let asking = TcpStream::connect(listener.local_addr()?)?;
        let (answering, from) = listener.accept()?;
        if from != asking.local_addr()? {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "another process connected to the calibration's own socket; try again"));
        }
        for socket in [&asking, &answering] {
            socket.set_nodelay(true)?;
        }
        asking.set_read_timeout(Some(STUCK))?;
        let used_ns = Arc::<AtomicU64>::default();
        let told = Arc::clone(&used_ns);
        let thread = Builder::new().name("noise-answers".into()).spawn(move || answer(answering, &told))?;
        Ok(Exchange { asking, answering: Some(thread), used_ns })
    }
    /// Asks so often, one request after the other.
    pub fn exchange(&mut self, often: u32) -> io::Result<()> {
        let (mut request, mut answer) = ([0x5A; MESSAGE], [0; MESSAGE]);
        for n in 0..often {
            request[0] = n as u8;
            self.asking.write_all(&request)?;
            self.asking.read_exact(&mut answer)?;
            if answer != request {
                return Err(io::Error::other("an answer was not its request's"));
            }
        }
        Ok(())
    }
    /// CPU time of the thread that answers, up to its last answer.
    pub fn answering(&self) -> Duration {
        Duration::from_nanos(self.used_ns.load(Ordering::Acquire))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        drop(self.asking.shutdown(Shutdown::Both));
        if let Some(thread) = self.answering.take() {
            drop(thread.join());
        }
    }
}

/// Answers each request with itself until the other side closes.
fn answer(mut socket: TcpStream, used_ns: &AtomicU64) {
    let mut message = [0; MESSAGE];
    while socket.read_exact(&mut message).is_ok() {
        used_ns.store(u64::try_from(thread_cpu().as_nanos()).unwrap_or(u64::MAX), Ordering::Release);
        if socket.write_all(&message).is_err() {
            break;
        }
    }
}
