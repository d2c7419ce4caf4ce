//! Which of many settings is the best, found in a few rounds.
//!
//! It is successive halving (Jamieson, Talwalkar: "Non-stochastic best arm identification and
//! hyperparameter optimization", AISTATS 2016) over the points of a Latin hypercube: all race, the
//! worse half leaves, and those that stay are looked at for longer, so that time goes where it is
//! close. Of the places that are left most are given to newcomers, neighbours of the best on one axis
//! at a time, each axis in turn and ever nearer, since the first points lie too far apart to hold the
//! best setting of all. Nothing is run here: whoever does says after each round who was better, and the
//! same answers to the same seed lead to the same settings.

use super::latin_hypercube;
use super::random::Draws;

/// Where a setting lies: the number of its level on each axis of the space.
pub type Point = Vec<usize>;

/// A setting in the race.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Entrant {
    /// One that lies at no point of the space, by the number that it was given.
    Given(usize),
    /// The one at this point.
    At(Point),
}

/// A race under way.
#[derive(Clone, Debug)]
pub struct Race {
    levels: Vec<usize>,
    draws: Draws,
    /// How far newcomers lie from the best, as a share of each axis.
    reach: f64,
    racing: Vec<Entrant>,
    seen: Vec<Entrant>,
    is_over: bool,
}

/// With so many or fewer in a round it is the last.
const LAST: usize = 2;

/// One in so many of the places of a round is for those who were best before; the others are for
/// newcomers.
const STAYING: usize = 4;

/// How often a point is drawn until one is found that has not been tried.
const DRAWS_MOST: usize = 64;

/// How many race in each round, where so many begin.
pub fn rounds(first: usize) -> Vec<usize> {
    let mut rounds = vec![first];
    let mut racing = first;
    while racing > LAST {
        racing = racing.div_ceil(2);
        rounds.push(racing);
    }
    rounds
}

impl Race {
    /// A race of `count` settings, or as many as there are. `given` are always among them; the others
    /// lie in a space with so many levels on each axis, where `is_possible`.
    pub fn new(
        levels: &[usize],
        given: Vec<Entrant>,
        count: usize,
        seed: u64,
        is_possible: impl Fn(&[usize]) -> bool,
    ) -> Self {
        let count = count.max(given.len());
        // As far as half of the way from one of so many points to the next.
        let reach = 0.5 * (count as f64).powf(-1.0 / levels.len().max(1) as f64);
        let mut race = Self {
            levels: levels.to_vec(),
            draws: Draws::new(seed),
            reach,
            seen: given.clone(),
            racing: given,
            is_over: false,
        };
        let drawn = count - race.racing.len();
        for point in latin_hypercube::points(drawn, levels.len(), race.draws.next()) {
            let point: Point = point.iter().zip(levels).map(|(at, n)| level(*at, *n)).collect();
            race.enter(point, &is_possible);
        }
        // What fell on the same levels, or is not possible, is drawn again anywhere.
        while race.racing.len() < count {
            let Some(point) = race.untried(None, &is_possible) else { break };
            race.enter(point, &is_possible);
        }
        race
    }

    /// Who races in this round; behind the last one, the best alone.
    pub fn racing(&self) -> &[Entrant] {
        &self.racing
    }

    /// Whether it is known who is the best.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Ends a round: `ranking` are the numbers of those in [`racing`](Self::racing), the best first.
    /// Who is not among them showed nothing, and leaves.
    pub fn advance(&mut self, ranking: &[usize], is_possible: impl Fn(&[usize]) -> bool) {
        let ranked: Vec<Entrant> =
            ranking.iter().filter_map(|n| self.racing.get(*n).cloned()).collect();
        if self.racing.len() <= LAST || ranked.is_empty() {
            self.is_over = true;
            // Where nobody showed anything, whoever is named first is as good as any.
            self.racing = ranked.into_iter().chain(self.racing.drain(..)).take(1).collect();
            return;
        }
        let places = self.racing.len().div_ceil(2);
        let stay = places.div_ceil(STAYING);
        let mut ranked = ranked.into_iter();
        self.racing = ranked.by_ref().take(stay).collect();
        let points: Vec<Point> = self.racing.iter().filter_map(point).cloned().collect();
        for n in 0..places.saturating_sub(self.racing.len()) {
            // On each axis through the best, then on each through the one behind it, and so on.
            let axes = self.levels.len().max(1);
            let around = (!points.is_empty()).then(|| points[n / axes % points.len()].clone());
            let near = around.and_then(|around| {
                let on_axis = self.untried(Some((&around, Some(n % axes))), &is_possible);
                on_axis.or_else(|| self.untried(Some((&around, None)), &is_possible))
            });
            match near {
                Some(point) => self.enter(point, &is_possible),
                // Nothing new lies near: who was next stays.
                None => self.racing.extend(ranked.next()),
            }
        }
        self.reach /= 2.0;
    }

