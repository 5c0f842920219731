//! How to fetch. Nothing here is read from the environment: a caller passes in what it wants honoured.

use std::path::PathBuf;
use std::time::Duration;

/// How to fetch.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// The model hub, for files in its repositories.
    pub hub: String,
    /// Access token of the hub. It is sent to the hub only, and only over https or to this machine.
    pub token: Option<String>,
    /// Proxy to connect through, such as `http://proxy:3128`; never used for this machine.
    pub proxy: Option<String>,
    /// Hosts to connect to without the proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// Certificates (PEM) to trust instead of the well-known authorities, as behind a proxy that inspects traffic.
    pub certificates: Option<PathBuf>,
    /// The largest file that is downloaded or unpacked, in bytes.
    pub max_bytes: u64,
    /// Keep archives after unpacking them.
    pub keep_archives: bool,
    /// How often in a row to try again without having got further.
    pub retries: u32,
    /// Pause before the first retry; it doubles each time, up to half a minute.
    pub pause: Duration,
    /// The longest pause that a server may ask for; one that asks for more has refused.
    pub longest_pause: Duration,
    /// How long a server may stay silent.
    pub silence: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            hub: crate::HUB.to_owned(),
            token: None,
            proxy: None,
            no_proxy: None,
            certificates: None,
            max_bytes: 16 << 30,
            keep_archives: false,
            retries: 4,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(120),
            silence: Duration::from_secs(60),
        }
    }
}
