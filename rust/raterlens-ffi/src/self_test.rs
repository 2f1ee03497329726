//! An entry that fails or panics on purpose.

use crate::bridge::SelfTest;
use crate::error::{BridgeError, ErrorKind};
use crate::guard::guard;

/// Succeeds, returns an error of kind `Model`, or panics, with `message`.
///
/// Tests on the C++ side call it to see that both ways of failing arrive as exceptions and that
/// the process goes on. It touches nothing else, so it is harmless in a release.
#[doc(hidden)]
pub fn self_test(outcome: SelfTest, message: &str) -> Result<(), BridgeError> {
    guard(|| match outcome {
        SelfTest::Fail => Err(BridgeError::new(ErrorKind::Model, message)),
        #[allow(clippy::panic)] // That is what it is for.
        SelfTest::Panic => panic!("{message}"),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fails_in_each_way() {
        assert!(self_test(SelfTest::Succeed, "").is_ok());
        let error = self_test(SelfTest::Fail, "on purpose").unwrap_err();
        assert_eq!(error, BridgeError::new(ErrorKind::Model, "on purpose"));
        let error = self_test(SelfTest::Panic, "on purpose").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains("on purpose"));
    }
}
