//! A small engine in a process of its own: it speaks the protocol, answers right, and does one thing
//! wrong where it is told to. It is this very program, started again for the one test below, which
//! does nothing where nobody started it as an engine.

use rustix::time::{ClockId, clock_gettime};
use sluicebench::host::cpus::in_force;
use sluicebench::plan::CpuList;
use sluicebench::transport::{Hello, Role, Token};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::exit;
use std::sync::Mutex;
use std::thread;

/// The name of the test that is the engine.
pub(crate) const NAME: &str = "beside::fake::engine";

/// The environment variable that says how it behaves.
pub(crate) const HOW: &str = "SLUICEBENCH_FAKE";

/// The environment variable that says which version it is.
pub(crate) const VERSION: &str = "SLUICEBENCH_FAKE_VERSION";

#[test]
fn engine() {
    if let Ok(how) = env::var(HOW) {
        Fake::new(how).run();
    }
}

struct Fake {
    how: String,
    /// On which processors it was before it had threads of its own.
    began_on: BTreeSet<usize>,
    arguments: HashMap<String, String>,
    token: Token,
    control: Mutex<Option<TcpStream>>,
    sinks: Mutex<Vec<TcpStream>>,
    windows: Mutex<Windows>,
    batches: Mutex<Batches>,
    /// Answers that are held back to the end.
    held: Mutex<Vec<u8>>,
}

/// Batches in the manner of Spark: of so many records, by the watermark that Spark makes of them, or
/// as that of which windows are made.
#[derive(Default)]
struct Batches {
    until: Vec<u64>,
    rows: u64,
    /// Where windows are made of them: how many there were, how long each is in milliseconds, and when
    /// the first began by the wall clock.
    cut: i64,
    interval_ms: i64,
    first_ms: i64,
    /// In milliseconds: of the batch before, of this one, and what the next one's will be.
    before: i64,
    in_force: i64,
    next: i64,
}

/// What is known of windows by the definition: each key's, each by itself.
#[derive(Default)]
struct Windows {
    size: i64,
    slide: i64,
    marks: Vec<i64>,
    open: BTreeMap<(i64, u64), Sums>,
    late: u64,
}

struct Sums {
    due: i64,
    count: u64,
    sum: i64,
    min: i64,
    max: i64,
}

fn nanos() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

impl Fake {
    fn new(how: String) -> Self {
        let typed: Vec<String> = env::args().collect();
        let pairs = typed
            .windows(2)
            .filter_map(|two| Some((two[0].strip_prefix("--")?.to_owned(), two[1].clone())));
        let arguments: HashMap<_, _> = pairs.collect();
        let number = |name: &str| arguments.get(name).map_or(0, |text| text.parse().unwrap());
        let partitions = usize::try_from(number("partitions")).unwrap();
        let windows = Windows {
            size: number("size-us"),
            slide: number("slide-us"),
            marks: vec![i64::MIN; partitions],
            ..Windows::default()
        };
        let interval = arguments.get("set").and_then(|set| set.strip_prefix("interval_ms="));
        let interval_ms = interval.map_or(1, |text| text.parse().unwrap());
        let now_ms = clock_gettime(ClockId::Realtime).tv_sec * 1_000;
        let batches = Batches {
            interval_ms,
            first_ms: interval.map_or(0, |_| now_ms / interval_ms * interval_ms),
            ..Batches::default()
        };
        Self {
            how,
            began_on: in_force(std::process::id()).unwrap_or_default(),
            token: Token::of_digits(&env::var("SLUICEBENCH_TOKEN").unwrap()).unwrap(),
            arguments,
            control: Mutex::default(),
            sinks: Mutex::default(),
            windows: Mutex::new(windows),
            batches: Mutex::new(Batches { until: vec![0; partitions], ..batches }),
            held: Mutex::default(),
        }
    }

    /// Whether it cuts batches, and heeds no marks.
    fn is_batched(&self) -> bool {
        self.how.starts_with("cuts-batches") || self.is_over_batches()
    }

    /// Whether its windows are made of batches.
    fn is_over_batches(&self) -> bool {
        self.how.starts_with("over-batches")
    }

