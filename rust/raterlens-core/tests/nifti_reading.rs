//! What is read from NIfTI files: voxel types, byte order, scaling, position.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

mod common;

use byteorder::{BigEndian, ByteOrder, LittleEndian};
use common::{save_bytes, RawNifti};
use raterlens_core::nifti_io::{read_image, read_image_with, read_labels, NiftiError, ReadOptions};
use tempfile::tempdir;

/// Voxel values that every type can hold: 0 to 23 in order of storage.
fn expected_voxels() -> Vec<f32> {
    (0..24_u8).map(f32::from).collect()
}

/// All supported types: code, bits, and 0 to 23 in one byte order.
fn typed_voxels<B: ByteOrder>() -> Vec<(i16, i16, Vec<u8>)> {
    fn encode<const N: usize>(write: impl Fn(&mut [u8], u8)) -> Vec<u8> {
        (0..24)
            .flat_map(|n| {
                let mut b = [0; N];
                write(&mut b, n);
                b
            })
            .collect()
    }
    vec![
        (2, 8, (0..24).collect()),
        (256, 8, (0..24).collect()),
        (4, 16, encode::<2>(|b, n| B::write_i16(b, n.into()))),
        (512, 16, encode::<2>(|b, n| B::write_u16(b, n.into()))),
        (8, 32, encode::<4>(|b, n| B::write_i32(b, n.into()))),
        (768, 32, encode::<4>(|b, n| B::write_u32(b, n.into()))),
        (1024, 64, encode::<8>(|b, n| B::write_i64(b, n.into()))),
        (1280, 64, encode::<8>(|b, n| B::write_u64(b, n.into()))),
        (16, 32, encode::<4>(|b, n| B::write_f32(b, n.into()))),
        (64, 64, encode::<8>(|b, n| B::write_f64(b, n.into()))),
    ]
}

#[test]
fn every_type_in_both_byte_orders_plain_and_compressed() {
    let folder = tempdir().unwrap();
    for big_endian in [false, true] {
        let types = if big_endian {
            typed_voxels::<BigEndian>()
        } else {
            typed_voxels::<LittleEndian>()
        };
        for (datatype, bitpix, voxels) in types {
            let raw = RawNifti {
                datatype,
                bitpix,
                voxels,
                ..RawNifti::default()
            };
            for name in ["image.nii", "image.nii.gz"] {
                let path = save_bytes(&raw.bytes(big_endian), folder.path(), name);
                let image = read_image(&path).unwrap();
                assert_eq!(image.volume.data().dim(), (4, 3, 2), "[k, j, i]");
                let voxels: Vec<f32> = image.volume.data().iter().copied().collect();
                assert_eq!(voxels, expected_voxels(), "type {datatype} {big_endian}");
                let (labels, _) = read_labels(&path).unwrap();
                assert_eq!(labels.data()[[3, 2, 1]], 23);
            }
        }
    }
}

#[test]
fn negative_and_large_values_keep_their_sign() {
    let folder = tempdir().unwrap();
    let first = |datatype, bitpix, bytes: &[u8]| {
        let raw = RawNifti {
            dim: [3, 1, 1, 1, 1, 1, 1, 1],
            datatype,
            bitpix,
            voxels: bytes.to_vec(),
            ..RawNifti::default()
        };
        let image = read_image(&raw.save(folder.path(), "one.nii")).unwrap();
        image.volume.data()[[0, 0, 0]]
    };
    assert_eq!(first(256, 8, &(-5_i8).to_le_bytes()), -5.0);
    assert_eq!(first(2, 8, &[251]), 251.0);
    assert_eq!(first(4, 16, &(-5_i16).to_le_bytes()), -5.0);
    assert_eq!(first(512, 16, &65531_u16.to_le_bytes()), 65531.0);
    assert_eq!(first(8, 32, &i32::MIN.to_le_bytes()), i32::MIN as f32);
    assert_eq!(first(768, 32, &u32::MAX.to_le_bytes()), u32::MAX as f32);
    assert_eq!(first(1024, 64, &i64::MIN.to_le_bytes()), i64::MIN as f32);
    assert_eq!(first(1280, 64, &u64::MAX.to_le_bytes()), u64::MAX as f32);
    assert_eq!(first(64, 64, &(-1.5_f64).to_le_bytes()), -1.5);
}

