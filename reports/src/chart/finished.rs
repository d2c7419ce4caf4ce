//! A finished chart, drawn for a wide and for a narrow page, with its numbers.

use super::description::{Data, Description, Picture, Plot};
use super::render::{Format, drawn, standalone};

/// A finished chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    /// What its file is called, without an ending; unique in a cell.
    pub name: String,
    /// The finding.
    pub title: String,
    /// SVG for a wide page, to be put into one that has [`super::style_sheet`].
    pub wide: String,
    /// The same for a narrow page.
    pub narrow: String,
    /// The numbers behind it.
    pub data: Data,
    /// The same for a page whose scripts run; none where the drawing says it all.
    pub interactive: Option<Plot>,
    /// Where it stands on a page.
    pub part: Part,
}

/// The part of a page that a chart belongs to: what it helps to decide.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Who is the cheapest where.
    Atlas,
    /// All scenarios at once.
    Overview,
    /// How much an engine carries: a search for its limit, latency against the load.
    Limits,
    /// How a latency is distributed.
    Percentiles,
    /// From which batch interval on the other engine is the better one.
    Crossover,
    /// What happened in one scenario.
    Scenario,
    /// The same in more detail than most want to see.
    Detail,
    /// What any other thing that was varied does.
    Sweep,
}

impl Chart {
    /// The chart as a file that can be opened alone.
    pub fn file(&self) -> String {
        standalone(&self.wide)
    }

    /// The same in another part of the page.
    #[must_use]
    pub(super) fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }
}

impl From<Description> for Chart {
    fn from(description: Description) -> Self {
        let [wide, narrow] =
            [Format::Wide, Format::Narrow].map(|format| drawn(&description, format));
        let Description { name, title, picture, data, .. } = description;
        let interactive = match picture {
            Picture::Live(plot) => Some(plot),
            Picture::Still(_) | Picture::Rows(_) => None,
        };
        Self { name, title, wide, narrow, data, interactive, part: Part::Scenario }
    }
}