    fn is(&self, how: &str) -> bool {
        self.how == how
    }

    /// Whether it hears nobody who wants it to end.
    fn is_deaf(&self) -> bool {
        self.how.starts_with("hangs")
    }

    fn nanos(&self) -> i64 {
        if self.how.starts_with("other-clock") { nanos() + 5_000_000_000 } else { nanos() }
    }

    fn dial(&self, role: Role, index: u32, count: u32) -> TcpStream {
        let reach = self.arguments.get("reach").filter(|_| role != Role::Control);
        let mut stream = TcpStream::connect(reach.unwrap_or(&self.arguments["connect"])).unwrap();
        let mut bytes = Hello { role, index, count }.bytes(self.token);
        if self.is("other-protocol") {
            bytes[4] = 9;
        }
        if self.is("wrong-token") {
            bytes[31] ^= 1;
        }
        stream.write_all(&bytes).unwrap();
        if role == Role::Sink && reach.is_some() {
            self.tell_clock(&mut stream);
        }
        stream
    }

    /// What a sink elsewhere is asked before all else.
    fn tell_clock(&self, sink: &mut TcpStream) {
        let mut kind = [0];
        loop {
            sink.read_exact(&mut kind).unwrap();
            match kind[0] {
                1 if self.is("sink-says-something-else") => sink.write_all(&[9]).unwrap(),
                1 => sink.write_all(&[&[1][..], &self.nanos().to_le_bytes()].concat()).unwrap(),
                2 => return,
                kind => panic!("a frame of kind {kind}"),
            }
        }
    }

    fn note(&self, text: &str) {
        self.tell(2, text);
    }

    fn tell(&self, kind: u8, text: &str) {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let frame = [&[kind][..], &length, text.as_bytes()].concat();
        self.control.lock().unwrap().as_mut().unwrap().write_all(&frame).unwrap();
    }

    fn run(&self) {
        if self.is("dies-at-start") {
            // Before it, what a JVM says; behind it, its stack.
            let said = "WARNING: all is well\nException in thread \"main\": no luck\n";
            let stack = "\tat frame\n".repeat(40);
            std::io::stderr().write_all(format!("{said}{stack}").as_bytes()).unwrap();
            exit(1);
        }
        thread::scope(|scope| {
            if !self.is_deaf() {
                scope.spawn(|| {
                    while std::io::stdin().read(&mut [0; 8]).is_ok_and(|read| read > 0) {}
                    exit(3);
                });
            }
            if self.is("never-dials") || self.is("hangs-at-start") {
                park();
            }
            let control = self.dial(Role::Control, 0, 1);
            *self.control.lock().unwrap() = Some(control.try_clone().unwrap());
            scope.spawn(move || self.obey(control));
            let version = env::var(VERSION).unwrap_or_else(|_| "1.0.3".to_owned());
            let version = if self.is("other-version") { "9.9" } else { &version };
            self.note(&format!("{{\"version\":\"{version}\",\"java\":\"none\"}}"));
            if self.is("notes-nonsense") {
                self.note("well");
            }
            if self.is("finds-no-way-back") {
                self.tell(3, "java.io.IOException: no harness at 10.0.0.7:1: Connection refused");
                exit(1);
            }
            let is_asked_nothing = self.arguments["question"] == "identity";
            if self.is("fails-at-start") || (self.is("fails-at-identity") && is_asked_nothing) {
                self.tell(3, "java.lang.IllegalStateException: no slots");
                exit(1);
            }
            let partitions = self.windows.lock().unwrap().marks.len();
            let count = u32::try_from(partitions).unwrap() + u32::from(self.is("counts-wrong"));
            let sinks: u32 = self.arguments["parallelism"].parse().unwrap();
            for index in 0..sinks {
                let sink = self.dial(Role::Sink, index, sinks);
                self.sinks.lock().unwrap().push(sink);
            }
            let reading: Vec<_> = (0..partitions)
                .map(|partition| {
                    let source = self.dial(Role::Source, u32::try_from(partition).unwrap(), count);
                    scope.spawn(move || self.read(partition, source))
                })
                .collect();
            for one in reading {
                one.join().unwrap();
            }
            self.end();
        });
    }

