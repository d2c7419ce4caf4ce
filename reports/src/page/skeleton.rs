//! The frame that every page stands in: one file, colours for light and dark, drawings with their
//! tables, and the scripts that make them live. It knows no run and says nothing of its own.

use crate::chart::{self, Chart, Part, palette};
use crate::quantity;
use crate::words::{harmless, titled};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

/// uPlot 1.6.32 (MIT), as it is published.
pub(super) const PLOT_SCRIPT: &str = include_str!("uplot/uPlot.iife.min.js");
pub(super) const PLOT_STYLE: &str = include_str!("uplot/uPlot.min.css");
pub(super) const PLOT_LICENCE: &str = include_str!("uplot/LICENSE");

/// What the page does where scripts run: one function, so that no name of it is anyone else's.
const PAGE_SCRIPT: &str = concat!(
    "(function () {\n  \"use strict\";\n\n",
    include_str!("numbers.js"),
    "\n",
    include_str!("marks.js"),
    "\n",
    include_str!("labels.js"),
    "\n",
    include_str!("links.js"),
    "\n",
    include_str!("page.js"),
    "})();",
);

/// What a page may weigh, in bytes, before it leaves out what somebody can do without.
pub(super) const PAGE_BYTES_MAX: usize = 2_000_000;

/// How much of a page's bulk goes in. Every chart is drawn in it and has its table whatever it
/// weighs: a page that was sent to somebody has nothing beside it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Bulk {
    /// Everything.
    Full,
    /// Drawings for wide pages only, but for the charts that answer first.
    Wide,
    /// The same without numbers to zoom into.
    Still,
}

impl Bulk {
    fn is_scripted(self) -> bool {
        self != Self::Still
    }

    /// Whether a chart of this part is drawn for narrow pages, too.
    fn is_narrow(self, part: Part) -> bool {
        let is_of_each = matches!(part, Part::Percentiles | Part::Scenario | Part::Detail);
        self == Self::Full || !is_of_each
    }
}

/// The fullest page that is not too heavy, or else the lightest.
pub(super) fn fitting(render: impl Fn(Bulk) -> String) -> String {
    let mut text = String::new();
    for bulk in [Bulk::Full, Bulk::Wide, Bulk::Still] {
        text = render(bulk);
        if text.len() <= PAGE_BYTES_MAX {
            break;
        }
    }
    text
}

/// A page: the template of what it says, and what the template asks for.
pub(super) fn render(template: &'static str, title: &str, bulk: Bulk, values: Value) -> String {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the usual delimiters do not clash");
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("glued", |text: String| quantity::glued(&text));
    // What stands behind a name, where it has a title.
    environment.add_filter("behind", |title: String| titled("", &title));
    let parts = [
        ("frame.html", include_str!("frame.html")),
        ("figure.html", include_str!("figure.html")),
        ("page.html", template),
    ];
    for (name, text) in parts {
        environment.add_template(name, text).expect("the templates stand in the program");
    }
    let frame = context! {
        title => title,
        light => palette::variables(false),
        dark => palette::variables(true),
        page_style => include_str!("page.css"),
        chart_style => chart::style_sheet(),
        plot_style => PLOT_STYLE,
        plot_licence => PLOT_LICENCE,
        plot_script => PLOT_SCRIPT,
        page_script => PAGE_SCRIPT,
        roles => json(&palette::roles()),
        scripted => bulk.is_scripted(),
    };
    let page = environment
        .get_template("page.html")
        .and_then(|page| page.render(context! { ..frame, ..values }))
        .expect("a template is given all that it asks for");
    // Once for all of it: nothing that is ours is obeyed, and what is written out in the numbers of a
    // chart is still JSON.
    harmless(&page).into_owned()
}

/// A chart as a page shows it, under this id.
pub(super) fn drawing(id: &str, chart: &Chart, bulk: Bulk) -> Value {
    // Inside HTML the namespace is known; leaving it out keeps the page free of addresses.
    let inline = |svg: &str| {
        Value::from_safe_string(svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", ""))
    };
    context! {
        id => id,
        title => chart.title.clone(),
        wide => inline(&chart.wide),
        narrow => inline(if bulk.is_narrow(chart.part) { &chart.narrow } else { "" }),
        numbers => match &chart.interactive {
            Some(numbers) if bulk.is_scripted() => {
                Value::from_safe_string(json(numbers))
            }
            _ => Value::from(""),
        },
        header => chart.data.header.clone(),
        rows => chart.data.rows.clone(),
    }
}

/// JSON that may stand inside a script element, which nothing in it can close.
fn json<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).expect("numbers and texts are always JSON");
    text.replace('<', "\\u003c")
}
