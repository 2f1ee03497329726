//! Why a ticket, or the whole provider, came to a stop.

use raterlens_engine::EngineError;
use raterlens_itksnap::assemble::AssembleError;
use raterlens_itksnap::ProjectError;
use raterlens_raters::RatersError;
use thiserror::Error;

use crate::client::DssError;

/// Why a ticket could not be finished.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The provider is being stopped.
    #[error("the provider was stopped by its administrator: retry the ticket to queue it again")]
    Stopped,
    /// The user deleted the ticket.
    #[error("the ticket was deleted")]
    Deleted,
    /// The ticket's files.
    #[error("{0}")]
    Input(String),
    /// A file of the result that arrives changed.
    #[error("the result arrives at the service changed, again and again: {file}")]
    Changed {
        /// Its name.
        file: String,
    },
    /// Work on it began too often without an end.
    #[error("work on this ticket began {tries} times, and each time the provider ended before it: the image may need more memory than its machine has")]
    GaveUp {
        /// How often.
        tries: u32,
    },
    /// The journal has a ticket of another service.
    #[error("this instance has ticket {ticket} of {server} under way: start it once with that address, or give this one another --instance")]
    Journal {
        /// The ticket.
        ticket: u64,
        /// The address of its service.
        server: String,
    },
    /// Nothing to serve.
    #[error("no service of RaterLens is registered for provider '{provider}': an administrator registers them, see 'raterlens dss-provider services'")]
    NoService {
        /// Name of the provider.
        provider: String,
    },
    /// The service.
    #[error(transparent)]
    Service(#[from] DssError),
    /// The segmentation.
    #[error(transparent)]
    Engine(EngineError),
    /// The fusion.
    #[error(transparent)]
    Raters(RatersError),
    /// The workspace.
    #[error(transparent)]
    Workspace(#[from] ProjectError),
    /// A layer.
    #[error(transparent)]
    Layer(#[from] AssembleError),
}

impl WorkError {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Service(error) if error.is_temporary())
    }

    /// Whether this machine is to blame and not the ticket: the next ticket would fail like this one.
    #[must_use]
    pub fn is_of_this_machine(&self) -> bool {
        use EngineError as E;
        match self {
            Self::Service(DssError::File(_)) => true,
            Self::Engine(error) => matches!(
                error,
                E::Model(_) | E::Device(_) | E::Network(_) | E::Output { .. }
            ),
            Self::Raters(error) => matches!(error, RatersError::Output { .. }),
            _ => false,
        }
    }

    /// The error as the ticket's user sees it: without paths of this machine.
    #[must_use]
    pub fn for_user(&self) -> String {
        let text = self.to_string();
        match text.rfind(" (") {
            // Messages name their path last, in brackets.
            Some(at) if text.ends_with(')') && text.contains(['/', '\\']) => {
                text.get(..at).unwrap_or(&text).to_owned()
            }
            _ => text,
        }
    }
}

impl From<EngineError> for WorkError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Stopped,
            other => Self::Engine(other),
        }
    }
}

impl From<RatersError> for WorkError {
    fn from(error: RatersError) -> Self {
        match error {
            RatersError::Cancelled(_) => Self::Stopped,
            other => Self::Raters(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_stay_here() {
        let error =
            WorkError::Input("all voxels are 3: it shows nothing (/tmp/x/image.nii.gz)".into());
        assert_eq!(error.for_user(), "all voxels are 3: it shows nothing");
        let error = WorkError::Input("no path (but brackets)".into());
        assert_eq!(error.for_user(), "no path (but brackets)");
    }

    #[test]
    fn a_full_disk_is_not_the_tickets_fault() {
        let full = || std::io::Error::other("disk full");
        assert!(WorkError::Service(DssError::File(full())).is_of_this_machine());
        assert!(!WorkError::Input("constant image".into()).is_of_this_machine());
    }
}
