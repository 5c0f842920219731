//! HTTP/1.1 on the loopback interface: one request a connection, within limits, for whoever knows the token.
//!
//! No crate for synchronous servers bounds what a peer may send or how long it may take, and an asynchronous one brings a runtime; so
//! the loop is here, and heads are parsed by `httparse`.

mod access;
mod request;
mod response;
mod server;

pub(crate) use request::{Method, Request};
pub(crate) use response::Response;
pub use server::{RunningServer, Server};