    /// Lets a point race, unless it has, or cannot.
    fn enter(&mut self, point: Point, is_possible: &impl Fn(&[usize]) -> bool) {
        let is_possible = is_possible(&point);
        let entrant = Entrant::At(point);
        if is_possible && !self.seen.contains(&entrant) {
            self.seen.push(entrant.clone());
            self.racing.push(entrant);
        }
    }

    /// A point that has not raced and can: near this one, on this axis or any, or anywhere. None if none
    /// was found.
    fn untried(
        &mut self,
        around: Option<(&Point, Option<usize>)>,
        is_possible: &impl Fn(&[usize]) -> bool,
    ) -> Option<Point> {
        (0..DRAWS_MOST).find_map(|_| {
            let point = self.drawn(around);
            let is_new = !self.seen.contains(&Entrant::At(point.clone()));
            (is_new && is_possible(&point)).then_some(point)
        })
    }

    /// A point by chance: any, or another one on an axis through this one. What makes a setting good on
    /// one axis is mostly good wherever it is on the others, so that these are kept.
    fn drawn(&mut self, around: Option<(&Point, Option<usize>)>) -> Point {
        let Some((point, axis)) = around.filter(|(point, _)| !point.is_empty()) else {
            return self.levels.iter().map(|levels| self.draws.below(*levels)).collect();
        };
        let axis = axis.unwrap_or_else(|| self.draws.below(point.len()));
        let (middle, levels) = (point[axis], self.levels[axis]);
        let reach = level(self.reach, levels).max(1);
        let (low, high) = (middle.saturating_sub(reach), (middle + reach).min(levels - 1));
        let mut point = point.clone();
        point[axis] = low + self.draws.below(high - low + 1);
        point
    }
}

fn point(entrant: &Entrant) -> Option<&Point> {
    match entrant {
        Entrant::At(point) => Some(point),
        Entrant::Given(_) => None,
    }
}

