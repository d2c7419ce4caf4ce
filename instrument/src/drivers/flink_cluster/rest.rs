//! The REST interface of a cluster: one question at a time, each on a connection of its own, with a
//! short patience. No more of HTTP is spoken than that takes.

use serde_json::Value;
use settings::plan::Address;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::Duration;

/// How long a cluster may take to take a connection, and to say the next thing on it.
const PATIENCE: Duration = Duration::from_secs(10);

/// No answer that is looked at is longer.
const BYTES_MOST: u64 = 4 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody is there, or says nothing.
    #[error(
        "no cluster answers at http://{0} ({1}): start it, or name its REST interface by \
         engine.flink.cluster"
    )]
    Nobody(Address, io::Error),
    /// It answers something else.
    #[error("what answers at http://{0} is no Flink: to {1} it said `{2}`")]
    Stranger(Address, String, String),
}

/// Asks for a document.
pub(super) fn get(at: &Address, path: &str) -> Result<Value, NoAnswer> {
    let text = ask(at, "GET", path).map_err(|error| {
        let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        let late = || io::Error::other(format!("nothing came for {} s", PATIENCE.as_secs()));
        NoAnswer::Nobody(at.clone(), if is_late { late() } else { error })
    })?;
    let is_good = text.starts_with("HTTP/1.") && text.get(8..12) == Some(" 200");
    let body = text.split_once("\r\n\r\n").filter(|_| is_good);
    let document = body.and_then(|(_, body)| serde_json::from_str(body).ok());
    document.ok_or_else(|| {
        let first = text.lines().next().unwrap_or_default();
        let said = reports::words::brief(first, 80).into_owned();
        NoAnswer::Stranger(at.clone(), path.to_owned(), said)
    })
}

/// Asks for a job to be cancelled. What it answers is no matter: the job may be gone.
pub(super) fn cancel(at: &Address, job: &str) -> io::Result<()> {
    ask(at, "PATCH", &format!("/jobs/{job}?mode=cancel")).map(drop)
}

/// Asks, and returns all that is answered, head and body.
fn ask(at: &Address, method: &str, path: &str) -> io::Result<String> {
    let mut stream = at.dialled(PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // What speaks 1.0 is answered in one piece, up to the end of the connection.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {at}\r\nAccept: application/json\r\nContent-Length: \
         0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(BYTES_MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
