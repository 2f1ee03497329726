//! Damaged and unsuitable files: a sentence each, never a panic.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

mod common;

use std::path::Path;

use common::{gzip, save_bytes, RawNifti};
use proptest::prelude::*;
use raterlens_core::nifti_io::{read_image, read_labels, NiftiError};
use tempfile::tempdir;

fn refusal(raw: &RawNifti) -> NiftiError {
    let folder = tempdir().unwrap();
    let plain = read_image(&raw.save(folder.path(), "a.nii")).unwrap_err();
    let compressed = read_image(&raw.save(folder.path(), "a.nii.gz")).unwrap_err();
    let kind = std::mem::discriminant;
    // What does not depend on the amount of data is refused alike.
    if !matches!(plain, NiftiError::TooShort { .. }) {
        assert_eq!(kind(&plain), kind(&compressed));
    }
    plain
}

fn refusal_of_bytes(bytes: &[u8]) -> NiftiError {
    let folder = tempdir().unwrap();
    read_image(&save_bytes(bytes, folder.path(), "a.nii")).unwrap_err()
}

fn with(change: impl Fn(&mut RawNifti)) -> RawNifti {
    let mut raw = RawNifti::default();
    change(&mut raw);
    raw
}

#[test]
fn what_is_not_nifti_says_so() {
    let reason = |bytes: &[u8]| match refusal_of_bytes(bytes) {
        NiftiError::NotNifti { reason } => reason,
        other => panic!("{other}"),
    };
    assert!(reason(b"").contains("shorter"));
    assert!(reason(b"hello").contains("shorter"));
    assert!(reason(&[b'x'; 1000]).contains("348"));
    let mut analyze = RawNifti::default().bytes(false);
    analyze[344..348].fill(0);
    assert!(reason(&analyze).contains("Analyze"));
    let mut other = RawNifti::default().bytes(false);
    other[344..348].copy_from_slice(b"abcd");
    assert!(reason(&other).contains("mark"));
    let mut second = RawNifti::default().bytes(false);
    second[..4].copy_from_slice(&540_i32.to_le_bytes());
    assert!(reason(&second).contains("NIfTI-2"));
    let folder = tempdir().unwrap();
    assert!(read_image(folder.path()).is_err());
    let absent = read_image(&folder.path().join("absent.nii")).unwrap_err();
    assert!(matches!(absent, NiftiError::Io(_)));
}

#[test]
fn wrong_numbers_of_dimensions_are_refused() {
    let refused = |dim: [i16; 8]| refusal(&with(|r| r.dim = dim));
    let two = refused([2, 2, 3, 1, 1, 1, 1, 1]);
    assert!(matches!(
        two,
        NiftiError::NotThreeDimensional { dimensions: 2 }
    ));
    let series = refused([4, 2, 3, 2, 2, 1, 1, 1]);
    assert!(matches!(series, NiftiError::SeveralVolumes { volumes: 2 }));
    let vectors = refused([5, 2, 2, 2, 1, 3, 1, 1]);
    assert!(matches!(vectors, NiftiError::SeveralVolumes { volumes: 3 }));
    for bad in [
        [3, 0, 3, 4, 1, 1, 1, 1],
        [3, 2, -3, 4, 1, 1, 1, 1],
        [4, 2, 3, 4, 0, 1, 1, 1],
    ] {
        assert!(matches!(refused(bad), NiftiError::BadDimensions { .. }));
    }
    let none = refused([0, 2, 3, 4, 1, 1, 1, 1]);
    assert!(matches!(
        none,
        NiftiError::BadField {
            field: "dim[0]",
            ..
        }
    ));
}

