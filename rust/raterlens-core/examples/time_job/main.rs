//! Times one job and says what it gave, as one line of JSON: `time_job JOB REPEATS [FILE]`.
//!
//! `tools/bench/peers.py` runs it beside other programs. Inputs are those of the benches, read before the clock starts; a job
//! begins with arrays in memory and ends with its result in memory. FILE gets the result's label map, if it is one.
#![allow(clippy::unwrap_used)] // A benchmark that fails must stop.

#[path = "../../benches/inputs/mod.rs"]
mod inputs;
mod jobs;

use std::hint::black_box;
use std::time::Instant;

use jobs::{Input, Job, Outcome, JOBS};
use serde_json::{json, Value};

/// What one run took.
struct Run {
    seconds: f64,
    /// Of all threads, where the system tells.
    cpu_seconds: Option<f64>,
}

/// CPU time of all threads so far, in seconds.
fn cpu_seconds() -> Option<f64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let spent = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    Some(tasks.filter_map(spent).sum::<u64>() as f64 * 1e-9)
}

fn run(job: &Job, input: &Input) -> (Run, Outcome) {
    let (began, cpu_began) = (Instant::now(), cpu_seconds());
    let outcome = black_box(job.run(black_box(input)));
    let run = Run {
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds().zip(cpu_began).map(|(now, then)| now - then),
    };
    (run, outcome)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn report(job: &Job, repeats: usize, file: Option<String>) -> Value {
    let input = job.load();
    let mut runs = Vec::new();
    let mut last: Option<Outcome> = None;
    for _ in 0..repeats.max(1) {
        drop(last.take()); // one result at a time in memory
        let (run, outcome) = run(job, &input);
        runs.push(run);
        last = Some(outcome);
    }
    let outcome = last.unwrap();
    if let (Some(file), Some(labels)) = (file, outcome.labels()) {
        std::fs::write(file, labels).unwrap();
    }
    json!({
        "job": job.name,
        "seconds": runs.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        "seconds_median": median(runs.iter().map(|run| run.seconds)),
        "cpu_s_median": median(runs.iter().filter_map(|run| run.cpu_seconds)),
        "threads": rayon::current_num_threads(),
        "input_bytes": input.bytes(),
        "values": outcome.values(),
    })
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let repeats = arguments.next().and_then(|text| text.parse().ok());
    let job = JOBS.iter().find(|job| job.name == name);
    let (Some(job), Some(repeats)) = (job, repeats) else {
        let names: Vec<_> = JOBS.iter().map(|job| job.name).collect();
        eprintln!(
            "usage: time_job JOB REPEATS [FILE]; jobs: {}",
            names.join(", ")
        );
        std::process::exit(2);
    };
    println!("{}", report(job, repeats, arguments.next()));
}
