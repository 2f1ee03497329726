//! One ticket, from its input to its end.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use raterlens_core::control::{CancelFlag, Progress};
use raterlens_engine::Segmenter;

use crate::client::{Category, Client, DssError};
use crate::error::WorkError;
use crate::journal::{Entry, Journal};
use crate::provider::{patiently, Provider};
use crate::services::Service;
use crate::transfer::{fetch_input, send_result};
use crate::work::{work, Outcome};

/// How often a running ticket's progress is told, and whether it was deleted is asked.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// For how long the end of a finished ticket is tried to be told once the provider is to stop.
const LAST_WORD: Duration = Duration::from_secs(10);
/// How often work on a ticket may begin without coming to an end.
const MOST_TRIES: u32 = 3;

/// How work on a ticket ended, if nothing stands in the provider's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The service knows: done, or failed with the reason in its log.
    Told,
    /// It is not ours any more.
    NotOurs,
    /// The provider is to stop while the service is away: the ticket stays in the journal.
    Later,
}

impl Ended {
    fn text(self) -> &'static str {
        match self {
            Self::Told => "finished",
            Self::NotOurs => "not ours any more",
            Self::Later => "stopping; it is told how it ended at the next start",
        }
    }
}

/// What work on a ticket needs.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub provider: &'a Provider,
    pub segmenter: &'a Segmenter,
    pub journal: &'a Journal,
    pub stop: &'a CancelFlag,
}

