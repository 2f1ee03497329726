//! The loop: claim, work, answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use raterlens_core::control::CancelFlag;
use raterlens_engine::Segmenter;

use crate::client::{Client, DssError, Registered};
use crate::error::WorkError;
use crate::journal::{Entry, Journal};
use crate::services::Service;
use crate::ticket::{Desk, Ended};

/// The longest wait between attempts to reach a service that does not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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
/// Not being let in, having no service to serve, a journal that cannot be written, or a fault of this machine, such as a full
/// disk, which would make one ticket after the other fail; the ticket under way stays in the journal.
pub fn run(
    provider: &Provider,
    segmenter: &Segmenter,
    journal: &Journal,
    stop: &CancelFlag,
) -> Result<usize, WorkError> {
    let services = match patiently(stop, || registered(provider)) {
        Err(error) if error.is_temporary() => return Ok(0),
        services => services?,
    };
    for (service, registered) in &services {
        let (service, version) = (service.name(), &registered.version);
        tracing::info!(service, version, "serving");
        if version != env!("CARGO_PKG_VERSION") {
            tracing::warn!(
                service,
                "registered for another version than this one, {}",
                env!("CARGO_PKG_VERSION")
            );
        }
    }
    let desk = Desk {
        provider,
        segmenter,
        journal,
        stop,
    };
    let mut done = 0;
    if let Some(entry) = journal.pending().map_err(DssError::File)? {
        if entry.server != provider.server {
            return Err(WorkError::Journal {
                ticket: entry.ticket,
                server: entry.server,
            });
        }
        let ticket = entry.ticket;
        tracing::info!(ticket, "going on with the ticket of last time");
        done += usize::from(desk.serve(&entry)? == Ended::Told);
    }
    while !stop.is_cancelled() && (provider.tickets == 0 || done < provider.tickets) {
        let entry = match patiently(stop, || claim(provider, &services)) {
            Err(error) if error.is_temporary() => break,
            claimed => claimed?,
        };
        let Some(entry) = entry else {
            rest(provider.poll, stop);
            continue;
        };
        journal.begin(&entry).map_err(DssError::File)?;
        done += usize::from(desk.serve(&entry)? == Ended::Told);
    }
    Ok(done)
}

/// The services of RaterLens that this provider is registered for.
fn registered(provider: &Provider) -> Result<Vec<(Service, Registered)>, WorkError> {
    let all = provider.client.services()?.into_iter();
    let ours = all.filter(|r| r.provider == provider.provider);
    let known: Vec<_> = ours
        .filter_map(|r| Some((Service::of_name(&r.name)?, r)))
        .collect();
    match known.is_empty() {
        true => Err(WorkError::NoService {
            provider: provider.provider.clone(),
        }),
        false => Ok(known),
    }
}

/// Claims the next ticket.
fn claim(
    provider: &Provider,
    services: &[(Service, Registered)],
) -> Result<Option<Entry>, WorkError> {
    let githashes: Vec<String> = services.iter().map(|(_, r)| r.githash.clone()).collect();
    let claimed = provider
        .client
        .claim(&githashes, &provider.provider, &provider.instance);
    if let Err(DssError::Unreachable(_)) = claimed {
        tracing::warn!("no answer to a claim; should a ticket now stay 'claimed' that nobody works on, give it to a provider with 'raterlens dss-provider adopt'");
    }
    let Some(claimed) = claimed? else {
        return Ok(None);
    };
    let service = services.iter().find(|(_, r)| r.githash == claimed.githash);
    Ok(Some(Entry {
        ticket: claimed.ticket,
        service: service.map_or(claimed.githash, |(s, _)| s.name().to_owned()),
        server: provider.server.clone(),
        tries: 0,
        sent: false,
    }))
}

/// Repeats a call while the service cannot be reached, with growing waits; once told to stop, the failure is returned.
pub(crate) fn patiently<T>(
    stop: &CancelFlag,
    mut call: impl FnMut() -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    let mut wait = Duration::from_millis(500);
    loop {
        match call() {
            Err(error) if error.is_temporary() && !stop.is_cancelled() => {
                tracing::warn!("{error}");
                rest(wait, stop);
                wait = (2 * wait).min(LONGEST_WAIT);
            }
            ended => return ended,
        }
    }
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
    fn what_may_pass_is_tried_again_until_told_to_stop() {
        let stop = CancelFlag::new();
        let mut calls = 0;
        let answer = patiently(&stop, || {
            calls += 1;
            match calls {
                1 => Err(DssError::Unreachable("gone".into()).into()),
                n => Ok(n),
            }
        });
        assert_eq!(answer.unwrap(), 2);
        let refused = patiently::<()>(&stop, || Err(DssError::Refused("no".into()).into()));
        assert!(!refused.unwrap_err().is_temporary());
        stop.cancel();
        let gone = patiently::<()>(&stop, || Err(DssError::Unreachable("gone".into()).into()));
        assert!(gone.unwrap_err().is_temporary());
    }
}
