//! `raterlens preprocess`: one image into another, in any format.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use ndarray::Axis;
use raterlens_core::control::{CancelFlag, Control};
use raterlens_core::normalise::{normalise_slice, Normalisation};
use raterlens_core::regrid::nearest_labels;
use raterlens_core::{CanonicalAxial, NiftiGrid, NiftiImage, Volume};
use raterlens_engine::Progress;
use raterlens_images::{
    denoise, is_seg_nrrd, list_series, n4, read_image, read_labels, read_segments, resample,
    with_spacing, write_image, write_labels, write_segmentation, DenoiseSettings, N4Settings,
    Planes, ReadOptions,
};
use raterlens_raters::files::read_label_names;
use raterlens_raters::scheme_of_labels;

use crate::interrupt;
use crate::segment::progress::Bars;

/// Options of `raterlens preprocess`. Steps are done in this order: denoise, N4, resample, normalise.
#[derive(Debug, Args)]
pub struct PreprocessArgs {
    /// The image, or a folder with a DICOM series
    image: PathBuf,
    /// The file to write; its ending says the format: .nii.gz, .nrrd, .seg.nrrd, .mha, ...
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "list_series"
    )]
    out: Option<PathBuf>,
    /// Take noise away (adaptive non-local means): auto (within slices when these are thick), slices or volume
    #[arg(long, value_name = "WHERE", num_args = 0..=1, default_missing_value = "auto", conflicts_with = "labels", value_parser = planes)]
    denoise: Option<Planes>,
    /// Take the slow change of brightness away (N4 bias-field correction)
    #[arg(long, conflicts_with = "labels")]
    n4: bool,
    /// N4: a label map of the same grid; only voxels that are not 0 take part in the estimate
    #[arg(long, value_name = "FILE", requires = "n4")]
    mask: Option<PathBuf>,
    /// N4: most iterations at each level, coarsest first
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', requires = "n4")]
    n4_iterations: Vec<u32>,
    /// N4: estimate on every n-th voxel
    #[arg(long, value_name = "N", requires = "n4")]
    n4_shrink: Option<u32>,
    /// Resample to voxels of this size in millimetres along the axes of the file
    #[arg(long, value_name = "I,J,K", value_delimiter = ',')]
    spacing: Vec<f64>,
    /// Bring each axial slice to a common scale: minmax or zscore-otsu
    #[arg(long, value_name = "HOW", conflicts_with = "labels", value_parser = normalisation)]
    normalise: Option<Normalisation>,
    /// The file is a label map; for a .seg.nrrd, its names come from the file, from --label-names, or are numbers
    #[arg(long)]
    labels: bool,
    /// Names of the labels, for a .seg.nrrd
    #[arg(long, value_name = "FILE", requires = "labels")]
    label_names: Option<PathBuf>,
    /// Which DICOM series of a folder with several: its number, UID or description
    #[arg(long)]
    series: Option<String>,
    /// List the DICOM series of the folder and stop
    #[arg(long)]
    list_series: bool,
    /// Accept a file that does not say which side is left
    #[arg(long)]
    allow_unoriented: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// An image that cannot be read, a step that fails, a file that cannot be written.
pub fn run(args: &PreprocessArgs) -> Result<()> {
    let cancel = interrupt::cancel_on_interrupt()?;
    if args.list_series {
        return list(args, &cancel);
    }
    let Some(out) = &args.out else {
        bail!("name the file to write with -o");
    };
    ensure!(
        args.force || !out.exists(),
        "the output is there already: choose another, or replace it with --force ({})",
        out.display()
    );
    let bars = Bars::new();
    let report = |now: Progress| bars.set(now);
    let control = Control {
        progress: Some(&report),
        cancel,
    };
    let done = match args.labels {
        true => convert_labels(args, out, &control),
        false => process(args, out, &bars, &control),
    };
    bars.finish();
    done
}

fn list(args: &PreprocessArgs, cancel: &CancelFlag) -> Result<()> {
    let control = Control {
        progress: None,
        cancel: cancel.clone(),
    };
    let list = list_series(&args.image, &control).with_context(|| name(&args.image))?;
    for (n, s) in list.iter().enumerate() {
        println!(
            "{} '{}' ({}, {} files) {}",
            n + 1,
            s.description,
            s.modality,
            s.files,
            s.uid
        );
    }
    if list.is_empty() {
        println!("no DICOM series");
    }
    Ok(())
}

impl PreprocessArgs {
    fn options(&self) -> ReadOptions {
        ReadOptions {
            allow_unoriented: self.allow_unoriented,
            series: self.series.clone(),
        }
    }

