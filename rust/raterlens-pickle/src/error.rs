//! Why a file was refused, in words a user can act on.

use thiserror::Error;

/// Why the tensors of a file could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// What was read could not be passed on.
    #[error("{0}")]
    Sink(std::io::Error),
    /// Neither a zip archive nor any other format of PyTorch.
    #[error("this is not a file written by torch.save: it is no zip archive")]
    NotPyTorch,
    /// The format of PyTorch before version 1.6, or one asked for with `_use_new_zipfile_serialization=False`.
    #[error(
        "the file is in PyTorch's format of before version 1.6; write it again with a newer PyTorch, on a computer that you can risk, \
         since the file may be a program: torch.save(torch.load(\"old.pth\", map_location=\"cpu\", weights_only=True), \"new.pth\")"
    )]
    OldFormat,
    /// A TorchScript program.
    #[error("this is a TorchScript file, which is a program, and not a state dict: import it with --from torchscript")]
    TorchScript,
    /// The archive is damaged or not as PyTorch writes it.
    #[error("the file is damaged or incomplete: {0}; get it again")]
    Damaged(String),
    /// The file names something that does not describe tensors.
    #[error("the file asks for '{global}', which is not needed to describe tensors: it was refused, and nothing in the file was run. Do not open it with PyTorch either unless you trust whoever made it")]
    Forbidden {
        /// Module and name, with unusual characters escaped.
        global: String,
    },
    /// An instruction that no state dict needs.
    #[error("the file holds the pickle instruction {0}, which torch.save does not use for a state dict: it was refused, and nothing in the file was run")]
    Instruction(String),
    /// The description is well formed but is not that of a state dict.
    #[error("the file does not hold a state dict: {0}; save one with torch.save(model.state_dict(), \"weights.pth\")")]
    NotAStateDict(String),
    /// A size beyond what is supported.
    #[error("{0}: this is more than any model RaterLens can run, so the file was refused")]
    TooLarge(String),
    /// A tensor that cannot be used.
    #[error("tensor '{name}': {reason}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl PickleError {
    pub(crate) fn damaged(text: impl Into<String>) -> Self {
        Self::Damaged(text.into())
    }

    pub(crate) fn tensor(name: &str, reason: impl Into<String>) -> Self {
        Self::Tensor {
            name: printable(name),
            reason: reason.into(),
        }
    }
}

/// Text of a file, made safe to print on a terminal: control characters escaped, at most 120 characters.
pub(crate) fn printable(text: &str) -> String {
    const MOST: usize = 120;
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MOST {
            out.push_str("...");
            break;
        }
        if c.is_control() || !c.is_ascii() {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_the_file_cannot_play_tricks_on_a_terminal() {
        assert_eq!(printable("os.system"), "os.system");
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(printable("\u{202e}os"), "\\u{202e}os");
        assert_eq!(printable(&"x".repeat(500)).len(), 123);
    }
}
