//! What ITK-SNAP does with a server, from connecting to switching models, over a real socket.

use crate::common::{drawing_form, image, segmenter, Running};
use raterlens_core::correction::{correct, CorrectionOptions, Mark, Side};
use raterlens_core::Volume;
use raterlens_engine::{Control, SegmentRequest, SoftLayers};
use raterlens_serve::ServeOptions;

/// What the engine says without a server.
fn layers(image: &Volume<f32>) -> SoftLayers {
    let request = SegmentRequest::default();
    segmenter()
        .segment_soft(image, &request, &Control::default())
        .unwrap()
}

/// A voxel (i, j, k) of a structure, and the structure's position; the `n`th of them.
fn voxel_of(layers: &SoftLayers, structure: usize, n: usize) -> [usize; 3] {
    let id = segmenter().scheme().structures[structure].id;
    let found = layers
        .labels
        .data()
        .indexed_iter()
        .filter(|(_, l)| **l == id);
    let ((k, j, i), _) = found.clone().nth(n % found.count().max(1)).unwrap();
    [i, j, k]
}

/// The structure with most voxels.
fn largest(layers: &SoftLayers) -> usize {
    let count = |n: &usize| {
        let id = segmenter().scheme().structures[*n].id;
        layers.labels.data().iter().filter(|l| **l == id).count()
    };
    (0..segmenter().scheme().len()).max_by_key(count).unwrap()
}

fn expected(layers: &SoftLayers, structure: usize, marks: &[Mark]) -> Vec<u8> {
    let (soft, variance) = (&layers.soft[structure], &layers.variance[structure]);
    let mask = correct(soft, variance, marks, &CorrectionOptions::default()).unwrap();
    mask.data().iter().map(|m| u8::from(*m)).collect()
}

#[test]
fn the_list_of_models_is_one_that_the_client_accepts() {
    let server = Running::start(ServeOptions::default());
    let status = server.get("/status");
    assert_eq!(status.status, 200);
    assert_eq!(status.header("content-type"), Some("application/json"));
    // The client aborts on anything but dotted numbers, and asks for 0.1.2 at least.
    let version = status.json()["version"].as_str().unwrap().to_owned();
    let parts: Vec<u32> = version.split('.').map(|p| p.parse().unwrap()).collect();
    assert!(parts >= vec![0, 1, 2], "{version}");
    let models = server.get("/v2/models").json();
    let models = models["models"].as_array().unwrap().clone();
    let ids: Vec<&str> = models.iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["nnInteractive", "untrained", "untrained-2d"]);
    for (model, dimensions) in models.iter().zip([3, 3, 2]) {
        assert_eq!(model["dimensions"], dimensions);
        assert_eq!(model["channels"], serde_json::json!([1]));
        let interactions = serde_json::json!(["point", "scribble", "lasso"]);
        assert_eq!(model["interactions"], interactions);
    }
}

#[test]
fn a_click_gives_the_structure_and_further_marks_correct_it() {
    let server = Running::start(ServeOptions::default());
    let image = image([40, 32, 5]);
    let layers = layers(&image);
    let structure = largest(&layers);
    let session = server.session("untrained");
    let uploaded = server.upload(&session, &image);
    assert_eq!(uploaded.status, 200, "{}", uploaded.text());

    // The whole structure, exactly as the engine labels it.
    let first = voxel_of(&layers, structure, 0);
    let mut marks = vec![Mark::point(Side::Foreground, first)];
    let id = segmenter().scheme().structures[structure].id;
    let whole: Vec<u8> = layers
        .labels
        .data()
        .iter()
        .map(|l| u8::from(*l == id))
        .collect();
    assert_eq!(server.point(&session, first, true).mask(), whole);

    // Erasing, with the right button.
    let wrong = voxel_of(&layers, structure, 100);
    marks.push(Mark::point(Side::Background, wrong));
    let reply = server.point(&session, wrong, false);
    assert_eq!(reply.mask(), expected(&layers, structure, &marks));
    assert_ne!(reply.mask(), whole);
    let title = segmenter().scheme().structures[structure].title.clone();
    assert_eq!(reply.json()["structure"], title);

    // A scribble and a lasso, on the paths without a version.
    for (kind, foreground) in [("scribble", true), ("lasso", false)] {
        let j = if foreground { 4 } else { 20 };
        let voxels: Vec<[usize; 3]> = (3..12).map(|i| [i, j, 2]).collect();
        let target = format!("/process_{kind}_interaction/{session}?foreground={foreground}");
        let reply = server.post(&target, &drawing_form(&image, &voxels));
        marks.push(Mark {
            side: Side::of(foreground),
            voxels: voxels.clone(),
        });
        let mask = reply.mask();
        assert_eq!(mask, expected(&layers, structure, &marks), "{kind}");
        let at = |[i, j, k]: [usize; 3]| mask[(k * 32 + j) * 40 + i];
        assert!(voxels.iter().all(|v| at(*v) == u8::from(foreground)));
    }

    // Another label in ITK-SNAP: the next click is a first one again.
    assert_eq!(
        server.get(&format!("/reset_interactions/{session}")).status,
        200
    );
    assert_eq!(server.point(&session, first, true).mask(), whole);
    assert_eq!(
        server.get(&format!("/v2/end_session/{session}")).status,
        200
    );
    assert_eq!(server.point(&session, first, true).status, 404);
}

