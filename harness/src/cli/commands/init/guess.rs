//! Which column of a file is what, by a look at its first rows. A guess is written down with its
//! ground, so that whoever knows better can change it.

use reports::quantity;
use scenarios::workload::trace::{ColumnLook, Holds, Look};

/// Which column is what, as numbers of the look's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// When an event reached us.
    pub(super) arrival: usize,
    /// When it happened; the same one, where there is no other.
    pub(super) event_time: usize,
    /// What it is about.
    pub(super) key: Option<usize>,
    /// How much it is.
    pub(super) value: Option<usize>,
}

/// Columns that somebody has named, as numbers of the look's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// When an event reached us.
    pub(super) arrival: Option<usize>,
    /// When it happened.
    pub(super) event_time: Option<usize>,
    /// What it is about.
    pub(super) key: Option<usize>,
    /// How much it is.
    pub(super) value: Option<usize>,
}

const ARRIVAL: &[&str] =
    &["arriv", "receiv", "ingest", "logged", "server", "depart", "process", "recorded", "landed"];
const HAPPENED: &[&str] =
    &["event", "happen", "occur", "sched", "creat", "client", "sent", "start", "measured", "taken"];
const TIME: &[&str] = &["time", "stamp", "epoch", "date", "_at", "_ts", "ts_"];
const KEY: &[&str] = &[
    "key", "user", "who", "account", "customer", "device", "sensor", "host", "symbol", "code",
    "name", "country", "origin", "category", "type", "station", "city", "region", "machine",
    "service",
];
const VALUE: &[&str] = &[
    "value", "amount", "price", "total", "quantity", "count", "bytes", "size", "duration", "delay",
    "distance", "latency", "load", "temp", "usage", "score", "fare", "volume",
];
const NO_VALUE: &[&str] =
    &["code", "zip", "lat", "lon", "version", "year", "month", "day", "phase"];

/// Whether a name has one of these words in it. A short word is a name by itself.
fn hints(column: &ColumnLook, words: &[&str], short: &[&str]) -> bool {
    let name = column.name.to_lowercase();
    short.contains(&name.as_str()) || words.iter().any(|word| name.contains(word))
}

fn is_id(column: &ColumnLook) -> bool {
    let name = column.name.to_lowercase();
    name == "id" || name.ends_with("_id") || column.name.ends_with("Id") || name.ends_with(" id")
}

impl Guess {
    /// The guess for what was seen; none without a column of times. The error says why.
    pub(super) fn of(look: &Look) -> Result<Self, String> {
        let columns = &look.columns;
        // A comment above the names: what stands below it is cut by other rules.
        if let [only] = &columns[..]
            && only.name.starts_with('#')
        {
            return Err(no_time(look));
        }
        let certain: Vec<usize> = (0..columns.len()).filter(|at| is_time(&columns[*at])).collect();
        let times = if certain.is_empty() {
            // Numbers from an origin of their own, as they are called.
            (0..columns.len()).filter(|at| may_be_time(&columns[*at])).take(1).collect()
        } else {
            certain
        };
        let Some((arrival, event_time)) = two_times(columns, &times, look.rows) else {
            return Err(no_time(look));
        };
        let rest = || (0..columns.len()).filter(|at| !times.contains(at));
        let key = rest().filter(|at| key_rank(&columns[*at], look.rows) > 0);
        // Of those alike, the first.
        let key = key.rev().max_by_key(|at| key_rank(&columns[*at], look.rows));
        let value = rest().filter(|at| Some(*at) != key && value_rank(&columns[*at]) > 0);
        let value = value.rev().max_by_key(|at| value_rank(&columns[*at]));
        Ok(Self { arrival, event_time, key, value })
    }

    /// The same, but for the columns that somebody has named. Where no column is told to hold times, the
    /// named one is taken at its word.
    pub(super) fn with(look: &Look, named: &Named) -> Result<Self, String> {
        let guess = match (Self::of(look), named.arrival) {
            (Ok(guess), _) => guess,
            (Err(_), Some(at)) => Self { arrival: at, event_time: at, key: None, value: None },
            (Err(why), None) => return Err(why),
        };
        let arrival = named.arrival.unwrap_or(guess.arrival);
        let is_one = guess.event_time == guess.arrival;
        let guessed = if is_one { arrival } else { guess.event_time };
        let event_time = named.event_time.unwrap_or(guessed);
        // A column that is named for one thing is guessed for no other.
        let is_free = |at: &usize| *at != arrival && *at != event_time;
        let is_left = |at: &usize| is_free(at) && named.value != Some(*at);
        let key = named.key.or(guess.key.filter(is_left));
        let is_left = |at: &usize| is_free(at) && key != Some(*at);
        let value = named.value.or(guess.value.filter(is_left));
        Ok(Self { arrival, event_time, key, value })
    }

