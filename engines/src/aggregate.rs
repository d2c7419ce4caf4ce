//! Aggregates, and what they can do: `combine` always, `subtract` where an inverse exists.
//!
//! An aggregate is a commutative monoid over its `Partial`: `empty` is neutral, `combine` is
//! associative and commutative. If [`Aggregate::INVERTIBLE`], `subtract` undoes `combine`
//! exactly, so that a sliding window may take out what leaves instead of adding up what stays.
//! The kernels keep the number of panes that hold something beside each key, so that a key
//! whose values cancel out is not mistaken for one that has none.

use crate::record::Data;

/// A function from many inputs to one output that can be computed in parts.
pub trait Aggregate: Clone + Send + Sync + 'static {
    /// What is aggregated.
    type Input: Data;
    /// The aggregate of some of the inputs.
    type Partial: Data;
    /// The answer.
    type Output: Data;

    /// Whether [`Aggregate::subtract`] may be called.
    const INVERTIBLE: bool;

    /// The aggregate of nothing.
    fn empty(&self) -> Self::Partial;

    /// Adds one input.
    fn add(&self, partial: &mut Self::Partial, input: &Self::Input);

    /// Adds what `other` holds.
    fn combine(&self, partial: &mut Self::Partial, other: &Self::Partial);

    /// Takes out what `other` holds, which must have been added before.
    ///
    /// # Panics
    /// Where there is no inverse. Kernels ask [`Aggregate::INVERTIBLE`] first.
    fn subtract(&self, partial: &mut Self::Partial, other: &Self::Partial);

    /// The answer for what has been added.
    fn lower(&self, partial: &Self::Partial) -> Result<Self::Output, AggregateError>;
}

/// An answer that its type cannot hold.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub enum AggregateError {
    /// A sum left the range of `i64`. It is reported, never wrapped.
    #[error("the sum {0} does not fit a 64-bit integer")]
    SumOverflow(i128),
    /// More values for one key and window than a state of 16 bytes can count.
    #[error("there are {} values or more; ask for a shorter window", u32::MAX)]
    CountOverflow,
}

/// A sum of `i64`s that cannot overflow: 128 bits in two words, so that it stays aligned to 8.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Default)]
pub struct WideSum {
    low: u64,
    high: i64,
}

impl WideSum {
    /// The exact sum.
    #[inline]
    pub const fn get(self) -> i128 {
        ((self.high as i128) << 64) | self.low as i128
    }

    #[inline]
    fn add(&mut self, value: i64) {
        let (low, carry) = self.low.overflowing_add(value.cast_unsigned());
        self.low = low;
        self.high += (value >> 63) + i64::from(carry);
    }

    #[inline]
    fn combine(&mut self, other: Self) {
        let (low, carry) = self.low.overflowing_add(other.low);
        self.low = low;
        self.high += other.high + i64::from(carry);
    }

    fn lower(self) -> Result<i64, AggregateError> {
        i64::try_from(self.get()).map_err(|_| AggregateError::SumOverflow(self.get()))
    }
}

/// How many.
#[derive(Copy, Clone, Debug, Default)]
pub struct Count;

impl Aggregate for Count {
    type Input = ();
    type Partial = u64;
    type Output = u64;
    const INVERTIBLE: bool = true;

    fn empty(&self) -> u64 {
        0
    }
    #[inline]
    fn add(&self, partial: &mut u64, (): &()) {
        *partial += 1;
    }
    #[inline]
    fn combine(&self, partial: &mut u64, other: &u64) {
        *partial += other;
    }
    #[inline]
    fn subtract(&self, partial: &mut u64, other: &u64) {
        *partial -= other;
    }
    #[inline]
    fn lower(&self, partial: &u64) -> Result<u64, AggregateError> {
        Ok(*partial)
    }
}

/// How many, and their sum; the mean is their quotient.
#[derive(Copy, Clone, Debug, Default)]
pub struct CountAndSum;