#[test]
fn slope_and_intercept_apply_unless_the_slope_is_zero() {
    let folder = tempdir().unwrap();
    let last = |slope, intercept| {
        let raw = RawNifti {
            slope,
            intercept,
            ..RawNifti::default()
        };
        let image = read_image(&raw.save(folder.path(), "scaled.nii")).unwrap();
        image.volume.data()[[3, 2, 1]]
    };
    assert_eq!(last(0.5, -3.0), 23.0 * 0.5 - 3.0);
    assert_eq!(last(-2.0, 0.0), 23.0 * -2.0);
    assert_eq!(last(0.0, 100.0), 23.0);
    assert_eq!(last(f32::NAN, 100.0), 23.0);
}

#[test]
fn sform_places_the_image_in_lps() {
    let folder = tempdir().unwrap();
    let image = read_image(&RawNifti::default().save(folder.path(), "a.nii")).unwrap();
    let g = image.volume.geometry();
    assert_eq!(g.dims, [2, 3, 4]);
    // By hand: RAS (-10 + 0.7, -20 + 2 * 0.8, 30 + 3 * 4), the first two with the other sign.
    let p = g.lps_from_ijk().apply([1.0, 2.0, 3.0]);
    let expected = [10.0 - 0.7, 20.0 - 1.6, 42.0];
    for r in 0..3 {
        assert!((p[r] - expected[r]).abs() < 1e-6, "{p:?}");
    }
    assert!(image.warnings.is_empty());
}

#[test]
fn qform_is_used_without_sform() {
    let folder = tempdir().unwrap();
    // By hand: half a turn around z takes RAS axes to LPS axes; qfac -1 reverses k.
    let raw = RawNifti {
        sform_code: 0,
        qform_code: 1,
        quaternion: [0.0, 0.0, 1.0],
        qoffset: [5.0, 6.0, 7.0],
        pixdim: [-1.0, 0.5, 0.25, 4.0, 0.0, 0.0, 0.0, 0.0],
        ..RawNifti::default()
    };
    let image = read_image(&raw.save(folder.path(), "q.nii")).unwrap();
    let p = image
        .volume
        .geometry()
        .lps_from_ijk()
        .apply([1.0, 1.0, 1.0]);
    assert_eq!(p, [-5.0 + 0.5, -6.0 + 0.25, 7.0 - 4.0]);
}

#[test]
fn sform_wins_over_a_different_qform_and_that_is_said() {
    let folder = tempdir().unwrap();
    let agreeing = RawNifti {
        qform_code: 1,
        qoffset: [-10.0, -20.0, 30.0],
        ..RawNifti::default()
    };
    let image = read_image(&agreeing.save(folder.path(), "same.nii")).unwrap();
    assert!(image.warnings.is_empty(), "{:?}", image.warnings);
    let moved = RawNifti {
        qoffset: [-10.0, -20.0, 30.01],
        ..agreeing
    };
    let image = read_image(&moved.save(folder.path(), "moved.nii")).unwrap();
    assert_eq!(image.warnings.len(), 1);
    assert_eq!(image.volume.geometry().origin_lps[2], 30.0);
}

#[test]
fn a_file_without_orientation_is_refused_unless_allowed() {
    let folder = tempdir().unwrap();
    let raw = RawNifti {
        sform_code: 0,
        ..RawNifti::default()
    };
    let path = raw.save(folder.path(), "no.nii");
    let error = read_image(&path).unwrap_err();
    assert!(matches!(error, NiftiError::NoOrientation));
    assert!(error.to_string().contains("which side is left"));
    let options = ReadOptions {
        allow_unoriented: true,
    };
    let image = read_image_with(&path, &options).unwrap();
    assert_eq!(image.warnings.len(), 1);
    let g = image.volume.geometry();
    assert_eq!(g.axis_lps(0), [-1.0, 0.0, 0.0]);
    assert_eq!(g.spacing_mm, [0.7, 0.8, 4.0].map(|s: f32| f64::from(s)));
}

