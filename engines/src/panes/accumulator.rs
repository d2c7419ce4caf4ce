//! What has been aggregated for one key, and how late its latest record was due.

use crate::aggregate::Aggregate;
use crate::time::Moment;

/// A partial aggregate, with the due time of the latest-due record in it.
#[derive(Clone, Debug)]
pub(crate) struct Accumulator<P> {
    pub(crate) partial: P,
    /// All records in it were due before this, in nanoseconds; zero where there is none. An
    /// exclusive bound, so that adding a record needs no branch on memory that may be far away.
    due_before: u64,
}

impl<P> Accumulator<P> {
    pub(crate) const fn empty(partial: P) -> Self {
        Self { partial, due_before: 0 }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.due_before == 0
    }

    /// The due time of the latest-due record.
    #[inline]
    pub(crate) const fn due(&self) -> Moment {
        Moment::from_nanos(self.due_before.saturating_sub(1))
    }

    /// Sets the due time of the latest-due record.
    pub(crate) const fn set_due(&mut self, due: Moment) {
        self.due_before = due.as_nanos().saturating_add(1);
    }

    /// Adds a record.
    #[inline]
    pub(crate) fn add<A: Aggregate<Partial = P>>(
        &mut self,
        aggregate: &A,
        due: Moment,
        input: &A::Input,
    ) {
        aggregate.add(&mut self.partial, input);
        self.due_before = self.due_before.max(due.as_nanos().saturating_add(1));
    }

    /// Adds records, each with its due time.
    #[inline]
    pub(crate) fn add_each<A: Aggregate<Partial = P>>(
        &mut self,
        aggregate: &A,
        records: impl Iterator<Item = (Moment, A::Input)>,
    ) {
        let mut due_before = self.due_before;
        for (due, input) in records {
            aggregate.add(&mut self.partial, &input);
            due_before = due_before.max(due.as_nanos().saturating_add(1));
        }
        self.due_before = due_before;
    }

    /// Adds what `other` holds.
    #[inline]
    pub(crate) fn combine<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, other: &Self) {
        aggregate.combine(&mut self.partial, &other.partial);
        self.due_before = self.due_before.max(other.due_before);
    }
}
