//! Options of fetching. Nothing is read from the environment: the caller passes all values.

use std::path::PathBuf;
use std::time::Duration;

/// Options of a [`crate::Fetcher`].
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Address of the model hub, for files in its repositories.
    pub hub: String,
    /// Access token of the hub, sent to the hub only, and only over https or to this machine.
    pub token: Option<String>,
    /// Netrc file with logins for hosts that ask for one; each is sent to its host only, and only over https or to this machine.
    pub netrc: Option<PathBuf>,
    /// Proxy to connect through, such as `http://proxy:3128`; never used for this machine.
    pub proxy: Option<String>,
    /// Hosts to connect to without the proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// Certificates (PEM) to trust instead of the well-known authorities, as behind a proxy that inspects traffic.
    pub certificates: Option<PathBuf>,
    /// Size of the largest file that is downloaded or unpacked, in bytes.
    pub max_bytes: u64,
    /// True to keep archives after unpacking them.
    pub keep_archives: bool,
    /// Number of retries in a row without progress.
    pub retries: u32,
    /// Pause before the first retry; it doubles each time, up to half a minute.
    pub pause: Duration,
    /// Longest pause that a server may ask for; a longer one counts as a refusal.
    pub longest_pause: Duration,
    /// Longest time that a server may stay silent.
    pub silence: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            hub: crate::HUB.to_owned(),
            token: None,
            netrc: None,
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
