//! Logins of the user's netrc file, by host: the only place from which passwords are taken.

use crate::Error;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Logins of a netrc file.
#[derive(Clone, Default)]
pub(crate) struct NetrcFile(Vec<NetrcLogin>);

#[derive(Clone, Default)]
struct NetrcLogin {
    machine: String,
    login: String,
    password: String,
}

impl fmt::Debug for NetrcFile {
    /// Shows no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|login| &login.machine))
            .finish()
    }
}

impl NetrcFile {
    /// Reads the file; nothing where there is none.
    ///
    /// # Errors
    /// The system does not let this program read it.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::Setting {
                what: "netrc",
                value: path.display().to_string(),
                reason: error.to_string(),
            }),
        }
    }

    /// Parses `machine HOST login NAME password WORD`, in any order of the last two; other words are left out. `default` is not
    /// taken: a password goes to no host that the user has not named.
    fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .map(|line| line.split(" #").next().unwrap_or_default());
        let lines = lines.filter(|line| !line.trim_start().starts_with('#'));
        let mut words = lines.flat_map(str::split_whitespace);
        let (mut logins, mut of_machine) = (Vec::<NetrcLogin>::new(), false);
        while let Some(word) = words.next() {
            if word == "machine" {
                let machine = words.next().unwrap_or_default().to_ascii_lowercase();
                logins.push(NetrcLogin {
                    machine,
                    ..NetrcLogin::default()
                });
                of_machine = true;
            }
            of_machine &= word != "default" && word != "macdef";
            let field = logins.last_mut().filter(|_| of_machine);
            match (word, field) {
                ("login", Some(login)) => login.login = words.next().unwrap_or_default().to_owned(),
                ("password", Some(login)) => login.password = words.next().unwrap_or_default().to_owned(),
                _ => {}
            }
        }
        Self(logins)
    }

    /// Value of the header `Authorization` for `host`, where the file has a login for it (RFC 7617).
    pub(crate) fn authorization(&self, host: &str) -> Option<String> {
        let mut logins = self.0.iter();
        let found =
            logins.find(|login| login.machine.eq_ignore_ascii_case(host) && !login.login.is_empty())?;
        let text = format!("{}:{}", found.login, found.password);
        Some(format!("Basic {}", encode_base64(text.as_bytes())))
    }
}

/// Bytes in base64 (RFC 4648).
fn encode_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            out.push(match digit <= group.len() {
                true => char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize]),
                false => '=',
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let encoded = ["", "f", "fo", "foo", "foob"].map(|text| encode_base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }

    #[test]
    fn a_login_is_of_the_host_that_it_is_written_for() {
        let text = "# mine\nmachine physionet.org\n  login me password a#b # a note\nmachine other login x password y\n\
                    default login all password secret\n";
        let file = NetrcFile::parse(text);
        assert_eq!(
            file.authorization("physionet.org"),
            Some("Basic bWU6YSNi".to_owned())
        );
        assert_eq!(file.authorization("other"), Some("Basic eDp5".to_owned()));
        assert_eq!(file.authorization("evil.org"), None);
        assert!(!format!("{file:?}").contains("a#b"));
        assert!(NetrcFile::parse("machine").authorization("").is_none());
    }
}
