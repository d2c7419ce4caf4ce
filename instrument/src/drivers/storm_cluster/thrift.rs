//! The calls that a Nimbus takes: one at a time, each on a connection of its own, with a short
//! patience. No more of Thrift is spoken than that takes: its binary protocol, in frames, as Storm
//! speaks it where nobody has to say who they are.

use settings::plan::Address;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::Duration;

/// How long a cluster may take to take a connection, and to say the next thing on it.
const PATIENCE: Duration = Duration::from_secs(10);

/// No answer that is looked at is longer.
const BYTES_MOST: u32 = 16 << 20;

/// Nothing that is looked at lies deeper.
const DEPTH_MOST: u32 = 16;

const VERSION: u32 = 0x8001_0000;
const CALL: u32 = VERSION | 1;
const REPLY: u32 = VERSION | 2;
const EXCEPTION: u32 = VERSION | 3;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody is there, or says nothing.
    #[error(
        "no cluster answers at {0} ({1}): start it, or name its Nimbus by engine.storm.cluster"
    )]
    Nobody(Address, io::Error),
    /// It answers something else.
    #[error(
        "what answers at {0} is no Nimbus that anybody may call: it said {1} (the port is that of \
         nimbus.thrift.port)"
    )]
    Stranger(Address, String),
    /// It does not do what it was asked to.
    #[error("the Nimbus at {0} refuses {1}: {2}")]
    Refused(Address, &'static str, String),
}

/// What comes back, as far as anybody looks at it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Flag(bool),
    Integer(i64),
    Text(String),
    List(Vec<Value>),
    Struct(BTreeMap<i16, Value>),
    /// Numbers that are no integers, and maps.
    Other,
}

impl Value {
    /// A field of a struct.
    pub(super) fn field(&self, number: i16) -> Option<&Self> {
        match self {
            Self::Struct(fields) => fields.get(&number),
            _ => None,
        }
    }

    /// The values of a list that is a field.
    pub(super) fn each(&self, number: i16) -> &[Self] {
        match self.field(number) {
            Some(Self::List(values)) => values,
            _ => &[],
        }
    }

    /// A text that is a field.
    pub(super) fn text(&self, number: i16) -> Option<&str> {
        match self.field(number) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number that is a field, where it is none below 0; else 0.
    pub(super) fn count(&self, number: i16) -> u64 {
        match self.field(number) {
            Some(Self::Integer(n)) => u64::try_from(*n).unwrap_or(0),
            _ => 0,
        }
    }
}

// Types of fields.
const STOP: u8 = 0;
const BOOL: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 4;
const I16: u8 = 6;
const I32: u8 = 8;
const I64: u8 = 10;
const STRING: u8 = 11;
const STRUCT: u8 = 12;
const MAP: u8 = 13;
const SET: u8 = 14;
const LIST: u8 = 15;

/// What a cluster is made of, and what runs on it.
pub(super) fn cluster(at: &Address) -> Result<Value, NoAnswer> {
    call(at, "getClusterInfo", &[STOP])
}

/// Ends a topology at once.
pub(super) fn kill(at: &Address, topology: &str) -> Result<(), NoAnswer> {
    let mut arguments = vec![STRING, 0, 1];
    put_text(&mut arguments, topology);
    // How it is to be done: after so many seconds.
    arguments.extend([STRUCT, 0, 2, I32, 0, 1, 0, 0, 0, 0, STOP, STOP]);
    call(at, "killTopologyWithOpts", &arguments).map(drop)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).expect("a name is short").to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// Calls a function with arguments that are laid out; what it returns, or [`Value::Other`] where that
/// is nothing.
fn call(at: &Address, function: &'static str, arguments: &[u8]) -> Result<Value, NoAnswer> {
    let came = exchange(at, function, arguments).map_err(|error| {
        let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        let late = || io::Error::other(format!("nothing came for {} s", PATIENCE.as_secs()));
        NoAnswer::Nobody(at.clone(), if is_late { late() } else { error })
    })?;
    let stranger = |said: &[u8]| {
        let said = String::from_utf8_lossy(said);
        let said = match said.lines().next().unwrap_or_default() {
            "" => "nothing".to_owned(),
            first => format!("`{}`", reports::words::brief(first, 80)),
        };
        NoAnswer::Stranger(at.clone(), said)
    };
    let frame = came.map_err(|said| stranger(&said))?;
    let mut rest = Bytes(&frame);
    let read = |rest: &mut Bytes<'_>| {
        let kind = rest.u32()?;
        let name = rest.text()?;
        let _number = rest.u32()?;
        let result = rest.value(STRUCT, 0)?;
        (name == function && [REPLY, EXCEPTION].contains(&kind)).then_some((kind, result))
    };
    let Some((kind, result)) = read(&mut rest) else { return Err(stranger(&frame)) };
    let Value::Struct(fields) = &result else { return Err(stranger(&frame)) };
    // An answer is field 0 of what comes back, and any other is an exception.
    match fields.iter().find(|(number, _)| **number != 0) {
        // One of Thrift's own: there is no such function.
        _ if kind == EXCEPTION => Err(stranger(result.text(1).unwrap_or_default().as_bytes())),
        Some((_, why)) => {
            let why = why.text(1).unwrap_or("it does not say why").to_owned();
            Err(NoAnswer::Refused(at.clone(), function, why))
        }
        None => Ok(result.field(0).cloned().unwrap_or(Value::Other)),
    }
}

