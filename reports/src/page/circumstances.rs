//! What a reader needs to know beside the figures: the machine, the program, every reason for doubt.

use crate::quantity::{self, NONE};
use crate::record::{RunRecord, Warning};
use crate::text::sweep;
use crate::words::plural;
use minijinja::{Value, context};
use std::fmt::Write as _;

/// What it was measured with and on, row by row.
pub(super) fn circumstances(record: &RunRecord) -> Vec<Value> {
    let (host, tool, cost) = (&record.host, &record.tool, &record.self_cost);
    let mut machine = format!(
        "{}, {}, {}",
        host.cpu_model,
        plural(host.cores as usize, "core"),
        quantity::bytes(host.memory_bytes as f64)
    );
    if let Some(limit) = host.cgroup_cpu_limit {
        let _ = write!(machine, ", limited to {limit} by its cgroup");
    }
    if let Some(kind) = &host.virtual_machine {
        let _ = write!(machine, ", virtual: {kind}");
    }
    let mut rows = vec![
        ("Command".to_owned(), record.command.clone()),
        ("Started".into(), record.started.clone()),
        (
            "Tool".into(),
            format!(
                "sluicebench {}, commit {}, profile {}, rustc {}",
                tool.version, tool.commit, tool.profile, tool.rustc
            ),
        ),
        ("Machine".into(), machine),
        ("Kernel".into(), host.kernel.clone()),
        ("Frequency governor".into(), host.governor.clone()),
        ("Clock source".into(), host.clock_source.clone()),
        (
            "Load before the run".into(),
            if host.load_before.is_finite() {
                format!("{:.2}", host.load_before)
            } else {
                NONE.into()
            },
        ),
        (
            "Cost of measuring".into(),
            format!(
                "{} to pace an event by itself, {} to record an answer, {} to read the clock",
                quantity::nanoseconds(cost.pacing_ns_per_event),
                quantity::nanoseconds(cost.recording_ns_per_answer),
                quantity::nanoseconds(cost.clock_read_ns)
            ),
        ),
    ];
    if let Some(name) = &host.name {
        rows.insert(3, ("Host class".into(), name.clone()));
    }
    rows.extend(host.jitter.iter().cloned());
    rows.into_iter().map(|(name, text)| context! { name => name, text => text }).collect()
}

/// Every reason for doubt, each advice once: of the run, then of its scenarios by name.
pub(super) fn warnings(record: &RunRecord) -> Vec<Value> {
    let mut grouped: Vec<(&Warning, Vec<String>)> = Vec::new();
    let of_sweep = if record.sweep.is_some() { sweep::warnings(record) } else { Vec::new() };
    let of_run = record.warnings.iter().chain(&of_sweep).map(|w| (w, w.text.clone()));
    // A sweep has too many points to name each.
    let cells = record.cells.iter().filter(|_| record.sweep.is_none());
    let of_cells = cells.flat_map(|cell| {
        let inside = |w: &Warning| format!("in {}, {}", cell.name, w.text);
        cell.warnings.iter().map(move |w| (w, inside(w)))
    });
    for (warning, text) in of_run.chain(of_cells) {
        let alike = |w: &Warning| w.code == warning.code && w.advice == warning.advice;
        match grouped.iter_mut().find(|(known, _)| alike(known)) {
            Some((_, texts)) => texts.push(text),
            None => grouped.push((warning, vec![text])),
        }
    }
    grouped
        .into_iter()
        .map(|(warning, texts)| {
            let (code, advice) = (warning.code.clone(), warning.advice.clone());
            context! { code => code, texts => texts, advice => advice }
        })
        .collect()
}

/// Which run a chart belongs to, for somebody who finds it alone.
pub(super) fn provenance(record: &RunRecord) -> String {
    let host = record.host.name.as_deref().unwrap_or(&record.host.cpu_model);
    // As many digits as tell commits apart.
    let commit: String = record.tool.commit.chars().take(12).collect();
    format!("{}, {}, commit {commit}, {host}", record.name, record.started)
}
