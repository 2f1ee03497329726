//! What is written: the input's geometry bit for bit, the right types, whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

mod common;

use common::{header_of, names_in, RawNifti};
use ndarray::Array3;
use nifti::{IntoNdArray, NiftiObject, ReaderOptions};
use proptest::prelude::*;
use raterlens_core::nifti_io::{
    read_image, read_labels, read_series, write_labels, write_map_f32, write_series_f32,
    NiftiError, NiftiGrid,
};
use raterlens_core::{Geometry, LabelMap, Volume};
use tempfile::tempdir;

/// A header whose every geometry field has its own odd value.
fn odd_header() -> RawNifti {
    RawNifti {
        dim: [4, 2, 3, 4, 1, 1, 1, 1],
        pixdim: [-1.0, 0.699_999_9, 0.8, 4.000_001, 2.5, 0.1, 0.2, 0.3],
        qform_code: 2,
        sform_code: 4,
        xyzt_units: 2 | 8,
        quaternion: [0.1, -0.0, 0.3],
        qoffset: [1.5, -2.25, 1e-30],
        srow: [
            0.68, 0.01, 0.02, -10.1, //
            -0.01, 0.79, -0.0, 20.2, //
            0.03, 0.05, 3.99, -30.3,
        ],
        ..RawNifti::default()
    }
}

#[test]
fn geometry_fields_are_the_inputs_bit_for_bit() {
    let folder = tempdir().unwrap();
    for big_endian in [false, true] {
        let mut raw = odd_header();
        if big_endian {
            raw.voxels = (0..24_i16).flat_map(i16::to_be_bytes).collect();
        }
        let input = common::save_bytes(&raw.bytes(big_endian), folder.path(), "in.nii");
        let image = read_image(&input).unwrap();
        let labels = image.volume.map(|&v| v as u16);
        let (map_path, label_path) = (folder.path().join("m.nii.gz"), folder.path().join("l.nii"));
        write_map_f32(&map_path, &image.volume, Some(&image.grid)).unwrap();
        write_labels(&label_path, &labels, Some(&image.grid)).unwrap();

        let mut expected = raw.clone();
        expected.dim[0] = 3; // a single time point is dropped
        let expected = expected.bytes(false);
        for path in [&map_path, &label_path] {
            let header = header_of(path);
            assert_eq!(header[40..56], expected[40..56], "dim");
            assert_eq!(header[76..108], expected[76..108], "pixdim");
            assert_eq!(header[123], expected[123], "units");
            assert_eq!(header[252..328], expected[252..328], "qform and sform");
            assert_eq!(
                header[112..120],
                [0, 0, 128, 63, 0, 0, 0, 0],
                "slope 1, intercept 0"
            );
            assert_eq!(&header[148..157], b"RaterLens");
        }
        assert_eq!(read_image(&map_path).unwrap().volume, image.volume);
        let (back, grid) = read_labels(&label_path).unwrap();
        assert_eq!(back, labels);
        assert_eq!(grid, image.grid);
    }
}

#[test]
fn another_reader_sees_the_same_voxels() {
    let folder = tempdir().unwrap();
    let image = read_image(&RawNifti::default().save(folder.path(), "in.nii")).unwrap();
    for name in ["a.nii", "a.nii.gz"] {
        let path = folder.path().join(name);
        write_map_f32(&path, &image.volume, Some(&image.grid)).unwrap();
        let object = ReaderOptions::new().read_file(&path).unwrap();
        assert_eq!(object.header().scl_slope, 1.0);
        let ijk = object.into_volume().into_ndarray::<f32>().unwrap();
        assert_eq!(ijk.shape(), [2, 3, 4]);
        for ((k, j, i), v) in image.volume.data().indexed_iter() {
            assert_eq!(ijk[[i, j, k]], *v);
        }
    }
}

fn label_map(last: u16) -> LabelMap {
    let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let grid = Geometry::new([2, 1, 1], [1.0; 3], [0.0; 3], direction).unwrap();
    Volume::new(
        Array3::from_shape_vec((1, 1, 2), vec![0, last]).unwrap(),
        grid,
    )
    .unwrap()
}

#[test]
fn labels_take_one_byte_if_they_fit_else_two() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("labels.nii");
    for (last, datatype, bits) in [(255, 2, 8), (256, 512, 16), (65535, 512, 16)] {
        let labels = label_map(last);
        write_labels(&path, &labels, None).unwrap();
        let header = header_of(&path);
        assert_eq!(
            header[70..74],
            [datatype as u8, (datatype >> 8) as u8, bits, 0]
        );
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(length, 352 + 2 * u64::from(bits) / 8);
        assert_eq!(read_labels(&path).unwrap().0, labels);
    }
}

