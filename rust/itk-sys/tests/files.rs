//! Every format, written and read back.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

use itk_sys::{
    read, write, ComponentType, Header, Image, ImageReader, ItkError, ReadLimits, Voxels,
};

/// Whether there is something to test.
fn has_itk() -> bool {
    if !itk_sys::available() {
        eprintln!("skipped: built without ITK");
    }
    itk_sys::available()
}

/// An oblique image of 5 x 4 x 3 voxels that counts up.
fn image(of: ComponentType) -> Image {
    let (c, s) = (0.8, 0.6);
    let direction = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]];
    let header = Header::new(
        [5, 4, 3],
        [0.7, 0.9, 4.4],
        [-12.5, 30.25, 100.0],
        direction,
        of,
    );
    let mut voxels = Voxels::zeros(of, 60).unwrap();
    match &mut voxels {
        Voxels::U8(v) => fill(v, |n| n as u8),
        Voxels::I8(v) => fill(v, |n| n as i8 - 30),
        Voxels::U16(v) => fill(v, |n| n as u16 * 1000),
        Voxels::I16(v) => fill(v, |n| n as i16 * 100 - 3000),
        Voxels::U32(v) => fill(v, |n| n as u32 * 70_000),
        Voxels::I32(v) => fill(v, |n| n as i32 * 70_000 - 2_000_000),
        Voxels::U64(v) => fill(v, |n| n as u64 * 70_000),
        Voxels::I64(v) => fill(v, |n| n as i64 * 70_000 - 2_000_000),
        Voxels::F32(v) => fill(v, |n| n as f32 / 3.0 - 5.0),
        Voxels::F64(v) => fill(v, |n| n as f64 / 3.0 - 5.0),
    }
    Image {
        header: header.unwrap(),
        voxels,
    }
}

fn fill<T>(values: &mut [T], of: impl Fn(usize) -> T) {
    for (n, value) in values.iter_mut().enumerate() {
        *value = of(n);
    }
}

fn close(a: &[f64], b: &[f64], by: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= by)
}

fn assert_same(name: &str, found: &Image, wanted: &Image) {
    let (f, w) = (&found.header, &wanted.header);
    assert_eq!(found.voxels, wanted.voxels, "{name}");
    assert_eq!(f.size, w.size, "{name}");
    assert!(
        close(&f.spacing, &w.spacing, 1e-6),
        "{name}: {:?}",
        f.spacing
    );
    assert!(close(&f.origin, &w.origin, 1e-4), "{name}: {:?}", f.origin);
    assert!(
        close(&f.direction, &w.direction, 1e-6),
        "{name}: {:?}",
        f.direction
    );
}

#[test]
fn formats_with_a_place_keep_voxels_and_place_for_every_type() {
    if !has_itk() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // NRRD and MetaImage hold all types, as does NIfTI.
    for ending in ["nii", "nii.gz", "hdr", "nrrd", "nhdr", "mha", "mhd"] {
        for &of in ComponentType::ALL {
            let name = format!("{}.{ending}", of.name());
            let path = dir.path().join(&name);
            let wanted = image(of);
            write(&path, &wanted, true).unwrap_or_else(|e| panic!("{name}: {e}"));
            let found =
                read(&path, &ReadLimits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_same(&name, &found, &wanted);
            assert!(!found.header.format.is_empty());
        }
    }
}

#[test]
fn gipl_png_and_tiff_keep_voxels_and_what_place_they_have() {
    if !has_itk() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, of) in [
        ("a.gipl", ComponentType::I16),
        ("a.tif", ComponentType::U16),
    ] {
        let path = dir.path().join(name);
        let wanted = image(of);
        write(&path, &wanted, false).unwrap();
        let found = read(&path, &ReadLimits::default()).unwrap();
        assert_eq!(found.voxels, wanted.voxels, "{name}");
        assert_eq!(found.header.size, wanted.header.size, "{name}");
    }
    let mut flat = image(ComponentType::U8);
    flat.header.size[2] = 1;
    flat.voxels = Voxels::U8((0..20).collect());
    let path = dir.path().join("a.png");
    write(&path, &flat, true).unwrap();
    let found = read(&path, &ReadLimits::default()).unwrap();
    assert_eq!(
        (found.header.size.as_slice(), found.voxels),
        (&[5, 4][..], flat.voxels)
    );
}

#[test]
fn metadata_of_nrrd_comes_back() {
    if !has_itk() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg.nrrd");
    let mut wanted = image(ComponentType::U8);
    let text = "Segmentation category and type - 3D Slicer~SCT^85756007^Tissue|";
    wanted
        .header
        .metadata
        .insert("Segment0_Tags".into(), text.into());
    wanted
        .header
        .metadata
        .insert("Segment0_Name".into(), "Größe µ".into());
    write(&path, &wanted, true).unwrap();
    let found = read(&path, &ReadLimits::default()).unwrap();
    assert_eq!(found.header.metadata.get("Segment0_Tags").unwrap(), text);
    assert_eq!(
        found.header.metadata.get("Segment0_Name").unwrap(),
        "Größe µ"
    );
}

#[test]
fn a_header_that_promises_ten_terabytes_is_refused_before_memory_is_asked_for() {
    if !has_itk() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let nrrd = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 20000 20000 25000\nspace: left-posterior-superior\n\
        space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nkinds: domain domain domain\nencoding: raw\n\nabc";
    let mha = "ObjectType = Image\nNDims = 3\nBinaryData = True\nElementSpacing = 1 1 1\nDimSize = 20000 20000 25000\n\
        ElementType = MET_UCHAR\nElementDataFile = LOCAL\nabc";
    for (name, text) in [("a.nrrd", nrrd), ("a.mha", mha)] {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let reader = ImageReader::open(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(reader.header().byte_count(), 10_000_000_000_000, "{name}");
        let error = reader.read(&ReadLimits::default()).unwrap_err();
        assert!(
            matches!(error, ItkError::Implausible { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn what_cannot_be_read_or_written_gives_a_reason() {
    if !has_itk() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "no image").unwrap();
    let error = |path: &Path| read(path, &ReadLimits::default()).unwrap_err().to_string();
    assert!(error(&text).contains("no format"), "{}", error(&text));
    assert!(error(&dir.path().join("none.nrrd")).contains("cannot be read"));
    assert!(error(dir.path()).contains("not a file"));
    let failed = write(&dir.path().join("a.xyz"), &image(ComponentType::U8), true).unwrap_err();
    assert!(failed.to_string().contains("file name"), "{failed}");
    // Cut off in the voxels.
    let path = dir.path().join("cut.mha");
    write(&path, &image(ComponentType::F64), false).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    assert!(!error(&path).is_empty());
}
