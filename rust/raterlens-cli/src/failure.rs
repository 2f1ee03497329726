//! Errors as one sentence, and their exit codes.

use std::process::ExitCode;

use raterlens_core::control::Cancelled;
use raterlens_engine::EngineError;
use raterlens_images::ImageFileError;
use raterlens_raters::RatersError;
use raterlens_study::whole::WholeError;
use raterlens_study::StudyError;
use raterlens_train::TrainError;

/// What shells use for "ended by Ctrl-C".
const CANCELLED: u8 = 130;

/// Prints an error to stderr and chooses the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if is_cancelled(error) {
        eprintln!("Cancelled: nothing was written for the case that was under way.");
        return ExitCode::from(CANCELLED);
    }
    eprintln!("error: {}", sentence(error.chain()));
    ExitCode::FAILURE
}

fn is_cancelled(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(EngineError::Cancelled))
        || matches!(error.downcast_ref(), Some(RatersError::Cancelled(_)))
        || matches!(error.downcast_ref(), Some(TrainError::Cancelled(_)))
        || error.downcast_ref().is_some_and(StudyError::is_cancelled)
        || error.downcast_ref().is_some_and(WholeError::is_cancelled)
        || matches!(error.downcast_ref(), Some(ImageFileError::Cancelled(_)))
        || error.downcast_ref::<Cancelled>().is_some()
}

/// The causes joined by `: `, without those that an outer message already repeats.
pub fn sentence<'e>(
    chain: impl IntoIterator<Item = &'e (dyn std::error::Error + 'static)>,
) -> String {
    let mut text = String::new();
    for cause in chain {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let inner = anyhow::anyhow!("no space left");
        assert_eq!(sentence(inner.chain()), "no space left");
        let outer = inner
            .context("cannot write (no space left)")
            .context("case 7");
        assert_eq!(
            sentence(outer.chain()),
            "case 7: cannot write (no space left)"
        );
    }
}
