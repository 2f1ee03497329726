//! A whole workspace: against a stored file, against what ITK-SNAP asks of one, and unusual input.
#![allow(clippy::unwrap_used)] // In tests a panic is the failure.

use std::path::PathBuf;

use raterlens_core::{Geometry, LabelScheme};
use raterlens_itksnap::{
    ColorMap, ImageLayer, Overlay, Registry, RelativeWindow, Workspace, WorkspaceError,
};

fn layer(file: &str, nickname: &str, tags: &[&str]) -> ImageLayer {
    ImageLayer {
        file: file.into(),
        nickname: nickname.into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
    }
}

fn case_in(folder: &str) -> Workspace {
    // i to the left, j to the front, k to the head.
    let direction = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
    let labels = LabelScheme::lumbar_paraspinal();
    let overlay = |name: &str, title: &str, max| Overlay {
        layer: layer(
            &format!("variance_{name}.nii.gz"),
            &format!("Rater variance: {title}"),
            &["RaterVariance", name],
        ),
        opacity: 0.5,
        window: RelativeWindow::from_intensities([0.0, 0.1], [0.0, max]),
        colors: ColorMap::variance(),
    };
    Workspace {
        folder: PathBuf::from(folder),
        geometry: Geometry::new([48, 40, 12], [0.8, 0.8, 4.0], [0.0; 3], direction).unwrap(),
        main: layer("image.nii.gz", "Image", &["MainImage"]),
        segmentations: vec![layer("labels.nii.gz", "RaterLens labels", &["RaterLens"])],
        landmarks: Vec::new(),
        overlays: vec![
            overlay("multifidus_right", "Right multifidus", 0.2),
            overlay("multifidus_left", "Left multifidus", 0.0),
        ],
        labels,
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_the_stored_one() {
    let text = case_in("/data/case <1>").to_registry().unwrap().to_xml();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/case.itksnap");
    if std::env::var_os("RATERLENS_UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap());
}

#[cfg(unix)]
#[test]
fn it_has_what_itk_snap_asks_for() {
    let text = case_in("/data/Fälle/測試 & co")
        .to_registry()
        .unwrap()
        .to_xml();
    let r = Registry::from_xml(&text).unwrap();
    assert!(r.get("Version").is_some());
    assert_eq!(r.get("SaveLocation"), Some("/data/Fälle/測試 & co"));

    let layers = r.folder("Layers").unwrap();
    let names: Vec<&str> = layers.folder_names().collect();
    assert_eq!(
        names,
        ["Layer[000]", "Layer[001]", "Layer[002]", "Layer[003]"]
    );
    let roles: Vec<&str> = names
        .iter()
        .filter_map(|n| layers.folder(n)?.get("Role"))
        .collect();
    assert_eq!(
        roles,
        ["MainRole", "OverlayRole", "OverlayRole", "SegmentationRole"]
    );
    for name in names {
        let path = layers
            .folder(name)
            .and_then(|l| l.get("AbsolutePath"))
            .unwrap();
        assert!(path.starts_with("/data/Fälle/測試 & co/"), "{path}");
    }

    let project = layers.folder("Layer[000].ProjectMetaData").unwrap();
    assert_eq!(project.get("Files.Grey.Dimensions"), Some("48 40 12"));
    assert_eq!(project.get("Files.Grey.Orientation"), Some("RPI"));
    let table = project.folder("IRIS.LabelTable").unwrap();
    assert_eq!(table.get("NumberOfElements"), Some("4"));
    assert_eq!(table.get("Element[1].Index"), Some("2"));
    assert_eq!(table.get("Element[1].Label"), Some("Left multifidus"));
    assert_eq!(table.get("Element[1].Color"), Some("86 180 233"));

    let first = layers.folder("Layer[001].LayerMetaData").unwrap();
    assert_eq!(first.get("Sticky"), Some("1"));
    assert_eq!(first.get("Alpha"), Some("0.5"));
    // The layer reaches 0.2, the window ends at 0.1: half-way.
    assert_eq!(
        first.get("DisplayMapping.Curve.ControlPoint[1].tValue"),
        Some("0.25")
    );
    assert_eq!(
        first.get("DisplayMapping.Curve.ControlPoint[2].tValue"),
        Some("0.5")
    );
    assert_eq!(first.get("DisplayMapping.ColorMap.Preset"), Some("Custom"));
    assert_eq!(
        first.get("DisplayMapping.ColorMap.ControlPoint[0000].Left.A"),
        Some("0")
    );
    // The second layer is constant: the whole range.
    let second = layers
        .folder("Layer[002].LayerMetaData.DisplayMapping")
        .unwrap();
    assert_eq!(second.get("Curve.ControlPoint[2].tValue"), Some("1"));
}

#[test]
fn layers_outside_the_folder_and_relative_folders_are_refused() {
    let mut case = case_in("relative/folder");
    assert_eq!(case.to_registry(), Err(WorkspaceError::FolderNotAbsolute));
    case.folder = std::env::temp_dir();
    case.main.file = "../image.nii.gz".into();
    assert!(matches!(
        case.to_registry(),
        Err(WorkspaceError::NotPlainFileName { .. })
    ));
}

#[cfg(unix)]
#[test]
fn a_folder_name_that_is_not_unicode_is_refused_in_words() {
    use std::os::unix::ffi::OsStrExt;
    let mut case = case_in("/data");
    case.folder = PathBuf::from(std::ffi::OsStr::from_bytes(b"/data/\xff"));
    assert_eq!(case.to_registry(), Err(WorkspaceError::FolderNotUnicode));
}
