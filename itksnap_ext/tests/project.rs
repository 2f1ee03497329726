//! Existing workspaces: reading, adding, moving, saving.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

use raterlens_itksnap::label_file::LabelRow;
use raterlens_itksnap::{Project, ProjectError, Registry, Role};

/// A workspace as the program itself saves them, with entries that RaterLens does not know.
fn workspace(folder: &str) -> Registry {
    let mut r = Registry::default();
    r.set("Version", "20250909");
    r.set("SaveLocation", folder);
    r.set("Future.Thing", "kept & \u{e4}");
    r.set("TimePointProperties.FormatVersion", "1");
    let mut layer = |n: usize, role: &str, file: &str, nickname: &str, tags: &str| {
        let key = |name: &str| format!("Layers.Layer[{n:03}].{name}");
        r.set(&key("AbsolutePath"), format!("{folder}/{file}"));
        r.set(&key("Role"), role);
        r.set(&key("Tags"), tags);
        r.set(&key("LayerMetaData.CustomNickName"), nickname);
        r.set(&key("LayerMetaData.Tags"), tags);
    };
    layer(0, "MainRole", "main.nii.gz", "", "T1");
    layer(1, "OverlayRole", "heat map.nii.gz", "heat", "a, b");
    layer(2, "SegmentationRole", "ann/labels.nii.gz", "Ann", "");
    layer(3, "SegmentationRole", "ben\u{e9}.nii.gz", "", "");
    let project = "Layers.Layer[000].ProjectMetaData";
    r.set(&format!("{project}.Files.Grey.Dimensions"), "4 5 6");
    r.set(&format!("{project}.SNAP.SnakeParameters.Clamp"), "1");
    r.set(
        "Layers.Layer[001].LayerMetaData.DisplayMapping.ColorMap.Preset",
        "Jet",
    );
    let table = format!("{project}.IRIS.LabelTable");
    r.set(&format!("{table}.NumberOfElements"), "1");
    let row = [
        ("Index", "3"),
        ("Alpha", "127"),
        ("Color", "9 8 7"),
        ("Flags", "0 1"),
        ("Label", "Mine"),
    ];
    for (name, value) in row {
        r.set(&format!("{table}.Element[0].{name}"), value);
    }
    r
}

fn write(path: &Path, registry: &Registry) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, registry.to_xml()).unwrap();
}

fn touch(folder: &Path) {
    std::fs::create_dir_all(folder.join("ann")).unwrap();
    for file in [
        "main.nii.gz",
        "heat map.nii.gz",
        "ann/labels.nii.gz",
        "ben\u{e9}.nii.gz",
    ] {
        std::fs::write(folder.join(file), "").unwrap();
    }
}

#[test]
fn layers_and_labels_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("F\u{e4}lle 1");
    let path = folder.join("w.itksnap");
    write(&path, &workspace(folder.to_str().unwrap()));
    let project = Project::open(&path).unwrap();
    let layers = project.layers();
    let roles: Vec<Role> = layers.iter().map(|l| l.role).collect();
    assert_eq!(
        roles,
        [
            Role::Main,
            Role::Overlay,
            Role::Segmentation,
            Role::Segmentation
        ]
    );
    let titles: Vec<String> = layers.iter().map(|l| l.title()).collect();
    assert_eq!(titles, ["main", "heat", "Ann", "ben\u{e9}"]);
    assert_eq!(layers[1].tags, ["a", "b"]);
    assert_eq!(project.main_image(), folder.join("main.nii.gz"));
    assert_eq!(project.dimensions(), Some("4 5 6"));
    let label = LabelRow {
        id: 3,
        color: [9, 8, 7],
        title: "Mine".into(),
    };
    assert_eq!(project.labels(), [label]);
}

#[test]
fn a_workspace_that_was_moved_finds_its_files() {
    let dir = tempfile::tempdir().unwrap();
    // Saved elsewhere, on this system and on Windows.
    for old in ["/somewhere/else", "C:\\Users\\\u{c5}sa\\case 7"] {
        let moved = dir.path().join("moved here");
        touch(&moved);
        let path = moved.join("w.itksnap");
        write(&path, &workspace(old));
        let project = Project::open(&path).unwrap();
        assert_eq!(project.main_image(), moved.join("main.nii.gz"), "{old}");
        let ann = project.of_role(Role::Segmentation).next().unwrap();
        assert_eq!(ann.path, moved.join("ann").join("labels.nii.gz"));
    }
    // Files that did not move along stay where they were.
    let path = dir.path().join("alone").join("w.itksnap");
    write(&path, &workspace("/somewhere/else"));
    let main = Project::open(&path).unwrap().main_image();
    assert_eq!(main, Path::new("/somewhere/else/main.nii.gz"));
    // A folder whose name only begins alike is another folder.
    let mut other = workspace("/somewhere/else");
    other.set("SaveLocation", "/somewhere/el");
    write(&path, &other);
    touch(&dir.path().join("alone"));
    let main = Project::open(&path).unwrap().main_image();
    assert_eq!(main, Path::new("/somewhere/else/main.nii.gz"));
}

