//! Lines of Zipf-distributed words, for counting them.
//!
//! A line holds the ids of its words, not their text: a source that reads text would intern it
//! once, at the door, and this is what it would hand on. An allocation per line or per word
//! costs two to three times what counting a word does, equally in both engines, and would bury
//! the difference between them. [`word`] gives the text of an id, for people to read.

use crate::spec::{KeysSpec, WordsSpec};
use crate::workload::disorder::Disorder;
use crate::workload::draws::{Purpose, Stream};
use crate::workload::events::Workload;
use crate::workload::rejected::RejectedRow;
use crate::workload::skew::{self, Ranks};
use engines::{ArrivalClock, Moment, Stamped};

/// The most words on a line: with their number they fill one cache line.
pub const WORDS_PER_LINE_MAX: usize = 15;

/// The most words in a dictionary: their ids have 32 bits.
pub const DICTIONARY_MAX: u64 = 1 << 32;

/// A line of words.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct Line {
    length: u32,
    ids: [u32; WORDS_PER_LINE_MAX],
}

impl Line {
    /// The ids of its words, in order.
    #[inline]
    pub fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.ids[..self.length as usize].iter().map(|id| u64::from(*id))
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.words().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// The text of the word with this id. Frequent words are short, as they are in languages
/// (Zipf 1935): the n-th word is n, written in syllables.
pub fn word(id: u64) -> String {
    const CONSONANTS: &[u8] = b"tnsrlkmdpbgvfzhw";
    const VOWELS: &[u8] = b"aeiou";
    let syllables = (CONSONANTS.len() * VOWELS.len()) as u64;
    // Bijective numeration, as in the column names of a spreadsheet: no two words are alike.
    let mut rest = rank_of_word(id) + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let digit = usize::try_from((rest - 1) % syllables).expect("below 80");
        letters.push(VOWELS[digit / CONSONANTS.len()]);
        letters.push(CONSONANTS[digit % CONSONANTS.len()]);
        rest = (rest - 1) / syllables;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// The id of the word with this rank: a one-to-one mixing of 32 bits, for the reason given in
/// [`skew`]. A Feistel network, as its halves make it easy to walk back.
#[expect(clippy::cast_possible_truncation, reason = "halves of 16 bits are meant")]
const fn id_of_word(rank: u32) -> u32 {
    let (mut left, mut right) = ((rank >> 16) as u16, rank as u16);
    let mut round = 0;
    while round < ROUNDS {
        (left, right) = (right, left ^ scrambled(right, round));
        round += 1;
    }
    (left as u32) << 16 | right as u32
}

/// Undoes [`id_of_word`]. What is no id of a word is its own rank.
#[expect(clippy::cast_possible_truncation, reason = "halves of 16 bits are meant")]
const fn rank_of_word(id: u64) -> u64 {
    if id >= DICTIONARY_MAX {
        return id;
    }
    let (mut left, mut right) = ((id >> 16) as u16, id as u16);
    let mut round = ROUNDS;
    while round > 0 {
        round -= 1;
        (left, right) = (right ^ scrambled(left, round), left);
    }
    (left as u64) << 16 | right as u64
}

const ROUNDS: u64 = 4;

/// The upper bits of a mixed half.
const fn scrambled(half: u16, round: u64) -> u16 {
    (skew::id_of(half as u64 + (round << 16)) >> 48) as u16
}

/// Lines of words, made up.
#[derive(Debug)]
pub struct Words {
    clock: ArrivalClock,
    disorder: Option<Disorder>,
    ranks: (Stream, Ranks),
    length: u32,
}

impl Words {
    /// The workload with this seed.
    ///
    /// # Panics
    /// If the spec would fail [`crate::spec::CaseSpec::check`].
    pub fn new(spec: &WordsSpec, seed: u64) -> Self {
        let ranks = Ranks::new(&KeysSpec::Zipf { count: spec.dictionary, exponent: spec.exponent });
        let length = u32::try_from(spec.words_per_line).ok();
        let length = length.filter(|words| *words as usize <= WORDS_PER_LINE_MAX);
        Self {
            clock: ArrivalClock {
                origin: spec.origin,
                micros_per_second: spec.event_us_per_second,
            },
            disorder: spec.disorder.as_ref().map(|disorder| Disorder::new(seed, disorder)),
            ranks: (Stream::new(seed, Purpose::Words), ranks),
            length: length.expect("a checked spec has lines that fit"),
        }
    }
}

impl Workload for Words {
    type Event = Line;

    #[inline]
    fn event(&self, n: u64, due: Moment) -> Stamped<Line> {
        let arrival = self.clock.at(due);
        let event_time = match &self.disorder {
            Some(disorder) => disorder.event_time(n, arrival),
            None => arrival,
        };
        let mut random = self.ranks.0.at(n);
        let mut line = Line { length: self.length, ids: [0; WORDS_PER_LINE_MAX] };
        for id in &mut line.ids[..self.length as usize] {
            let rank = self.ranks.1.draw(&mut random);
            *id = id_of_word(u32::try_from(rank).expect("a dictionary has at most 2^32 words"));
        }
        Stamped { event_time, due, value: line }
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn due(&self, _: u64) -> Option<Moment> {
        None
    }

    fn arrival_clock(&self) -> ArrivalClock {
        self.clock
    }

    fn rejected_rows(&self) -> &[RejectedRow] {
        &[]
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["line"]
    }

    fn cells(&self, event: &Stamped<Line>) -> Vec<String> {
        vec![event.value.text()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_line_fills_a_cache_line() {
        assert_eq!(size_of::<Line>(), 64);
    }

    #[test]
    fn frequent_words_are_short() {
        let words = |ranks: std::ops::Range<u32>| {
            ranks.map(|rank| word(u64::from(id_of_word(rank)))).collect::<Vec<_>>().join(" ")
        };
        insta::assert_snapshot!(words(0..6), @"ta na sa ra la ka");
        insta::assert_snapshot!(words(78..84), @"hu wu tata tana tasa tara");
        insta::assert_snapshot!(words(99_998..100_000), @"hatohu hatowu");
        insta::assert_snapshot!(words(u32::MAX - 1..u32::MAX), @"taderuwisoha");
    }

    #[test]
    fn no_two_words_are_alike() {
        let ids: HashSet<u32> = (0..20_000).map(id_of_word).collect();
        let texts: HashSet<String> = ids.iter().map(|id| word(u64::from(*id))).collect();
        assert_eq!((ids.len(), texts.len()), (20_000, 20_000));
    }

    proptest! {
        #[test]
        fn an_id_leads_back_to_its_rank(rank: u32) {
            prop_assert_eq!(rank_of_word(u64::from(id_of_word(rank))), u64::from(rank));
        }
    }
}
