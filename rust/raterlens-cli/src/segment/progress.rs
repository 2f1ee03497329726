//! Progress on a terminal; silence elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use raterlens_engine::batch::{BatchObserver, CaseOutcome, CaseStatus};
use raterlens_engine::Progress;

use crate::failure::sentence;

const STEPS: u64 = 1000;

/// A bar for the case under way; failures and warnings are printed above it, to stderr.
pub struct Bars {
    bar: ProgressBar,
}

impl Bars {
    /// A bar on stderr if that is a terminal, else none.
    pub fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3}% {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar }
    }

    /// Names what is under way.
    pub fn name(&self, text: &'static str) {
        self.bar.set_prefix(text);
    }

    /// How far it is.
    pub fn set(&self, now: Progress) {
        self.case_progress(now);
    }

    /// Prints a remark.
    pub fn note(&self, text: &str) {
        self.bar.suspend(|| eprintln!("note: {text}"));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl BatchObserver for Bars {
    fn case_started(&self, name: &str, number: usize, of: usize) {
        self.bar.set_position(0);
        self.bar.set_message("");
        self.bar.set_prefix(if of > 1 {
            format!("{}/{of} {name}", number + 1)
        } else {
            name.to_owned()
        });
    }

    fn case_progress(&self, now: Progress) {
        self.bar.set_position((now.fraction * STEPS as f32) as u64);
        self.bar.set_message(now.stage);
    }

    fn case_finished(&self, outcome: &CaseOutcome) {
        if let CaseStatus::Failed(error) = &outcome.status {
            let reason = sentence(anyhow::Chain::new(error));
            self.bar
                .suspend(|| eprintln!("error: {}: {reason}", outcome.name));
        }
        if let (CaseStatus::Done, Some(record)) = (&outcome.status, &outcome.record) {
            for warning in &record.warnings {
                self.note(&format!("{}: {warning}", outcome.name));
            }
        }
    }
}
