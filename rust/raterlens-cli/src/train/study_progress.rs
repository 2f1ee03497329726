//! Progress of runs: a bar on a terminal, a line per epoch elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use raterlens_train::{EpochRecord, PlannedRun, Watch};

/// Makes the watch of each run.
pub(crate) struct Bars {
    runs: usize,
    is_terminal: bool,
}

impl Bars {
    pub(crate) fn new(runs: usize) -> Self {
        Self {
            runs,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Follows a run.
    pub(crate) fn watch(&self, run: &PlannedRun) -> Box<dyn Watch> {
        eprintln!("Run '{}' (one of {}).", run.name, self.runs);
        Box::new(RunBar {
            bar: match self.is_terminal {
                true => ProgressBar::new(0),
                false => ProgressBar::hidden(),
            },
            is_terminal: self.is_terminal,
            best: f64::INFINITY,
        })
    }
}

struct RunBar {
    bar: ProgressBar,
    is_terminal: bool,
    best: f64,
}

impl Watch for RunBar {
    fn begin(&mut self, epochs_done: u64, epochs: u64, steps: u64) {
        if epochs_done > 0 {
            eprintln!("Going on after epoch {epochs_done}.");
        }
        self.bar.set_length(epochs * steps);
        self.bar.set_position(epochs_done * steps);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {eta} left, {msg}");
        if let Ok(style) = style {
            self.bar.set_style(style);
        }
    }

    fn step(&mut self, _loss: f64) {
        self.bar.inc(1);
    }

    fn epoch(&mut self, r: &EpochRecord) {
        let is_best = r.validation.total < self.best;
        self.best = self.best.min(r.validation.total);
        let text = format!(
            "epoch {}: loss {:.4}, validation {:.4}, Dice {:.4}{}",
            r.epoch,
            r.training.total,
            r.validation.total,
            r.figures.dice,
            if is_best { ", best so far" } else { "" }
        );
        if self.is_terminal {
            self.bar.set_message(text);
        } else {
            eprintln!("  {text} ({:.1} s)", r.seconds);
        }
    }
}

impl Drop for RunBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
