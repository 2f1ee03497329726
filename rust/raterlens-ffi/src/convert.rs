//! Between the bridge's structs and the engine's types.

use ndarray::Array3;
use raterlens_core::{Geometry, LabelScheme, Structure, Volume};
use raterlens_engine as engine;
use raterlens_engine::case::{uncertainty_maps, NamedMap};

use crate::bridge::{
    GeometryData, LayerData, MapData, MeasureData, ModelInfo, ResultData, SegmentOptions,
    StructureData,
};
use crate::error::{BridgeError, ErrorKind};

/// Copies the host's voxels into a volume on its grid.
///
/// # Errors
/// `InvalidImage` when the number of voxels is not the product of the dimensions or the geometry
/// is degenerate.
pub(crate) fn volume(voxels: &[f32], grid: &GeometryData) -> Result<Volume<f32>, BridgeError> {
    let invalid = |message: String| BridgeError::new(ErrorKind::InvalidImage, message);
    let [i, j, k] = grid.dims;
    let expected = i.checked_mul(j).and_then(|n| n.checked_mul(k));
    if expected != Some(voxels.len()) {
        return Err(invalid(format!(
            "the image has {} voxels, but its dimensions are {i} x {j} x {k}",
            voxels.len()
        )));
    }
    let geometry = geometry(grid)?;
    let data = Array3::from_shape_vec((k, j, i), voxels.to_vec())
        .map_err(|error| invalid(error.to_string()))?;
    Volume::new(data, geometry).map_err(|error| invalid(error.to_string()))
}

/// The grid, checked.
///
/// # Errors
/// `InvalidImage` when it is degenerate.
pub(crate) fn geometry(grid: &GeometryData) -> Result<Geometry, BridgeError> {
    let [a, b, c, d, e, f, g, h, i] = grid.direction_lps;
    Geometry::new(
        grid.dims,
        grid.spacing_mm,
        grid.origin_lps,
        [[a, b, c], [d, e, f], [g, h, i]],
    )
    .map_err(|error| BridgeError::new(ErrorKind::InvalidImage, error))
}

/// The engine's request; 0 slices per call means the engine's own default.
///
/// # Errors
/// `Request` for a word that names no uncertainty.
pub(crate) fn request(options: &SegmentOptions) -> Result<engine::SegmentRequest, BridgeError> {
    let unknown = |error: String| BridgeError::new(ErrorKind::Request, error);
    let mut request = engine::SegmentRequest {
        seed: options.seed,
        uncertainty: engine::UncertaintyRequest {
            epistemic: options.epistemic.parse().map_err(unknown)?,
            aleatoric: options.aleatoric.parse().map_err(unknown)?,
            samples: options.samples,
            keep_mean: false,
        },
        ..Default::default()
    };
    if options.batch_size != 0 {
        request.batch_size = options.batch_size;
    }
    Ok(request)
}

/// What was loaded, and where it runs.
pub(crate) fn model_info(segmenter: &engine::Segmenter) -> ModelInfo {
    let device = segmenter.device();
    ModelInfo {
        name: segmenter.manifest().name.clone(),
        checksum: segmenter.model_checksum().to_owned(),
        device: device.name.clone(),
        device_reason: device.reason.clone(),
        structures: segmenter
            .scheme()
            .structures
            .iter()
            .map(structure)
            .collect(),
    }
}

fn structure(structure: &Structure) -> StructureData {
    let term = structure.terminology.as_ref();
    StructureData {
        id: structure.id,
        name: structure.name.clone(),
        title: structure.title.clone(),
        color: structure.color,
        terminology_scheme: term.map(|t| t.scheme.clone()).unwrap_or_default(),
        terminology_code: term.map(|t| t.code.clone()).unwrap_or_default(),
        terminology_meaning: term.map(|t| t.meaning.clone()).unwrap_or_default(),
    }
}

/// Takes a result apart; layers are moved, not copied.
pub(crate) fn result(result: engine::SegmentResult, scheme: &LabelScheme) -> ResultData {
    let run_json = result.run_json();
    let maps = uncertainty_maps(&result);
    let uncertainty = maps.into_iter().filter_map(map).collect();
    let structures = &scheme.structures;
    let variance = structures
        .iter()
        .zip(result.variance)
        .map(|(structure, layer)| LayerData {
            structure: structure.id,
            voxels: fastest_i_first(layer),
        })
        .collect();
    ResultData {
        labels: fastest_i_first(result.labels),
        variance,
        uncertainty,
        measures: result.measures.rows.iter().map(measure).collect(),
        device: result.device.name,
        device_reason: result.device.reason,
        model_name: result.model.name,
        model_checksum: result.model.checksum,
        warnings: result.warnings,
        run_json,
    }
}

