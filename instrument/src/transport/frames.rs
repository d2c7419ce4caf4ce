//! Frames: what stands between the bytes of a connection.
//!
//! A frame of a source or a sink is its kind, the length of its body and the body; one of the job
//! itself is its kind and what follows from that. Whoever reads believes nothing: what is too long,
//! cut off or of no kind that there is, is an error that says so.

use super::shape::Outgoing;
use engines::{Stamped, Timestamp};
use std::io::{self, ErrorKind, Read, Write};

/// How many bytes are gathered before they are sent, if nothing sends them before.
const FULL_BYTES: usize = 64 << 10;

/// The longest body that is taken.
const BODY_BYTES_MOST: usize = 16 << 20;

/// The longest text that is taken.
const TEXT_BYTES_MOST: usize = 1 << 20;

/// Kind and length.
const HEAD_BYTES: usize = 5;

const RECORDS: u8 = 1;
const MARK: u8 = 2;
const END: u8 = 3;
const ANSWERS: u8 = 1;

/// What a source sends, gathered.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Where the frame of records begins that stands last, so that more can be added to it.
    records_at: Option<usize>,
}

impl Frames {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(2 * FULL_BYTES), records_at: None }
    }

    /// Adds records.
    #[inline]
    pub fn records<E: Outgoing>(&mut self, records: &[Stamped<E>]) {
        let at = self.records_at.unwrap_or_else(|| {
            let at = self.bytes.len();
            self.head(RECORDS);
            at
        });
        self.records_at = Some(at);
        for record in records {
            let mut times = [0; 16];
            times[..8].copy_from_slice(&record.due.as_nanos().to_le_bytes());
            times[8..].copy_from_slice(&record.event_time.as_micros().to_le_bytes());
            self.bytes.extend_from_slice(&times);
            record.value.put(&mut self.bytes);
        }
        self.close(at);
    }

    /// Adds a watermark mark.
    pub fn mark(&mut self, watermark: Timestamp) {
        let at = self.bytes.len();
        self.head(MARK);
        self.bytes.extend_from_slice(&watermark.as_micros().to_le_bytes());
        self.close(at);
        self.records_at = None;
    }

    /// Adds the end; nothing follows.
    pub fn end(&mut self) {
        self.head(END);
        self.records_at = None;
    }

    /// Whether so much was gathered that it should be sent.
    #[inline]
    pub const fn is_full(&self) -> bool {
        self.bytes.len() >= FULL_BYTES
    }

    /// Whether there is nothing to be sent.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Sends what was gathered. Waits for as long as nobody reads.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn send(&mut self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.bytes)?;
        self.bytes.clear();
        self.records_at = None;
        Ok(())
    }

    fn head(&mut self, kind: u8) {
        self.bytes.extend_from_slice(&[kind, 0, 0, 0, 0]);
    }

    /// Writes how long the body of the frame is that begins there and stands last.
    #[inline]
    fn close(&mut self, at: usize) {
        let length = self.bytes.len() - at - HEAD_BYTES;
        // Whatever is gathered is sent long before.
        let length = u32::try_from(length).expect("a frame is shorter than 4 GiB");
        self.bytes[at + 1..at + HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
    }
}

/// What the job itself is told.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ToJob {
    /// Say what your clock says.
    Clock = 1,
    /// The run's clock has started.
    Go = 2,
    /// Give up.
    Stop = 3,
}

impl ToJob {
    /// Sends it.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn send(self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&[self as u8])
    }
}

/// What the job itself tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromJob {
    /// What its clock says, in nanoseconds.
    Clock(i64),
    /// A fact, as JSON.
    Note(String),
    /// Why it fails.
    Failed(String),
    /// It is done; how many records were too late for all of their windows, if it knows.
    Done(Option<u64>),
}

