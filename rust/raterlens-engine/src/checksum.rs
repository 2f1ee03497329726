//! SHA-256 of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 of a file's bytes, lower-case hexadecimal.
pub(crate) fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        match buffer.get(..n) {
            Some(chunk) if !chunk.is_empty() => hasher.update(chunk),
            _ => break,
        }
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
}

/// SHA-256 over `extra` and the names and contents of all files in a folder and the folders in it, in order of their paths.
pub(crate) fn sha256_of_folder(folder: &Path, extra: &str) -> io::Result<String> {
    let (mut folders, mut files) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            // Links to folders are not followed: they could lead in circles.
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    let mut hasher = Sha256::new();
    hasher.update(extra);
    for file in files.iter().filter(|f| f.is_file()) {
        let name = file.strip_prefix(folder).unwrap_or(file);
        hasher.update(name.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update(sha256_of_file(file)?);
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_folder_is_all_its_files_and_the_chosen_series() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::write(dir.path().join("a"), "1").unwrap();
        std::fs::write(dir.path().join("b/c"), "2").unwrap();
        let sum = |series: &str| super::sha256_of_folder(dir.path(), series).unwrap();
        let first = sum("");
        assert_eq!(first, sum(""));
        assert_ne!(first, sum("2"));
        std::fs::write(dir.path().join("b/c"), "3").unwrap();
        assert_ne!(first, sum(""));
    }

    #[test]
    fn the_checksum_of_abc_is_the_published_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            super::sha256_of_file(file.path()).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
