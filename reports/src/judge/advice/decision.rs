//! Who is advised, and how sure that is.

use super::cost::{Against, Lead, Sheet};
use super::entry::Entry;
use super::holding::Met;
use crate::judge::summary::{Standing, standing, verified};

/// How sure an answer is, the surest first.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Confidence {
    /// Who is advised holds every demand in each repetition, and by more than they scatter; every
    /// other engine misses one, or costs more by an interval that lies wholly beyond what two runs of
    /// the same thing may differ by ([`Lead::Beyond`]). Or: no engine holds them, in three repetitions
    /// and more of each.
    Certain,
    /// Who is advised holds every demand as surely, and is the cheapest in these runs ([`Lead::Ahead`]);
    /// or something about another engine is not known: whether it holds them, or what it costs; or what
    /// engines need is not known, so that they were compared by what they keep busy.
    Likely,
    /// One of these, and another answer on a day on which the machine is slower as a whole, or quicker:
    /// who is advised holds by less than days differ, or another one misses by less.
    AtTheEdge,
    /// Several hold every demand, and what they cost is too close to choose by ([`Lead::Level`]).
    TossUp,
    /// All else, as with fewer than five repetitions of costs that do not lie far apart.
    NotEnoughData,
}

impl Confidence {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::AtTheEdge => "at the edge",
            Self::TossUp => "a toss-up",
            Self::NotEnoughData => "not enough data",
        }
    }
}

/// What the words of confidence mean, in the order of their doubt.
pub(crate) const DEFINITION: &str = "Certain: the advised engine holds every demand in each repetition, and by more than they \
     scatter, so that another one would hold it, too, 19 times in 20; every other engine misses one, \
     or costs more by a 95 % interval of the ratio that lies wholly beyond the 5.7 % that two runs of \
     the same thing may differ by. Likely: the interval leaves 1, and the ratio is above 1.05; or it \
     is not known of another engine whether it holds, or what it costs; or the cores that are needed are \
     not known, and those kept busy were compared; or there are three or four \
     repetitions, whose costs do not overlap and lie more than a quarter apart. At the edge: one of \
     these, and another answer where the machine is slower, or quicker, by 30 % as a whole, as it may be \
     on another day. A toss-up: costs of \
     several that hold lie closer, or either may be the lower one, by a quarter at most. Not enough \
     data: all else. That nobody holds the demand is certain from three repetitions on.";

/// Why an engine stands where it does.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// It is advised.
    Advised,
    /// It holds, and nothing decides between it and others.
    AsGood,
    /// It holds, and costs more.
    Dearer,
    /// It holds, and whether it costs more is not known.
    Untold,
    /// It holds, and what it costs is not known.
    NotCosted,
    /// It may hold.
    NotSure,
    /// It does not hold what is demanded.
    Misses,
    /// A part of this program beside engines that are not.
    Beside,
}

impl Place {
    /// In a word or two.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Advised => "advised",
            Self::AsGood => "as good",
            Self::Dearer => "costs more",
            Self::Untold => "not told apart",
            Self::NotCosted => "cost not known",
            Self::NotSure => "not sure to hold",
            Self::Misses => "misses",
            Self::Beside => "beside",
        }
    }
}

/// What was decided over some entries.
pub(in crate::judge) struct Decision {
    pub(in crate::judge) confidence: Confidence,
    /// Which entry is advised.
    pub(in crate::judge) winner: Option<usize>,
    /// Where each entry stands.
    pub(in crate::judge) places: Vec<Place>,
    /// Each entry's cost against that of the cheapest that holds; none of that one itself.
    pub(in crate::judge) against: Vec<Option<Against>>,
}

/// Fewest repetitions of each by which nobody is said to hold a demand for certain.
const FEWEST_MISSES: usize = 3;

