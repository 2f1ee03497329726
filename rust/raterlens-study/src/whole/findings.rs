//! The dissertation's findings, one by one: do they hold on this study?

use raterlens_core::agreement::Estimate;
use raterlens_core::evaluation::{bootstrap, bootstrap_mean, pearson};
use serde::Serialize;

use super::error::WholeError;
use super::results::Results;
use super::row::{network_title, truth_title, Row, WayRow};
use crate::way::Way;

/// Whether a finding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval lies wholly on the finding's side.
    Holds,
    /// The interval lies wholly on the other side.
    Contradicted,
    /// The interval holds no difference.
    CannotBeTold,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Contradicted => "does not hold: the opposite",
            Self::CannotBeTold => "cannot be told",
        }
    }
}

/// A finding of the dissertation on this study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What the dissertation found (SPEC section 9).
    pub statement: String,
    /// On which models it is looked at here.
    pub models: String,
    /// The number that decides, in words.
    pub measure: String,
    /// The difference, positive in the finding's direction, with its 95 % interval over images.
    pub difference: Estimate,
    /// Whether it holds.
    pub verdict: Verdict,
}

/// Numbers of each image.
type Images = Vec<Option<f64>>;

/// Looks at every finding on every pair of models that the study has.
///
/// Differences are paired by image, intervals are drawn over images; training anew with other seeds would vary more.
///
/// # Errors
/// Numbers that are not finite.
pub fn findings(results: &Results) -> Result<Vec<Finding>, WholeError> {
    let mut all = Vec::new();
    for row in &results.rows {
        let (name, extras) = (&row.key.network, ["blur-pool", "evidential"]);
        let is_transunet =
            name.starts_with("transunet-") && !extras.iter().any(|e| name.contains(e));
        if let Some(unet) = results.baseline_of(row).filter(|_| is_transunet) {
            networks(results, row, unet, &mut all)?;
        }
    }
    for row in results
        .rows
        .iter()
        .filter(|r| r.key.ground_truth == "random")
    {
        let mut key = row.key.clone();
        key.ground_truth = "majority".into();
        if let Some(majority) = results.rows.iter().find(|other| other.key == key) {
            truths(results, row, majority, &mut all)?;
        }
    }
    for row in &results.rows {
        uncertainties(results, row, &mut all)?;
    }
    // One finding after the other, each on all models.
    let order: Vec<String> = all.iter().map(|f| f.statement.clone()).collect();
    all.sort_by_key(|f| order.iter().position(|s| *s == f.statement));
    Ok(all)
}

fn verdict(difference: &Estimate) -> Verdict {
    match difference.interval {
        Some(i) if i.low > 0.0 => Verdict::Holds,
        Some(i) if i.high < 0.0 => Verdict::Contradicted,
        _ => Verdict::CannotBeTold,
    }
}

fn dice(way: &WayRow) -> Images {
    over_structures(&way.dice)
}

fn brier(way: &WayRow) -> Images {
    over_structures(&way.brier)
}

/// The mean over structures, of each image.
fn over_structures(lists: &[Vec<f64>]) -> Images {
    let images = lists.first().map_or(0, Vec::len);
    let one = |n: usize| super::row::mean(lists.iter().filter_map(|l| l.get(n).copied()));
    (0..images).map(one).collect()
}

fn ece(way: &WayRow) -> Images {
    way.calibration.iter().map(|c| Some(c.ece)).collect()
}

fn entropy(way: &WayRow) -> Images {
    way.entropy.iter().copied().map(Some).collect()
}

fn auc_pr(way: &WayRow) -> Images {
    way.auc_pr.clone()
}

/// One comparison: a number of a way, and whether more of it is the finding.
struct Measure {
    name: &'static str,
    of: fn(&WayRow) -> Images,
    more: bool,
}

impl Measure {
    fn difference(
        &self,
        results: &Results,
        ours: &WayRow,
        theirs: &WayRow,
    ) -> Result<Estimate, WholeError> {
        let sign = if self.more { 1.0 } else { -1.0 };
        let (a, b) = ((self.of)(ours), (self.of)(theirs));
        let pairs = a.iter().zip(&b);
        let differences: Images = pairs.map(|(a, b)| Some(sign * ((*a)? - (*b)?))).collect();
        Ok(bootstrap_mean(&differences, &results.options)?)
    }
}

fn networks(
    results: &Results,
    row: &Row,
    unet: &Row,
    all: &mut Vec<Finding>,
) -> Result<(), WholeError> {
    let title = network_title(&row.key.network);
    let other = network_title(&unet.key.network);
    let mut add =
        |way: Option<&WayRow>, base: Option<&WayRow>, measure: Measure, statement: &str| {
            let (Some(way), Some(base)) = (way, base) else {
                return Ok::<(), WholeError>(());
            };
            let difference = measure.difference(results, way, base)?;
            all.push(Finding {
                statement: statement.to_owned(),
                models: format!("{title} against {other}, {}", context(row, way)),
                measure: measure.name.to_owned(),
                verdict: verdict(&difference),
                difference,
            });
            Ok(())
        };
    let plain = (row.way(Way::Plain), unet.way(Way::Plain));
    let epistemic = (row.epistemic(), unet.epistemic());
    let measure = |name, of, more| Measure { name, of, more };
    add(
        epistemic.0,
        epistemic.1,
        measure("Dice, mean of structures", dice, true),
        "TransUNet segments better than U-Net",
    )?;
    add(
        plain.0,
        plain.1,
        measure("Brier score, lower", brier, false),
        "TransUNet has the better Brier score",
    )?;
    add(
        plain.0,
        plain.1,
        measure("ECE, lower", ece, false),
        "TransUNet is better calibrated",
    )?;
    add(
        epistemic.0,
        epistemic.1,
        measure("AUC-PR, mean of images", auc_pr, true),
        "TransUNet's epistemic uncertainty finds errors better",
    )?;
    add(
        plain.0,
        plain.1,
        measure("prediction entropy, lower", entropy, false),
        "TransUNet has the lower prediction entropy",
    )?;
    add(
        epistemic.0,
        epistemic.1,
        measure("epistemic entropy, lower", entropy, false),
        "TransUNet has the lower epistemic uncertainty",
    )
}

