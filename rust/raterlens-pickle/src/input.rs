//! The bytes of a pickle, read front to back.

use crate::error::PickleError;

/// A position in the pickle. Every read checks that the bytes are there.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let end = self.position.checked_add(count);
        let found = end.and_then(|end| self.bytes.get(self.position..end));
        let found = found
            .ok_or_else(|| PickleError::damaged("its description of the tensors ends too early"))?;
        self.position += count;
        Ok(found)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, PickleError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, PickleError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, PickleError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, PickleError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn f64_big_endian(&mut self) -> Result<f64, PickleError> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// A whole number of at most eight bytes, two's complement, little-endian.
    pub(crate) fn long(&mut self) -> Result<i64, PickleError> {
        let count = usize::from(self.byte()?);
        let bytes = self.take(count)?;
        if count > 8 {
            return Err(PickleError::TooLarge(format!(
                "a whole number of {count} bytes"
            )));
        }
        let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut out = [if negative { 0xff } else { 0 }; 8];
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(i64::from_le_bytes(out))
    }

    pub(crate) fn text(&mut self, length: u64) -> Result<&'a str, PickleError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| PickleError::damaged("a text in it is not UTF-8"))
    }

    /// Text up to a line feed, which is read and left out.
    pub(crate) fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let text = self.text(length as u64)?;
        self.take(1)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_pickle_writes_them() {
        // By hand, after the protocol's description: LONG1 has a length byte, then little-endian two's complement.
        let long = |bytes: &[u8]| Input::new(bytes).long().unwrap();
        assert_eq!(long(&[0]), 0);
        assert_eq!(long(&[1, 0xff]), -1);
        assert_eq!(long(&[2, 0xff, 0x00]), 255);
        assert_eq!(long(&[2, 0x00, 0x80]), -32768);
        assert_eq!(long(&[8, 0, 0, 0, 0, 0, 0, 0, 0x80]), i64::MIN);
        assert!(Input::new(&[9, 0, 0, 0, 0, 0, 0, 0, 0, 1]).long().is_err());
    }

    #[test]
    fn reading_beyond_the_end_is_an_error() {
        let mut input = Input::new(b"ab");
        assert!(input.take(3).is_err());
        assert!(input.text(u64::MAX).is_err());
        assert_eq!(input.take(2).unwrap(), b"ab");
        assert!(input.line().is_err());
        assert!(input.byte().is_err());
    }
}
