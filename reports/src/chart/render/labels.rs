//! What is written inside of a panel: at lines across it, and beside points.
//!
//! Each label takes the first of its places where it lies over no other and nothing runs through
//! it. What must be said (a limit that is demanded, a crossing) stands over a line if it has no
//! better place; a name that has none is left out, as the table has it too.

use super::canvas::Align;
use super::frame::{Area, Frame};
use super::scale::Scale;
use super::svg::thin;
use super::text::{Weight, shortened, text_width};
use crate::chart::description::{Along, Drawn, Panel, Point, Rule, Series};
use crate::chart::palette::{FAULT, Marker};

/// Size of the labels, relative to that of most texts.
const SIZE: f64 = 0.96;

/// A rectangle about its middle: from left to right, from top to bottom, then half of both.
#[derive(Copy, Clone)]
struct Place {
    at: (f64, f64),
    half: (f64, f64),
}

/// A straight line between two points.
type Segment = ((f64, f64), (f64, f64));

/// Where something is written or marked, and what runs through the panel.
pub(super) struct Taken {
    places: Vec<Place>,
    segments: Vec<Segment>,
}

impl Place {
    fn meets(self, other: Self) -> bool {
        (self.at.0 - other.at.0).abs() < self.half.0 + other.half.0
            && (self.at.1 - other.at.1).abs() < self.half.1 + other.half.1
    }

    fn is_inside(self, area: Area, right: f64) -> bool {
        self.at.0 - self.half.0 > area.left
            && self.at.1 - self.half.1 > area.top
            && self.at.0 + self.half.0 < right
            && self.at.1 + self.half.1 < area.bottom
    }

    /// Whether a straight line runs through it.
    fn is_crossed(self, (a, b): Segment) -> bool {
        let (a, b) = if a.0 <= b.0 { (a, b) } else { (b, a) };
        let (from, to) = (a.0.max(self.at.0 - self.half.0), b.0.min(self.at.0 + self.half.0));
        if from > to {
            return false;
        }
        let height = |x: f64| a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0);
        let (start, end) = if b.0 > a.0 { (height(from), height(to)) } else { (a.1, b.1) };
        start.min(end) < self.at.1 + self.half.1 && start.max(end) > self.at.1 - self.half.1
    }
}

impl Taken {
    fn of(panel: &Panel, x: &Scale, y: &Scale) -> Self {
        let place = |point: &Point| (x.at(point.x), y.at(point.y));
        let series = panel.series.iter().filter(|one| one.reach.is_none());
        let pairs = series.flat_map(|one| one.points.0.windows(2).map(move |pair| (one, pair)));
        // What fell behind is joined to nothing, so no line runs there.
        let is_drawn =
            |one: &Series, point: &Point| point.y.is_finite() && (one.is_behind || !point.hollow);
        let pairs = pairs.filter(|(one, pair)| pair.iter().all(|point| is_drawn(one, point)));
        let pairs = pairs.map(|(_, pair)| pair);
        let segments = pairs.map(|pair| (place(&pair[0]), place(&pair[1]))).collect();
        Self { places: Vec::new(), segments }
    }

    fn is_free(&self, place: Place) -> bool {
        !self.places.iter().any(|other| place.meets(*other))
    }

    fn is_clear(&self, place: Place) -> bool {
        !self.segments.iter().any(|line| place.is_crossed(*line))
    }

    /// The best of these places: free and clear, else free.
    fn best(&self, places: &[Place]) -> Option<Place> {
        let mut free = places.iter().copied().filter(|place| self.is_free(*place));
        let clear = free.clone().find(|place| self.is_clear(*place));
        clear.or_else(|| free.next())
    }

    /// Writes what must be said into the best of these places, on a ground of its own.
    fn write(&mut self, frame: &mut Frame, places: &[Place], text: &str) {
        let Some(place) = self.best(places).or_else(|| places.first().copied()) else { return };
        let Place { at, half } = place;
        let corner = |sign: f64| (at.0 + sign * (half.0 + 2.0), at.1 + sign * half.1);
        frame.canvas.rectangle("f-paper", corner(-1.0), corner(1.0));
        frame.canvas.text(
            "ink",
            Align::Left,
            (at.0 - half.0, at.1),
            frame.format.text() * SIZE,
            text,
        );
        self.places.push(place);
    }
}

/// Whether a rule has its label above all that is drawn.
pub(super) fn stands_above(rule: &Rule) -> bool {
    rule.along == Along::Y && rule.through.is_none() && rule.role != FAULT && !rule.label.is_empty()
}