#[test]
fn metres_and_micrometres_become_millimetres_but_the_header_stays() {
    let folder = tempdir().unwrap();
    let spacing = |xyzt_units| {
        let raw = RawNifti {
            xyzt_units,
            ..RawNifti::default()
        };
        let image = read_image(&raw.save(folder.path(), "u.nii")).unwrap();
        assert_eq!(image.grid.xyzt_units, xyzt_units);
        assert_eq!(image.grid.srow[2][2], 4.0);
        (image.volume.geometry().spacing_mm[2], image.warnings.len())
    };
    assert_eq!(spacing(0), (4.0, 0));
    assert_eq!(spacing(2 | 8), (4.0, 0)); // with seconds
    assert_eq!(spacing(1), (4000.0, 0));
    assert_eq!(spacing(3), (0.004, 0));
    assert_eq!(spacing(5), (4.0, 1));
}

#[test]
fn one_time_point_is_accepted_and_written_as_three_dimensions() {
    let folder = tempdir().unwrap();
    let raw = RawNifti {
        dim: [4, 2, 3, 4, 1, 1, 1, 1],
        ..RawNifti::default()
    };
    let image = read_image(&raw.save(folder.path(), "4d.nii")).unwrap();
    assert_eq!(image.grid.dim, [3, 2, 3, 4, 1, 1, 1, 1]);
}

#[test]
fn header_and_voxels_in_two_files() {
    let folder = tempdir().unwrap();
    let raw = RawNifti {
        magic: *b"ni1\0",
        vox_offset: 0.0,
        ..RawNifti::default()
    };
    let bytes = raw.bytes(false);
    let header = save_bytes(&bytes[..348], folder.path(), "pair.hdr");
    assert!(read_image(&header).is_err(), "no voxels yet");
    for name in ["pair.img.gz", "pair.img"] {
        let voxels = save_bytes(&bytes[352..], folder.path(), name);
        for path in [&header, &voxels] {
            let image = read_image(path).unwrap();
            assert_eq!(image.volume.data()[[3, 2, 1]], 23.0);
        }
        std::fs::remove_file(voxels).unwrap();
    }
}

#[test]
fn compression_is_seen_in_the_file_not_in_its_name() {
    let folder = tempdir().unwrap();
    let bytes = RawNifti::default().bytes(false);
    let path = save_bytes(&common::gzip(&bytes), folder.path(), "compressed.nii");
    assert_eq!(read_image(&path).unwrap().volume.data()[[3, 2, 1]], 23.0);
    // Two compressed members in a row are one stream.
    let members = [common::gzip(&bytes[..400]), common::gzip(&bytes[400..])].concat();
    let path = save_bytes(&members, folder.path(), "members.nii");
    assert_eq!(read_image(&path).unwrap().volume.data()[[3, 2, 1]], 23.0);
}

#[test]
fn a_real_scan_is_read_if_it_is_there() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/lumbar_paraspinal/dixon_3d/TUM01_water.nii.gz");
    if !path.is_file() {
        eprintln!("skipped: the Dixon scan of the shared data folder is not there");
        return;
    }
    let image = read_image(&path).unwrap();
    let g = image.volume.geometry();
    assert_eq!(g.dims, [400, 400, 29]);
    // Its qform is half a turn around z and nothing else: array axes are LPS.
    assert_eq!(
        g.direction_lps,
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    );
    assert_eq!(
        g.spacing_mm,
        [f64::from(1.0185_f32), f64::from(1.0185_f32), 4.0]
    );
    raterlens_core::check_image(&image.volume).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.nii.gz");
    raterlens_core::nifti_io::write_map_f32(&copy, &image.volume, Some(&image.grid)).unwrap();
    let (a, b) = (common::header_of(&path), common::header_of(&copy));
    assert_eq!(a[40..56], b[40..56], "dim");
    assert_eq!(a[76..108], b[76..108], "pixdim");
    assert_eq!(a[252..328], b[252..328], "qform and sform");
    assert_eq!(read_image(&copy).unwrap().volume, image.volume);
}
