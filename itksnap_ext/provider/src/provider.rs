//! The loop: claim, work, answer.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use raterlens_core::control::{CancelFlag, Progress};
use raterlens_engine::Segmenter;

use crate::client::{Category, Claimed, Client, DssError, Registered};
use crate::journal::{Entry, Journal};
use crate::services::Service;
use crate::transfer::{fetch_input, send_result};
use crate::work::{work, WorkError};

/// The longest wait between attempts to reach a service that does not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often a running ticket's progress is told, and whether it was deleted is asked.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// For how long the end of a finished ticket is tried to be told once the provider is to stop.
const LAST_WORD: Duration = Duration::from_secs(10);

/// A provider instance.
#[derive(Debug)]
pub struct Provider {
    /// The connection.
    pub client: Client,
    /// The service's address, as written in the journal.
    pub server: String,
    /// Name of the provider, as registered.
    pub provider: String,
    /// Name of this instance.
    pub instance: String,
    /// Wait between looks into an empty queue.
    pub poll: Duration,
    /// Folder for temporary files; none for the system's.
    pub temporary: Option<PathBuf>,
    /// End when this many tickets are done; 0 for never.
    pub tickets: usize,
}

/// Serves tickets until `stop` is raised (or [`Provider::tickets`] are done). Returns how many were finished, well or badly.
///
/// Failures of the network and of the service are waited out, for any time; a ticket that cannot be worked on is marked as
/// failed, with the reason in its log. A ticket under way when `stop` is raised is marked as failed with a line that says why,
/// so that its user can retry it; one under way when the process dies is worked on when an instance of the same name starts
/// again.
///
/// # Errors
/// Not being let in, having no service to serve, or a journal that cannot be written.
pub fn run(
    provider: &Provider,
    segmenter: &Segmenter,
    journal: &Journal,
    stop: &CancelFlag,
) -> Result<usize, DssError> {
    let mut done = 0;
    let Some(services) = patiently(stop, || registered(provider))? else {
        return Ok(done);
    };
    for (service, registered) in &services {
        tracing::info!(
            service = service.name(),
            version = registered.version,
            "serving"
        );
    }
    if let Some(entry) = journal.pending()?.filter(|e| e.server == provider.server) {
        tracing::info!(
            ticket = entry.ticket,
            "going on with the ticket of last time"
        );
        let claimed = Claimed {
            ticket: entry.ticket,
            githash: entry.githash,
        };
        done += usize::from(serve(
            provider, segmenter, journal, &services, &claimed, stop,
        )?);
    }
    let githashes: Vec<String> = services.iter().map(|(_, r)| r.githash.clone()).collect();
    while !stop.is_cancelled() && (provider.tickets == 0 || done < provider.tickets) {
        let claim = || {
            provider
                .client
                .claim(&githashes, &provider.provider, &provider.instance)
        };
        let Some(claimed) = patiently(stop, claim)? else {
            break;
        };
        let Some(claimed) = claimed else {
            rest(provider.poll, stop);
            continue;
        };
        journal.begin(&Entry {
            ticket: claimed.ticket,
            githash: claimed.githash.clone(),
            server: provider.server.clone(),
        })?;
        done += usize::from(serve(
            provider, segmenter, journal, &services, &claimed, stop,
        )?);
    }
    Ok(done)
}

/// The services of RaterLens that this provider is registered for.
fn registered(provider: &Provider) -> Result<Vec<(Service, Registered)>, DssError> {
    let all = provider.client.services()?.into_iter();
    let ours = all.filter(|r| r.provider == provider.provider);
    let known: Vec<_> = ours
        .filter_map(|r| Some((Service::of_name(&r.name)?, r)))
        .collect();
    match known.is_empty() {
        true => Err(DssError::Refused(format!(
            "no service of RaterLens is registered for provider '{}': an administrator registers them, see 'raterlens dss-provider services'",
            provider.provider
        ))),
        false => Ok(known),
    }
}

