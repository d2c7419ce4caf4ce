//! The shape of a program, drawn.
//!
//! `Stream<T>` is the number of a line in a drawing. Used to describe a scenario to its reader,
//! and in tests, so that a change of a plan is seen.

use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::dataflow::{Dataflow, Joined, Key, Numbered, Side, Windowed};
use crate::engine::StreamOf;
use crate::join::JoinSpec;
use crate::record::Data;
use crate::session::SessionSpec;
use crate::silence::SilenceSpec;
use crate::window::WindowSpec;
use std::fmt::Display;
use std::marker::PhantomData;

/// The drawing of a plan: a line per operator, with the lines it is fed by.
pub fn draw<I: Data, O: Data>(
    plan: impl FnOnce(&mut Sketch, StreamOf<Sketch, I>) -> StreamOf<Sketch, O>,
) -> String {
    let mut sketch = Sketch::default();
    let source = sketch.line("source", &[], short_name::<I>());
    let answers = plan(&mut sketch, source);
    let _: Node<O> = sketch.line("sink", &[answers.line], short_name::<O>());
    sketch.render()
}

/// The interpreter. Made by [`draw`].
#[derive(Debug, Default)]
pub struct Sketch {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    operator: &'static str,
    inputs: Vec<usize>,
    note: String,
}

/// A stream in a drawing.
#[derive(Debug)]
pub struct Node<T> {
    line: usize,
    of: PhantomData<fn() -> T>,
}

impl Sketch {
    fn line<T>(&mut self, operator: &'static str, inputs: &[usize], note: String) -> Node<T> {
        self.lines.push(Line { operator, inputs: inputs.to_vec(), note });
        Node { line: self.lines.len() - 1, of: PhantomData }
    }

    fn keyed<K, T>(
        &mut self,
        operator: &'static str,
        input: usize,
        aggregate: &str,
        cut: impl Display,
    ) -> Node<T> {
        let note = format!("{aggregate} by {}, {cut}", short_name::<K>());
        self.line(operator, &[input], note)
    }

    fn render(&self) -> String {
        let mut text = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            let inputs: Vec<String> =
                line.inputs.iter().map(|input| (input + 1).to_string()).collect();
            let fed = if inputs.is_empty() {
                String::new()
            } else {
                format!("← {}", inputs.join(", "))
            };
            let row = format!("{:>2}  {:<9} {:<6} {}", number + 1, line.operator, fed, line.note);
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A type's name without the paths of its modules.
fn short_name<T>() -> String {
    let mut short = String::new();
    let mut word = String::new();
    for letter in std::any::type_name::<T>().chars() {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
        } else if letter == ':' {
            word.clear();
        } else {
            short.push_str(&word);
            word.clear();
            short.push(letter);
        }
    }
    short + &word
}

impl Dataflow for Sketch {
    type Stream<T: Data> = Node<T>;

    fn map<T: Data, U: Data>(
        &mut self,
        input: Node<T>,
        _: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Node<U> {
        self.line("map", &[input.line], format!("to {}", short_name::<U>()))
    }

    fn filter<T: Data>(
        &mut self,
        input: Node<T>,
        _: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Node<T> {
        self.line("filter", &[input.line], String::new())
    }

    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Node<T>,
        _: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Node<U> {
        self.line("flat_map", &[input.line], format!("to any number of {}", short_name::<U>()))
    }

    fn fork<T: Data>(&mut self, input: Node<T>) -> (Node<T>, Node<T>) {
        let left: Node<T> = self.line("fork", &[input.line], String::new());
        let right = Node { line: left.line, of: PhantomData };
        (left, right)
    }

    fn union<T: Data>(&mut self, left: Node<T>, right: Node<T>) -> Node<T> {
        self.line("union", &[left.line, right.line], String::new())
    }

    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Node<T>,
        _: impl Fn(&T) -> K + Send + Sync + 'static,
        _: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        window: WindowSpec,
        _: A,
    ) -> Node<Windowed<K, A::Output>> {
        let inverse = if A::INVERTIBLE { "has an inverse" } else { "no inverse" };
        let aggregate = format!("{} ({inverse})", short_name::<A>());
        self.keyed::<K, _>("aggregate", input.line, &aggregate, window)
    }

    fn session<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Node<T>,
        _: impl Fn(&T) -> K + Send + Sync + 'static,
        _: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        session: SessionSpec,
        _: A,
    ) -> Node<Windowed<K, A::Output>> {
        self.keyed::<K, _>("session", input.line, &short_name::<A>(), session)
    }