    /// Whether that column is one of its times.
    pub(super) fn is_time(&self, at: usize) -> bool {
        at == self.arrival || at == self.event_time
    }
}

/// The years between which a time of today's files lies, in microseconds since the epoch.
const PLAUSIBLE_US: std::ops::Range<i64> = 631_152_000_000_000..4_102_444_800_000_000;

fn is_time(column: &ColumnLook) -> bool {
    match &column.holds {
        Holds::Times { unit: None, .. } => true,
        Holds::Times { unit: Some(_), micros, .. } => {
            let first = micros.iter().all(|us| PLAUSIBLE_US.contains(us));
            first && (hints(column, TIME, &["ts", "t", "at", "when"]) || micros.len() > 1)
        }
        _ => false,
    }
}

fn may_be_time(column: &ColumnLook) -> bool {
    let is_number = matches!(column.holds, Holds::Times { .. });
    let short = ["ts", "t", "at", "arr", "arrival", "when", "seconds", "ms", "offset"];
    is_number && (hints(column, TIME, &short) || hints(column, ARRIVAL, &[]))
}

fn micros(column: &ColumnLook) -> &[i64] {
    match &column.holds {
        Holds::Times { micros, .. } => micros,
        _ => &[],
    }
}

fn mean_us(column: &ColumnLook) -> i128 {
    let micros = micros(column);
    micros.iter().map(|us| i128::from(*us)).sum::<i128>() / (micros.len().max(1) as i128)
}

/// Times of one event do not lie further apart than this, in microseconds.
const YEAR_US: i128 = 31_556_952_000_000;

/// The arrival and the event time among these columns. A file is as a rule in the order in which
/// its rows came, and what comes has happened before.
fn two_times(columns: &[ColumnLook], times: &[usize], rows: usize) -> Option<(usize, usize)> {
    let arrival_rank = |at: &usize| {
        let column = &columns[*at];
        (
            micros(column).len() == rows,
            hints(column, ARRIVAL, &[]),
            !hints(column, HAPPENED, &[]),
            micros(column).is_sorted(),
            mean_us(column),
            std::cmp::Reverse(*at),
        )
    };
    let arrival = times.iter().copied().max_by_key(arrival_rank)?;
    let near = |at: &usize| {
        let apart = mean_us(&columns[*at]) - mean_us(&columns[arrival]);
        micros(&columns[*at]).len() == rows && apart.abs() < YEAR_US
    };
    // What mostly lies after an event has come is something that happened to it later.
    let before = |at: &usize| {
        let pairs = micros(&columns[*at]).iter().zip(micros(&columns[arrival]));
        pairs.filter(|(happened, arrived)| happened > arrived).count() * 2 <= rows
    };
    let others = times.iter().copied().filter(|at| *at != arrival).filter(near).filter(before);
    let happened_rank = |at: &usize| (hints(&columns[*at], HAPPENED, &[]), std::cmp::Reverse(*at));
    Some((arrival, others.max_by_key(happened_rank).unwrap_or(arrival)))
}

/// How likely a column is a key; 0 for not at all.
fn key_rank(column: &ColumnLook, rows: usize) -> u32 {
    let is_text = matches!(column.holds, Holds::Text | Holds::Dates);
    let is_named = hints(column, KEY, &["k"]) || is_id(column);
    let repeats = column.distinct * 2 <= rows.max(2) && column.distinct > 1;
    match column.holds {
        Holds::Nothing => 0,
        _ if !is_text && !is_named => 0,
        _ if !repeats && !is_named => 0,
        // Amounts that cannot be read as they are written.
        _ if column.no_number.is_some() && !is_named => 0,
        _ => 1 + 4 * u32::from(repeats) + 2 * u32::from(is_named) + u32::from(is_text),
    }
}

/// How likely a column is a value; 0 for not at all.
fn value_rank(column: &ColumnLook) -> u32 {
    let is_number = matches!(column.holds, Holds::Numbers | Holds::Times { unit: Some(_), .. });
    let is_named = hints(column, VALUE, &["v"]);
    // The number of a row says nothing of its event, unless it is called an amount.
    if !is_number || is_id(column) || (column.is_running && !is_named) {
        return 0;
    }
    1 + 2 * u32::from(!hints(column, NO_VALUE, &[])) + 4 * u32::from(is_named)
}

/// The columns that almost hold numbers, the likeliest value first, each with what keeps it from it.
pub(super) fn almost_values(look: &Look, guess: &Guess) -> Vec<String> {
    let is_free = |at: &usize| !guess.is_time(*at) && guess.key != Some(*at);
    let mut almost: Vec<&ColumnLook> =
        (0..look.columns.len()).filter(is_free).map(|at| &look.columns[at]).collect();
    almost.retain(|column| column.no_number.is_some());
    almost.sort_by_key(|column| !hints(column, VALUE, &["v"]));
    let said = |column: &ColumnLook| {
        format!("`{}`: {}", column.name, column.no_number.as_deref().unwrap_or_default())
    };
    almost.into_iter().map(said).collect()
}

