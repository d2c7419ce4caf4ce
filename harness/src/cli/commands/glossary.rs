//! The words that people come with, in the terms of this program: names of systems, of figures and
//! of what a report says of them.
//!
//! What has a name of its own here, such as a metric, a key or a code, is explained where it is
//! defined; a word may name it, so that a reader gets there.

/// A word and what it means here.
pub(super) struct Entry {
    /// As it is written, then other ways to write it. Case, hyphens and underscores are nothing.
    names: &'static [&'static str],
    /// In sentences; a line that begins with a blank is shown as it is.
    pub(super) meaning: &'static str,
    /// What else can be described that has to do with it.
    pub(super) see: &'static [&'static str],
}

impl Entry {
    /// As it is written.
    pub(super) const fn name(&self) -> &'static str {
        self.names[0]
    }
}

/// The entry of this word, in whichever way it is written.
pub(super) fn entry(word: &str) -> Option<&'static Entry> {
    let word = plain(word);
    ENTRIES.iter().find(|entry| entry.names.iter().any(|name| plain(name) == word))
}

/// All words, each as it is written.
pub(in crate::cli) fn words() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(Entry::name)
}

/// A word without what may be written in one way or another.
pub(super) fn plain(word: &str) -> String {
    word.to_lowercase().replace(['-', '_'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn row(
    names: &'static [&'static str],
    see: &'static [&'static str],
    meaning: &'static str,
) -> Entry {
    Entry { names, meaning, see }
}

/// In reading order: systems, latencies, where time goes, what is said of a run.
const ENTRIES: &[Entry] = &[
    row(
        &["spark", "apache spark", "spark streaming", "structured streaming", "dstream"],
        &[
            "micro-batch",
            "engine.spark-structured",
            "engine.spark-dstream",
            "engine.spark-real-time",
            "anatomy",
            "result_latency",
        ],
        "Spark's model is `micro-batch` here: an engine embedded in this program that collects for \
         an interval and computes on the batch, by lineage. Its `interval` is Spark's batch \
         interval, or trigger; `windows = \"batches\"` makes windows as DStreams do, \
         `windows = \"event-time\"` as Structured Streaming does. It is not Spark, and says nothing \
         of its network, serialisation or cluster. Spark itself is an engine as well, in a process \
         of its own, as `spark-structured`, `spark-real-time` and `spark-dstream`: \
         `sluicebench engines` says whether it is here.\n\
         \n\
         Spark's real-time mode reports three latencies of a record. Beside ours:\n\
         \x20 Spark's                                   here\n\
         \x20 processing (processingLatencyMs):         `compute` and `commit` of the anatomy\n\
         \x20   from reading a record to writing it\n\
         \x20 source queuing (sourceQueuingLatencyMs):  `pacing`, `queue`, `batch wait` and\n\
         \x20   from the log's append to the reading      `scheduling` of the anatomy\n\
         \x20 end to end (e2eLatencyMs):                event_latency; without the wait for the\n\
         \x20   from the log's append to the end          watermark, result_latency\n\
         \n\
         Spark's count from when a record was written, ours from when it was due: what holds up the \
         writer is in ours alone. Spark's are of records; ours of answers, so that a window's holds \
         the `watermark bound` as well.",
    ),
    row(
        &["flink", "apache flink"],
        &["per-event", "engine.flink", "waiting"],
        "Flink's model is `per-event` here: an engine embedded in this program that lets each event \
         through a chain of operators at once, and between workers through buffers that leave when \
         they are full or after `buffer_timeout`, as Flink's do. It never waits for more events, and \
         takes those that are already due together, up to 256 of them, unless engine.per-event.strict \
         is set. It is not Flink, and says nothing of its network, serialisation or cluster. Flink itself is an engine as well, in a \
         process of its own: `sluicebench engines` says whether it is here, and --engine flink runs \
         it. Flink's latency markers pass windows by; result_latency and event_latency are those of \
         the answers themselves.",
    ),
    row(
        &["storm", "apache storm"],
        &["per-event", "engine.storm", "verified"],
        "Storm's model, a tuple at a time, is `per-event` here. Storm's complete latency counts from \
         a tuple's emission by the spout to its last acknowledgement; ours from when it was due, \
         whether or not the source was held up. In `per-event` nothing is acknowledged: whether an \
         answer is right is checked after the run. Storm itself is an engine as well, in a process \
         of its own, with acknowledgements or without: `sluicebench engines` says whether it is \
         here, and --engine storm runs it. What it emits again since it took it for lost counts \
         twice, and is found by the check.",
    ),
    row(
        &["processing latency", "processing", "processingLatencyMs", "processing time"],
        &["spark"],
        "Spark's word for the time from reading a record to writing it: `compute` and `commit` of \
         the anatomy here. Of a batch, its processing time is in the chart of batch delays.",
    ),
    row(
        &["source queuing latency", "source queuing", "sourceQueuingLatencyMs", "queuing latency"],
        &["spark"],
        "Spark's word for the time from a record's append to its log to the first reading: `pacing`, \
         `queue`, `batch wait` and `scheduling` of the anatomy here.",
    ),
    row(
        &["end to end latency", "end to end", "e2e latency", "e2eLatencyMs", "e2e", "latency"],
        &["result_latency", "event_latency", "spark"],
        "From when the latest event of an answer was due to the answer's emission: event_latency. \
         result_latency is the part that is the engine's: it begins when an event came that made \
         the answer final. Both count from the schedule, so that a stall is in them in full, and \
         Spark's end-to-end latency counts from the append to a log.",
    ),
    row(
        &[
            "p99",
            "p50",
            "p90",
            "p99.9",
            "p999",
            "percentile",
            "quantile",
            "tail latency",
            "tail",
            "max",
            "maximum",
        ],
        &["result_latency.p99", "event_latency.p99"],
        "The value that 99 of 100 answers do not exceed; p50 is the median, p99.9 the value that \
         999 of 1000 do not exceed. Without another word p99 is that of result_latency. Each \
         repetition has its own; tables show their median. It \
         is measured of all answers of the measured part, to three digits, and one of few answers is \
         hardly more than their maximum.\n\
         In a threshold: metric = \"result_latency.p99\" or \"event_latency.p99\"; in a search: \
         --slo p99=100ms.",
    ),
    row(
        &["anatomy"],
        &["event_latency"],
        "Where the time of an answer went: parts that add up to its event_latency, the same for \
         both engines, as means over a few thousand answers and over the slowest 1 % of them. In \
         the order in which time passes through them:\n\
         \x20 watermark bound  until an event or mark came that made the answer final\n\
         \x20 pacing           the input itself was late\n\
         \x20 queue            until the engine took the event; without batches\n\
         \x20 batch wait       until the batch ended\n\
         \x20 scheduling       until the batch's turn came: those before it were not done\n\
         \x20 compute          until the answer was emitted\n\
         \x20 commit           until it was safe; nothing commits yet, so it takes no time",
    ),
    row(
        &["watermark bound"],
        &["watermark", "anatomy"],
        "The first part of an answer's anatomy: from the due time of its latest event until an event \
         or mark came that made it final. A window ends only when event time has passed its end by \
         the bound on disorder (`query.window.watermark`), so a second there is a second here, on \
         either engine. It is in event_latency and not in result_latency.",
    ),
    row(
        &["batch wait"],
        &["engine.micro-batch.interval", "anatomy"],
        "A part of an answer's anatomy: from when it was final until the batch ended that it was \
         computed in. Half an interval on the mean, an interval at most; a per-event engine has \
         none. A shorter `engine.micro-batch.interval` shortens it, until a batch takes longer than \
         its interval and `scheduling` grows instead.",
    ),
    row(
        &["scheduling", "scheduling delay"],
        &["sustained", "anatomy"],
        "A part of an answer's anatomy, and of a batch in the chart of batch delays: from the batch's \
         end until its turn came. It is more than a little only where the batches before were not \
         done; one that grows says that the engine falls behind.",
    ),
    row(
        &["waiting", "spinning", "spun"],
        &["cpu_per_event"],
        "How an idle worker of a per-event engine waits. \"spin\" looks again at once: an event is \
         seen in less than a microsecond, and a core is always busy. \"park\" sleeps: next to no \
         processor time, and microseconds to wake up. \"spin-then-park\", the default, spins for \
         `spin` and then sleeps. What is spun is told apart from work, in both engines of this \
         program: CPU per event is that of the work, whatever the load, and the share that was spun \
         stands beside it (`spun`, `spun_s` in the record). From one look in vain to the next is a \
         round; rounds of up to 5 µs are spun, and longer ones were slept through, or the processor was \
         somebody else's. It is an estimate from moments that the engine reads anyway: going to sleep \
         and waking up counts as work. Engines in processes of their own do not tell what their threads \
         spin, as Storm's do; it is in their CPU per event. Compare latency at the setting that would \
         be deployed: sluicebench sweep SCENARIO waiting=spin,spin-then-park,park.",
    ),
    row(
        &["session window", "session windows"],
        &["query.session", "sessions", "watermark"],
        "A window that the events make: it begins with an event of a key and ends when nothing was \
         heard of the key for the gap. An event between two sessions makes them one. It is answered \
         when event time has passed its end, and again where lateness lets an event in; an event is \
         late when a session of its own would be over. So Spark has it; in Flink a session that is \
         still open saves an event that is late for itself.",
    ),
    row(
        &["count window", "count windows"],
        &["query.counted", "word-count-10", "session window"],
        "A window that holds a number of events of a key, however long those take: with each `slide` of \
         them there is an answer over the last `size`, or over fewer where the key had no more yet; what \
         comes after the last one has none. So Flink's countWindow has it. It is the order in which \
         events come that decides, so none is late, and the input has one partition: both engines keep \
         its order per key, at any number of workers, also within a batch. The window that an answer \
         shows is from its earliest event time to just after its latest.",
    ),
    row(
        &["keyed process", "silences", "time to live"],
        &["query.silence", "silent-meters", "watermark"],
        "What is not heard of a key: after `after` events, each within `forget_after` of the one before, \
         nothing for `length`. It takes state for each key, one timer in event time, and a time to live, \
         as a KeyedProcessFunction of Flink or mapGroupsWithState of Spark does. Events have their turn \
         in the order of event time, when the watermark has come to them; one that it has passed by is \
         late. Whatever ends a stretch, told or forgotten, the key's next event begins anew.",
    ),
    row(
        &["window join", "interval join", "joins"],
        &["query.join", "ad-clicks", "rides-by-window", "watermark"],
        "Pairs of a left and a right event of one key. With `size`, both lie in one tumbling window, which \
         is answered when it is over; an event is late when its window is. With `lower` and `upper`, the \
         right one is so much later than the left one: a pair is answered when both are there, and an \
         event is late that the watermark has passed by. With kind = \"left\", a left event that no \
         partner can come for any more is answered alone. Both sides come in one input, told apart by \
         value (`left_below`), so that they share its schedule and its disorder.",
    ),
    row(
        &["watermark mark", "mark", "marks", "punctuation"],
        &["watermark", "source.synthetic.watermark_period"],
        "A record of the input that says how far event time has come there. Marks stand after the \
         last event due in each `watermark_period`, or after every so many events \
         (`watermark_every`), and both engines learn of them from the input alone: so which events \
         are late is a property of the input, and no race.",
    ),
    row(
        &["reference"],
        &["verified"],
        "Whoever is right: each question computed plainly, event after event, from its definition, \
         after the run and outside of its time. Every answer of every engine is held against it.",
    ),
    row(
        &["simulated", "simulate", "simulated time"],
        &["verified"],
        "Time that passes only when nobody has anything to do, and an order of steps that follows \
         from the seed (--simulate). What engines answer can be checked so, the same each time; how \
         fast they are cannot, so no figure of speed is ranked.",
    ),
    row(
        &["slo", "service level objective"],
        &["limit", "advise", "atlas", "p99"],
        "What an engine has to hold, such as --slo p99=100ms: `limit` searches the highest rate at \
         which it does, `sweep` says up to which setting, `advise` which engine does so at the least \
         cost, `atlas` which does where, over rates and demands. In a scenario file it is a [[threshold]], which `check` judges.",
    ),
    row(
        &["input that goes round", "goes round", "going round", "input memory"],
        &["measure.input_memory", "limit"],
        "To make an event up takes longer than a fast engine takes for it, and to hold a minute of them \
         takes more memory than there is. So where made-up events would take more than \
         measure.input_memory, as many of them as fit into half of it are drawn, and go round; the other \
         half is for what is made of them ahead of need. Event n says what event n modulo the period \
         says: its key, its value, what it carries, and how much older than its arrival it is. When it is \
         due, and so its event time, goes on. It is still a function of its number, so that the reference \
         judges every answer.\n\
         \n\
         What comes again is what is random. Keys are as frequent as the period drew them, and a key that \
         it did not draw never comes: with many more keys than events in a period, state stays smaller \
         than it would be. The same delays follow one another in the same order, as often as a period \
         begins. Where a window or a silence is longer than a period lasts, it holds the same keys more \
         than once. When events are due does not come again, even or by chance.\n\
         \n\
         `limit` gives the inputs of its probes 1 GiB where nobody says how much; `run` makes each event \
         anew where nobody says. Keys that change with the time (rotate_every, silence) do not go round, \
         and no trace does. Each run says after how many events its input went round (period_events in \
         its record, `plan` before it).",
    ),
    row(
        &["sustained", "sustainable", "sustains", "not sustained", "keeps up", "backpressure"],
        &["limit", "backlog"],
        "An engine sustains a load when what waits does not grow: the backlog rises by less than \
         1 % of the offered rate, at the low end of its 95 % interval, and is drained within two \
         seconds, or a batch, of the last event; where batches take as long as they take, within \
         three of them (their median), two seconds at least and thirty at most. The interval knows that a backlog remembers: what \
         waited a second ago waits in part still, so ten looks a second are not ten. A search (`limit`) also demands a stable tail, a \
         load that was held, right answers, and --slo where it is given. \"Not sustained\" beside \
         a figure says that its latency belongs to a queue and grows with the length of the run. \
         Nothing is ever held back from an engine: what it does not take waits, and its latency \
         counts.",
    ),
    row(
        &["held-out error", "held out", "foretold", "model", "capacity", "capacity model"],
        &["limit", "advise", "sustained", "p99"],
        "How far a model lies from what it was not told. `limit`, a sweep of the rate and `advise` fit a \
         model of the p99 over the rate to runs whose backlog stood still: flat, as a batch that takes \
         longer the more is in it, as a buffer that fills sooner the more comes, or as a queue before a \
         server. Each rate between two others is left out in turn, the model is chosen and fitted anew \
         without it, and what it says is held against what was measured there; the error is the middle \
         one of these, and n how many there are. Fewer than five runs at four rates have no model, nor \
         has one whose error is above 50 %; and of rates outside of those that were run nothing is said.",
    ),
    row(
        &["steady state", "steady", "no steady state", "not told steady", "warm-up"],
        &["measure.warm_up", "run::not_told_steady"],
        "A repetition is in a steady state where latency and throughput keep their level: all that \
         is measured behind the end of the warm-up (looked for by MSER-5 with measure.warm_up = \
         \"auto\") can be cut nowhere into two parts whose means lie apart by more than 5 % of the \
         level and by more than noise would part them in one series of fifty. \"No steady state\" is \
         a result: such a repetition is shown, and enters no comparison, threshold or verdict. \"Not \
         told steady\" is none: too little was measured to tell, less than 35 bins of 100 ms or of a \
         batch, or than five whole periods of what goes up and down by itself. What was not told is \
         compared only where nothing of that engine was steady, and passes no threshold.",
    ),
    row(
        &["noise floor"],
        &["noise", "inconclusive"],
        "How far apart two sets of repetitions lie where nothing is different. Within one run the \
         scatter of its repetitions shows it. What two runs differ by besides does not show in \
         them; a change within it is called neither better nor worse, however sure a test is of it.",
    ),
    row(
        &["floor", "there and back", "calibration"],
        &["result_latency", "limit", "identity"],
        "How long an answer takes that nothing has to be computed for: what of the latency of an \
         engine in a process of its own is the way there and back (serialisation, sockets or a \
         broker, a batch that is scheduled, a thread that is woken). Each setting of one is asked \
         nothing (`identity`), once, in a process of its own, under a load that is light for it. `run` \
         does so first, at a tenth of what it offers; `limit` behind each search, at a tenth of what \
         was sustained. It stands beside the latencies and is taken off none of them. \
         --no-calibration leaves it out.\n\
         A sweep has no floors: most of what varies (keys, windows, disorder, the rate) leaves the way \
         as it is, and asking anew at each point would take about as long as the sweep. Run one point \
         of it for the floor of all. Ours, embedded in this program, have no way to go: for them \
         `identity` is a scenario like any other.",
    ),
    row(
        &["plain loop", "by hand"],
        &["limit", "advise", "cpu_per_event", "identity"],
        "The question of a scenario answered by a loop that somebody wrote by hand: over the same input, \
         which lies in memory as one partition, on one core, as fast as it goes and with no engine. \
         `limit` and `advise` time it once, which takes some two seconds; --no-calibration leaves it \
         out. It heeds the watermark marks of the input, and its answers are held against the reference \
         like an engine's: one that is wrong ends the command. What it takes per event stands beside the \
         engines, with the cores that it would need at the rate, or the rate at which it would have a \
         whole core to do; what an engine takes beyond that is the price of being general, spread over \
         workers and fed event by event. It wins and loses nothing. Of an input of more than a million \
         events it reads the beginning. There is none for windows that are answered again \
         (`allowed_lateness`), with gaps between them, or with extremes over more than 64 panes, nor \
         where it would hold more state than anybody writes by hand, nor for long traces.",
    ),
    row(
        &["interval wait", "by its interval"],
        &["engine.micro-batch.interval", "result_latency", "batch wait"],
        "An answer of a batch waits until its batch ends, between nothing and one interval, and then \
         until the batch is computed. Where an engine with an interval is later than one without by no \
         more than both together, the difference follows from a setting, and was known beforehand: the \
         verdict says so in a sentence and names no winner. What is more than that is a finding. What a \
         batch takes is the median over the batches that hold events. Spark's trigger is such an \
         interval, which an answer of windows waits for twice: for the batch that learns how far event \
         time has come, and for the next one, which answers by it.",
    ),
    row(
        &["pinning", "pinned", "pin", "cores", "cpu affinity", "affinity"],
        &["host", "host.engine_cpus", "host.harness_cpus", "waiting"],
        "Which processors an engine in a process of its own runs on, and which are left to this \
         program, which paces, records and checks: where there are at least two, each has its own, \
         so that neither is in the way of the other. `host.engine_cpus` and `host.harness_cpus` say \
         which; \"auto\" gives each a share, \"none\" lets both run anywhere, and `plan` tells what \
         comes of it. Engines that are embedded in this program are not pinned.",
    ),
    row(
        &["lost", "loses", "lost without a word"],
        &["engine.storm.windows", "verified", "completeness"],
        "Events that are in no answer and that nobody told as late: Storm's own windowed bolt \
         (`engine.storm.windows = \"storm\"`) loses them by a race between its threads. Its answers \
         are held between nothing and what event time says, and what lacks is counted in pairs of an \
         event and a window that holds it. It is a result and no failure; but an engine that answers \
         less was asked less, so that wherever it is lower the sentence says what it lost.",
    ),
    row(
        &["conformance", "conform"],
        &["verified", "reference"],
        "Whether an engine means by a window, a watermark or lateness what its documentation says: \
         small streams with the exact answers that Flink's and Spark's own tests expect, put to the \
         engine an item at a time. `sluicebench conform` does so, of real engines and, as far as they \
         go, of ours; `--crashes` restores it after each item. What came of it is kept per version, \
         and the page of a run shows it. It says nothing of speed, and a run does without it: each \
         of its answers is held against the reference.",
    ),
    row(
        &["better", "worse", "winner", "lower in these runs"],
        &["noise", "not enough data"],
        "Two runs: the whole 95 % interval of new over base lies farther from 1 than two runs of the \
         same thing may differ, and a test still finds it with all other comparisons counted \
         against it (Holm). It says that the figure is worse, not that it is by more than the 10 % \
         or 5 % that nobody would act on: of a true change of 6 % the interval may well leave \
         \"same\". Who wants to know that demands it (threshold.worse_by); `plan` says how many \
         repetitions it takes.\n\
         Two engines of one run: the same rule from five repetitions on, and as they took turns, \
         without what differs between runs. With fewer the lower one is called lower in these runs, \
         and no winner: at 5 % of noise two repetitions lie apart by chance one time in five. Only \
         what is 3 times lower, or 4 with a single repetition, is better all the same.",
    ),
    row(
        &["change point", "change points", "e-divisive", "otava", "hunter"],
        &["history", "noise", "better"],
        "A run behind which a figure keeps another level than before it. `history` looks for them in \
         the medians of many runs, as Hunter does, which is Apache Otava today: E-divisive means \
         (Matteson and James 2014) propose where to cut, and Student's t says whether the sides \
         differ (p up to 0.001), on logarithms. It takes three runs on either side, and holds without \
         any one of them, so that one bad night is none. Better or worse is said of what may lie beyond the 10 % or 5 % that nobody \
         would act on, and not of what the machine explains, which times the same piece of work \
         before and after each repetition. Nothing is taken for granted of what two runs differ by: \
         the series shows it. Of series of up to a hundred runs without any change fewer than one in \
         a hundred shows one. Otava itself asks for no number of runs on a side: it may tell a \
         change sooner, and one bad night as one.",
    ),
    row(
        &["verified", "verdict"],
        &["run::results_differ", "run::rate_not_held"],
        "Every answer of the repetition equals that of the reference, which computes the question \
         plainly and shares no code with the engines. Only what is verified shows latency or \
         throughput. The other verdicts: \"differs\" (an answer is wrong, missing or one too many), \
         \"failed\" (the engine did not come to an end), \"load not held\" (the input itself was \
         late, so nothing measured is the engine's) and \"interrupted\".",
    ),
    row(
        &["inconclusive", "not enough data"],
        &["noise", "check::inconclusive"],
        "The figures do not decide: they straddle a limit, their spread is wider than the \
         difference, or there are too few repetitions. It is neither a pass nor a failure; --strict \
         makes it exit code 5. More repetitions (--repeat 5..20) or a longer measured part help \
         where the difference is real, and nothing does where there is none.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_word_has_two_entries() {
        let names = || ENTRIES.iter().flat_map(|entry| entry.names.iter().map(|name| plain(name)));
        assert_eq!(names().collect::<HashSet<_>>().len(), names().count());
    }

    #[test]
    fn a_word_is_found_in_whichever_way_it_is_written() {
        for (typed, want) in [
            ("steady-state", "steady state"),
            ("Steady_State", "steady state"),
            (" noise  floor", "noise floor"),
            ("Spark", "spark"),
            ("e2eLatencyMs", "end to end latency"),
        ] {
            assert_eq!(entry(typed).map(Entry::name), Some(want), "{typed}");
        }
        assert!(entry("").is_none() && entry("stead").is_none());
    }
}