/// Lines across a panel with their labels, and the points that were computed.
pub(super) fn draw_rules(
    frame: &mut Frame,
    panel: &Panel,
    area: Area,
    x: &Scale,
    y: &Scale,
) -> Taken {
    let size = frame.format.text();
    let mut taken = Taken::of(panel, x, y);
    let mut above = 0.8;
    let mut free_from = area.left;
    // All lines lie below all labels.
    for rule in &panel.rules {
        match (rule.along, rule.through) {
            (Along::X, _) => {
                let at = y.at(rule.at);
                frame.canvas.line(rule.role, &[(area.left, at), (area.right, at)]);
            }
            (Along::Y, None) if rule.role != FAULT => {
                let at = x.at(rule.at);
                frame.canvas.line(&thin(rule.role), &[(at, area.top), (at, area.bottom)]);
            }
            (Along::Y, _) => {}
        }
    }
    for rule in &panel.rules {
        let label = shortened(&rule.label, size * SIZE, Weight::Regular, area.right - area.left);
        let half = (text_width(&label, size * SIZE, Weight::Regular) / 2.0, size * 0.62);
        // Right of a place, or left of it where there is no room.
        let beside = |at: f64, gap: f64| {
            let [right, left] = [at + gap + half.0, at - gap - half.0];
            let fits_left = left - half.0 >= area.left;
            let last = area.right - 2.0 - half.0;
            if right + half.0 <= area.right {
                right
            } else if fits_left {
                left
            } else {
                last
            }
        };
        match (rule.along, rule.through) {
            (Along::X, _) if label.is_empty() => {}
            (Along::X, _) => {
                let at = y.at(rule.at);
                let sides = [area.left + 6.0 + half.0, area.right - 6.0 - half.0];
                // Above the line if that is inside of the panel, else below it.
                let heights = [at - size * 0.8, at + size * 0.8];
                let places = heights.into_iter().flat_map(|height| {
                    sides.into_iter().map(move |side| Place { at: (side, height), half })
                });
                let is_inside = |place: &Place| {
                    place.at.1 - half.1 >= area.top && place.at.1 + half.1 <= area.bottom
                };
                let places: Vec<Place> = places.filter(is_inside).collect();
                taken.write(frame, &places, &label);
            }
            (Along::Y, Some((height, interval))) => {
                let at = (x.at(rule.at), y.at(height));
                if let Some((low, high)) = interval {
                    frame.canvas.line(rule.role, &[(x.at(low), at.1), (x.at(high), at.1)]);
                }
                frame.canvas.shape("f-paper", Marker::Diamond, at, 8.0);
                frame.canvas.shape("f-fault", Marker::Diamond, at, 6.0);
                taken.places.push(Place { at, half: (8.0, 8.0) });
                let left = beside(at.0, 7.0);
                let heights = [-1.5, 1.5, -3.0, 3.0].map(|lines| at.1 + size * lines);
                let places = heights.map(|height| Place { at: (left, height), half });
                let is_inside = |place: &Place| place.is_inside(area, frame.canvas.width());
                let places: Vec<Place> = places.into_iter().filter(is_inside).collect();
                taken.write(frame, &places, &label);
            }
            // What is noted of a moment: there may be a hundred of them.
            (Along::Y, None) if rule.role == FAULT => {
                let (at, top) = (x.at(rule.at), area.top + 2.0);
                frame.canvas.area("f-fault", &[(at - 4.0, top), (at + 4.0, top), (at, top + 7.0)]);
                if at + 8.0 > free_from && at + 8.0 + half.0 * 2.0 < area.right {
                    let place = (at + 7.0, top + 4.0);
                    frame.canvas.text("ink", Align::Left, place, size * SIZE, &label);
                    taken.places.push(Place { at: (place.0 + half.0, place.1), half });
                    free_from = at + 18.0 + half.0 * 2.0;
                }
            }
            (Along::Y, None) if stands_above(rule) => {
                let place =
                    Place { at: (beside(x.at(rule.at), 7.0), area.top + size * above), half };
                taken.write(frame, &[place], &label);
                above += 1.4;
            }
            (Along::Y, None) => {}
        }
    }
    taken
}

/// Words beside points, and the markers of those points.
pub(super) fn draw_names(
    frame: &mut Frame,
    panel: &Panel,
    area: Area,
    (x, y): (&Scale, &Scale),
    taken: &mut Taken,
) {
    let size = frame.format.text() * SIZE;
    let named =
        || panel.series.iter().flat_map(|one| one.named.iter().map(move |name| (one, name)));
    for (one, (at, value, _)) in named() {
        let is_here =
            |point: &&Point| point.x.total_cmp(at).is_eq() && point.y.total_cmp(value).is_eq();
        let hollow = one.points.0.iter().find(is_here).map_or(one.is_behind, |point| point.hollow);
        let at = (x.at(*at), y.at(*value));
        // A thin line has no markers, at its end either.
        if one.drawn != Drawn::Thin {
            frame.canvas.marker(one.role, at, 4.6, hollow);
        }
        taken.places.push(Place { at, half: (4.0, 4.0) });
    }
    let right = frame.canvas.width();
    for (_, (at, value, text)) in named().filter(|(_, name)| !name.2.is_empty()) {
        let (px, py) = (x.at(*at), y.at(*value));
        let half = (text_width(text, size, Weight::Regular) / 2.0, size * 0.6);
        let (aside, up) = (half.0 + 9.0, size * 1.25);
        let moves = [(aside, 0.0), (-aside, 0.0), (0.0, -up), (0.0, up), (aside, -up), (aside, up)];
        // One above the other, a word that moved up or down would name its neighbour.
        let is_near = |(_, name): &(_, &(f64, f64, String))| {
            let (dx, dy) = ((x.at(name.0) - px).abs(), (y.at(name.1) - py).abs());
            dx < 1.0 && (0.5..size * 4.0).contains(&dy)
        };
        let moves = if named().any(|name| is_near(&name)) { &moves[..2] } else { &moves[..] };
        let places = moves.iter().map(|(dx, dy)| Place { at: (px + dx, py + dy), half });
        let places: Vec<Place> = places.filter(|place| place.is_inside(area, right)).collect();
        if let Some(place) = taken.best(&places) {
            let left = place.at.0 - half.0;
            frame.canvas.text("ink", Align::Left, (left, place.at.1), size, text);
            taken.places.push(place);
        }
    }
}
