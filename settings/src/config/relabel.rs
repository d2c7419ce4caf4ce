//! A name tells what runs.
//!
//! A label that quotes a setting was true of the file. Where the command line or the environment
//! sets that key otherwise, it sets it in every table of the engine: the label would lie, and
//! tables that differed in nothing else have become one. So the quotation goes, what is equal now
//! runs once, and what no label tells apart any more is called by what differs.

use super::engines::EngineSettings;
use super::keys;
use super::settings::{Settings, below};
use super::write::shown;
use crate::plan::settings::{Typed, Values};

/// Gives the engines of a scenario, over which something was laid, the names of what they are now.
/// `before` are the same engines as the file has them.
pub(super) fn relabel(all: &mut Vec<EngineSettings>, before: &[EngineSettings]) {
    let same_order = all.iter().map(|one| one.name).eq(before.iter().map(|one| one.name));
    if !same_order {
        return;
    }
    let mut altered: Vec<&'static str> = Vec::new();
    for (now, then) in all.iter_mut().zip(before) {
        let changed = laid_over(now, then);
        if !changed.is_empty() {
            altered.push(now.name);
        }
        requote(now, then, &changed);
    }
    for name in altered {
        let was_several = all.iter().filter(|one| one.name == name).count() > 1;
        if was_several {
            once(all, name);
            tell_apart(all, name);
        }
    }
}

/// The path of an engine's label.
fn label_of(engine: &EngineSettings) -> String {
    below(engine.path, "label")
}

/// All that an engine is set to, but for its name.
fn values(engine: &EngineSettings) -> Values {
    let mut values = engine.settings.values();
    values.remove(&label_of(engine));
    values
}

/// The paths of the keys over which something was laid, with the value that they had. It may have
/// been the same: a sweep goes through such a point too, under the same name.
fn laid_over(now: &EngineSettings, then: &EngineSettings) -> Vec<(String, Typed)> {
    let is_other = |(path, _): &(String, Typed)| now.settings.get(path) != then.settings.get(path);
    values(then).into_iter().filter(is_other).collect()
}

/// Takes from a label what it quotes of values that were laid over, unless it is a new label.
fn requote(now: &mut EngineSettings, then: &EngineSettings, changed: &[(String, Typed)]) {
    let path = label_of(now);
    let Some(label) = now.settings.text(&path).filter(|l| Some(*l) == then.settings.text(&path))
    else {
        return;
    };
    let mut rest = label.to_owned();
    for (path, value) in changed {
        let key = path.rsplit('.').next().unwrap_or(path);
        if let Some(value) = shown(value)
            && let Some(without) = without(&rest, &value, key)
        {
            rest = without;
        }
    }
    if rest != label {
        name(&mut now.settings, &path, &rest);
    }
}

/// Sets a label, or takes it away where it says nothing.
fn name(settings: &mut Settings, path: &str, label: &str) {
    match keys::key(path).filter(|_| !label.is_empty()) {
        Some(key) => settings.change(key, Typed::Text(label.to_owned())),
        None => settings.remove(path),
    }
}

/// A label without a value that it quotes, with whatever blanks and capitals, and without the
/// name of the key that would be left alone. None if it does not quote it.
fn without(label: &str, value: &str, key: &str) -> Option<String> {
    let chars: Vec<char> = label.chars().collect();
    let wanted: Vec<char> = value.chars().filter(|c| !c.is_whitespace()).collect();
    let is_word = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric());
    let ends_at = |from: usize| {
        let mut at = from;
        for (n, want) in wanted.iter().enumerate() {
            while n > 0 && chars.get(at).is_some_and(|c| c.is_whitespace()) {
                at += 1;
            }
            if !chars.get(at)?.eq_ignore_ascii_case(want) {
                return None;
            }
            at += 1;
        }
        Some(at)
    };
    let starts = (0..chars.len()).filter(|at| *at == 0 || !is_word(chars.get(at - 1)));
    let (from, to) = starts
        .filter_map(|from| Some((from, ends_at(from)?)))
        .find(|(_, to)| !is_word(chars.get(*to)))?;
    let part = |chars: &[char]| -> String {
        let text: String = chars.iter().collect();
        text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
    };
    let mut rest = vec![part(&chars[..from]), part(&chars[to..])];
    rest.retain(|part| !part.is_empty() && !part.eq_ignore_ascii_case(key));
    Some(rest.join(" "))
}

/// Leaves of settings that are equal but for their labels the first alone; one that is left alone
/// needs no label.
fn once(all: &mut Vec<EngineSettings>, name: &str) {
    let mut kept: Vec<Values> = Vec::new();
    all.retain(|one| {
        if one.name != name {
            return true;
        }
        let is_new = !kept.contains(&values(one));
        kept.push(values(one));
        is_new
    });
    let mut own: Vec<&mut EngineSettings> = all.iter_mut().filter(|one| one.name == name).collect();
    if let [only] = &mut own[..] {
        let path = label_of(only);
        only.settings.remove(&path);
    }
}