fn no_time(look: &Look) -> String {
    let first = look.columns.first().map_or("", |column| column.name.as_str());
    if first.starts_with(['{', '[']) {
        return "its lines are JSON, and a line of fields is asked for each event, such as \
                jq -r '[.time, .key, .value] | @csv' writes"
            .to_owned();
    }
    if first.starts_with('#') {
        return "its first line is a comment, where names of columns are asked for: take the lines \
                out that begin with #, such as by grep -v '^#'"
            .to_owned();
    }
    let almost =
        look.columns.iter().find_map(|column| Some((&column.name, column.no_time.as_ref()?)));
    if let Some((name, why)) =
        almost.filter(|_| look.columns.iter().all(|column| column.holds != Holds::Dates))
    {
        return format!("column `{name}` almost holds times: {why}");
    }
    let dates: Vec<&str> = look
        .columns
        .iter()
        .filter(|column| column.holds == Holds::Dates)
        .map(|column| column.name.as_str())
        .collect();
    match dates[..] {
        [] => "no column of its first rows holds times: ISO 8601 such as 2001-01-31T08:30:00Z, or \
               numbers since 1970"
            .to_owned(),
        [first, ..] => format!(
            "no column of its first rows holds times; `{first}` looks like a date without \
             separators: write 2001-01-31 for 20010131"
        ),
    }
}