/// Why a connection cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It ended where more was to come.
    #[error("its connection was cut")]
    Cut,
    /// There is no frame of this kind.
    #[error("it sent a frame of kind {0}, which there is not")]
    Kind(u8),
    /// A body is longer than any is.
    #[error("it announced a frame of {0} bytes, more than any has")]
    TooLong(u64),
    /// A body is too short for its kind.
    #[error("it sent a frame of {0} bytes, too few for what it is")]
    TooShort(u32),
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

fn array<const BYTES: usize>(from: &mut impl Read) -> Result<[u8; BYTES], Unreadable> {
    let mut bytes = [0; BYTES];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A text behind its length.
fn text(from: &mut impl Read) -> Result<String, Unreadable> {
    let length = u32::from_le_bytes(array(from)?);
    if length as usize > TEXT_BYTES_MOST {
        return Err(Unreadable::TooLong(length.into()));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads what the job itself tells next; none where it has closed the connection between two frames.
///
/// # Errors
/// Where it cannot be read.
pub fn read_control(from: &mut impl Read) -> Result<Option<FromJob>, Unreadable> {
    let mut kind = [0];
    match from.read(&mut kind) {
        Ok(0) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::Interrupted => return read_control(from),
        Err(_) => return Err(Unreadable::Cut),
        Ok(_) => {}
    }
    Ok(Some(match kind[0] {
        1 => FromJob::Clock(i64::from_le_bytes(array(from)?)),
        2 => FromJob::Note(text(from)?),
        3 => FromJob::Failed(text(from)?),
        4 => {
            let late = u64::from_le_bytes(array(from)?);
            FromJob::Done((late != u64::MAX).then_some(late))
        }
        kind => return Err(Unreadable::Kind(kind)),
    }))
}

/// What a sink sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FromSink {
    /// Answers, which are in the body.
    Answers {
        /// What the job's clock said when it was handed the last of them, in nanoseconds.
        emitted_ns: i64,
    },
    /// Nothing follows.
    End,
}

/// Reads what a sink sends next. The bytes of answers, without anything before them, are in `body`
/// then.
///
/// # Errors
/// Where it cannot be read.
pub fn read_sink(from: &mut impl Read, body: &mut Vec<u8>) -> Result<FromSink, Unreadable> {
    let [kind, length @ ..] = array::<HEAD_BYTES>(from)?;
    let length = u32::from_le_bytes(length);
    match kind {
        ANSWERS if length as usize > BODY_BYTES_MOST => Err(Unreadable::TooLong(length.into())),
        ANSWERS if length < 8 => Err(Unreadable::TooShort(length)),
        ANSWERS => {
            let emitted_ns = i64::from_le_bytes(array(from)?);
            body.resize(length as usize - 8, 0);
            from.read_exact(body)?;
            Ok(FromSink::Answers { emitted_ns })
        }
        END if length > 0 => Err(Unreadable::TooLong(length.into())),
        END => Ok(FromSink::End),
        kind => Err(Unreadable::Kind(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::Moment;
    use scenarios::Keyed;

    fn event(due: u64, time: i64, key: u64) -> Stamped<Keyed> {
        let value = Keyed { key, value: -1 };
        let (event_time, due) = (Timestamp::from_micros(time), Moment::from_nanos(due));
        Stamped { event_time, due, value }
    }

    /// Kind and body of each frame.
    fn sent(frames: &mut Frames) -> Vec<(u8, Vec<i64>)> {
        let mut bytes = Vec::new();
        frames.send(&mut bytes).unwrap();
        assert!(frames.is_empty());
        let mut rest = &bytes[..];
        let mut all = Vec::new();
        while let Some((head, after)) = rest.split_at_checked(HEAD_BYTES) {
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            let (body, after) = after.split_at(length as usize);
            let fields = body.as_chunks().0.iter().map(|field| i64::from_le_bytes(*field));
            all.push((head[0], fields.collect()));
            rest = after;
        }
        assert!(rest.is_empty());
        all
    }

    #[test]
    fn records_share_a_frame_until_a_mark_stands_between_them() {
        let mut frames = Frames::new();
        frames.records(&[event(1, -2, 3)]);
        frames.records(&[event(4, 5, 6), event(7, 8, 9)]);
        frames.mark(Timestamp::from_micros(-10));
        frames.records(&[event(11, 12, 13)]);
        frames.end();
        let want = [
            (RECORDS, vec![1, -2, 3, -1, 4, 5, 6, -1, 7, 8, 9, -1]),
            (MARK, vec![-10]),
            (RECORDS, vec![11, 12, 13, -1]),
            (END, vec![]),
        ];
        assert_eq!(sent(&mut frames), want);
        // What was sent is over.
        frames.records(&[event(1, 1, 1)]);
        assert_eq!(sent(&mut frames).len(), 1);
    }

    #[test]
    fn what_was_gathered_is_sent_before_it_grows() {
        let mut frames = Frames::new();
        let record = [event(1, 2, 3)];
        let count = (0..).take_while(|_| {
            frames.records(&record);
            !frames.is_full()
        });
        assert!((2_000..2_100).contains(&count.count()));
    }

    #[test]
    fn what_a_job_tells_is_read_frame_by_frame() {
        let late = 7_u64.to_le_bytes();
        let clock = (-5_i64).to_le_bytes();
        let bytes = [
            &[1][..],
            &clock,
            b"\x02\x02\0\0\0{}",
            b"\x03\x03\0\0\0why",
            &[4],
            &late,
            &[4],
            &[0xff; 8],
        ]
        .concat();
        let mut from = &bytes[..];
        let mut next = || read_control(&mut from).unwrap();
        assert_eq!(next(), Some(FromJob::Clock(-5)));
        assert_eq!(next(), Some(FromJob::Note("{}".into())));
        assert_eq!(next(), Some(FromJob::Failed("why".into())));
        assert_eq!(next(), Some(FromJob::Done(Some(7))));
        assert_eq!(next(), Some(FromJob::Done(None)));
        assert_eq!(next(), None);
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let control = |bytes: &[u8]| read_control(&mut { bytes });
        assert_eq!(control(&[9]), Err(Unreadable::Kind(9)));
        assert_eq!(control(&[4, 1]), Err(Unreadable::Cut));
        assert_eq!(control(b"\x03\x03\0\0\0wh"), Err(Unreadable::Cut));
        assert_eq!(control(&[2, 0, 0, 0, 0x80]), Err(Unreadable::TooLong(0x8000_0000)));
        let sink = |bytes: &[u8]| read_sink(&mut { bytes }, &mut Vec::new());
        assert_eq!(sink(&[]), Err(Unreadable::Cut));
        assert_eq!(sink(&[7, 0, 0, 0, 0]), Err(Unreadable::Kind(7)));
        assert_eq!(sink(&[1, 7, 0, 0, 0]), Err(Unreadable::TooShort(7)));
        assert_eq!(sink(&[1, 0, 0, 0, 2]), Err(Unreadable::TooLong(2 << 24)));
        assert_eq!(sink(&[1, 9, 0, 0, 0, 1, 2]), Err(Unreadable::Cut));
        assert_eq!(sink(&[3, 1, 0, 0, 0]), Err(Unreadable::TooLong(1)));
    }

    #[test]
    fn the_answers_of_a_sink_are_its_body() {
        let bytes = [&[1, 10, 0, 0, 0][..], &7_i64.to_le_bytes(), &[8, 9], &[3, 0, 0, 0, 0]];
        let bytes = bytes.concat();
        let (mut from, mut body) = (&bytes[..], vec![0; 50]);
        let answers = read_sink(&mut from, &mut body);
        assert_eq!(answers, Ok(FromSink::Answers { emitted_ns: 7 }));
        assert_eq!(body, [8, 9]);
        assert_eq!(read_sink(&mut from, &mut body), Ok(FromSink::End));
    }
}
