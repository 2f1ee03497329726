//! The files of uncertainty: maps, and their means as a table.

use std::io::{self, Write};
use std::path::Path;

use ndarray::Axis;
use raterlens_core::nifti_io::{write_series_f32, NiftiGrid};
use raterlens_core::uncertainty::MapMeans;
use raterlens_core::{LabelScheme, Volume};

use crate::error::EngineError;
use crate::request::SegmentResult;
use crate::uncertainty::UncertaintyLayers;

/// Means of the uncertainty maps.
pub const UNCERTAINTY_FILE: &str = "uncertainty.csv";
/// Probabilities, a volume for each class, background first.
pub const PROBABILITIES_FILE: &str = "probabilities.nii.gz";
/// The map of an evidential head.
pub const EVIDENTIAL_FILE: &str = "evidential_uncertainty.nii.gz";
/// Colours of entropies span 0 to this, in nats (ln 2: two classes equally probable), in every case and host.
pub const ENTROPY_WINDOW_MAX: f64 = std::f64::consts::LN_2;
/// Colours of mutual information span 0 to this, in nats.
pub const INFORMATION_WINDOW_MAX: f64 = 0.35;

/// Columns of `uncertainty.csv`. `structure` is empty for all voxels, `slice` (from 0 along the input's slice axis) for the whole
/// volume; entropies and mutual information in nats; cells are empty where there is no voxel.
pub const UNCERTAINTY_HEADER: [&str; 9] = [
    "case",
    "uncertainty",
    "structure",
    "slice",
    "voxels",
    "predictive_entropy",
    "expected_entropy",
    "mutual_information",
    "variance",
];

/// A map of uncertainty and how it is shown.
#[derive(Debug, Clone)]
pub struct NamedMap<'a> {
    /// For programs: `epistemic_entropy`.
    pub name: String,
    /// For people; empty for maps that are not shown.
    pub title: String,
    /// The map.
    pub map: &'a Volume<f32>,
    /// Largest value of the colours, which begin at 0; `None` for maps that are not shown.
    pub window_max: Option<f64>,
}

impl NamedMap<'_> {
    /// Name of its file.
    pub(crate) fn file(&self) -> String {
        format!("{}.nii.gz", self.name)
    }
}

/// All maps of uncertainty of a result, the epistemic ones first.
#[must_use]
pub fn uncertainty_maps(result: &SegmentResult) -> Vec<NamedMap<'_>> {
    let mut files: Vec<_> = result.uncertainty.iter().flat_map(files_of).collect();
    files.extend(result.evidential.as_ref().map(|map| NamedMap {
        name: "evidential_uncertainty".into(),
        title: "Evidential uncertainty".into(),
        map,
        window_max: Some(1.0),
    }));
    files
}

fn files_of(layers: &UncertaintyLayers) -> Vec<NamedMap<'_>> {
    let kind = layers.source.kind();
    let file = |name: String, title: String, map, window_max| NamedMap {
        name,
        title,
        map,
        window_max,
    };
    let shown = format!("{} entropy ({})", capital(kind), layers.source);
    let mut files = vec![file(
        format!("{kind}_entropy"),
        shown,
        &layers.predictive_entropy,
        Some(ENTROPY_WINDOW_MAX),
    )];
    if kind == "epistemic" {
        files.push(file(
            "mutual_information".into(),
            format!("Mutual information ({})", layers.source),
            &layers.mutual_information,
            Some(INFORMATION_WINDOW_MAX),
        ));
    }
    if layers.mean.is_empty() {
        return files;
    }
    if kind != "epistemic" {
        let name = format!("{kind}_mutual_information");
        files.push(file(name, String::new(), &layers.mutual_information, None));
    }
    let rest = [
        ("expected_entropy", &layers.expected_entropy),
        ("variance", &layers.variance),
    ];
    files.extend(rest.map(|(what, map)| file(format!("{kind}_{what}"), String::new(), map, None)));
    files
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Name of the file with the mean probabilities, which has four dimensions: a volume for each class, background first.
fn mean_file(kind: &str) -> String {
    format!("{kind}_mean.nii.gz")
}

/// Files of probabilities, and what goes into them: of the prediction, and the samples' means.
pub(super) fn series_files(result: &SegmentResult) -> Vec<(String, &[Volume<f32>])> {
    let means = result.uncertainty.iter();
    let means = means.map(|l| (mean_file(l.source.kind()), l.mean.as_slice()));
    let own = (
        PROBABILITIES_FILE.to_owned(),
        result.probabilities.as_slice(),
    );
    let all = std::iter::once(own).chain(means);
    all.filter(|(_, series)| !series.is_empty()).collect()
}

/// Writes probabilities as one file of four dimensions.
///
/// # Errors
/// Those of writing.
pub(super) fn write_series(
    path: &Path,
    series: &[Volume<f32>],
    grid: Option<&NiftiGrid>,
) -> Result<(), EngineError> {
    let views: Vec<_> = series.iter().map(|v| v.data().view()).collect();
    let internal = |text: String| EngineError::Internal(text);
    let stacked = ndarray::stack(Axis(0), &views).map_err(|e| internal(e.to_string()))?;
    let first = series.first().ok_or_else(|| internal("no class".into()))?;
    write_series_f32(path, &stacked.view(), first.geometry(), grid)
        .map_err(|e| EngineError::image_output(path, e))
}

/// Names of all files of uncertainty that any run may write.
pub(super) fn possible_names() -> Vec<String> {
    let of_kind = |kind: &str| {
        let maps = [
            "entropy",
            "expected_entropy",
            "variance",
            "mutual_information",
        ];
        let mut list: Vec<_> = maps.iter().map(|m| format!("{kind}_{m}.nii.gz")).collect();
        list.push(mean_file(kind));
        list
    };
    let mut list = of_kind("epistemic");
    list.extend(of_kind("aleatoric"));
    list.extend(
        [
            PROBABILITIES_FILE,
            "mutual_information.nii.gz",
            EVIDENTIAL_FILE,
            UNCERTAINTY_FILE,
        ]
        .map(String::from),
    );
    list
}

/// Writes `uncertainty.csv`.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_table(
    out: impl Write,
    case: &str,
    layers: &[UncertaintyLayers],
    scheme: &LabelScheme,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(UNCERTAINTY_HEADER)?;
    for layers in layers {
        let kind = layers.source.kind();
        let summary = &layers.summary;
        let mut parts = vec![("", &summary.image, &summary.slices)];
        for s in &summary.structures {
            let name = scheme.by_id(s.structure).map_or("", |s| s.name.as_str());
            parts.push((name, &s.image, &s.slices));
        }
        for (structure, image, slices) in parts {
            csv.write_record(row(case, kind, structure, String::new(), image))?;
            for (n, slice) in slices.iter().enumerate() {
                csv.write_record(row(case, kind, structure, n.to_string(), slice))?;
            }
        }
    }
    csv.flush()
}

fn row(case: &str, kind: &str, structure: &str, slice: String, means: &MapMeans) -> [String; 9] {
    let number = |value: Option<f64>| value.map(|v| format!("{v:.8}")).unwrap_or_default();
    [
        case.to_owned(),
        kind.to_owned(),
        structure.to_owned(),
        slice,
        means.voxels.to_string(),
        number(means.predictive_entropy),
        number(means.expected_entropy),
        number(means.mutual_information),
        number(means.variance),
    ]
}