#[test]
fn equal_volumes_give_equal_files() {
    let folder = tempdir().unwrap();
    let [a, b] = ["a.nii.gz", "b.nii.gz"].map(|name| {
        let path = folder.path().join(name);
        write_labels(&path, &label_map(7), None).unwrap();
        std::fs::read(path).unwrap()
    });
    assert_eq!(a, b);
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = tempdir().unwrap();
    let labels = label_map(1);
    let write = |name: &str| write_labels(&folder.path().join(name), &labels, None);
    for name in [
        "labels",
        "labels.txt",
        "labels.hdr",
        "labels.nii.zip",
        "nii",
    ] {
        assert!(
            matches!(write(name), Err(NiftiError::BadExtension)),
            "{name}"
        );
    }
    assert!(matches!(
        write("absent/labels.nii"),
        Err(NiftiError::Write(_))
    ));
    let other = NiftiGrid::from_geometry(&Geometry {
        origin_lps: [0.0, 0.0, 0.01],
        ..*labels.geometry()
    })
    .unwrap();
    let moved = write_labels(&folder.path().join("l.nii"), &labels, Some(&other));
    assert!(matches!(moved, Err(NiftiError::GridMismatch)));
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn names_with_dots_and_capitals_are_kept() {
    let folder = tempdir().unwrap();
    for name in ["a.b.c.nii", "A.NII.GZ"] {
        let path = folder.path().join(name);
        write_labels(&path, &label_map(1), None).unwrap();
        assert_eq!(read_labels(&path).unwrap().0, label_map(1));
    }
    assert_eq!(names_in(folder.path()), ["A.NII.GZ", "a.b.c.nii"]);
}

#[test]
fn an_axis_too_long_for_the_format_is_refused() {
    let direction = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let grid = Geometry::new([32768, 1, 1], [1.0; 3], [0.0; 3], direction).unwrap();
    let error = NiftiGrid::from_geometry(&grid).unwrap_err();
    assert!(matches!(error, NiftiError::TooLarge { .. }));
}

#[test]
fn a_sheared_volume_has_an_sform_only() {
    let sixty = 60_f64.to_radians();
    let direction = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, sixty.cos()],
        [0.0, 0.0, sixty.sin()],
    ];
    let geometry = Geometry::new([2, 3, 4], [1.0, 2.0, 3.0], [0.0; 3], direction).unwrap();
    let grid = NiftiGrid::from_geometry(&geometry).unwrap();
    assert_eq!((grid.qform_code, grid.sform_code), (0, 1));
    let (back, warnings) = grid.geometry(false).unwrap();
    assert!(back.max_distance_mm(&geometry).unwrap() < 1e-5 && warnings.is_empty());
}

proptest! {
    /// Any rotated and mirrored frame comes back from sform, and qform says the same.
    #[test]
    fn a_volume_without_header_is_written_where_it_is(
        angles in prop::array::uniform3(-3.2_f64..3.2),
        mirrored: bool,
        spacing_mm in prop::array::uniform3(0.3_f64..6.0),
        origin_lps in prop::array::uniform3(-300.0_f64..300.0),
    ) {
        let geometry = Geometry::new([40, 30, 20], spacing_mm, origin_lps, frame(angles, mirrored)).unwrap();
        let mut grid = NiftiGrid::from_geometry(&geometry).unwrap();
        prop_assert_eq!((grid.qform_code, grid.sform_code), (1, 1));
        let (back, warnings) = grid.geometry(false).unwrap();
        prop_assert!(warnings.is_empty(), "{:?}", warnings);
        prop_assert!(back.max_distance_mm(&geometry).unwrap() < 1e-3);
        grid.sform_code = 0;
        let (by_qform, _) = grid.geometry(false).unwrap();
        // Near half a turn the 32-bit quaternion is good to 3e-4 radians, over at most 480 mm.
        prop_assert!(by_qform.max_distance_mm(&geometry).unwrap() < 3e-4 * 480.0);
    }
}

fn frame([x, y, z]: [f64; 3], mirrored: bool) -> [[f64; 3]; 3] {
    let turn = |m: [[f64; 3]; 3], a: usize, b: usize, angle: f64| {
        let mut out = m;
        for row in &mut out {
            let (p, q) = (row[a], row[b]);
            row[a] = p * angle.cos() - q * angle.sin();
            row[b] = p * angle.sin() + q * angle.cos();
        }
        out
    };
    let sign = if mirrored { -1.0 } else { 1.0 };
    let start = [[sign, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    turn(turn(turn(start, 1, 2, x), 0, 2, y), 0, 1, z)
}

#[test]
fn series_of_volumes_come_back_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]];
    let geometry = Geometry::new([4, 3, 2], [0.5, 0.75, 4.0], [1.0, -2.0, 3.0], rows).unwrap();
    let value =
        |(c, k, j, i): (usize, usize, usize, usize)| (1000 * c + 100 * k + 10 * j + i) as f32 / 7.0;
    let series = ndarray::Array4::from_shape_fn((5, 2, 3, 4), value);
    for name in ["p.nii", "p.nii.gz"] {
        let path = dir.path().join(name);
        write_series_f32(&path, &series.view(), &geometry, None).unwrap();
        let (found, grid) = read_series(&path).unwrap();
        assert_eq!(found, series);
        assert!(grid.max_distance_mm(&geometry).unwrap() < 1e-5);
        let one = read_image(&path).unwrap_err();
        assert!(one.to_string().contains("5 volumes"), "{one}");
    }
    // A 3-D file is a series of one; a view in another order is written by its axes.
    let path = dir.path().join("one.nii");
    let turned = series
        .slice(ndarray::s![..1, .., .., ..])
        .to_owned()
        .reversed_axes();
    let turned = turned.as_standard_layout().to_owned();
    write_series_f32(&path, &turned.view().reversed_axes(), &geometry, None).unwrap();
    assert_eq!(
        read_series(&path).unwrap().0,
        series.slice(ndarray::s![..1, .., .., ..])
    );
    assert!(read_image(&path).is_ok());
    let none = ndarray::Array4::<f32>::zeros((0, 2, 3, 4));
    assert!(write_series_f32(&path, &none.view(), &geometry, None).is_err());
    let other = ndarray::Array4::<f32>::zeros((2, 2, 3, 5));
    assert!(write_series_f32(&path, &other.view(), &geometry, None).is_err());
}
