//! Files that were changed, at random and on purpose: always an error or a result, never a panic and never
//! much memory.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use peak_alloc::PeakAlloc;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use raterlens_pickle::{PickleError, WeightFile};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Far above what the sample needs, far below what its numbers could be made to claim.
const MOST_MB: f32 = 64.0;

type Records = Vec<(String, Vec<u8>)>;

fn sample() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kinds.pth");
    std::fs::read(path).unwrap()
}

fn records(file: &[u8]) -> Records {
    let mut zip = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut out = Vec::new();
    for n in 0..zip.len() {
        let mut record = zip.by_index(n).unwrap();
        let mut bytes = Vec::new();
        record.read_to_end(&mut bytes).unwrap();
        out.push((record.name().unwrap().into_owned(), bytes));
    }
    out
}

/// An archive with correct checksums.
fn archive(records: &Records) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in records {
        zip.start_file(name.as_str(), stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Opens a file with this content and reads all its tensors.
fn read_all(path: &PathBuf, content: &[u8]) -> Result<usize, PickleError> {
    std::fs::write(path, content).unwrap();
    let mut file = WeightFile::open(path)?;
    let mut count = 0;
    for n in 0..file.tensors().len() {
        file.read_f32(n, &mut |values| {
            count += values.len();
            Ok(())
        })?;
    }
    Ok(count)
}

/// One to four changes: a bit, a byte, bytes taken out, bytes put in, the end cut off, a part repeated.
fn mutate(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..out.len());
        match rng.random_range(0..6) {
            0 => out[at] ^= 1 << rng.random_range(0..8),
            1 => {
                out[at] =
                    [0, 1, 0x7f, 0x80, 0xff, b'(', b'R', b'Q', b'c', b'.'][rng.random_range(0..10)]
            }
            2 => drop(out.drain(at..(at + rng.random_range(1..9)).min(out.len()))),
            3 => drop(out.splice(at..at, (0..rng.random_range(1..9)).map(|_| 0xff))),
            4 => out.truncate(at.max(1)),
            _ => {
                let part = out[at..(at + rng.random_range(1..40)).min(out.len())].to_vec();
                let to = rng.random_range(0..out.len());
                out.splice(to..to, part);
            }
        }
        if out.is_empty() {
            out.push(0);
        }
    }
    out
}

// One test: the peak of memory is the process's.
#[test]
fn thousands_of_changed_files_end_in_an_error_or_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.pth");
    let whole = sample();
    let parts = records(&whole);
    assert_eq!(
        read_all(&path, &archive(&parts)).unwrap(),
        read_all(&path, &whole).unwrap()
    );
    let pickle = parts
        .iter()
        .position(|(name, _)| name.ends_with("/data.pkl"))
        .unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    MEMORY.reset_peak_usage();
    let (mut read, mut refused) = (0, 0);
    for round in 0..4500 {
        let content = if round % 3 == 0 {
            mutate(&whole, &mut rng)
        } else {
            // With correct checksums, so that the change reaches the machine.
            let mut parts = parts.clone();
            parts[pickle].1 = mutate(&parts[pickle].1, &mut rng);
            archive(&parts)
        };
        match read_all(&path, &content) {
            Ok(_) => read += 1,
            Err(e) => {
                assert!(e.to_string().len() < 1500, "{e}");
                refused += 1;
            }
        }
    }
    // A change of a name or of a memo nobody reads does no harm; most others must be noticed.
    assert!(
        refused > 3000 && read > 50,
        "{read} read, {refused} refused"
    );
    assert!(
        MEMORY.peak_usage_as_mb() < MOST_MB,
        "{} MB",
        MEMORY.peak_usage_as_mb()
    );
    huge_claims_take_no_memory(&path, &parts, pickle);
    archives_that_pytorch_does_not_write(&path, &parts);
}

fn huge_claims_take_no_memory(path: &PathBuf, parts: &Records, pickle: usize) {
    MEMORY.reset_peak_usage();
    // A storage of 2^62 float64 values, a tensor that shows one value 2^40 times, and a text of 2^63 bytes.
    let storage = |len: &[u8]| {
        [
            b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nDoubleStorage\n".as_slice(),
            b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu", len, b"tQ",
        ]
        .concat()
    };
    let huge = b"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40";
    let many = b"\x8a\x06\x00\x00\x00\x00\x00\x01";
    for claim in [
        [
            &storage(huge)[..],
            b"K\x00",
            huge,
            b"\x85K\x01\x85\x89NtRs.",
        ]
        .concat(),
        [
            &storage(b"K\x18")[..],
            b"K\x00",
            many,
            b"\x85K\x00\x85\x89NtRs.",
        ]
        .concat(),
        [
            &storage(b"K\x18")[..],
            b"K\x00(",
            many,
            many,
            many,
            b"t(K\x00K\x00K\x00t\x89NtRs.",
        ]
        .concat(),
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.".to_vec(),
        b"\x80\x02X\xff\xff\xff\xffa.".to_vec(),
    ] {
        let mut parts = parts.clone();
        parts[pickle].1 = claim;
        assert!(read_all(path, &archive(&parts)).is_err());
    }
    // Sixteen megabytes of nothing but lists.
    let mut parts = parts.clone();
    parts[pickle].1 = vec![b']'; 16 << 20];
    let content = archive(&parts);
    drop(parts);
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    assert!(matches!(
        read_all(path, &content),
        Err(PickleError::TooLarge(_))
    ));
    let taken = MEMORY.peak_usage_as_mb() - before;
    assert!(taken < 160.0, "{taken} MB");
}

fn archives_that_pytorch_does_not_write(path: &PathBuf, parts: &Records) {
    let refusal = |records: &Records| read_all(path, &archive(records)).unwrap_err().to_string();
    let without = |name: &str| -> Records {
        parts
            .iter()
            .filter(|(n, _)| !n.ends_with(name))
            .cloned()
            .collect()
    };
    assert!(refusal(&without("data.pkl")).contains("torch.save"));
    assert!(refusal(&without("data/0")).contains("missing"));
    let changed = |name: &str, to: &[u8]| -> Records {
        parts
            .iter()
            .map(|(n, b)| {
                (
                    n.clone(),
                    if n.ends_with(name) {
                        to.to_vec()
                    } else {
                        b.clone()
                    },
                )
            })
            .collect()
    };
    assert!(refusal(&changed("byteorder", b"big")).contains("big-endian"));
    assert!(refusal(&changed("data/0", &[0; 7])).contains("7 bytes"));
    assert!(refusal(&changed("data/0", &[0xff; 192])).contains("not numbers"));
    let two: Records = parts
        .iter()
        .cloned()
        .chain([("other/data.pkl".to_owned(), b"N.".to_vec())])
        .collect();
    assert!(refusal(&two).contains("torch.save"));
    let empty: Records = parts
        .iter()
        .map(|(n, b)| {
            (
                n.clone(),
                if n.ends_with(".pkl") {
                    b"}.".to_vec()
                } else {
                    b.clone()
                },
            )
        })
        .collect();
    assert!(refusal(&empty).contains("empty"));
    // One bit of one number: the archive's own checksum notices.
    let mut whole = sample();
    let numbers = &parts.iter().find(|(n, _)| n.ends_with("data/0")).unwrap().1;
    let at = whole
        .windows(numbers.len())
        .position(|w| w == numbers.as_slice())
        .unwrap();
    whole[at] ^= 1;
    let text = read_all(path, &whole).unwrap_err().to_string();
    assert!(text.contains("get it again"), "{text}");
}