/// Calls settings that no label tells apart any more by what differs between them.
fn tell_apart(all: &mut [EngineSettings], name: &str) {
    let own: Vec<usize> = (0..all.len()).filter(|at| all[*at].name == name).collect();
    let label = |at: &usize| all[*at].settings.text(&label_of(&all[*at])).unwrap_or_default();
    let is_twice = own.iter().any(|a| own.iter().any(|b| a != b && label(a) == label(b)));
    if !is_twice {
        return;
    }
    let each: Vec<Values> = own.iter().map(|at| values(&all[*at])).collect();
    let differs = |path: &&String| each.iter().any(|one| one.get(*path) != each[0].get(*path));
    let mut paths: Vec<&String> = each.iter().flat_map(Values::keys).filter(differs).collect();
    paths.sort_unstable();
    paths.dedup();
    for (at, values) in own.into_iter().zip(&each) {
        let told: Vec<String> = paths.iter().filter_map(|path| shown(values.get(*path)?)).collect();
        let path = label_of(&all[at]);
        self::name(&mut all[at].settings, &path, &told.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given, Traces};
    use crate::plan::Cell;

    #[track_caller]
    fn check_without(label: &str, value: &str, want: Option<&str>) {
        assert_eq!(without(label, value, "interval").as_deref(), want, "{label} of {value}");
    }

    #[test]
    fn a_quotation_is_found_however_it_is_spaced_and_only_as_a_whole() {
        check_without("50 ms", "50ms", Some(""));
        check_without("slices, 50ms", "50ms", Some("slices"));
        check_without("interval = 50 MS", "50ms", Some(""));
        check_without("50 ms slices", "50ms", Some("slices"));
        check_without("250 ms", "50ms", None);
        check_without("50 msec", "50ms", None);
        check_without("fast", "50ms", None);
    }

    /// A scenario whose engines are set up like this, with this laid over it.
    fn cell(engines: &str, set: &[&str]) -> Cell {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let text = format!(
            "name = \"mine\"\n[source.synthetic]\nrate = \"1k/s\"\nkeys = {{ uniform = {{ count = \
             10 }} }}\n[query.window]\nsize = \"1s\"\n{engines}"
        );
        std::fs::write(&path, text).unwrap();
        let given: Vec<_> = set.iter().map(|text| Given::set(*text)).collect();
        let names = [path.to_string_lossy().into_owned()];
        let loaded = config::load(&names, &given, &[], Traces::MayBeAbsent);
        loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
    }

    #[track_caller]
    fn check(engines: &str, set: &[&str], want: &[&str]) {
        let cell = cell(engines, set);
        let labels: Vec<&str> = cell.engines.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(labels, want, "{set:?}");
        // What a repetition's process is told, and what the record keeps, has the same names.
        let again = Cell::of_settled(&cell.settings).unwrap();
        assert_eq!(again.engines, cell.engines);
        assert_eq!(config::of_text(&cell.resolved_toml).unwrap().engines, cell.engines);
    }

    const TWO: &str = "[[engine.micro-batch]]\nlabel = \"50 ms\"\ninterval = \"50ms\"\n\
                       [[engine.micro-batch]]\nlabel = \"700 ms\"\ninterval = \"700ms\"\n\
                       [engine.per-event]\n";

    #[test]
    fn settings_that_have_become_equal_run_once_and_under_no_false_name() {
        check(TWO, &[], &["micro-batch (50 ms)", "micro-batch (700 ms)", "per-event"]);
        check(TWO, &["engine.micro-batch.interval=10ms"], &["micro-batch", "per-event"]);
        check(TWO, &["engine.micro-batch.interval=50ms"], &["micro-batch", "per-event"]);
        // What concerns something else leaves the names alone.
        let names = ["micro-batch (50 ms)", "micro-batch (700 ms)", "per-event"];
        check(TWO, &["engine.micro-batch.attempts=3"], &names);
        check(TWO, &["parallelism=2"], &names);
    }

    #[test]
    fn one_setting_is_not_called_by_a_value_that_it_no_longer_has() {
        let one = "[engine.micro-batch]\nlabel = \"50 ms\"\ninterval = \"50ms\"\n";
        check(one, &["engine.micro-batch.interval=1s"], &["micro-batch"]);
        check(one, &["engine.micro-batch.interval=50ms"], &["micro-batch"]);
        check(one, &["engine.micro-batch.attempts=3"], &["micro-batch (50 ms)"]);
        let named = ["engine.micro-batch.interval=1s", "engine.micro-batch.label=mine"];
        check(one, &named, &["micro-batch (mine)"]);
    }

    #[test]
    fn what_still_differs_is_called_by_that() {
        let two = "[[engine.micro-batch]]\nlabel = \"50 ms\"\ninterval = \"50ms\"\nalgorithm = \
                   \"slices\"\n[[engine.micro-batch]]\nlabel = \"700 ms\"\ninterval = \"700ms\"\n\
                   algorithm = \"recompute\"\n";
        let set = ["engine.micro-batch.interval=10ms"];
        check(two, &set, &["micro-batch (slices)", "micro-batch (recompute)"]);
        let two = two.replace("50 ms", "slices, 50 ms").replace("700 ms", "recompute 700 ms");
        check(&two, &set, &["micro-batch (slices)", "micro-batch (recompute)"]);
    }

    #[test]
    fn the_same_twice_stays_where_nothing_was_laid_over_it() {
        let same = TWO.replace("interval = \"700ms\"", "interval = \"50ms\"");
        assert_eq!(cell(&same, &[]).engines.len(), 3, "somebody wants to see the noise");
    }
}