    fn counted<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Node<T>,
        _: impl Fn(&T) -> K + Send + Sync + 'static,
        _: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        count: CountSpec,
        _: A,
    ) -> Node<Numbered<K, A::Output>> {
        self.keyed::<K, _>("counted", input.line, &short_name::<A>(), count)
    }

    fn silences<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Node<T>,
        _: impl Fn(&T) -> K + Send + Sync + 'static,
        _: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        silence: SilenceSpec,
        _: A,
    ) -> Node<Windowed<K, A::Output>> {
        self.keyed::<K, _>("silences", input.line, &short_name::<A>(), silence)
    }

    fn joined<L: Data, R: Data, K: Key>(
        &mut self,
        sides: Node<Side<L, R>>,
        _: impl Fn(&Side<L, R>) -> K + Send + Sync + 'static,
        join: JoinSpec,
    ) -> Node<Joined<K, L, R>> {
        let sides_of = format!("{} with {}", short_name::<L>(), short_name::<R>());
        self.keyed::<K, _>("join", sides.line, &sides_of, join)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Count;

    #[test]
    fn a_plan_with_a_fork_and_a_union() {
        let drawing = draw::<u64, _>(|flow, events| {
            let (left, right) = flow.fork(events);
            let left = flow.filter(left, |n| n % 2 == 0);
            let right = flow.map(right, |n| n + 1);
            let both = flow.union(left, right);
            let window = WindowSpec::sliding(60_000_000, 1_000_000).unwrap();
            flow.aggregate(both, |n| *n, |_| (), window, Count)
        });
        insta::assert_snapshot!(drawing, @r"
         1  source           u64
         2  fork      ← 1
         3  filter    ← 2
         4  map       ← 2    to u64
         5  union     ← 3, 4
         6  aggregate ← 5    Count (has an inverse) by u64, sliding 1min by 1s
         7  sink      ← 6    Windowed<u64, u64>
        ");
    }

    #[test]
    fn a_plan_with_counted_windows_and_silences() {
        let drawing = draw::<u64, _>(|flow, events| {
            let spec = CountSpec::sliding(10, 2).unwrap();
            let counted = flow.counted(events, |n| *n, |_| (), spec, Count);
            let counts = flow.map(counted, |answer| answer.value);
            let spec = SilenceSpec::new(30_000_000, 5, 3_600_000_000).unwrap();
            flow.silences(counts, |n| *n, |_| (), spec, Count)
        });
        insta::assert_snapshot!(drawing, @r"
         1  source           u64
         2  counted   ← 1    Count by u64, the last 10 records, every 2
         3  map       ← 2    to u64
         4  silences  ← 3    Count by u64, silent for 30s after 5 records, forgotten after 1h
         5  sink      ← 4    Windowed<u64, u64>
        ");
    }

    #[test]
    fn a_plan_with_a_join() {
        let drawing = draw::<u64, _>(|flow, events| {
            let (left, right) = flow.fork(events);
            let right = flow.map(right, |n| i64::try_from(n).ok());
            let spec = JoinSpec::interval(0, 60_000_000).unwrap().left();
            flow.join(
                left,
                right,
                (|n: &u64| *n, |n: &Option<i64>| n.map_or(0, i64::unsigned_abs)),
                spec,
            )
        });
        insta::assert_snapshot!(drawing, @r"
         1  source           u64
         2  fork      ← 1
         3  map       ← 2    to Option<i64>
         4  map       ← 2    to Side<u64, Option<i64>>
         5  map       ← 3    to Side<u64, Option<i64>>
         6  union     ← 4, 5
         7  join      ← 6    u64 with Option<i64> by u64, left, from 0s to +1min
         8  sink      ← 7    Joined<u64, u64, Option<i64>>
        ");
    }

    #[test]
    fn a_plan_with_sessions() {
        let drawing = draw::<u64, _>(|flow, events| {
            let spec = SessionSpec::new(1_800_000_000).unwrap();
            flow.session(events, |n| *n, |_| (), spec, Count)
        });
        insta::assert_snapshot!(drawing, @r"
         1  source           u64
         2  session   ← 1    Count by u64, sessions, gap 30min
         3  sink      ← 2    Windowed<u64, u64>
        ");
    }
}
