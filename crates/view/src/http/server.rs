//! Connections, each with one request, on threads of which there are few.

use super::access::Access;
use super::request::{Refusal, Request, read_request};
use super::response::Response;
use crate::error::{Error, Result};
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Connections at a time: a browser opens six.
const MAX_CONNECTIONS: usize = 32;
/// Time that a request may take to arrive.
const READ_TIME: Duration = Duration::from_secs(10);
/// Time that the peer may leave an answer unread.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// Time that a request may take for which there is no place.
const GLANCE: Duration = Duration::from_millis(20);
/// Random bytes of a token.
const TOKEN_BYTES: usize = 24;

/// Whoever answers: the path after the token, and the request.
pub(crate) type Answer = dyn Fn(&str, &Request) -> Response + Send + Sync;

/// A server that listens on 127.0.0.1 and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    access: Access,
}

impl Server {
    /// Listens on a port, or on one that is free, with a new token.
    ///
    /// # Errors
    /// The port is taken, or the system has no random bytes.
    pub fn bind(port: Option<u16>) -> Result<Self> {
        let wanted = port.unwrap_or(0);
        let refused = |source| Error::Listen { port: wanted, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            listener,
            address,
            access: Access::new(address.port(), token),
        })
    }

    /// Path that every address begins with, token included.
    pub fn base(&self) -> String {
        self.access.base()
    }

    /// Address to open, token included.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.base())
    }

    /// Port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers from here on, on threads of its own.
    ///
    /// # Errors
    /// The system has no thread.
    pub(crate) fn start(self, answer: Arc<Answer>) -> Result<RunningServer> {
        let stop = Arc::new(AtomicBool::new(false));
        let (address, stopped) = (self.address, Arc::clone(&stop));
        let accept = move || accept_connections(&self, &answer, &stopped);
        let thread = std::thread::Builder::new().name("view".to_owned()).spawn(accept);
        Ok(RunningServer {
            address,
            stop,
            thread: Some(thread.map_err(Error::Thread)?),
        })
    }
}

/// A server that answers until this is dropped.
pub struct RunningServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Accepting ends with the next connection: this one.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// A place among the connections, given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(open));
        (open.fetch_add(1, Ordering::SeqCst) < MAX_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn accept_connections(server: &Server, answer: &Arc<Answer>, stop: &AtomicBool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in server.listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Too many files are open: some will be closed.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let _ = stream.set_write_timeout(Some(WRITE_TIME));
        let Some(place) = Place::take(&open) else {
            turn_away(&stream);
            continue;
        };
        let (access, answer) = (server.access.clone(), Arc::clone(answer));
        let serve = move || {
            let _place = place;
            if let Err(error) = serve_connection(&stream, &access, &*answer) {
                tracing::debug!("a connection ended early: {error}");
            }
        };
        if let Err(error) = std::thread::Builder::new().spawn(serve) {
            tracing::warn!("a request is not answered: {error}");
        }
    }
}

/// Says that there is no place, without keeping others waiting.
fn turn_away(stream: &TcpStream) {
    let _ = stream.set_read_timeout(Some(GLANCE));
    // A request that is left unread makes the system discard the answer.
    let _ = (&*stream).read(&mut [0; 4096]);
    let _ = Response::text(503, "too many connections").write(&mut &*stream);
}

fn serve_connection(stream: &TcpStream, access: &Access, answer: &Answer) -> io::Result<()> {
    let mut timed = TimedStream {
        stream,
        until: Instant::now() + READ_TIME,
    };
    let response = match read_request(&mut timed) {
        Ok(None) => return Ok(()),
        Ok(Some(request)) => match access.check(&request) {
            Ok(path) => answer(path, &request),
            Err(refusal) => refuse(refusal),
        },
        Err(refusal) => refuse(refusal),
    };
    response.write(&mut &*stream)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    // What is unread when a connection closes makes the system discard the answer with it.
    let _ = io::copy(&mut timed.take(1 << 20), &mut io::sink());
    Ok(())
}

fn refuse(refusal: Refusal) -> Response {
    tracing::debug!("refused: {}", refusal.why);
    refusal.into()
}

/// A connection that is read until a point in time.
struct TimedStream<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl Read for TimedStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}
