//! The silences of a key, by their definition: look at its records in the order of event time, and at
//! how far each is from the next.

use super::Part;
use crate::aggregate::Aggregate;
use crate::record::Stamped;
use crate::silence::SilenceSpec;
use crate::time::Timestamp;
use crate::window::Window;

/// What each stretch of a key comes to that ended in a silence worth telling. `records` are those that
/// event time had not passed by when they arrived.
pub(super) fn silences<A: Aggregate>(
    spec: &SilenceSpec,
    aggregate: &A,
    mut records: Vec<Stamped<A::Input>>,
) -> Vec<(Window, Part<A::Partial>)> {
    records.sort_by_key(|record| record.event_time);
    let mut told = Vec::new();
    let mut rest = &records[..];
    while let Some(first) = rest.first() {
        let mut part = Part::empty(aggregate);
        let mut heard = 0;
        let mut last = first.event_time.as_micros();
        // Whoever was heard of often enough by now is waited for as long as is asked, all others as
        // long as they are remembered.
        let patience =
            |heard: u64| if heard >= spec.after() { spec.length() } else { spec.forget_after() };
        while let Some((next, others)) = rest.split_first() {
            let time = next.event_time.as_micros();
            if time > last && time - last >= patience(heard) {
                break;
            }
            part.add(aggregate, &next.value, next.due);
            (heard, last, rest) = (heard + 1, time, others);
        }
        if heard >= spec.after() {
            let end = Timestamp::from_micros(last + spec.length());
            told.push((Window { start: first.event_time, end }, part));
        }
    }
    told
}
