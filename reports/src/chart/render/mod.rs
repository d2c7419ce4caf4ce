//! From what a chart shows to what is looked at: a drawing that needs no script, and numbers for
//! one that has.

mod text;
mod canvas;
mod frame;
mod labels;
mod rows;
mod scale;
mod svg;
mod uplot;

pub(super) use canvas::standalone;
pub(super) use frame::Format;
pub(super) use scale::show;
pub(super) use svg::drawn;
pub(super) use uplot::short;
