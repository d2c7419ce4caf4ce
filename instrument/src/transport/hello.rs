//! The first 32 bytes of a connection: who dials, and that they may.
//!
//! A token that only the job was told keeps everybody else on the machine out, by accident or not.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Read;

/// How a hello begins.
const MAGIC: [u8; 4] = *b"SLUI";

/// The version of the contract.
const VERSION: u16 = 1;

/// How long a hello is, in bytes.
const BYTES: usize = 32;

/// What only a job of this run knows.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Token([u8; 16]);

impl Token {
    /// One that nobody can guess.
    pub fn new() -> Self {
        // The keys of each come from the system's own random numbers.
        let word = || RandomState::new().build_hasher().finish().to_le_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&word());
        bytes[8..].copy_from_slice(&word());
        Self(bytes)
    }

    /// As it is handed to a job, in hexadecimal digits.
    pub fn digits(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// From its digits; none if they are none.
    pub fn of_digits(digits: &str) -> Option<Self> {
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

/// It stays out of whatever is printed.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// What a connection is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The job itself.
    Control,
    /// A source partition.
    Source,
    /// A sink.
    Sink,
}

/// Who dials.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What the connection is for.
    pub role: Role,
    /// Which of these, from 0.
    pub index: u32,
    /// How many of these there are.
    pub count: u32,
}

/// Why a connection is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It says nothing, or something else.
    #[error("a connection that is none of a job: it begins with no hello")]
    NoHello,
    /// It is made for another version of the contract.
    #[error(
        "the job speaks version {0} of the harness's protocol, and this program speaks {VERSION}: \
         its classes are of another build, so remove the folder `jobs` that `sluicebench engines` \
         names"
    )]
    Version(u16),
    /// It does not know the token of this run.
    #[error("a connection with a token that is not this run's")]
    Token,
    /// It says what cannot be.
    #[error("a connection for number {index} of {count} of role {role}")]
    Nonsense {
        /// Which role it named.
        role: u16,
        /// Which of them it says it is.
        index: u32,
        /// How many it says there are.
        count: u32,
    },
}

impl Hello {
    /// Reads who dials, and whether they may.
    ///
    /// # Errors
    /// Where they may not.
    pub fn read(from: &mut impl Read, token: Token) -> Result<Self, Refused> {
        let mut bytes = [0; BYTES];
        from.read_exact(&mut bytes).map_err(|_| Refused::NoHello)?;
        let (magic, rest) = bytes.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Refused::NoHello);
        }
        let half = |at: usize| u16::from_le_bytes([rest[at], rest[at + 1]]);
        let word =
            |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        if half(0) != VERSION {
            return Err(Refused::Version(half(0)));
        }
        if rest[12..] != token.0 {
            return Err(Refused::Token);
        }
        let (role, index, count) = (half(2), word(4), word(8));
        let known = match role {
            0 => Role::Control,
            1 => Role::Source,
            2 => Role::Sink,
            _ => return Err(Refused::Nonsense { role, index, count }),
        };
        if index >= count || count > COUNT_MOST {
            return Err(Refused::Nonsense { role, index, count });
        }
        Ok(Self { role: known, index, count })
    }

    /// The same as bytes: what a job sends.
    pub fn bytes(self, token: Token) -> [u8; BYTES] {
        let role: u16 = match self.role {
            Role::Control => 0,
            Role::Source => 1,
            Role::Sink => 2,
        };
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
        bytes[6..8].copy_from_slice(&role.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.index.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.count.to_le_bytes());
        bytes[16..].copy_from_slice(&token.0);
        bytes
    }
}

/// No job has more of anything.
const COUNT_MOST: u32 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: Hello = Hello { role: Role::Sink, index: 3, count: 5 };

    #[track_caller]
    fn check(change: impl FnOnce(&mut [u8; BYTES]), want: &Result<Hello, Refused>) {
        let token = Token([7; 16]);
        let mut bytes = HELLO.bytes(token);
        change(&mut bytes);
        assert_eq!(Hello::read(&mut &bytes[..], token), *want);
    }

    #[test]
    fn who_dials_is_known_by_32_bytes() {
        check(|_| (), &Ok(HELLO));
        check(|bytes| bytes[0] = b'X', &Err(Refused::NoHello));
        check(|bytes| bytes[4] = 2, &Err(Refused::Version(2)));
        check(|bytes| bytes[31] = 0, &Err(Refused::Token));
        let nonsense = |role, index, count| Err(Refused::Nonsense { role, index, count });
        check(|bytes| bytes[6] = 9, &nonsense(9, 3, 5));
        check(|bytes| bytes[8] = 5, &nonsense(2, 5, 5));
        check(|bytes| bytes[15] = 1, &nonsense(2, 3, 5 + (1 << 24)));
        let cut = HELLO.bytes(Token([7; 16]));
        assert_eq!(Hello::read(&mut &cut[..31], Token([7; 16])), Err(Refused::NoHello));
    }

    #[test]
    fn the_bytes_are_those_of_the_contract() {
        let bytes = Hello { role: Role::Source, index: 1, count: 2 }.bytes(Token([0xab; 16]));
        assert_eq!(bytes[..16], *b"SLUI\x01\0\x01\0\x01\0\0\0\x02\0\0\0");
        assert_eq!(bytes[16..], [0xab; 16]);
    }

    #[test]
    fn a_token_comes_back_from_its_digits_and_is_never_printed() {
        let token = Token::new();
        assert_ne!(token, Token::new());
        assert_eq!(Token::of_digits(&token.digits()), Some(token));
        assert_eq!(Token([0; 16]).digits().len(), 32);
        assert_eq!(Token::of_digits("7"), None);
        assert_eq!(Token::of_digits(&"g".repeat(32)), None);
        assert_eq!(format!("{token:?}"), "Token");
        // The first digits are the first bytes.
        let first = Token::of_digits("ab000000000000000000000000000001").unwrap();
        assert_eq!((first.0[0], first.0[15]), (0xab, 1));
    }
}
