//! A row that an engine answers with, or has to.

use super::placed::{Misplaced, Placed};
use serde_json::Value;
use std::fmt;

/// A row, and while which item of the input was processed it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Which item; none where that is not told.
    pub(super) index: Option<usize>,
    pub(super) what: What,
    /// Whether a batch with data or without gave it, where that is told.
    batch: Option<String>,
}

/// A window, if there is one, and a key, if there is one.
pub(super) type Subject<'a> = (Option<(i64, i64)>, Option<&'a str>);

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Answer {
        /// Start and end in milliseconds; none where there is no window.
        window: Option<(i64, i64)>,
        key: Option<String>,
        value: Value,
        /// Its event time, where that is told.
        time: Option<i64>,
    },
    /// How far event time has come.
    Watermark(i64),
    /// It fails, and says this.
    Error(String),
}

const MEMBERS: [&str; 9] = [
    "window_start",
    "window_end",
    "key",
    "value",
    "t",
    "batch",
    "watermark",
    "error",
    "emitted_after_index",
];

impl Row {
    /// Reads one about an input of so many items.
    pub(super) fn read(placed: &Placed<'_>, items: usize) -> Result<Self, Misplaced> {
        placed.only(&MEMBERS)?;
        let index = Some(placed.needed("emitted_after_index")?.below(items)?);
        let batch = placed.member("batch")?.map(|batch| batch.text().map(str::to_owned));
        let batch = batch.transpose()?;
        if let Some(watermark) = placed.member("watermark")? {
            return Ok(Self { index, what: What::Watermark(watermark.number()?), batch });
        }
        if let Some(error) = placed.member("error")? {
            return Ok(Self { index, what: What::Error(error.text()?.to_owned()), batch });
        }
        let start = placed.needed("window_start")?;
        let end = placed.needed("window_end")?;
        let window = match (start.value, end.value) {
            (Value::Null, Value::Null) => None,
            _ => Some((start.number()?, end.number()?)),
        };
        let key = placed.member_if("key")?;
        let key = key.map(|key| key.text().map(str::to_owned)).transpose()?;
        let time = placed.member_if("t")?.map(|time| time.number()).transpose()?;
        let value = placed.needed("value")?.any()?;
        Ok(Self { index, what: What::Answer { window, key, value, time }, batch })
    }

    /// An answer for a window and a key.
    pub(super) fn of_window(window: (i64, i64), key: &str, value: &Value, index: usize) -> Self {
        let key = Some(key.to_owned());
        Self::answer(Some(window), key, value.clone(), Some(index))
    }

    /// The same, wherever it came.
    pub(super) const fn answer(
        window: Option<(i64, i64)>,
        key: Option<String>,
        value: Value,
        index: Option<usize>,
    ) -> Self {
        let what = What::Answer { window, key, value, time: None };
        Self { index, what, batch: None }
    }

    /// How far event time has come with an item of the input.
    pub(super) const fn watermark(at: i64, index: usize) -> Self {
        Self { index: Some(index), what: What::Watermark(at), batch: None }
    }

    /// How far event time has come, where it says that.
    pub(super) const fn as_watermark(&self) -> Option<i64> {
        match self.what {
            What::Watermark(at) => Some(at),
            What::Answer { .. } | What::Error(_) => None,
        }
    }

    /// The window and the key that it is about.
    pub(super) fn subject(&self) -> Option<Subject<'_>> {
        match &self.what {
            What::Answer { window, key, .. } => Some((*window, key.as_deref())),
            What::Watermark(_) | What::Error(_) => None,
        }
    }

    /// Whether it takes the place of an earlier one: that is of the same key, and its window lies in
    /// this one's. Windows of one length do only where they are the same, and sessions where an event
    /// has made them longer, or one.
    pub(super) fn replaces(&self, earlier: &Self) -> bool {
        let (Some((own, key)), Some((other, of))) = (self.subject(), earlier.subject()) else {
            return self.subject() == earlier.subject();
        };
        let holds = own
            .zip(other)
            .map_or(own == other, |((start, end), (first, last))| start <= first && last <= end);
        key == of && holds
    }

    /// Whether this row, which is expected, is what was answered. What one of the two does not tell
    /// makes no difference.
    pub(super) fn is(&self, answered: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        let is_there = agree(self.index.as_ref(), answered.index.as_ref());
        is_there
            && agree(self.batch.as_ref(), answered.batch.as_ref())
            && match (&self.what, &answered.what) {
                (
                    What::Answer { window, key, value, time },
                    What::Answer { window: window2, key: key2, value: value2, time: time2 },
                ) => {
                    window == window2
                        && key == key2
                        && value == value2
                        && agree(time.as_ref(), time2.as_ref())
                }
                (What::Watermark(at), What::Watermark(at2)) => at == at2,
                (What::Error(says), What::Error(said)) => said.contains(says.as_str()),
                _ => false,
            }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Answer { window, key, value, time } => {
                if let Some((start, end)) = window {
                    write!(f, "[{start}, {end}) ")?;
                }
                if let Some(key) = key {
                    write!(f, "{key:?} ")?;
                }
                write!(f, "= {value}")?;
                if let Some(time) = time {
                    write!(f, " at {time}")?;
                }
            }
            What::Watermark(at) => write!(f, "watermark {at}")?,
            What::Error(says) => write!(f, "error {says:?}")?,
        }
        if let Some(batch) = &self.batch {
            write!(f, " in a {} batch", batch.replace('_', "-"))?;
        }
        if let Some(index) = self.index {
            write!(f, " with input[{index}]")?;
        }
        Ok(())
    }
}
