//! One consensus of several raters.

mod performance;
mod soft;

use std::fmt;
use std::str::FromStr;

use raterlens_core::control::Control;
use raterlens_core::fusion::staple::Prior;
use raterlens_core::fusion::{
    mean_label, staple, staple_structure, vote, Classes, FusionError, MeanLabel, RaterSet, Staple,
    StapleOptions, TiePolicy, UnknownLabels,
};
use raterlens_core::variability::{soft_distance_label, SoftLabelOptions};
use raterlens_core::{LabelMap, LabelScheme, Volume};
use serde::{Deserialize, Serialize};

use crate::error::RatersError;
pub use performance::{Performance, RaterScore, StapleFit, StructureScore, StructureSize};

/// How raters are fused (SPEC section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The label that most raters gave. Posterior: the share of raters.
    #[default]
    Majority,
    /// Expectation maximisation of consensus and raters' performance. Posterior: the probability of the structure.
    Staple,
    /// The mean of the raters' masks. Posterior: the share of raters; consensus: the label of the largest share.
    Mean,
    /// The mean of the raters' soft distance labels. Consensus: the structure whose mean is largest and above one half.
    SoftDistance,
}

/// A word that names no method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no fusion method: use majority, staple, mean or soft-distance")]
pub struct UnknownMethod(String);

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "majority" => Ok(Self::Majority),
            "staple" => Ok(Self::Staple),
            "mean" => Ok(Self::Mean),
            "soft-distance" => Ok(Self::SoftDistance),
            other => Err(UnknownMethod(other.to_owned())),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Majority => "majority",
            Self::Staple => "staple",
            Self::Mean => "mean",
            Self::SoftDistance => "soft-distance",
        })
    }
}

/// Whether STAPLE takes all structures together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StapleKind {
    /// All labels at once, with a confusion matrix per rater. The default.
    #[default]
    MultiLabel,
    /// Binary STAPLE (Warfield 2004) of each structure against the rest. The consensus is the structure of the largest
    /// posterior above one half; of equal ones the first of the scheme.
    PerStructure,
}

/// How [`fuse()`] works.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FuseOptions {
    /// The method.
    pub method: Method,
    /// What majority and mean do with ties.
    pub ties: TiePolicy,
    /// Whether STAPLE takes all structures together.
    pub staple_kind: StapleKind,
    /// How STAPLE is run.
    pub staple: StapleOptions,
    /// How soft distance labels are made.
    pub soft: SoftLabelOptions,
    /// Labels that the scheme does not name count as background; otherwise they are refused.
    pub ignore_unnamed: bool,
}

/// What a fusion gave.
pub struct Fused<'a> {
    /// The consensus on the raters' grid.
    pub consensus: LabelMap,
    /// What the fusion says about each rater.
    pub performance: Performance,
    source: Source<'a>,
}

/// Where posteriors come from; they are made one at a time, since forty of them may not fit in memory.
enum Source<'a> {
    Shares(Box<MeanLabel>),
    MultiLabel(Box<Staple>),
    PerStructure(Vec<(u16, Staple)>),
    Soft(&'a RaterSet<'a>, SoftLabelOptions),
}

impl Fused<'_> {
    /// How probable the structure is at each voxel, 0 to 1; [`Method`] says what the number means.
    ///
    /// # Errors
    /// A label that took no part.
    pub fn posterior(&self, structure: u16) -> Result<Volume<f32>, RatersError> {
        Ok(match &self.source {
            Source::Shares(mean) => mean.of(structure)?,
            Source::MultiLabel(staple) => staple.posterior(structure)?,
            Source::PerStructure(all) => find(all, structure)?.posterior(structure)?,
            Source::Soft(set, options) => soft_distance_label(set, structure, options)?,
        })
    }
}

fn find(all: &[(u16, Staple)], structure: u16) -> Result<&Staple, FusionError> {
    let found = all.iter().find(|(id, _)| *id == structure);
    found
        .map(|(_, s)| s)
        .ok_or_else(|| FusionError::NoSuchLabel {
            label: structure,
            known: all.iter().map(|(id, _)| *id).collect(),
        })
}