/// A map that is shown.
fn map(found: NamedMap<'_>) -> Option<MapData> {
    Some(MapData {
        window_max: found.window_max?,
        name: found.name,
        title: found.title,
        voxels: fastest_i_first(found.map.clone()),
    })
}

/// The voxels in memory order i, j, k; moved when they already lie so.
pub(crate) fn fastest_i_first<T: Clone>(volume: Volume<T>) -> Vec<T> {
    let (data, _) = volume.into_parts();
    if data.is_standard_layout() {
        let count = data.len();
        let (mut voxels, offset) = data.into_raw_vec_and_offset();
        let offset = offset.unwrap_or(0);
        if offset == 0 && voxels.len() == count {
            return voxels;
        }
        voxels.drain(..offset);
        voxels.truncate(count);
        voxels
    } else {
        data.iter().cloned().collect()
    }
}

fn measure(row: &raterlens_core::measures::MeasureRow) -> MeasureData {
    MeasureData {
        structure: row.structure,
        slice: row
            .slice
            .and_then(|slice| i64::try_from(slice).ok())
            .unwrap_or(-1),
        area_mm2: row.area_mm2.unwrap_or(f64::NAN),
        volume_ml: row.volume_ml,
        mean_variance: row.mean_variance.unwrap_or(f64::NAN),
        voxels: row.voxels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> GeometryData {
        GeometryData {
            dims: [2, 3, 4],
            spacing_mm: [0.5, 1.0, 4.0],
            origin_lps: [1.0, 2.0, 3.0],
            // Axis i to the patient's left, j upwards, k to the front.
            direction_lps: [1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0],
        }
    }

    #[test]
    fn voxels_keep_their_place_with_i_fastest() {
        let voxels: Vec<f32> = (0..24u8).map(f32::from).collect();
        let volume = volume(&voxels, &grid()).unwrap();
        // Voxel (i, j, k) = (1, 2, 3) is number 1 + 2 * 2 + 3 * 2 * 3.
        assert_eq!(volume.data()[[3, 2, 1]], 23.0);
        assert_eq!(volume.data()[[0, 2, 1]], 5.0);
        // Column 1 of the matrix is the direction of axis j.
        assert_eq!(volume.geometry().axis_lps(1), [0.0, 0.0, 1.0]);
        assert_eq!(fastest_i_first(volume), voxels);
    }

    #[test]
    fn a_transposed_layer_is_put_in_order() {
        let voxels: Vec<u16> = (0..24).collect();
        let data = Array3::from_shape_vec((2, 3, 4), voxels)
            .unwrap()
            .reversed_axes();
        let geometry = geometry(&grid()).unwrap();
        let in_order = fastest_i_first(Volume::new(data, geometry).unwrap());
        // Element [k, j, i] of the layer is element [i, j, k] of `voxels`: i * 12 + j * 4 + k.
        assert_eq!(in_order[..4], [0, 12, 4, 16]);
    }

    #[test]
    fn voxels_that_do_not_fit_the_dimensions_are_refused() {
        let error = volume(&[0.0; 23], &grid()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidImage);
        assert!(error.message().contains("23 voxels"), "{error}");
        let mut huge = grid();
        huge.dims = [usize::MAX, 2, 2];
        assert!(volume(&[0.0; 4], &huge).is_err());
    }

    #[test]
    fn a_degenerate_geometry_is_refused() {
        let mut flat = grid();
        flat.direction_lps = [0.0; 9];
        let error = volume(&[0.0; 24], &flat).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidImage);
    }

    #[test]
    fn zero_slices_per_call_means_the_default() {
        let ask = |batch_size| {
            request(&SegmentOptions {
                seed: 5,
                batch_size,
                epistemic: "dropout".into(),
                aleatoric: "none".into(),
                samples: 4,
            })
            .unwrap()
        };
        assert_eq!(
            ask(0).batch_size,
            engine::SegmentRequest::default().batch_size
        );
        assert_eq!((ask(3).batch_size, ask(3).seed), (3, 5));
        assert_eq!(ask(0).uncertainty.epistemic, engine::Epistemic::Dropout);
    }

    #[test]
    fn a_word_that_names_no_uncertainty_is_a_request_error() {
        let refused = request(&SegmentOptions {
            seed: 0,
            batch_size: 0,
            epistemic: "none".into(),
            aleatoric: "tta".into(),
            samples: 10,
        });
        let text = refused.unwrap_err().to_string();
        assert!(
            text.starts_with("request\u{1f}'tta' is not one of none, augment"),
            "{text}"
        );
    }
}