/// The state of [`CountAndSum`]: a sum of 96 bits and a count of 32, side by side in 16 bytes.
/// It is the state that most windows are made of, and what decides whether 100,000 keys stay in
/// the cache. 2^32 values of 64 bits sum to less than 2^95, so the sum cannot overflow; a count
/// that reaches its end stays there and is refused as an answer.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Default)]
pub struct CountAndSumPartial {
    low: u64,
    high: i32,
    count: u32,
}

impl CountAndSumPartial {
    /// The exact sum.
    #[inline]
    pub const fn sum(self) -> i128 {
        ((self.high as i128) << 64) | self.low as i128
    }
}

/// The answer of [`CountAndSum`].
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct CountedSum {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: i64,
}

impl Aggregate for CountAndSum {
    type Input = i64;
    type Partial = CountAndSumPartial;
    type Output = CountedSum;
    const INVERTIBLE: bool = true;

    fn empty(&self) -> CountAndSumPartial {
        CountAndSumPartial::default()
    }
    #[inline]
    fn add(&self, partial: &mut CountAndSumPartial, input: &i64) {
        let (low, carry) = partial.low.overflowing_add(input.cast_unsigned());
        partial.low = low;
        partial.high += i32::from(carry) - i32::from(*input < 0);
        partial.count = partial.count.saturating_add(1);
    }
    #[inline]
    fn combine(&self, partial: &mut CountAndSumPartial, other: &CountAndSumPartial) {
        let (low, carry) = partial.low.overflowing_add(other.low);
        partial.low = low;
        // Beyond the last count the sum is never shown, and may be anything.
        partial.high = partial.high.wrapping_add(other.high).wrapping_add(i32::from(carry));
        partial.count = partial.count.saturating_add(other.count);
    }
    #[inline]
    fn subtract(&self, partial: &mut CountAndSumPartial, other: &CountAndSumPartial) {
        let (low, borrow) = partial.low.overflowing_sub(other.low);
        partial.low = low;
        partial.high = partial.high.wrapping_sub(other.high).wrapping_sub(i32::from(borrow));
        // What has been too much once is not known exactly any more.
        if partial.count < u32::MAX {
            partial.count -= other.count;
        }
    }
    #[inline]
    fn lower(&self, partial: &CountAndSumPartial) -> Result<CountedSum, AggregateError> {
        if partial.count == u32::MAX {
            return Err(AggregateError::CountOverflow);
        }
        let sum =
            i64::try_from(partial.sum()).map_err(|_| AggregateError::SumOverflow(partial.sum()))?;
        Ok(CountedSum { count: partial.count.into(), sum })
    }
}

/// How many, their sum, the smallest and the largest. Extremes have no inverse.
#[derive(Copy, Clone, Debug, Default)]
pub struct Summarise;

/// The state of [`Summarise`].
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub struct SummaryPartial {
    sum: WideSum,
    count: u64,
    min: i64,
    max: i64,
}

/// The answer of [`Summarise`].
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: i64,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

impl Aggregate for Summarise {
    type Input = i64;
    type Partial = SummaryPartial;
    type Output = Summary;
    const INVERTIBLE: bool = false;