/// What a column seems to hold, in words; of numbers, what they count, if they are taken for times.
pub(super) fn ground(column: &ColumnLook, as_time: bool) -> String {
    match &column.holds {
        Holds::Times { unit: Some(_), .. } if !as_time => "numbers".to_owned(),
        Holds::Times { unit: Some(unit), .. } => format!("numbers, {} by their size", unit.word()),
        Holds::Times { is_local: true, .. } => "times without an offset".to_owned(),
        Holds::Times { .. } => "times".to_owned(),
        Holds::Dates => "dates".to_owned(),
        Holds::Numbers => "numbers".to_owned(),
        Holds::Text => {
            format!("{} in the first rows", quantity::counted(column.distinct as u64, "text"))
        }
        Holds::Nothing => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::workload::trace::look;

    /// What is guessed of this file, by the names of columns.
    #[track_caller]
    fn guessed(content: &str, want: [&str; 4]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        std::fs::write(&file, content).unwrap();
        let look = look(&file).unwrap();
        let guess = Guess::of(&look).unwrap_or_else(|why| panic!("{why}: {look:?}"));
        let name = |at: Option<usize>| at.map_or("", |at| look.columns[at].name.as_str());
        let got = [
            name(Some(guess.arrival)),
            name(Some(guess.event_time)),
            name(guess.key),
            name(guess.value),
        ];
        assert_eq!(got, want, "{look:?}");
    }

    #[test]
    fn columns_are_told_apart_by_what_they_hold_and_by_their_names() {
        guessed(
            "departed_at,scheduled_at,origin,destination,distance_miles\n\
             2001-01-01T01:19:00Z,2001-01-01T01:24:00Z,LAS,JFK,407\n\
             2001-01-01T01:39:00Z,2001-01-01T01:19:00Z,LAS,SFO,256\n\
             2001-01-01T01:49:00Z,2001-01-01T01:19:00Z,DTW,SFO,256\n",
            ["departed_at", "scheduled_at", "origin", "distance_miles"],
        );
        guessed(
            "ts,k,v\n1720612800,a,1.5\n1720612801,b,2\n1720612802,a,3\n",
            ["ts", "ts", "k", "v"],
        );
        guessed("v;k;ts\n1,5;a;1720612800250\n2;b;1720612800251\n", ["ts", "ts", "k", "v"]);
        // Numbers from an origin of their own, and a key that is a number.
        guessed(
            "user_id,arr,bytes\n7,0.0,512\n8,1.5,9\n7,2.0,77\n",
            ["arr", "arr", "user_id", "bytes"],
        );
        // What happened lies before what arrived, in whichever order they stand.
        guessed(
            "a,b\n2024-07-10T12:00:00Z,2024-07-10T12:00:05Z\n2024-07-10T12:00:01Z,2024-07-10T12:00:06Z\n",
            ["b", "a", "", ""],
        );
        // Without names, by number.
        guessed(
            "2024-07-10T12:00:00Z,a,1\n2024-07-10T12:00:05Z,a,2\n2024-07-10T12:00:06Z,b,2\n2024-07-10T12:00:07Z,b,3\n",
            ["1", "1", "2", "3"],
        );
        // What numbers the rows is no value, but where it is called one.
        guessed(
            "nr,ts,who,fuel\n1,1720612800,a,7\n2,1720612801,b,9\n3,1720612802,a,7\n",
            ["ts", "ts", "who", "fuel"],
        );
        guessed(
            "nr,ts,who\n-1,1720612800,a\n0,1720612801,b\n1,1720612802,a\n",
            ["ts", "ts", "who", ""],
        );
        guessed(
            "1,2024-07-10T12:00:00Z,a,7\n2,2024-07-10T12:00:05Z,a,9\n3,2024-07-10T12:00:06Z,b,9\n4,2024-07-10T12:00:07Z,b,7\n",
            ["2", "2", "3", "4"],
        );
        guessed(
            "ts,who,total\n1720612800,a,1\n1720612801,b,2\n1720612802,a,3\n",
            ["ts", "ts", "who", "total"],
        );
        // A birthday is a time, but not of the event.
        guessed(
            "time,born,who\n2024-07-10T12:00:00Z,1980-05-01,a\n2024-07-10T12:00:01Z,1999-01-31,a\n",
            ["time", "time", "who", ""],
        );
        // What comes of an order later is not when it happened.
        guessed(
            "ordered_at,shipped_at,customer,quantity\n\
             2024-07-10T12:00:00Z,2024-07-11T16:51:36Z,a,1\n\
             2024-07-10T12:00:02Z,2024-07-10T13:30:08Z,b,1\n\
             2024-07-10T12:00:04Z,2024-07-11T03:05:36Z,a,4\n",
            ["ordered_at", "ordered_at", "customer", "quantity"],
        );
    }

    #[test]
    fn what_somebody_names_is_taken_and_guessed_for_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        let with = |content: &str, named: Named| {
            std::fs::write(&file, content).unwrap();
            let guess = Guess::with(&look(&file).unwrap(), &named)?;
            Ok::<_, String>((guess.arrival, guess.event_time, guess.key, guess.value))
        };
        let two = "a,b,who,v\n2024-07-10T12:00:00Z,2024-07-10T12:00:05Z,x,1\n\
                   2024-07-10T12:00:01Z,2024-07-10T12:00:06Z,x,2\n";
        assert_eq!(with(two, Named::default()), Ok((1, 0, Some(2), Some(3))));
        let arrival = |at: usize| Named { arrival: Some(at), ..Named::default() };
        assert_eq!(with(two, arrival(0)), Ok((0, 0, Some(2), Some(3))));
        let key = Named { key: Some(3), ..Named::default() };
        assert_eq!(with(two, key), Ok((1, 0, Some(3), None)), "it is no value then");
        let one = "t,who,v\n1720612800,x,1\n1720612801,x,2\n";
        let value = Named { value: Some(1), ..Named::default() };
        assert_eq!(with(one, value), Ok((0, 0, None, Some(1))), "it is no key then");
        // Where none of them is told to hold times, the named one is taken at its word.
        let none = "pos,who\n3,x\n4,y\n";
        assert!(with(none, Named::default()).is_err());
        assert_eq!(with(none, arrival(0)), Ok((0, 0, None, None)));
    }

    #[test]
    fn a_column_that_is_almost_one_of_values_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        std::fs::write(&file, "ts,k,note,usd\n1720612800,a,7%,$4.50\n1720612801,b,8%,$4.50\n")
            .unwrap();
        let look = look(&file).unwrap();
        let guess = Guess::of(&look).unwrap();
        assert_eq!(guess.value, None);
        let almost = almost_values(&look, &guess);
        assert!(
            almost[0].starts_with("`note`: `7%` stands there: expected a number alone"),
            "{almost:?}"
        );
        assert!(almost[1].contains("write 4.50 for $4.50"), "{almost:?}");
    }

    #[test]
    fn without_a_time_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        let why = |content: &str| {
            std::fs::write(&file, content).unwrap();
            Guess::of(&look(&file).unwrap()).unwrap_err()
        };
        assert!(why("who,amount\nfred,2\nwilma,3\n").contains("no column"));
        let dates = why("day,amount\n20240709,2\n20240710,3\n");
        assert!(dates.contains("`day` looks like a date"), "{dates}");
        for (content, said) in [
            (
                "when,k\n03.11.2025 08:00,a\n04.11.2025 09:00,b\n",
                "column `when` almost holds times: `03.11.2025 08:00`",
            ),
            ("a,when\nx,22:00:00\ny,22:00:06\n", "column `when` almost holds times"),
            (
                "# exported\n2025-11-03T08:00:00Z,a\n2025-11-03T08:00:01Z,a\n",
                "its first line is a comment",
            ),
            (
                "{\"ts\": 1720612800, \"k\": 1}\n{\"ts\": 1720612801, \"k\": 2}\n",
                "its lines are JSON",
            ),
        ] {
            let got = why(content);
            assert!(got.contains(said), "{content}: {got}");
        }
    }
}