    fn target_spacing(&self) -> Result<Option<[f64; 3]>> {
        match self.spacing.as_slice() {
            [] => Ok(None),
            [i, j, k] => Ok(Some([*i, *j, *k])),
            _ => bail!("--spacing takes three numbers of millimetres, as in 0.5,0.5,4"),
        }
    }
}

fn process(args: &PreprocessArgs, out: &Path, bars: &Bars, control: &Control<'_>) -> Result<()> {
    let spacing = args.target_spacing()?;
    let image = read_image(&args.image, &args.options(), control);
    let NiftiImage {
        mut volume,
        grid,
        warnings,
    } = image.with_context(|| name(&args.image))?;
    for warning in warnings {
        bars.note(&warning);
    }
    let mut grid = Some(grid);
    if let Some(planes) = args.denoise {
        let settings = DenoiseSettings {
            planes,
            ..DenoiseSettings::default()
        };
        volume = denoise(&volume, &settings, control)?;
    }
    if args.n4 {
        volume = corrected(args, &volume, control)?;
    }
    if let Some(spacing) = spacing {
        let target = with_spacing(volume.geometry(), spacing)?;
        volume = resample(&volume, &target, control)?;
        grid = None;
    }
    if let Some(how) = args.normalise {
        volume = normalised(&volume, how)?;
    }
    write_image(out, &volume, grid.as_ref(), control).with_context(|| name(out))
}

fn corrected(
    args: &PreprocessArgs,
    volume: &Volume<f32>,
    control: &Control<'_>,
) -> Result<Volume<f32>> {
    let mut settings = N4Settings::default();
    if !args.n4_iterations.is_empty() {
        settings.iterations.clone_from(&args.n4_iterations);
    }
    settings.shrink_factor = args.n4_shrink.unwrap_or(settings.shrink_factor);
    let mask = args.mask.as_ref().map(|path| -> Result<_> {
        let (labels, _) =
            read_labels(path, &ReadOptions::default(), control).with_context(|| name(path))?;
        raterlens_core::grid::check_grid(volume.geometry(), labels.geometry(), 2)
            .context("the mask is not on the grid of the image")?;
        Ok(labels.map(|&l| u8::from(l > 0)))
    });
    Ok(n4(volume, mask.transpose()?.as_ref(), &settings, control)?)
}

/// Each axial slice by itself, as networks see it.
fn normalised(volume: &Volume<f32>, how: Normalisation) -> Result<Volume<f32>> {
    let axes = CanonicalAxial::for_geometry(volume.geometry());
    let (mut data, _) = axes.to_canonical(volume)?.into_parts();
    for slice in data.axis_iter_mut(Axis(0)) {
        normalise_slice(slice, how);
    }
    Ok(axes.from_canonical(data)?)
}

fn convert_labels(args: &PreprocessArgs, out: &Path, control: &Control<'_>) -> Result<()> {
    let spacing = args.target_spacing()?;
    let (mut labels, mut scheme, mut grid): (_, _, Option<NiftiGrid>);
    if is_seg_nrrd(&args.image) {
        let (found, names) =
            read_segments(&args.image, control).with_context(|| name(&args.image))?;
        (labels, scheme, grid) = (found, Some(names), None);
    } else {
        let read = read_labels(&args.image, &args.options(), control);
        let (found, header) = read.with_context(|| name(&args.image))?;
        (labels, scheme, grid) = (found, None, Some(header));
    }
    if let Some(path) = &args.label_names {
        scheme = Some(read_label_names(path)?);
    }
    if let Some(spacing) = spacing {
        let target = with_spacing(labels.geometry(), spacing)?;
        labels = nearest_labels(&labels, &target)?;
        grid = None;
    }
    if !is_seg_nrrd(out) {
        return write_labels(out, &labels, grid.as_ref(), control).with_context(|| name(out));
    }
    let used: std::collections::BTreeSet<u16> =
        labels.data().iter().copied().filter(|&l| l > 0).collect();
    let scheme = scheme.unwrap_or_else(|| scheme_of_labels(used.iter().copied()));
    if let Some(unnamed) = used.iter().find(|id| scheme.by_id(**id).is_none()) {
        bail!("label {unnamed} has no name: add it to the label names");
    }
    write_segmentation(out, &labels, &scheme, control).with_context(|| name(out))
}

fn planes(text: &str) -> Result<Planes, String> {
    match text {
        "auto" => Ok(Planes::Auto),
        "slices" => Ok(Planes::Slices),
        "volume" => Ok(Planes::Volume),
        _ => Err("one of auto, slices, volume".into()),
    }
}

fn normalisation(text: &str) -> Result<Normalisation, String> {
    match text {
        "minmax" => Ok(Normalisation::MinMax),
        "zscore-otsu" => Ok(Normalisation::ZScoreOtsu),
        _ => Err("one of minmax, zscore-otsu".into()),
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    name.unwrap_or_default()
}