/// The level at this share of an axis.
fn level(at: f64, levels: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a number of levels"
    )]
    let level = (at * levels as f64) as usize;
    level.min(levels.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::MadeUp;

    /// Settings as those of engines are: what is collected for longer costs less per event, and from
    /// some length on misses a demand; each other axis has its best place.
    struct Landscape {
        levels: Vec<usize>,
        /// From here on the demand is missed, as a share of the first axis.
        cliff: f64,
        /// What the shortest collecting costs beside the work, as a share of it.
        overhead: f64,
        /// The best place on each other axis, and what the far end costs.
        valleys: Vec<(f64, f64)>,
        /// Deviation of a figure in the first round, as a share.
        noise: f64,
    }

    impl Landscape {
        fn drawn(levels: &[usize], noise: f64, made_up: &mut MadeUp) -> Self {
            let mut between = |low: f64, high: f64| low + (high - low) * made_up.uniform();
            Self {
                levels: levels.to_vec(),
                cliff: between(0.3, 1.0),
                overhead: between(0.2, 2.0),
                valleys: levels[1..]
                    .iter()
                    .map(|_| (between(0.0, 1.0), between(0.0, 1.0)))
                    .collect(),
                noise,
            }
        }

        /// Whether a setting misses the demand, and what it costs.
        fn at(&self, point: &[usize]) -> (bool, f64) {
            let share = |axis: usize| point[axis] as f64 / (self.levels[axis] - 1).max(1) as f64;
            let collected = 1.0 + self.overhead * 50_f64.powf(-share(0));
            let valleys = self.valleys.iter().enumerate();
            let others = valleys.map(|(n, (best, far))| 1.0 + far * (share(n + 1) - best).powi(2));
            (share(0) > self.cliff, collected * others.product::<f64>())
        }

        /// What the best of all settings costs.
        fn best(&self) -> f64 {
            let mut grid = vec![Vec::new()];
            for levels in &self.levels {
                for point in std::mem::take(&mut grid) {
                    grid.extend((0..*levels).map(|n| [&point[..], &[n]].concat()));
                }
            }
            let met = grid.iter().map(|point| self.at(point)).filter(|(missed, _)| !missed);
            met.map(|(_, cost)| cost).fold(f64::INFINITY, f64::min)
        }

        /// What the race says is best, how many trials it took, and all of them in order.
        fn raced(&self, count: usize, seed: u64, made_up: &mut MadeUp) -> (Point, Vec<Entrant>) {
            let middle = self.levels.iter().map(|levels| levels / 2).collect();
            let all = |_: &[usize]| true;
            let mut race = Race::new(&self.levels, vec![Entrant::At(middle)], count, seed, all);
            let mut trials = Vec::new();
            let mut noise = self.noise;
            while !race.is_over() {
                trials.extend_from_slice(race.racing());
                let mut figures: Vec<(bool, f64, usize)> = Vec::new();
                for (n, entrant) in race.racing().iter().enumerate() {
                    let (missed, cost) = self.at(point(entrant).unwrap());
                    figures.push((missed, cost * made_up.log_normal(noise), n));
                }
                figures.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
                race.advance(&figures.iter().map(|(.., n)| *n).collect::<Vec<_>>(), all);
                // Twice as long a look scatters by that much less.
                noise /= 2_f64.sqrt();
            }
            (point(&race.racing()[0]).unwrap().clone(), trials)
        }
    }

    #[test]
    fn a_quarter_of_the_trials_of_a_grid_finds_what_is_within_a_twentieth_of_its_best() {
        for (levels, count) in [(&[24, 5][..], 16), (&[16, 8, 4], 64), (&[12, 4, 3], 16)] {
            let grid: usize = levels.iter().product();
            let (mut near, mut missed) = (0, 0);
            for seed in 0..200 {
                let made_up = &mut MadeUp::new(seed);
                let landscape = Landscape::drawn(levels, 0.02, made_up);
                let (found, trials) = landscape.raced(count, seed, made_up);
                assert!(trials.len() * 4 <= grid, "{} trials of {grid}", trials.len());
                let (is_miss, cost) = landscape.at(&found);
                missed += usize::from(is_miss);
                near += usize::from(!is_miss && cost <= 1.05 * landscape.best());
            }
            assert!(near >= 190, "{levels:?}: {near} of 200");
            assert_eq!(missed, 0, "{levels:?}: one that misses the demand is never the best");
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_trials() {
        let raced = |seed| {
            let made_up = &mut MadeUp::new(7);
            let landscape = Landscape::drawn(&[24, 5], 0.02, made_up);
            landscape.raced(16, seed, made_up)
        };
        assert_eq!(raced(1), raced(1));
        assert_ne!(raced(1).1, raced(2).1);
    }

    #[test]
    fn each_round_has_half_as_many_and_nobody_races_as_new_twice() {
        assert_eq!(rounds(16), [16, 8, 4, 2]);
        assert_eq!((rounds(9), rounds(2), rounds(1)), (vec![9, 5, 3, 2], vec![2], vec![1]));
        let all = |_: &[usize]| true;
        let mut race = Race::new(&[24, 5], vec![Entrant::Given(0)], 16, 3, all);
        assert_eq!(race.racing()[0], Entrant::Given(0), "who was given is always there");
        let mut sizes = Vec::new();
        while !race.is_over() {
            sizes.push(race.racing().len());
            let ranking: Vec<usize> = (0..race.racing().len()).rev().collect();
            race.advance(&ranking, all);
        }
        assert_eq!(sizes, rounds(16));
        let mut seen = race.seen.clone();
        seen.sort_by_key(|entrant| format!("{entrant:?}"));
        seen.dedup();
        assert_eq!(seen.len(), race.seen.len());
    }

    #[test]
    fn a_space_with_less_in_it_than_was_asked_for_is_raced_as_it_is() {
        let odd = |point: &[usize]| point[0] % 2 == 1;
        let race = Race::new(&[7], vec![Entrant::At(vec![2])], 16, 1, odd);
        let mut racing: Vec<_> = race.racing().iter().filter_map(point).cloned().collect();
        racing.sort_unstable();
        assert_eq!(racing, [[1], [2], [3], [5]], "what was given is in, possible or not");
        let alone = Race::new(&[], vec![Entrant::Given(0), Entrant::Given(1)], 2, 1, odd);
        assert_eq!(alone.racing().len(), 2);
    }

    #[test]
    fn who_showed_nothing_leaves() {
        let all = |_: &[usize]| true;
        let mut race = Race::new(&[2], vec![], 2, 1, all);
        let second = race.racing()[1].clone();
        race.advance(&[1], all);
        assert!(race.is_over());
        assert_eq!(race.racing(), [second]);
        let mut nobody = Race::new(&[9], vec![], 4, 1, all);
        let first = nobody.racing()[0].clone();
        nobody.advance(&[], all);
        assert_eq!((nobody.is_over(), nobody.racing()), (true, &[first][..]));
    }
}