/// Decides over entries of one run.
pub(in crate::judge) fn decide(entries: &[Entry<'_>], sheet: &Sheet<'_>) -> Decision {
    let place = |entry: &Entry<'_>| match entry.holding.met {
        _ if entry.is_beside => Place::Beside,
        Met::Misses => Place::Misses,
        Met::Perhaps => Place::NotSure,
        Met::Surely if entry.cost.is_err() => Place::NotCosted,
        Met::Surely => Place::Untold,
    };
    let mut places: Vec<Place> = entries.iter().map(place).collect();
    let is = |at: usize, place: Place, places: &[Place]| places[at] == place;
    let all = |place: Place| -> Vec<usize> {
        (0..entries.len()).filter(|at| is(*at, place, &places)).collect()
    };
    let (costed, not_costed) = (all(Place::Untold), all(Place::NotCosted));
    let best = cheapest(entries, &costed, sheet);
    let of_best = |at: usize| {
        let is_told = entries[at].cost.is_ok()
            && sheet.compares(entries[at].engine)
            && !is(at, Place::Beside, &places);
        let best = best.filter(|best| *best != at && is_told)?;
        Some(Against::of(entries[best].engine, entries[at].engine, sheet))
    };
    let against: Vec<Option<Against>> = (0..entries.len()).map(of_best).collect();
    let lead = |at: usize| against[at].as_ref().map_or(Lead::Open, |against| against.lead);
    // Who holds alone needs no cost.
    let alone = match not_costed[..] {
        [only] if best.is_none() => Some(only),
        _ => None,
    };
    let Some(first) = best.or(alone) else {
        let mut taking_part =
            (0..entries.len()).filter(|at| !is(*at, Place::Beside, &places)).peekable();
        let has_missed = |at: usize| {
            let entry = &entries[at];
            let is_wrong = standing(entry.engine) == Standing::Unfit;
            is(at, Place::Misses, &places)
                && (is_wrong || verified(entry.engine).count() >= FEWEST_MISSES)
        };
        let is_told = taking_part.peek().is_some() && taking_part.all(has_missed);
        let confidence = if is_told { Confidence::Certain } else { Confidence::NotEnoughData };
        return Decision { confidence, winner: None, places, against };
    };
    // Who was seen missing once or twice may hold it another time.
    let is_seldom_seen = |at: usize| {
        let entry = &entries[at];
        standing(entry.engine) != Standing::Unfit && verified(entry.engine).count() < FEWEST_MISSES
    };
    let mut confidence = Confidence::Certain;
    for (at, place) in places.iter().copied().enumerate() {
        let doubt = match place {
            _ if at == first => Confidence::Certain,
            Place::Untold => match lead(at) {
                Lead::Beyond => Confidence::Certain,
                Lead::Ahead => Confidence::Likely,
                Lead::Level => Confidence::TossUp,
                Lead::Open => Confidence::NotEnoughData,
            },
            Place::NotCosted => Confidence::Likely,
            Place::NotSure if lead(at) != Lead::Beyond => Confidence::Likely,
            Place::Misses if is_seldom_seen(at) => Confidence::Likely,
            _ => Confidence::Certain,
        };
        confidence = confidence.max(doubt);
    }
    let winner = (confidence <= Confidence::Likely).then_some(first);
    for at in costed.into_iter().chain([first]) {
        places[at] = match lead(at) {
            _ if Some(at) == winner => Place::Advised,
            _ if at == first && confidence == Confidence::TossUp => Place::AsGood,
            _ if at == first => Place::Untold,
            Lead::Beyond | Lead::Ahead => Place::Dearer,
            Lead::Level => Place::AsGood,
            Lead::Open => Place::Untold,
        };
    }
    Decision { confidence, winner, places, against }
}

/// Of entries whose cost is known, the one that no other is cheaper than, by the ratio that is told.
fn cheapest(entries: &[Entry<'_>], costed: &[usize], sheet: &Sheet<'_>) -> Option<usize> {
    costed.iter().copied().reduce(|best, other| {
        let against = Against::of(entries[best].engine, entries[other].engine, sheet);
        if against.comparison.ratio < 1.0 { other } else { best }
    })
}
