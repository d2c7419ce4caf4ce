//! An input that is written down: records and marks, each with the moment at which it is due.

use engines::{Arrival, Block, Collected, Data, Moment, Sink, Source, Stamped, Timestamp};
use scenarios::{Keyed, WindowAnswer};
use std::sync::{Arc, Mutex, PoisonError};

/// A partition of an input. Records and marks are in the order in which they are due.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) records: Vec<Stamped<Keyed>>,
    /// When a mark is due, behind how many records it stands, and what it says.
    pub(super) marks: Vec<(Moment, usize, Timestamp)>,
    /// When it is over.
    pub(super) end: Moment,
}

impl Script {
    /// Behind what is there.
    pub(super) fn mark(&mut self, due: Moment, watermark: Timestamp) {
        self.marks.push((due, self.records.len(), watermark));
    }
}

/// Reads a script.
#[derive(Debug)]
pub(super) struct Reader {
    records: Arc<Vec<Stamped<Keyed>>>,
    marks: Vec<(Moment, usize, Timestamp)>,
    end: Moment,
    /// How many records and marks were read.
    read: usize,
    marked: usize,
}

impl Reader {
    pub(super) fn boxed(script: Script) -> Box<dyn Source<Item = Keyed>> {
        let Script { records, marks, end } = script;
        Box::new(Self { records: Arc::new(records), marks, end, read: 0, marked: 0 })
    }
}

impl Source for Reader {
    type Item = Keyed;

    fn poll(&mut self, now: Moment, limit: usize) -> Arrival<'_, Keyed> {
        let until = match self.marks.get(self.marked) {
            Some((due, behind, watermark)) if *behind == self.read => {
                if *due > now {
                    return Arrival::Idle { next_due: *due };
                }
                self.marked += 1;
                return Arrival::Watermark(*watermark);
            }
            Some((_, behind, _)) => *behind,
            None => self.records.len(),
        };
        let until = until.min(self.read.saturating_add(limit));
        let due = self.records[self.read..until].iter().take_while(|record| record.due <= now);
        let due = due.count();
        if due > 0 {
            self.read += due;
            return Arrival::Records(&self.records[self.read - due..self.read]);
        }
        match self.records.get(self.read) {
            Some(record) => Arrival::Idle { next_due: record.due },
            None if self.end > now => Arrival::Idle { next_due: self.end },
            None => Arrival::End,
        }
    }

    fn collect(&mut self, close: Moment) -> Collected<Keyed> {
        let from = self.read;
        self.read += self.records[from..].iter().take_while(|record| record.due < close).count();
        let marks = self.marks[self.marked..].iter().take_while(|(due, ..)| *due < close);
        let watermark = marks.clone().last().map(|(.., watermark)| *watermark);
        self.marked += marks.count();
        let record = self.records.get(self.read).map(|record| record.due);
        let mark = self.marks.get(self.marked).map(|(due, ..)| *due);
        let end = (self.end >= close).then_some(self.end);
        let next_due = [record, mark, end].into_iter().flatten().min();
        let block = Block::new(Arc::clone(&self.records), from..self.read);
        Collected { blocks: vec![block], watermark, next_due }
    }
}

/// Answers, each with the moment at which it was given.
pub(super) type Given<A> = Arc<Mutex<Vec<(A, Moment)>>>;

/// Remembers every answer.
struct Memory<A>(Given<A>);

impl<A: Data> Sink for Memory<A> {
    type Item = A;

    fn accept(&mut self, answers: &[Stamped<A>], emitted: Moment) {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.extend(answers.iter().map(|answer| (answer.value.clone(), emitted)));
    }
}

/// So many sinks that remember into one.
pub(super) fn sinks(
    count: usize,
) -> (Vec<Box<dyn Sink<Item = WindowAnswer>>>, Given<WindowAnswer>) {
    let given = Given::default();
    let sink = |_| Box::new(Memory(Arc::clone(&given))) as Box<dyn Sink<Item = WindowAnswer>>;
    ((0..count).map(sink).collect(), given)
}