impl Desk<'_> {
    fn client(&self) -> &Client {
        &self.provider.client
    }

    /// Works on a ticket of the journal and tells the service how it ended.
    ///
    /// # Errors
    /// What makes every further ticket fail, too; the ticket stays in the journal.
    pub fn serve(&self, entry: &Entry) -> Result<Ended, WorkError> {
        let (ticket, began) = (entry.ticket, Instant::now());
        let succeeded = match self.attempt(entry) {
            Ok(()) => true,
            Err(WorkError::Deleted) => {
                tracing::info!(ticket, "deleted by its user");
                self.journal.end().map_err(DssError::File)?;
                return Ok(Ended::NotOurs);
            }
            Err(error) if error.is_temporary() => {
                // A polite stop is no failed try.
                self.journal.begin(entry).map_err(DssError::File)?;
                return Ok(Ended::Later);
            }
            Err(error @ WorkError::Service(DssError::Unauthorized(_))) => return Err(error),
            Err(error) if error.is_of_this_machine() => return Err(error),
            Err(error) => {
                tracing::warn!(ticket, "failed: {}", error.for_user());
                // A courtesy: the status says the same.
                let _ = self
                    .client()
                    .log(ticket, Category::Error, &error.for_user());
                false
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        let ended = self.tell_end(ticket, succeeded)?;
        tracing::info!(ticket, succeeded, seconds, "{}", ended.text());
        Ok(ended)
    }

    /// From the input to a result that is complete at the service. Waits while the service is away, and does nothing twice.
    fn attempt(&self, entry: &Entry) -> Result<(), WorkError> {
        let (client, ticket) = (self.client(), entry.ticket);
        patiently(self.stop, || check_ours(client, ticket))?;
        if entry.sent {
            return Ok(());
        }
        if entry.tries >= MOST_TRIES {
            let tries = entry.tries;
            return Err(WorkError::GaveUp { tries });
        }
        let Some(service) = Service::of_name(&entry.service) else {
            let name = &entry.service;
            let reason = format!("this version of RaterLens does not have the service {name}");
            return Err(WorkError::Input(reason));
        };
        let folder = match &self.provider.temporary {
            Some(dir) => tempfile::tempdir_in(dir),
            None => tempfile::tempdir(),
        };
        let folder = folder.map_err(DssError::File)?;
        let fetch = || ours(client, ticket, fetch_input(client, ticket, folder.path()));
        let workspace = patiently(self.stop, fetch)?;
        let mut entry = Entry {
            tries: entry.tries + 1,
            ..entry.clone()
        };
        self.journal.begin(&entry).map_err(DssError::File)?;
        let outcome = self.work(ticket, service, &workspace, folder.path())?;
        let send = || {
            ours(
                client,
                ticket,
                send_result(client, ticket, &outcome.project),
            )
        };
        patiently(self.stop, send)?;
        entry.sent = true;
        self.journal.begin(&entry).map_err(DssError::File)?;
        report(client, ticket, &outcome);
        Ok(())
    }

    /// The work itself, which ends early when the user deletes the ticket or the provider is to stop.
    fn work(
        &self,
        ticket: u64,
        service: Service,
        workspace: &Path,
        folder: &Path,
    ) -> Result<Outcome, WorkError> {
        let client = self.client();
        let (told, is_deleted) = (Cell::new(None::<Instant>), Cell::new(false));
        let cancel = CancelFlag::new();
        let tell = |now: Progress| {
            if self.stop.is_cancelled() {
                cancel.cancel();
            }
            if told.get().is_some_and(|at| at.elapsed() < TELL_EVERY) {
                return;
            }
            told.set(Some(Instant::now()));
            // Progress is a courtesy: that it cannot be told does not end the work.
            let _ = client.progress(ticket, 0.9 * f64::from(now.fraction));
            if client.status(ticket).is_ok_and(|s| s != "claimed") {
                is_deleted.set(true);
                cancel.cancel();
            }
        };
        if self.stop.is_cancelled() {
            return Err(WorkError::Stopped);
        }
        let _ = client.log(
            ticket,
            Category::Info,
            &introduction(service, self.segmenter),
        );
        let worked = work(service, workspace, folder, self.segmenter, &cancel, &tell);
        match is_deleted.get() {
            true => Err(WorkError::Deleted),
            false => worked,
        }
    }

    /// Tells how a ticket ended, for as long as it takes.
    fn tell_end(&self, ticket: u64, succeeded: bool) -> Result<Ended, WorkError> {
        let mut stopping = None;
        loop {
            match self.client().finish(ticket, succeeded) {
                Ok(()) | Err(DssError::Refused(_)) => break,
                Err(error) if !error.is_temporary() => return Err(error.into()),
                Err(error) => tracing::warn!(ticket, "cannot tell how it ended yet: {error}"),
            }
            if self.stop.is_cancelled()
                && stopping.get_or_insert_with(Instant::now).elapsed() > LAST_WORD
            {
                return Ok(Ended::Later);
            }
            std::thread::sleep(Duration::from_secs(1));
            // Only the answer may have been lost.
            if self.client().status(ticket).is_ok_and(|s| s != "claimed") {
                break;
            }
        }
        self.journal.end().map_err(DssError::File)?;
        Ok(Ended::Told)
    }
}

fn introduction(service: Service, segmenter: &Segmenter) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match service {
        Service::Fuse => format!("RaterLens {version} fuses the raters"),
        _ => format!(
            "RaterLens {version} segments the image with the model {} on {}",
            segmenter.manifest().name,
            segmenter.device().name
        ),
    }
}

/// Whether a ticket is still to be worked on.
fn check_ours(client: &Client, ticket: u64) -> Result<(), WorkError> {
    match client.status(ticket) {
        Ok(status) if status == "claimed" => Ok(()),
        Ok(_) | Err(DssError::Refused(_)) => Err(WorkError::Deleted),
        Err(error) => Err(error.into()),
    }
}

/// A refusal means that the ticket was deleted meanwhile, or that it stays refused.
fn ours<T>(client: &Client, ticket: u64, tried: Result<T, WorkError>) -> Result<T, WorkError> {
    match tried {
        Err(WorkError::Service(DssError::Refused(reason))) => {
            check_ours(client, ticket)?;
            Err(WorkError::Input(reason))
        }
        other => other,
    }
}

/// Remarks and the picture, for the ticket's log: courtesies that do not make a ticket fail.
fn report(client: &Client, ticket: u64, outcome: &Outcome) {
    for note in &outcome.notes {
        let _ = client.log(ticket, Category::Warning, note);
    }
    let text = "The slice with most of the result";
    let attached = client.attach(ticket, "result.png", "image/png", &outcome.picture, text);
    let line = match attached {
        Ok(()) => "The result is ready; a slice of it is attached.",
        Err(_) => "The result is ready.",
    };
    let _ = client.log(ticket, Category::Info, line);
    let _ = client.progress(ticket, 1.0);
}