    fn obey(&self, mut control: TcpStream) {
        let mut wild = 0;
        let mut kind = [0];
        while control.read_exact(&mut kind).is_ok() {
            match kind[0] {
                1 if self.is("hides-its-clock") => {}
                1 => {
                    wild += i64::from(self.is("wild-clock")) * 1_000_000_000;
                    let frame = [&[1][..], &(self.nanos() + wild).to_le_bytes()].concat();
                    self.control.lock().unwrap().as_mut().unwrap().write_all(&frame).unwrap();
                }
                2 => {}
                _ if self.is_deaf() => {}
                _ => exit(3),
            }
        }
        if !self.is_deaf() {
            exit(3);
        }
    }

    fn read(&self, partition: usize, mut source: TcpStream) {
        if self.is("hangs-while-events-wait") {
            let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&source, 4096);
        }
        loop {
            let mut head = [0; 5];
            source.read_exact(&mut head).unwrap();
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; length as usize];
            source.read_exact(&mut body).unwrap();
            match head[0] {
                1 if self.is_batched() => self.batched(partition, &body),
                2 if self.is_batched() => {}
                1 => self.records(&body),
                2 => self.mark(partition, signed(&body, 0)),
                3 if self.is_batched() => return,
                3 => return self.mark(partition, i64::MAX),
                kind => panic!("a frame of kind {kind}"),
            }
            match self.how.as_str() {
                "dies-in-the-middle" => exit(9),
                "is-killed" => {
                    std::io::stderr().write_all(b"INFO Executor: running task 0.0\n").unwrap();
                    let pid = rustix::process::getpid();
                    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
                }
                "fails-in-the-middle" => {
                    self.tell(3, "java.lang.ArithmeticException: / by zero");
                    exit(1);
                }
                "hangs-while-events-wait" => park(),
                "cuts-a-sink" => {
                    let mut sinks = self.sinks.lock().unwrap();
                    sinks.iter().for_each(|sink| sink.shutdown(std::net::Shutdown::Both).unwrap());
                    sinks.clear();
                    drop(sinks);
                    park();
                }
                _ => {}
            }
        }
    }

    fn records(&self, body: &[u8]) {
        if self.arguments["event"] == "line" {
            let mut rest = body;
            while !rest.is_empty() {
                let (due, time) = (signed(rest, 0), signed(rest, 1));
                let words = u32::from_le_bytes([rest[16], rest[17], rest[18], rest[19]]) as usize;
                let (line, after) = rest[20..].split_at(words * 8);
                let mut windows = self.windows.lock().unwrap();
                (0..words).for_each(|n| windows.add(due, time, signed(line, n).cast_unsigned(), 0));
                rest = after;
            }
            return;
        }
        let bytes = if self.arguments["event"] == "padded" { 288 } else { 32 };
        let each = body.chunks_exact(bytes);
        assert!(each.remainder().is_empty());
        if self.is("answers-at-the-end") {
            return self.held.lock().unwrap().extend(body);
        }
        if self.arguments["question"] == "identity" {
            return self.answer(0, body.to_vec());
        }
        let is_global = self.arguments["global"] == "true";
        let mut windows = self.windows.lock().unwrap();
        for record in each {
            let key = if is_global { 0 } else { signed(record, 2).cast_unsigned() };
            windows.add(signed(record, 0), signed(record, 1), key, signed(record, 3));
        }
    }

    /// Takes records into batches, each by the watermark of the batch before, or into the windows of
    /// its batch.
    fn batched(&self, partition: usize, body: &[u8]) {
        // More than come in an interval: no batch is full before it can have ended.
        const ROWS: u64 = 110;
        let delay_us: i64 = self.arguments["watermark-delay-us"].parse().unwrap();
        let mut batches = self.batches.lock().unwrap();
        for record in body.chunks_exact(32) {
            let time = signed(record, 1);
            let mut windows = self.windows.lock().unwrap();
            let counts_at = if self.is_over_batches() {
                let is_put_off = self.is("over-batches-too-late") && batches.rows == 50;
                (batches.cut + i64::from(is_put_off)) * batches.interval_ms * 1_000
            } else {
                windows.marks.fill(batches.before * 1_000 - 1);
                time
            };
            windows.add(
                signed(record, 0),
                counts_at,
                signed(record, 2).cast_unsigned(),
                signed(record, 3),
            );
            drop(windows);
            batches.until[partition] += 1;
            batches.rows += 1;
            batches.next = batches.next.max((time.div_euclid(1_000)) - (delay_us + 999) / 1_000);
            if batches.rows == ROWS && !self.is("cuts-batches-at-the-end") {
                self.close(&mut batches);
            }
        }
    }

    /// Ends a batch and tells of it.
    fn close(&self, batches: &mut Batches) {
        let mut until = batches.until.clone();
        let mut watermark = batches.in_force;
        match self.how.as_str() {
            "cuts-batches-elsewhere" => until[0] = until[0].saturating_sub(50),
            "cuts-batches-backwards" if batches.before > 0 => until[0] = 0,
            "cuts-batches-by-another-watermark" => watermark += 1,
            _ => {}
        }
        batches.rows = 0;
        if self.is_over_batches() {
            return self.close_over(batches, until);
        }
        self.note(&format!(
            "{{\"batch\":{{\"until\":{until:?},\"watermark_us\":{}}}}}",
            watermark * 1_000
        ));
        (batches.before, batches.in_force) = (batches.in_force, batches.next.max(batches.in_force));
    }

    /// Ends a batch of which windows are made, tells of it, and answers the windows that it ends.
    fn close_over(&self, batches: &mut Batches, mut until: Vec<u64>) {
        batches.cut += 1;
        let mut time_ms = batches.first_ms + batches.cut * batches.interval_ms;
        match self.how.as_str() {
            "over-batches-elsewhere" => until[0] = until[0].saturating_sub(50),
            "over-batches-off-beat" if batches.cut == 3 => time_ms += 7,
            "over-batches-one-left-out" if batches.cut > 3 => time_ms += batches.interval_ms,
            _ => {}
        }
        let time = match self.how.as_str() {
            "over-batches-without-time" => String::new(),
            _ => format!(",\"time_ms\":{time_ms}"),
        };
        self.note(&format!("{{\"batch\":{{\"until\":{until:?}{time}}}}}"));
        for partition in 0..batches.until.len() {
            self.mark_by(partition, batches.cut * batches.interval_ms * 1_000 - 1, batches);
        }
    }

    fn mark(&self, partition: usize, mark: i64) {
        self.mark_by(partition, mark, &Batches::default());
    }

    /// The same, with windows from where these batches began.
    fn mark_by(&self, partition: usize, mark: i64, batches: &Batches) {
        let between_ms = i64::from(self.is("over-batches-between"));
        let from_us = (batches.first_ms + between_ms) * 1_000;
        let sinks = self.sinks.lock().unwrap().len();
        let mut bodies = vec![Vec::new(); sinks];
        let mut windows = self.windows.lock().unwrap();
        for answer in windows.mark(partition, mark, from_us) {
            let sink = usize::try_from(u64::from_le_bytes(*answer[24..].first_chunk().unwrap()));
            bodies[sink.unwrap_or(0) % sinks].extend(answer);
        }
        drop(windows);
        for (sink, body) in bodies.into_iter().enumerate() {
            if !body.is_empty() {
                self.answer(sink, body);
            }
        }
    }

    fn answer(&self, sink: usize, mut answers: Vec<u8>) {
        let emitted = match self.how.as_str() {
            how if how.ends_with("answers-from-the-future") => nanos() + 3_600_000_000_000,
            "answers-before-the-run" => 1,
            _ => self.nanos(),
        };
        match self.how.as_str() {
            "answers-in-another-shape" => answers.truncate(answers.len() - 1),
            "answers-no-window" => answers[16..24].copy_from_slice(&i64::MIN.to_le_bytes()),
            "counts-one-too-many" | "emits-again" => answers[32] = answers[32].wrapping_add(1),
            _ => {}
        }
        let length = u32::try_from(answers.len() + 8).unwrap().to_le_bytes();
        let frame = [&[1][..], &length, &emitted.to_le_bytes(), &answers].concat();
        // What hears no more ends this soon.
        let _ = self.sinks.lock().unwrap()[sink].write_all(&frame);
    }

    fn end(&self) {
        if self.is("hangs-at-the-end") {
            park();
        }
        if self.is_batched() {
            let mut batches = self.batches.lock().unwrap();
            if batches.rows > 0 && !self.how.ends_with("-too-short") {
                self.close(&mut batches);
            }
            for partition in 0..batches.until.len() {
                self.mark_by(partition, i64::MAX, &batches);
            }
        }
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        if !held.is_empty() {
            self.answer(0, held);
        }
        for sink in self.sinks.lock().unwrap().iter_mut() {
            sink.write_all(&[3, 0, 0, 0, 0]).unwrap();
        }
        if self.is("leaves-without-a-word") {
            exit(0);
        }
        if self.is("emits-again") {
            self.note("{\"repeated\":3}");
        }
        let late = match self.how.as_str() {
            "counts-too-many-late" => 1_000_000_000,
            "counts-no-late" => u64::MAX,
            how if how.starts_with("cuts-batches") => u64::MAX,
            _ => self.windows.lock().unwrap().late,
        };
        self.note("{\"cpu_ns\":{\"tasks\":2000000},\"settings\":{\"collector\":\"none\"}}");
        if self.is("tells-its-cpus") {
            let now = in_force(std::process::id()).unwrap();
            let cpus = CpuList::of(self.began_on.iter().copied().chain(now));
            self.note(&format!("{{\"settings\":{{\"cpus\":\"{cpus}\"}}}}"));
        }
        let frame = [&[4][..], &late.to_le_bytes()].concat();
        self.control.lock().unwrap().as_mut().unwrap().write_all(&frame).unwrap();
        match self.how.as_str() {
            "hangs-after-it" => park(),
            "dies-after-it" => exit(7),
            _ => exit(0),
        }
    }
}

