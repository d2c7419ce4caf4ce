//! An engine that a run goes on without.

/// An engine that is not run in some cells, where the suite says that it is to run as far as it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The names of the cells.
    pub cells: Vec<String>,
    /// What the engine is called there.
    pub engine: String,
    /// Why it is not run.
    pub why: String,
    /// What to do about it.
    pub way_out: String,
}

impl LeftOut {
    /// Adds it to others; where it is one of them, with its cells alone.
    pub fn join(self, others: &mut Vec<Self>) {
        let is_alike = |other: &&mut Self| (&other.engine, &other.why) == (&self.engine, &self.why);
        match others.iter_mut().find(is_alike) {
            Some(known) => known.cells.extend(self.cells),
            None => others.push(self),
        }
    }
}