/// Sends a call; the frame that comes back, or what came where that is none.
fn exchange(
    at: &Address,
    function: &str,
    arguments: &[u8],
) -> io::Result<Result<Vec<u8>, Vec<u8>>> {
    let mut stream = at.dialled(PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut message = CALL.to_be_bytes().to_vec();
    put_text(&mut message, function);
    message.extend(0_u32.to_be_bytes());
    message.extend(arguments);
    let mut bytes = u32::try_from(message.len()).expect("a call is short").to_be_bytes().to_vec();
    bytes.extend(message);
    stream.write_all(&bytes)?;
    let mut length = Vec::new();
    (&stream).take(4).read_to_end(&mut length)?;
    let long = <[u8; 4]>::try_from(length.as_slice()).map(u32::from_be_bytes);
    let Some(long) = long.ok().filter(|long| *long <= BYTES_MOST) else {
        // Some more of it, to tell what it says, and not all: it may never end.
        let mut more = [0; 128];
        let came = stream.read(&mut more).unwrap_or(0);
        length.extend(&more[..came]);
        return Ok(Err(length));
    };
    let mut frame = Vec::new();
    (&stream).take(long.into()).read_to_end(&mut frame)?;
    Ok(if frame.len() == long as usize { Ok(frame) } else { Err(frame) })
}

/// What is left of a frame. Whatever it reads is none where there is too little left.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()?;
        let bytes = self.take(usize::try_from(length).ok()?)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A value of a type; none where there is no such type.
    fn value(&mut self, kind: u8, depth: u32) -> Option<Value> {
        if depth > DEPTH_MOST {
            return None;
        }
        Some(match kind {
            BOOL => Value::Flag(self.u8()? != 0),
            BYTE => Value::Integer(i64::from(self.array().map(i8::from_be_bytes)?)),
            I16 => Value::Integer(i64::from(self.array().map(i16::from_be_bytes)?)),
            I32 => Value::Integer(i64::from(self.array().map(i32::from_be_bytes)?)),
            I64 => Value::Integer(self.array().map(i64::from_be_bytes)?),
            DOUBLE => {
                self.take(8)?;
                Value::Other
            }
            STRING => Value::Text(self.text()?),
            STRUCT => {
                let mut fields = BTreeMap::new();
                loop {
                    let kind = self.u8()?;
                    if kind == STOP {
                        break Value::Struct(fields);
                    }
                    let number = self.array().map(i16::from_be_bytes)?;
                    fields.insert(number, self.value(kind, depth + 1)?);
                }
            }
            SET | LIST => {
                let kind = self.u8()?;
                let values = (0..self.u32()?).map(|_| self.value(kind, depth + 1));
                Value::List(values.collect::<Option<_>>()?)
            }
            MAP => {
                let (of_key, of_value) = (self.u8()?, self.u8()?);
                for _ in 0..self.u32()? {
                    self.value(of_key, depth + 1)?;
                    self.value(of_value, depth + 1)?;
                }
                Value::Other
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<Value> {
        let mut rest = Bytes(bytes);
        rest.value(STRUCT, 0).filter(|_| rest.0.is_empty())
    }

    #[test]
    fn whatever_is_not_looked_at_is_read_past() {
        let mut bytes = vec![MAP, 0, 7, STRING, DOUBLE, 0, 0, 0, 1];
        put_text(&mut bytes, "cpu");
        bytes.extend(1.5_f64.to_be_bytes());
        bytes.extend([BYTE, 0, 8, 255, I16, 0, 9, 0, 2, SET, 0, 5, I64, 0, 0, 0, 1]);
        bytes.extend(7_i64.to_be_bytes());
        bytes.extend([BOOL, 0, 4, 1, I32, 0, 3, 0, 0, 0, 4, STOP]);
        let value = read(&bytes).unwrap();
        assert_eq!((value.count(3), value.count(8), value.count(9)), (4, 0, 2));
        assert_eq!(value.field(4), Some(&Value::Flag(true)));
        assert_eq!(value.each(5), [Value::Integer(7)]);
        assert_eq!(value.field(7), Some(&Value::Other));
        // Whatever is cut off is nothing.
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn what_has_no_bottom_is_left() {
        let nested: Vec<u8> = [STRUCT, 0, 1].repeat(1_000_000);
        assert_eq!(read(&nested), None);
        // A list that is said to be longer than anything that came.
        assert_eq!(read(&[LIST, 0, 1, I32, 255, 255, 255, 255]), None);
    }
}
