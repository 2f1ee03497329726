//! A mask as the client reads it.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use flate2::write::GzEncoder;
use flate2::Compression;
use raterlens_core::Volume;
use serde::Serialize;

/// The answer to a mark.
#[derive(Debug, Serialize)]
pub struct Answer {
    status: &'static str,
    /// One byte for each voxel, 0 or 1, compressed, as base64.
    result: String,
    /// Title of the structure whose mask it is; ITK-SNAP does not read it.
    structure: String,
}

impl Answer {
    /// Encodes a mask: one byte for each voxel, i fastest, 1 inside. (The client reads signed bytes and takes 255 for outside.)
    ///
    /// # Errors
    /// None in practice: compressing in memory.
    pub fn new(mask: &Volume<bool>, structure: &str) -> io::Result<Self> {
        let bytes: Vec<u8> = mask.data().iter().map(|inside| u8::from(*inside)).collect();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&bytes)?;
        Ok(Self {
            status: "success",
            result: STANDARD.encode(gzip.finish()?),
            structure: structure.to_owned(),
        })
    }
}
