//! Fusing and comparing several raters of one image, in the bridge's types.

use raterlens_core::agreement::ImageDrawings as Drawings;
use raterlens_core::control::Control;
use raterlens_core::regrid::nearest_labels;
use raterlens_core::{LabelScheme, Volume};
use raterlens_raters::{agree, fuse, tables, variability, Fused, RatersError};

use crate::bridge::{
    CompareData, ComparisonData, FuseData, FusionData, GeometryData, LayerData, RaterData,
    StructureData,
};
use crate::cancel::CancelToken;
use crate::control::{controlled, part};
use crate::convert::{fastest_i_first, geometry};
use crate::error::{BridgeError, ErrorKind};
use crate::guard::guard;
use crate::progress::ProgressSink;
use crate::raters_convert as convert;

/// Name of the only image of a comparison; it stands in the column `case` of tables.
const CASE: &str = "image";

/// Fuses raters of one image.
///
/// # Errors
/// Kind `Raters` for label maps, structures or options that cannot be used, `InvalidImage` for a degenerate grid, `Cancelled`
/// when `cancel` was raised or the progress callback said stop.
///
/// # Safety
/// `progress` must be [`ProgressSink::SILENT`], or its callback and context must stay valid until this returns.
#[allow(unsafe_code)]
pub unsafe fn fuse_raters(
    grid: &GeometryData,
    raters: &[RaterData<'_>],
    structures: &[StructureData],
    options: &FuseData,
    progress: ProgressSink,
    cancel: &CancelToken,
) -> Result<FusionData, BridgeError> {
    guard(|| {
        let work = |control: &Control<'_>| fuse_inner(grid, raters, structures, options, control);
        // SAFETY: by this function's contract; the library reports on the calling thread.
        unsafe { controlled(progress, cancel, work) }
    })
}

/// Compares raters of one image.
///
/// # Errors
/// As [`fuse_raters`].
///
/// # Safety
/// As [`fuse_raters`].
#[allow(unsafe_code)]
pub unsafe fn compare_raters(
    grid: &GeometryData,
    raters: &[RaterData<'_>],
    structures: &[StructureData],
    options: &CompareData,
    progress: ProgressSink,
    cancel: &CancelToken,
) -> Result<ComparisonData, BridgeError> {
    guard(|| {
        let work =
            |control: &Control<'_>| compare_inner(grid, raters, structures, options, control);
        // SAFETY: by this function's contract; the library reports on the calling thread.
        unsafe { controlled(progress, cancel, work) }
    })
}

/// Labels on another grid.
///
/// # Errors
/// Kind `Raters` when the number of labels is not that of `from`, `InvalidImage` for a degenerate grid.
pub fn regrid_labels(
    labels: &[u16],
    from: &GeometryData,
    to: &GeometryData,
) -> Result<Vec<u16>, BridgeError> {
    guard(|| {
        let map = convert::label_map("the label map", labels, geometry(from)?)?;
        let moved = nearest_labels(&map, &geometry(to)?)
            .map_err(|error| BridgeError::new(ErrorKind::Internal, error))?;
        Ok(fastest_i_first(moved))
    })
}

fn fuse_inner(
    grid: &GeometryData,
    raters: &[RaterData<'_>],
    structures: &[StructureData],
    options: &FuseData,
    control: &Control<'_>,
) -> Result<FusionData, BridgeError> {
    let maps = convert::rater_maps(raters, geometry(grid)?)?;
    let scheme = convert::scheme(structures)?;
    let set = convert::rater_set(&maps)?;
    let request = convert::fuse_options(options)?;
    let fused = part(control, 0.0, 0.4, |c| fuse(&set, &scheme, &request, c))?;
    let posteriors = if options.posteriors {
        part(control, 0.4, 0.5, |c| posteriors(&fused, &scheme, c))?
    } else {
        Vec::new()
    };
    let mut tables = vec![tables::performance(&fused.performance)];
    let (mut variance, mut entropy) = (Vec::new(), Vec::new());
    if options.variability {
        let found = part(control, 0.5, 1.0, |c| {
            variability(&set, &scheme, &request.soft, c, &mut |structure, map| {
                variance.push(layer(structure.id, map));
                Ok(())
            })
        })?;
        tables.push(tables::variance_rows(&found, &scheme));
        tables.push(tables::entropy_rows(&found));
        entropy = fastest_i_first(found.entropy_map);
    } else {
        control.step(1.0, "done").map_err(RatersError::from)?;
    }
    Ok(FusionData {
        notes: convert::fusion_notes(&fused.performance),
        consensus: fastest_i_first(fused.consensus),
        posteriors,
        variance,
        entropy,
        tables: tables.into_iter().map(convert::table).collect(),
    })
}

fn posteriors(
    fused: &Fused<'_>,
    scheme: &LabelScheme,
    control: &Control<'_>,
) -> Result<Vec<LayerData>, RatersError> {
    let count = scheme.len() as f32;
    let numbered = scheme.structures.iter().enumerate();
    let layers = numbered.map(|(n, structure)| {
        control.step(n as f32 / count, "making posteriors")?;
        Ok(layer(structure.id, fused.posterior(structure.id)?))
    });
    layers.collect()
}

fn layer(structure: u16, map: Volume<f32>) -> LayerData {
    LayerData {
        structure,
        voxels: fastest_i_first(map),
    }
}

fn compare_inner(
    grid: &GeometryData,
    raters: &[RaterData<'_>],
    structures: &[StructureData],
    options: &CompareData,
    control: &Control<'_>,
) -> Result<ComparisonData, BridgeError> {
    let maps = convert::rater_maps(raters, geometry(grid)?)?;
    let scheme = convert::scheme(structures)?;
    let set = convert::rater_set(&maps)?; // also refuses namesakes
    let soft = convert::soft_options(&options.soft);
    let varied = part(control, 0.0, 0.5, |c| {
        variability(&set, &scheme, &soft, c, &mut |_, _| Ok(()))
    })?;
    let present = maps
        .iter()
        .filter_map(|(name, map)| Some((*name, map.as_ref()?)));
    let drawings = Drawings::of_raters(CASE, present).map_err(RatersError::from)?;
    let request = convert::agree_options(options);
    let found = part(control, 0.5, 1.0, |c| {
        agree([Ok(drawings)].into_iter(), &scheme, &request, c)
    })?;
    let (report, scheme) = (&found.report, &found.scheme);
    let tables = vec![
        tables::overall(report, scheme),
        tables::pairs(report, scheme),
        tables::raters(report, scheme),
        tables::limits(report, scheme),
        tables::differences(report, scheme),
        tables::measurements(report, scheme),
        tables::variance_rows(&varied, scheme),
        tables::entropy_rows(&varied),
    ];
    Ok(ComparisonData {
        tables: tables.into_iter().map(convert::table).collect(),
        notes: report.notes.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::{SoftLabelData, StapleData};
    use crate::cancel::new_cancel_token;

    /// Three voxels in a row, 0.5 x 1 x 4 mm.
    fn grid() -> GeometryData {
        GeometryData {
            dims: [3, 1, 1],
            spacing_mm: [0.5, 1.0, 4.0],
            origin_lps: [0.0; 3],
            direction_lps: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        }
    }

    fn rater<'a>(name: &'a str, labels: &'a [u16]) -> RaterData<'a> {
        RaterData {
            name,
            drawn: true,
            labels,
        }
    }

    fn muscle(id: u16, name: &str) -> StructureData {
        StructureData {
            id,
            name: name.into(),
            title: name.into(),
            color: [255, 0, 0],
            terminology_scheme: String::new(),
            terminology_code: String::new(),
            terminology_meaning: String::new(),
        }
    }

    fn options() -> FuseData {
        FuseData {
            method: "majority".into(),
            ties: "background".into(),
            staple: StapleData {
                per_structure: false,
                estimate_prior: false,
                disagreement_only: false,
                start_performance: 0.0,
                tolerance: 1e-7,
                max_iterations: 1000,
            },
            soft: SoftLabelData {
                tau: 1.0,
                millimetres: false,
                whole_volume: false,
            },
            ignore_unnamed: false,
            posteriors: true,
            variability: true,
        }
    }

    fn fused(raters: &[RaterData<'_>], options: &FuseData) -> Result<FusionData, BridgeError> {
        let cancel = new_cancel_token().unwrap();
        let structures = [muscle(7, "muscle")];
        // SAFETY: nobody listens.
        #[allow(unsafe_code)]
        unsafe {
            fuse_raters(
                &grid(),
                raters,
                &structures,
                options,
                ProgressSink::SILENT,
                &cancel,
            )
        }
    }

    #[test]
    fn three_raters_of_three_voxels() {
        let raters = [
            rater("Ann", &[7, 7, 0]),
            rater("Ben", &[7, 0, 0]),
            rater("Cem", &[7, 7, 0]),
        ];
        let found = fused(&raters, &options()).unwrap();
        assert_eq!(found.consensus, [7, 7, 0]);
        assert_eq!(found.posteriors[0].voxels, [1.0, 2.0 / 3.0, 0.0]);
        assert_eq!((found.variance[0].structure, found.entropy.len()), (7, 3));
        let names: Vec<_> = found.tables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["performance", "variance", "entropy"]);
        // Ben found one of the two voxels of the consensus.
        let sensitivity = &found.tables[0].columns[2];
        assert_eq!(sensitivity.name, "sensitivity");
        assert_eq!(sensitivity.numbers, [1.0, 0.5, 1.0]);
        assert!(found.notes.is_empty());
    }

    #[test]
    fn what_cannot_be_fused_is_refused_as_raters() {
        let (ann, ben) = (rater("Ann", &[7, 7, 0]), rater("Ben", &[7, 0]));
        let missing = RaterData {
            drawn: false,
            ..rater("Cem", &[])
        };
        let refused = |raters: &[RaterData<'_>], change: fn(&mut FuseData)| {
            let mut options = options();
            change(&mut options);
            let error = fused(raters, &options).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Raters, "{error}");
            error.message().to_owned()
        };
        let twice = [ann.clone(), ann.clone()];
        let none = |_: &mut FuseData| ();
        assert!(refused(&[ann.clone(), ben], none).contains("'Ben' has 2 voxels"));
        assert!(refused(&[ann.clone(), missing], none).contains("at least two"));
        assert!(refused(&twice, none).contains("two raters are called 'Ann'"));
        let other = rater("Dan", &[7, 8, 0]);
        let pair = [ann, other];
        assert!(refused(&pair, none).contains("label 8"));
        assert!(refused(&pair, |o| o.ties = "coin".into()).contains("'coin'"));
        assert!(refused(&pair, |o| o.method = "guess".into()).contains("'guess'"));
    }

    #[test]
    fn a_fit_that_did_not_end_is_noted() {
        let raters = [rater("Ann", &[7, 7, 0]), rater("Ben", &[0, 0, 0])];
        let mut options = options();
        options.method = "staple".into();
        options.staple.max_iterations = 1;
        let notes = fused(&raters, &options).unwrap().notes.join(" ");
        assert!(notes.contains("after 1 iterations"), "{notes}");
    }

    #[test]
    fn labels_move_to_the_nearest_voxel() {
        let mut to = grid();
        to.origin_lps[0] = 0.5; // one voxel further
        assert_eq!(regrid_labels(&[1, 2, 3], &grid(), &to).unwrap(), [2, 3, 0]);
        let error = regrid_labels(&[1, 2], &grid(), &to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Raters);
    }
}
