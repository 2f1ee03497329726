//! The zip archive around a pickle and its records.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::error::{printable, PickleError};

/// The description of ten thousand tensors takes about 2 MB.
const LONGEST_PICKLE: u64 = 16 << 20;
/// The most records: one a tensor, and a few of PyTorch's own.
const MOST_RECORDS: usize = 1 << 18;
/// How old PyTorch begins a file: protocol 2, then its magic number as LONG1.
const OLD_FORMAT: [u8; 5] = [0x80, 0x02, 0x8a, 0x0a, 0x6c];

/// An open archive.
#[derive(Debug)]
pub(crate) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// The folder inside the archive in which all records lie, with its slash.
    folder: String,
}

impl Archive {
    /// Opens an archive and finds its one state dict.
    pub(crate) fn open(path: &Path) -> Result<Self, PickleError> {
        let mut file = File::open(path)?;
        check_beginning(&mut file)?;
        let length = file.metadata()?.len();
        // The archive is the whole file. Left to find its beginning, zip 9.2 takes the second record for the first where
        // the first one's entry is as long (76 bytes) as the 64-bit end record that PyTorch always writes.
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let zip = ZipArchive::with_config(config, BufReader::new(file)).map_err(damaged)?;
        if zip.len() > MOST_RECORDS {
            return Err(PickleError::TooLarge(format!(
                "{} records in the archive",
                zip.len()
            )));
        }
        let folder = find_folder(&zip)?;
        let mut archive = Self { zip, folder };
        archive.check_records(length)?;
        Ok(archive)
    }

    /// The description of the tensors.
    pub(crate) fn pickle(&mut self) -> Result<Vec<u8>, PickleError> {
        let length = self.record_length("data.pkl")?;
        if length > LONGEST_PICKLE {
            return Err(PickleError::TooLarge(format!(
                "a description of {length} bytes"
            )));
        }
        let mut bytes = Vec::with_capacity(length as usize);
        self.record("data.pkl", |record| {
            Ok(record.read_to_end(&mut bytes).map(drop)?)
        })?;
        Ok(bytes)
    }

    /// Bytes of a record.
    pub(crate) fn record_length(&mut self, name: &str) -> Result<u64, PickleError> {
        let name = format!("{}{name}", self.folder);
        Ok(self.zip.by_name(&name).map_err(damaged)?.size())
    }

    /// Hands a record to `read`, and then makes sure that it was read to its end and has its checksum.
    pub(crate) fn record(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<(), PickleError>,
    ) -> Result<(), PickleError> {
        let name = format!("{}{name}", self.folder);
        let mut record = self.zip.by_name(&name).map_err(damaged)?;
        read(&mut record)?;
        // The checksum is compared when the end is reached.
        match record.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(PickleError::damaged(format!(
                "the record '{}' is longer than its tensor",
                printable(&name)
            ))),
            Err(e) => Err(unreadable(&e)),
        }
    }

    /// Nothing compressed (so nothing can grow when it is read), nothing longer than the file.
    fn check_records(&mut self, file_length: u64) -> Result<(), PickleError> {
        let mut total = 0_u64;
        for n in 0..self.zip.len() {
            let record = self.zip.by_index_raw(n).map_err(damaged)?;
            if record.compression() != CompressionMethod::Stored
                || record.size() != record.compressed_size()
            {
                return Err(PickleError::damaged(
                    "a record in it is compressed, which PyTorch never does",
                ));
            }
            total = total.saturating_add(record.size());
        }
        if total > file_length {
            return Err(PickleError::damaged("its records are longer than the file"));
        }
        Ok(())
    }
}

/// Tells the formats apart by their first bytes.
fn check_beginning(file: &mut File) -> Result<(), PickleError> {
    let mut first = Vec::new();
    file.by_ref()
        .take(OLD_FORMAT.len() as u64)
        .read_to_end(&mut first)?;
    file.rewind()?;
    match first.as_slice() {
        [b'P', b'K', ..] => Ok(()),
        start if start == OLD_FORMAT => Err(PickleError::OldFormat),
        _ => Err(PickleError::NotPyTorch),
    }
}

/// The folder that holds `data.pkl`; TorchScript and big-endian files are told apart by what else is in it.
fn find_folder(zip: &ZipArchive<BufReader<File>>) -> Result<String, PickleError> {
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.map(Into::into).map_err(damaged))
        .collect::<Result<_, _>>()?;
    let mut folders = names.iter().filter_map(|name| {
        let folder = name.strip_suffix("data.pkl")?;
        (folder.ends_with('/') && folder.matches('/').count() == 1).then_some(folder)
    });
    let (Some(folder), None) = (folders.next(), folders.next()) else {
        return Err(PickleError::NotPyTorch);
    };
    let has = |record: &str| {
        names.iter().any(|n| {
            n.strip_prefix(folder)
                .is_some_and(|n| n.starts_with(record))
        })
    };
    if has("code/") || has("constants.pkl") {
        return Err(PickleError::TorchScript);
    }
    Ok(folder.to_owned())
}

fn damaged(error: ZipError) -> PickleError {
    match error {
        ZipError::Io(e) => unreadable(&e),
        ZipError::FileNotFound => PickleError::damaged("a record of numbers is missing"),
        other => PickleError::damaged(other.to_string()),
    }
}

/// An error of the zip library while reading: of the disk, or a checksum that differs.
pub(crate) fn unreadable(error: &std::io::Error) -> PickleError {
    PickleError::damaged(error.to_string())
}
