//! Where somebody listens: a host and a port, as people write them.

use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;
use std::{fmt, io};

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address; without brackets.
    pub host: String,
    /// The port; 0 for whichever is free.
    pub port: u16,
}

impl Address {
    /// From `HOST:PORT`, or `HOST` with a port where none is written; none if it is neither.
    pub fn parse(text: &str, otherwise: u16) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let is_host = if text.starts_with('[') {
            host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())
        } else {
            !host.is_empty() && host.chars().all(is_of_host)
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0)?,
            None => otherwise,
        };
        is_host.then(|| Self { host: host.to_owned(), port })
    }

    /// From `SCHEME://HOST:PORT`, with or without a slash behind it; none if it is something else.
    pub fn of_url(text: &str, scheme: &str, otherwise: u16) -> Option<Self> {
        let rest = text.strip_prefix(scheme)?.strip_prefix("://")?;
        Self::parse(rest.strip_suffix('/').unwrap_or(rest), otherwise)
    }

    /// A connection to it, by the first of its addresses that takes one in time.
    ///
    /// # Errors
    /// Where none does.
    pub fn dialled(&self, patience: Duration) -> io::Result<TcpStream> {
        let mut failed = io::Error::other("its name has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Whether it is this machine's own, which nobody else can reach.
    pub fn is_loopback(&self) -> bool {
        let is_ip = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.host == "localhost" || is_ip(&self.host)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        for (text, want, is_loopback) in [
            ("jobmanager:8081", Some("jobmanager:8081"), false),
            ("10.1.2.3", Some("10.1.2.3:7"), false),
            ("localhost", Some("localhost:7"), true),
            ("127.0.0.9:1", Some("127.0.0.9:1"), true),
            ("[::1]:80", Some("[::1]:80"), true),
            ("[fe80::1]", Some("[fe80::1]:7"), false),
            ("::1", None, false),
            ("[10.0.0.1]:80", None, false),
            ("[::1]80", None, false),
            ("", None, false),
            (":80", None, false),
            ("a:", None, false),
            ("a:0", None, false),
            ("a:65536", None, false),
            ("a b", None, false),
            ("a/b", None, false),
        ] {
            let address = Address::parse(text, 7);
            assert_eq!(address.as_ref().map(ToString::to_string).as_deref(), want, "{text}");
            assert_eq!(address.is_some_and(|address| address.is_loopback()), is_loopback, "{text}");
        }
        let of = |text: &str| Address::of_url(text, "http", 80).map(|address| address.to_string());
        assert_eq!(of("http://a:8081").as_deref(), Some("a:8081"));
        assert_eq!(of("http://a/").as_deref(), Some("a:80"));
        for other in ["https://a", "a:80", "http:/a", "http://a/b"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