/// Works on a ticket and tells the service how it ended. `false` if it is not ours any more.
fn serve(
    provider: &Provider,
    segmenter: &Segmenter,
    journal: &Journal,
    services: &[(Service, Registered)],
    claimed: &Claimed,
    stop: &CancelFlag,
) -> Result<bool, DssError> {
    let (client, ticket) = (&provider.client, claimed.ticket);
    let began = Instant::now();
    let service = services.iter().find(|(_, r)| r.githash == claimed.githash);
    let ended = match service {
        Some((service, _)) => attempt(provider, segmenter, *service, ticket, stop),
        None => Err(WorkError::Input(
            "this provider does not serve that service any more".to_owned(),
        )),
    };
    let succeeded = match &ended {
        Ok(()) => true,
        Err(WorkError::Deleted) => {
            tracing::info!(ticket, "deleted by its user");
            journal.end()?;
            return Ok(false);
        }
        Err(WorkError::Service(error @ DssError::Unauthorized(_))) => {
            // The ticket stays in the journal for when we are let in again.
            return Err(DssError::Unauthorized(error.to_string()));
        }
        // Interrupted while the service was away: the ticket stays in the journal.
        Err(WorkError::Service(error)) if error.is_temporary() => return Ok(false),
        Err(error) => {
            tracing::warn!(ticket, "failed: {error}");
            // A courtesy: the status says the same.
            let _ = client.log(ticket, Category::Error, &public(error));
            false
        }
    };
    let last = Instant::now() + LAST_WORD;
    loop {
        match client.finish(ticket, succeeded) {
            Ok(()) | Err(DssError::Refused(_)) => break,
            Err(error) if !error.is_temporary() => return Err(error),
            // What is done stays done: it is told at the next start.
            Err(_) if stop.is_cancelled() && Instant::now() > last => return Ok(false),
            Err(error) => {
                tracing::warn!(ticket, "cannot tell how it ended yet: {error}");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
    journal.end()?;
    let seconds = began.elapsed().as_secs_f64();
    tracing::info!(ticket, succeeded, seconds, "finished");
    Ok(true)
}

/// The error as its user sees it: without paths of this machine.
fn public(error: &WorkError) -> String {
    let text = error.to_string();
    match text.rfind(" (") {
        // Messages name their path last, in brackets.
        Some(at) if text.ends_with(')') && text.contains(['/', '\\']) => {
            text.get(..at).unwrap_or(&text).to_owned()
        }
        _ => text,
    }
}

/// One ticket, from its input to its result; tried again for as long as only the network fails.
fn attempt(
    provider: &Provider,
    segmenter: &Segmenter,
    service: Service,
    ticket: u64,
    stop: &CancelFlag,
) -> Result<(), WorkError> {
    let mut wait = Duration::from_secs(1);
    loop {
        let tried = check_ours(&provider.client, ticket)
            .and_then(|()| once(provider, segmenter, service, ticket, stop));
        match tried {
            Err(WorkError::Service(error)) if error.is_temporary() && !stop.is_cancelled() => {
                tracing::warn!(ticket, "interrupted: {error}");
                rest(wait, stop);
                wait = (2 * wait).min(LONGEST_WAIT);
            }
            Err(WorkError::Service(DssError::Refused(reason))) => {
                // Deleted while we worked on it, or a refusal that stays one.
                check_ours(&provider.client, ticket)?;
                return Err(WorkError::Input(reason));
            }
            ended => return ended,
        }
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

fn once(
    provider: &Provider,
    segmenter: &Segmenter,
    service: Service,
    ticket: u64,
    stop: &CancelFlag,
) -> Result<(), WorkError> {
    let client = &provider.client;
    let folder = match &provider.temporary {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.map_err(DssError::File)?;
    let workspace = fetch_input(client, ticket, folder.path())?;
    let told = Cell::new(None::<Instant>);
    // The user's deletion ends the work; the provider's own stop does, too.
    let cancel = CancelFlag::new();
    let is_deleted = Cell::new(false);
    let tell = |now: Progress| {
        if stop.is_cancelled() {
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
    let worked = work(
        service,
        &workspace,
        folder.path(),
        segmenter,
        &cancel,
        &tell,
    );
    if is_deleted.get() {
        return Err(WorkError::Deleted);
    }
    let outcome = worked?;
    send_result(client, ticket, &outcome.project)?;
    report(client, ticket, &outcome.notes, &outcome.picture);
    if stop.is_cancelled() {
        tracing::info!(ticket, "finished although the provider is stopping");
    }
    Ok(())
}

/// Remarks and the picture, for the ticket's log: courtesies that do not make a ticket fail.
fn report(client: &Client, ticket: u64, notes: &[String], picture: &[u8]) {
    for note in notes {
        let _ = client.log(ticket, Category::Warning, note);
    }
    let text = "The slice with most of the result";
    let attached = client.attach(ticket, "result.png", "image/png", picture, text);
    let line = match attached {
        Ok(()) => "The result is ready; a slice of it is attached.",
        Err(_) => "The result is ready.",
    };
    let _ = client.log(ticket, Category::Info, line);
    let _ = client.progress(ticket, 1.0);
}

/// Repeats a call while the service cannot be reached, with growing waits; `None` when told to stop.
fn patiently<T>(
    stop: &CancelFlag,
    mut call: impl FnMut() -> Result<T, DssError>,
) -> Result<Option<T>, DssError> {
    let mut wait = Duration::from_millis(500);
    while !stop.is_cancelled() {
        match call() {
            Err(error) if error.is_temporary() => {
                tracing::warn!("{error}");
                rest(wait, stop);
                wait = (2 * wait).min(LONGEST_WAIT);
            }
            ended => return ended.map(Some),
        }
    }
    Ok(None)
}

/// Waits, but not beyond a stop.
fn rest(wait: Duration, stop: &CancelFlag) {
    let until = Instant::now() + wait;
    while !stop.is_cancelled() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50).min(wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_stay_here() {
        let error =
            WorkError::Input("all voxels are 3: it shows nothing (/tmp/x/image.nii.gz)".into());
        assert_eq!(public(&error), "all voxels are 3: it shows nothing");
        let error = WorkError::Input("no path (but brackets)".into());
        assert_eq!(public(&error), "no path (but brackets)");
    }
}