#[test]
fn voxels_that_are_no_single_number_are_named() {
    for (datatype, bitpix, name) in [
        (128, 24, "RGB"),
        (2304, 32, "RGBA"),
        (32, 64, "complex64"),
        (1792, 128, "complex128"),
        (1536, 128, "128-bit float"),
        (1, 1, "1-bit"),
        (0, 0, "code 0"),
        (99, 8, "code 99"),
    ] {
        let error = refusal(&with(|r| (r.datatype, r.bitpix) = (datatype, bitpix)));
        assert!(matches!(error, NiftiError::UnsupportedType { .. }));
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn voxels_that_are_not_finite_are_counted() {
    let voxels = |first: f32, second: f32| {
        with(|r| {
            (r.datatype, r.bitpix) = (16, 32);
            r.voxels = (0..24)
                .map(|n| [first, second].get(n).copied().unwrap_or(1.0))
                .flat_map(f32::to_le_bytes)
                .collect();
        })
    };
    let error = refusal(&voxels(f32::NAN, f32::INFINITY));
    let expected = (2, 24);
    assert!(matches!(error, NiftiError::NotFinite { count, total } if (count, total) == expected));
    assert!(error.to_string().starts_with("2 of 24 voxels"));
    // Finite in 64 bits, but not in 32.
    let mut large = voxels(1.0, 1.0);
    (large.datatype, large.bitpix) = (64, 64);
    large.voxels = vec![1e300_f64; 24]
        .into_iter()
        .flat_map(f64::to_le_bytes)
        .collect();
    assert!(matches!(
        refusal(&large),
        NiftiError::NotFinite { count: 24, .. }
    ));
}

#[test]
fn files_that_are_cut_off_are_refused_at_every_length() {
    let whole = RawNifti::default().bytes(false);
    let compressed = gzip(&whole);
    let folder = tempdir().unwrap();
    for length in 0..whole.len() {
        let path = save_bytes(&whole[..length], folder.path(), "cut.nii");
        assert!(read_image(&path).is_err(), "{length} bytes");
    }
    for length in 0..compressed.len() {
        let path = save_bytes(&compressed[..length], folder.path(), "cut.nii");
        assert!(read_image(&path).is_err(), "{length} compressed bytes");
    }
    let one_short = save_bytes(&whole[..whole.len() - 1], folder.path(), "cut.nii");
    let error = read_image(&one_short).unwrap_err();
    let expected = (48, 47);
    assert!(matches!(error, NiftiError::TooShort { expected: e, found: f } if (e, f) == expected));
    let no_checksum = &compressed[..compressed.len() - 1];
    let error = read_image(&save_bytes(no_checksum, folder.path(), "cut.nii")).unwrap_err();
    assert!(matches!(error, NiftiError::DamagedStream(_)), "{error}");
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut compressed = gzip(&RawNifti::default().bytes(false));
    let crc = compressed.len() - 8;
    compressed[crc] ^= 1;
    let error = refusal_of_bytes(&compressed);
    assert!(matches!(error, NiftiError::DamagedStream(_)), "{error}");
}

#[test]
fn promises_of_terabytes_are_refused_before_memory_is_asked_for() {
    let huge = with(|r| r.dim = [3, 32767, 32767, 32767, 1, 1, 1, 1]);
    let folder = tempdir().unwrap();
    let plain = read_image(&huge.save(folder.path(), "a.nii")).unwrap_err();
    assert!(matches!(plain, NiftiError::TooShort { .. }), "{plain}");
    let compressed = read_image(&huge.save(folder.path(), "a.nii.gz")).unwrap_err();
    assert!(
        matches!(compressed, NiftiError::ImplausibleSize { .. }),
        "{compressed}"
    );
    // A pair whose header is fine but whose voxels are elsewhere.
    let far = with(|r| r.vox_offset = 1e15);
    assert!(matches!(refusal(&far), NiftiError::TooShort { .. }));
}

#[test]
fn damaged_fields_are_named() {
    for offset in [0.0, 347.0, 352.5, -1.0, f32::NAN, f32::INFINITY, 1e30] {
        let error = refusal(&with(|r| r.vox_offset = offset));
        assert!(
            matches!(
                error,
                NiftiError::BadField {
                    field: "vox_offset",
                    ..
                }
            ),
            "{offset}"
        );
    }
    let error = refusal(&with(|r| (r.slope, r.intercept) = (1.0, f32::NAN)));
    assert!(matches!(
        error,
        NiftiError::BadField {
            field: "scl_inter",
            ..
        }
    ));
}

#[test]
fn damaged_positions_are_refused() {
    let geometry = |change: fn(&mut RawNifti)| {
        let error = refusal(&with(change));
        assert!(matches!(error, NiftiError::Geometry(_)), "{error}");
    };
    geometry(|r| r.srow = [0.0; 12]);
    geometry(|r| r.srow[0] = f32::NAN);
    geometry(|r| r.srow[3] = f32::INFINITY);
    geometry(|r| r.srow[4..8].copy_from_slice(&[0.7, 0.0, 0.0, 0.0]));
    let qform = |r: &mut RawNifti| (r.sform_code, r.qform_code) = (0, 1);
    for change in [
        |r: &mut RawNifti| r.pixdim[1] = 0.0,
        |r: &mut RawNifti| r.pixdim[2] = -1.0,
        |r: &mut RawNifti| r.pixdim[3] = f32::NAN,
        |r: &mut RawNifti| r.quaternion[0] = f32::NAN,
        |r: &mut RawNifti| r.quaternion[0] = f32::INFINITY,
    ] {
        let error = refusal(&with(|r| {
            qform(r);
            change(r);
        }));
        assert!(matches!(error, NiftiError::Geometry(_)), "{error}");
    }
}

#[test]
fn values_that_are_no_labels_are_refused() {
    let read = |value: f32| {
        let folder = tempdir().unwrap();
        let raw = with(|r| {
            (r.datatype, r.bitpix) = (16, 32);
            r.voxels = [value]
                .repeat(24)
                .into_iter()
                .flat_map(f32::to_le_bytes)
                .collect();
        });
        read_labels(&raw.save(folder.path(), "labels.nii"))
    };
    assert_eq!(read(65535.0).unwrap().0.data()[[0, 0, 0]], 65535);
    assert_eq!(read(2.999_999_9).unwrap().0.data()[[0, 0, 0]], 3); // a slope that is not exact
    for bad in [0.5, -1.0, 65536.0, f32::NAN, f32::INFINITY] {
        let error = read(bad).unwrap_err();
        assert!(
            matches!(error, NiftiError::NotLabels { count: 24, .. }),
            "{bad}"
        );
    }
}

#[test]
fn messages_name_no_path() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("Doe_Jane.nii");
    let error = read_image(&path).unwrap_err().to_string();
    assert!(!error.contains("Doe"), "{error}");
}

fn reads_without_panic(bytes: &[u8], folder: &Path) {
    let plain = save_bytes(bytes, folder, "fuzz.nii");
    let _ = read_image(&plain);
    let _ = read_labels(&plain);
    let _ = read_image(&save_bytes(bytes, folder, "fuzz.nii.gz"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn headers_with_random_bytes_never_panic(
        changes in prop::collection::vec((0_usize..352, any::<u8>()), 1..12),
        big_endian: bool,
    ) {
        let folder = tempdir().unwrap();
        let mut bytes = RawNifti::default().bytes(big_endian);
        for (at, value) in changes {
            bytes[at] = value;
        }
        reads_without_panic(&bytes, folder.path());
    }

    #[test]
    fn random_bytes_between_size_and_mark_never_panic(
        random in prop::collection::vec(any::<u8>(), 340),
        dimensions in 0_u8..9,
    ) {
        let folder = tempdir().unwrap();
        let mut bytes = RawNifti::default().bytes(false);
        bytes[4..344].copy_from_slice(&random);
        bytes[40..42].copy_from_slice(&[dimensions, 0]);
        reads_without_panic(&bytes, folder.path());
    }

    #[test]
    fn damaged_compressed_streams_never_panic(at in 0_usize..120, value: u8) {
        let folder = tempdir().unwrap();
        let mut bytes = gzip(&RawNifti::default().bytes(false));
        let at = at.min(bytes.len() - 1);
        bytes[at] = value;
        let _ = read_image(&save_bytes(&bytes, folder.path(), "fuzz.nii"));
    }
}