/// How a row was trained and judged, without its network.
fn context(row: &Row, way: &WayRow) -> String {
    let tasks = if row.key.is_multi_task {
        ", multi-task"
    } else {
        ""
    };
    let way = match way.way {
        Way::Plain if row.key.is_ensemble => ", ensemble".to_owned(),
        Way::Plain => String::new(),
        other => format!(", {other}"),
    };
    format!("{}{tasks}{way}", truth_title(&row.key.ground_truth))
}

fn truths(
    results: &Results,
    random: &Row,
    majority: &Row,
    all: &mut Vec<Finding>,
) -> Result<(), WholeError> {
    let title = network_title(&random.key.network);
    let mut add = |ways: (Option<&WayRow>, Option<&WayRow>), measure: Measure, statement: &str| {
        let (Some(way), Some(base)) = ways else {
            return Ok::<(), WholeError>(());
        };
        let difference = measure.difference(results, way, base)?;
        all.push(Finding {
            statement: statement.to_owned(),
            models: format!("{title}{}", words_of_way(random, way)),
            measure: measure.name.to_owned(),
            verdict: verdict(&difference),
            difference,
        });
        Ok(())
    };
    let plain = (random.way(Way::Plain), majority.way(Way::Plain));
    let measure = |name, of, more| Measure { name, of, more };
    add(
        plain,
        measure("Brier score, lower", brier, false),
        "random sampling has the better Brier score than the majority vote",
    )?;
    add(
        plain,
        measure("ECE, lower", ece, false),
        "random sampling is better calibrated than the majority vote",
    )?;
    add(
        plain,
        measure("prediction entropy, higher", entropy, true),
        "random sampling has the higher prediction entropy",
    )?;
    let epistemic = (random.epistemic(), majority.epistemic());
    if let (Some(ours), Some(theirs)) = epistemic {
        let difference = difference_of_r(results, &ours.entropy, &theirs.entropy);
        all.push(Finding {
            statement:
                "random sampling links epistemic uncertainty more strongly to the raters' entropy"
                    .into(),
            models: format!("{title}{}", words_of_way(random, ours)),
            measure: "r of epistemic entropy with the raters' entropy, higher".into(),
            verdict: verdict(&difference),
            difference,
        });
    }
    Ok(())
}

fn words_of_way(row: &Row, way: &WayRow) -> String {
    match way.way {
        Way::Plain if row.key.is_ensemble => ", ensemble".into(),
        Way::Plain => String::new(),
        other => format!(", {other}"),
    }
}

fn uncertainties(results: &Results, row: &Row, all: &mut Vec<Finding>) -> Result<(), WholeError> {
    let (Some(epistemic), Some(aleatoric)) = (row.epistemic(), row.way(Way::Augmentation)) else {
        return Ok(());
    };
    let models = match row.key.is_ensemble {
        true => row.name(),
        false => format!("{}, {}", row.name(), epistemic.way),
    };
    if let Some(r) = results.related_to_raters(&epistemic.entropy)? {
        all.push(Finding {
            statement: "epistemic uncertainty correlates with the raters' disagreement".into(),
            models: models.clone(),
            measure: "r over images".into(),
            verdict: verdict(&r.r),
            difference: r.r,
        });
        let difference = difference_of_r(results, &epistemic.entropy, &aleatoric.entropy);
        all.push(Finding {
            statement:
                "aleatoric uncertainty correlates less with the raters' disagreement than epistemic"
                    .into(),
            models,
            measure: "r of epistemic minus r of aleatoric, over images".into(),
            verdict: verdict(&difference),
            difference,
        });
    }
    Ok(())
}

/// r of the first with the raters' entropy minus r of the second, with its interval over images.
fn difference_of_r(results: &Results, first: &[f64], second: &[f64]) -> Estimate {
    let images = results.gt_entropy.iter().zip(first).zip(second);
    let images: Vec<Option<[f64; 3]>> = images.map(|((y, a), b)| Some([(*y)?, *a, *b])).collect();
    bootstrap(&images, &results.options, |drawn| {
        let mut columns: [Vec<f64>; 3] = Default::default();
        for (image, times) in drawn {
            for _ in 0..*times as usize {
                for (column, value) in columns.iter_mut().zip(**image) {
                    column.push(value);
                }
            }
        }
        let [y, first, second] = &columns;
        Some(pearson(first, y).ok()?.r? - pearson(second, y).ok()?.r?)
    })
}