impl Windows {
    fn watermark(&self) -> i64 {
        self.marks.iter().copied().min().unwrap()
    }

    fn add(&mut self, due: i64, time: i64, key: u64, value: i64) {
        let (watermark, mut all, mut counted) = (self.watermark(), 0, 0);
        let mut start = time.div_euclid(self.slide) * self.slide;
        while start > time - self.size {
            all += 1;
            if start + self.size - 1 > watermark {
                counted += 1;
                let none = Sums { due, count: 0, sum: 0, min: value, max: value };
                let sums = self.open.entry((start, key)).or_insert(none);
                sums.due = sums.due.max(due);
                sums.count += 1;
                // As SQL does; any other would fail.
                sums.sum = sums.sum.wrapping_add(value);
                sums.min = sums.min.min(value);
                sums.max = sums.max.max(value);
            }
            start -= self.slide;
        }
        self.late += u64::from(all > 0 && counted == 0);
    }

    /// The answers that a mark completes, in windows from some point of time on.
    fn mark(&mut self, partition: usize, mark: i64, from_us: i64) -> Vec<Vec<u8>> {
        self.marks[partition] = self.marks[partition].max(mark);
        let watermark = self.watermark();
        let is_over = |(start, _): &(i64, u64)| start.saturating_add(self.size - 1) <= watermark;
        let over: Vec<_> = self.open.keys().copied().filter(is_over).collect();
        let answer = |(start, key): (i64, u64)| {
            let Sums { due, count, sum, min, max } = self.open.remove(&(start, key)).unwrap();
            let (start, end) = (from_us + start, from_us + start + self.size);
            let (key, count) = (key.cast_signed(), count.cast_signed());
            let fields = [due, start, end, key, count, sum, min, max];
            fields.iter().flat_map(|field| field.to_le_bytes()).collect()
        };
        over.into_iter().map(answer).collect()
    }
}

fn signed(bytes: &[u8], field: usize) -> i64 {
    i64::from_le_bytes(*bytes[field * 8..].first_chunk().unwrap())
}

fn park() -> ! {
    loop {
        thread::park();
    }
}