    fn empty(&self) -> SummaryPartial {
        SummaryPartial { sum: WideSum::default(), count: 0, min: i64::MAX, max: i64::MIN }
    }
    #[inline]
    fn add(&self, partial: &mut SummaryPartial, input: &i64) {
        partial.sum.add(*input);
        partial.count += 1;
        partial.min = partial.min.min(*input);
        partial.max = partial.max.max(*input);
    }
    #[inline]
    fn combine(&self, partial: &mut SummaryPartial, other: &SummaryPartial) {
        partial.sum.combine(other.sum);
        partial.count += other.count;
        partial.min = partial.min.min(other.min);
        partial.max = partial.max.max(other.max);
    }
    fn subtract(&self, _: &mut SummaryPartial, _: &SummaryPartial) {
        unreachable!("extremes have no inverse; kernels ask INVERTIBLE first")
    }
    #[inline]
    fn lower(&self, partial: &SummaryPartial) -> Result<Summary, AggregateError> {
        Ok(Summary {
            count: partial.count,
            sum: partial.sum.lower()?,
            min: partial.min,
            max: partial.max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn sum(values: &[i64], want: Result<i64, AggregateError>) {
        let mut partial = CountAndSum.empty();
        for value in values {
            CountAndSum.add(&mut partial, value);
        }
        assert_eq!(CountAndSum.lower(&partial).map(|answer| answer.sum), want);
    }

    #[test]
    fn a_sum_may_pass_i64_on_its_way_but_not_end_there() {
        sum(&[i64::MAX, 1, -1], Ok(i64::MAX));
        sum(&[i64::MIN, -1, 1], Ok(i64::MIN));
        sum(&[i64::MAX, 1], Err(AggregateError::SumOverflow(i128::from(i64::MAX) + 1)));
        sum(&[i64::MIN, -1], Err(AggregateError::SumOverflow(i128::from(i64::MIN) - 1)));
    }

    proptest! {
        #[test]
        fn every_aggregate_is_a_plain_fold_however_it_is_cut(
            values in prop::collection::vec(
                prop_oneof![-9_i64..9, any::<i64>(), Just(i64::MIN), Just(i64::MAX)],
                0..40,
            ),
            cuts in prop::collection::vec(0_usize..40, 0..4),
        ) {
            let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
            let count = values.len() as u64;
            let parts = |cuts: &[usize]| -> Vec<Vec<i64>> {
                let mut parts = vec![Vec::new()];
                for (n, value) in values.iter().enumerate() {
                    if cuts.contains(&n) {
                        parts.push(Vec::new());
                    }
                    parts.last_mut().expect("there is one").push(*value);
                }
                parts
            };
            let want = i64::try_from(sum).map_err(|_| AggregateError::SumOverflow(sum));
            let (mut summed, mut summary) = (CountAndSum.empty(), Summarise.empty());
            let mut counted = Count.empty();
            for part in parts(&cuts) {
                let (mut s, mut y, mut c) = (CountAndSum.empty(), Summarise.empty(), Count.empty());
                for value in &part {
                    CountAndSum.add(&mut s, value);
                    Summarise.add(&mut y, value);
                    Count.add(&mut c, &());
                }
                CountAndSum.combine(&mut summed, &s);
                Summarise.combine(&mut summary, &y);
                Count.combine(&mut counted, &c);
            }
            prop_assert_eq!(Count.lower(&counted), Ok(count));
            prop_assert_eq!(
                CountAndSum.lower(&summed),
                want.map(|sum| CountedSum { count, sum })
            );
            let (min, max) = (values.iter().copied().min(), values.iter().copied().max());
            prop_assert_eq!(
                Summarise.lower(&summary),
                want.map(|sum| Summary {
                    count,
                    sum,
                    min: min.unwrap_or(i64::MAX),
                    max: max.unwrap_or(i64::MIN),
                })
            );
        }
    }

    #[test]
    fn a_count_that_reached_its_end_is_refused() {
        let mut partial = CountAndSumPartial { low: 0, high: 0, count: u32::MAX - 1 };
        assert!(CountAndSum.lower(&partial).is_ok());
        let before = partial;
        CountAndSum.add(&mut partial, &1);
        CountAndSum.add(&mut partial, &1);
        assert_eq!(CountAndSum.lower(&partial), Err(AggregateError::CountOverflow));
        CountAndSum.subtract(&mut partial, &before);
        assert_eq!(CountAndSum.lower(&partial), Err(AggregateError::CountOverflow));
    }

    #[test]
    fn subtracting_undoes_combining() {
        let edges = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
        for a in edges {
            for b in edges {
                let (mut left, mut right) = (CountAndSum.empty(), CountAndSum.empty());
                CountAndSum.add(&mut left, &a);
                CountAndSum.add(&mut right, &b);
                let before = left;
                CountAndSum.combine(&mut left, &right);
                assert_eq!(left.sum(), i128::from(a) + i128::from(b));
                CountAndSum.subtract(&mut left, &right);
                assert_eq!(left, before, "{a} + {b} - {b}");
            }
        }
    }
}