#[test]
fn the_first_mark_chooses_the_structure_and_the_others_stay_with_it() {
    let server = Running::start(ServeOptions::default());
    let image = image([40, 32, 5]);
    let layers = layers(&image);
    let session = server.session("nnInteractive");
    server.upload(&session, &image);
    let structure = largest(&layers);
    let other = (0..4).find(|s| {
        let id = segmenter().scheme().structures[*s].id;
        *s != structure && layers.labels.data().iter().any(|l| *l == id)
    });
    let (first, second) = (
        voxel_of(&layers, structure, 7),
        voxel_of(&layers, other.unwrap(), 0),
    );
    server.point(&session, first, true);
    let marks = [
        Mark::point(Side::Foreground, first),
        Mark::point(Side::Foreground, second),
    ];
    assert_eq!(
        server.point(&session, second, true).mask(),
        expected(&layers, structure, &marks)
    );
}

#[test]
fn slices_are_segmented_as_they_are_shown() {
    let server = Running::start(ServeOptions::default());
    let slice = image([40, 32, 1]);
    // As the server takes a slice: columns to the left, rows to the front.
    let on_screen = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
    let grid =
        raterlens_core::Geometry::new([40, 32, 1], [0.8, 0.8, 0.8], [0.0; 3], on_screen).unwrap();
    let layers = layers(&Volume::new(slice.data().clone(), grid).unwrap());
    let structure = largest(&layers);
    let [i, j, _] = voxel_of(&layers, structure, 3);

    let session = server.session("untrained-2d");
    let metadata = r#"{"component_type":"float32","components_per_pixel":1,"dimensions":[40,32],"direction":[1,0,0,1],"origin":[0,0],"spacing":[0.8,0.8]}"#;
    let voxels = crate::common::http::gzip_floats(slice.data().iter().copied());
    let form = crate::common::http::form(&voxels, metadata);
    let uploaded = server.post(
        &format!("/upload_raw/{session}?filename=upload.nii.gz"),
        &form,
    );
    assert_eq!(uploaded.status, 200, "{}", uploaded.text());
    let reply = server.get(&format!(
        "/v2/process_point_interaction/{session}?point={i}&point={j}&foreground=true"
    ));
    let id = segmenter().scheme().structures[structure].id;
    let whole: Vec<u8> = layers
        .labels
        .data()
        .iter()
        .map(|l| u8::from(*l == id))
        .collect();
    assert_eq!(reply.mask(), whole);
}

#[test]
fn paths_without_a_version_work_as_the_reference_servers_do() {
    let server = Running::start(ServeOptions::default());
    let image = image([40, 32, 3]);
    let layers = layers(&image);
    let [i, j, k] = voxel_of(&layers, largest(&layers), 0);
    let session = server.get("/start_session").json();
    let session = session["session_id"].as_str().unwrap();
    let form = crate::common::image_form(&image);
    assert_eq!(
        server
            .post(&format!("/v2/upload_raw/{session}"), &form)
            .status,
        200
    );
    let old = server.get(&format!(
        "/process_point_interaction/{session}?x={i}&y={j}&z={k}&foreground=true"
    ));
    assert_eq!(old.mask().len(), 40 * 32 * 3);
    assert_eq!(
        server
            .get(&format!("/v2/reset_interactions/{session}"))
            .status,
        200
    );
    assert_eq!(server.get(&format!("/end_session/{session}")).status, 200);
}

#[test]
fn an_image_that_two_sessions_show_is_kept_once_and_given_back_with_the_last() {
    let server = Running::start(ServeOptions::default());
    let image = image([40, 32, 4]);
    let used = || server.server.memory().used();
    let sessions = [server.session("untrained"), server.session("untrained")];
    server.upload(&sessions[0], &image);
    let once = used();
    // Labels, and for each of four structures a soft label and a variance.
    assert_eq!(once, 40 * 32 * 4 * (2 + 4 * (4 + 4)));
    server.upload(&sessions[1], &image);
    assert_eq!(used(), once);
    let layers = layers(&image);
    let at = voxel_of(&layers, largest(&layers), 0);
    server.point(&sessions[1], at, true);
    assert!(used() > once && used() < once + 100);
    for session in &sessions {
        server.get(&format!("/v2/end_session/{session}"));
    }
    assert_eq!(used(), 0);
}