/// Fuses the present raters of a set over the structures of a scheme.
///
/// # Result
/// Consensus and posteriors lie on the raters' grid. With ties to `undecided` the consensus also has that label.
///
/// # Errors
/// Fewer than two raters, labels that the scheme does not name (unless they are to be ignored), options that cannot work, or
/// cancelled.
///
/// ```
/// use ndarray::Array3;
/// use raterlens_core::{control::Control, fusion::RaterSet, Geometry, Volume};
/// use raterlens_raters::{fuse, scheme_of_labels, FuseOptions};
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([3, 1, 1], [0.5, 0.5, 4.0], [0.0; 3], identity)?;
/// let map = |labels: [u16; 3]| Volume::new(Array3::from_shape_vec((1, 1, 3), labels.to_vec()).unwrap(), grid);
/// let maps = [map([1, 1, 0])?, map([1, 0, 0])?, map([1, 1, 0])?];
/// let set = RaterSet::from_volumes(&maps)?;
/// let scheme = scheme_of_labels([1]);
/// let fused = fuse(&set, &scheme, &FuseOptions::default(), &Control::default())?;
/// assert_eq!(fused.consensus.data().as_slice(), Some(&[1, 1, 0][..]));
/// assert_eq!(fused.posterior(1)?.data().as_slice(), Some(&[1.0, 2.0 / 3.0, 0.0][..]));
/// // The second rater found one of the two voxels of the consensus.
/// assert_eq!(fused.performance.raters[1].structures[0].sensitivity, Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fuse<'a>(
    set: &'a RaterSet<'a>,
    scheme: &LabelScheme,
    options: &FuseOptions,
    control: &Control<'_>,
) -> Result<Fused<'a>, RatersError> {
    check_count(set)?;
    control.step(0.0, "fusing")?;
    let unknown = if options.ignore_unnamed {
        UnknownLabels::Background
    } else {
        UnknownLabels::Refuse
    };
    let classes = Classes::of_scheme(set, scheme, unknown);
    let (consensus, source) = match options.method {
        Method::Majority | Method::Mean => by_vote(set, &classes, options)?,
        Method::Staple if options.staple_kind == StapleKind::MultiLabel => {
            let fit = staple(set, &classes, &options.staple)?;
            (fit.consensus()?, Source::MultiLabel(Box::new(fit)))
        }
        Method::Staple => staple_each(set, &classes, scheme, options, control)?,
        Method::SoftDistance => {
            // Counting refuses unnamed labels; distances would pass them over.
            mean_label(set, &classes)?;
            let consensus = soft::consensus(set, scheme, &options.soft, control)?;
            (consensus, Source::Soft(set, options.soft))
        }
    };
    control.step(0.8, "scoring the raters")?;
    let performance = performance::of(set, scheme, &consensus, options.method, &source)?;
    control.step(1.0, "done")?;
    Ok(Fused {
        consensus,
        performance,
        source,
    })
}

/// Refuses sets of fewer than two raters who drew the image.
pub(crate) fn check_count(set: &RaterSet<'_>) -> Result<(), RatersError> {
    let found = set.present().count();
    if found < 2 {
        return Err(RatersError::TooFewRaters { found });
    }
    Ok(())
}

fn by_vote<'a>(
    set: &RaterSet<'a>,
    classes: &Classes,
    options: &FuseOptions,
) -> Result<(LabelMap, Source<'a>), RatersError> {
    let shares = mean_label(set, classes)?;
    if let TiePolicy::Undecided(label) = options.ties {
        // Also labels that take no part here: the value would be read as theirs.
        if Classes::found_in(set).position(label).is_some() || classes.position(label).is_some() {
            return Err(FusionError::UndecidedInUse { label }.into());
        }
    }
    let consensus = vote_among(set, classes, &options.ties)?;
    Ok((consensus, Source::Shares(Box::new(shares))))
}

/// A vote in which labels outside `classes` count as background.
fn vote_among(
    set: &RaterSet<'_>,
    classes: &Classes,
    ties: &TiePolicy,
) -> Result<LabelMap, RatersError> {
    let found = Classes::found_in(set);
    if found
        .labels()
        .iter()
        .all(|&l| classes.position(l).is_some())
    {
        return Ok(vote(set, ties)?);
    }
    let known = |label: &u16| classes.position(*label).map_or(0, |_| *label);
    let maps: Vec<_> = set.present().map(|(_, map)| map.map(known)).collect();
    Ok(vote(&RaterSet::from_volumes(&maps)?, ties)?)
}

/// The options with the fixed prior of one structure only, if there is one.
fn of_one(options: &StapleOptions, structure: u16) -> StapleOptions {
    let mut options = options.clone();
    if let Prior::Fixed(all) = &mut options.prior {
        all.retain(|(label, _)| *label == structure);
    }
    options
}

fn staple_each<'a>(
    set: &RaterSet<'a>,
    classes: &Classes,
    scheme: &LabelScheme,
    options: &FuseOptions,
    control: &Control<'_>,
) -> Result<(LabelMap, Source<'a>), RatersError> {
    mean_label(set, classes)?; // refuses unnamed labels, which one structure against the rest would not
    let mut best = soft::Best::new(set.grid());
    let mut fits = Vec::with_capacity(scheme.len());
    for (n, structure) in scheme.structures.iter().enumerate() {
        control.step(0.8 * n as f32 / scheme.len() as f32, "fusing")?;
        let fit = staple_structure(set, structure.id, &of_one(&options.staple, structure.id))?;
        best.offer(structure.id, &fit.posterior(structure.id)?);
        fits.push((structure.id, fit));
    }
    Ok((best.labels()?, Source::PerStructure(fits)))
}