#[test]
fn files_beside_the_folder_move_along_too() {
    let dir = tempfile::tempdir().unwrap();
    // A case in a folder of its own, below that of its image, as `raterlens segment case.itksnap -o case` makes it.
    for old in ["/was/case", "C:\\was\\case"] {
        touch(&dir.path().join("now"));
        let path = dir.path().join("now").join("case").join("w.itksnap");
        let (slash, parent) = (&old[old.len() - 5..old.len() - 4], &old[..old.len() - 5]);
        let mut r = workspace(old);
        let image = format!("{parent}{slash}main.nii.gz");
        r.set("Layers.Layer[000].AbsolutePath", image);
        write(&path, &r);
        let main = Project::open(&path).unwrap().main_image();
        assert_eq!(main, dir.path().join("now").join("main.nii.gz"), "{old}");
    }
}

#[test]
fn adding_keeps_everything_and_paths_hold_from_the_new_place() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    touch(&ours);
    touch(&theirs);
    write(&ours.join("w.itksnap"), &workspace("/was/elsewhere"));
    let mut second = workspace(theirs.to_str().unwrap());
    let table = "Layers.Layer[000].ProjectMetaData.IRIS.LabelTable";
    second.set(&format!("{table}.NumberOfElements"), "2");
    for (name, value) in [("Index", "5"), ("Color", "1 2 3"), ("Label", "Theirs")] {
        second.set(&format!("{table}.Element[1].{name}"), value);
    }
    second.set(&format!("{table}.Element[0].Label"), "Another name");
    second.set("Annotations.Annotations.ArraySize", "1");
    second.set("Annotations.Annotations.Element[0].Text", "Look");
    write(&theirs.join("x.itksnap"), &second);

    let mut project = Project::open(&ours.join("w.itksnap")).unwrap();
    project
        .add(&Project::open(&theirs.join("x.itksnap")).unwrap())
        .unwrap();
    let saved = dir.path().join("new \u{fc}").join("result.itksnap");
    std::fs::create_dir_all(saved.parent().unwrap()).unwrap();
    project.save(&saved).unwrap();
    let text = std::fs::read_to_string(&saved).unwrap();
    let r = Registry::from_xml(&text).unwrap();
    assert_eq!(r.get("Future.Thing"), Some("kept & \u{e4}"));
    assert_eq!(r.get("SaveLocation"), saved.parent().unwrap().to_str());
    let snake = "Layers.Layer[000].ProjectMetaData.SNAP.SnakeParameters.Clamp";
    assert_eq!(r.get(snake), Some("1"));
    assert_eq!(
        r.get("Layers.Layer[004].LayerMetaData.DisplayMapping.ColorMap.Preset"),
        Some("Jet")
    );
    assert_eq!(
        r.get("Annotations.Annotations.Element[0].Text"),
        Some("Look")
    );
    // The user's own name and colour of label 3 stay, as does what RaterLens does not show.
    assert_eq!(r.get(&format!("{table}.Element[0].Label")), Some("Mine"));
    assert_eq!(r.get(&format!("{table}.Element[0].Alpha")), Some("127"));

    let again = Project::open(&saved).unwrap();
    let ids: Vec<u16> = again.labels().iter().map(|l| l.id).collect();
    assert_eq!(ids, [3, 5]);
    let places: Vec<_> = again.layers().into_iter().map(|l| l.path).collect();
    let expected = [
        ours.join("main.nii.gz"),
        ours.join("heat map.nii.gz"),
        ours.join("ann/labels.nii.gz"),
        ours.join("ben\u{e9}.nii.gz"),
        theirs.join("heat map.nii.gz"),
        theirs.join("ann/labels.nii.gz"),
        theirs.join("ben\u{e9}.nii.gz"),
    ];
    assert_eq!(places, expected);
    assert!(places.iter().all(|p| p.is_file()));
    // Saving once more changes nothing.
    again.save(&saved).unwrap();
    assert_eq!(std::fs::read_to_string(&saved).unwrap(), text);
}

#[test]
fn what_is_no_workspace_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.itksnap");
    let refused = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Project::open(&path).unwrap_err().to_string()
    };
    assert!(refused("hello").contains("no ITK-SNAP workspace"));
    assert!(refused("<registry></registry>").contains("SaveLocation"));
    let mut r = workspace("/x");
    r.set("Layers.Layer[000].Role", "OverlayRole");
    assert!(refused(&r.to_xml()).contains("main image"));
    let missing = Project::open(&dir.path().join("none.itksnap"));
    assert!(matches!(missing, Err(ProjectError::Read { .. })));
    let mut other = workspace("/x");
    other.set(
        "Layers.Layer[000].ProjectMetaData.Files.Grey.Dimensions",
        "1 1 1",
    );
    let open = |r: &Registry| {
        write(&path, r);
        Project::open(&path).unwrap()
    };
    let refused = open(&workspace("/x")).add(&open(&other)).unwrap_err();
    assert!(refused.to_string().contains("1 1 1"));
}
