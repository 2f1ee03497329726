//! What must not change a fusion: the order of the raters, the names of the labels; and what must always hold.

use proptest::prelude::*;

use raterlens_core::fusion::staple::{Prior, Region, Staple, StapleOptions};
use raterlens_core::fusion::{
    majority_vote, mean_label, staple, vote, Classes, RaterSet, TiePolicy,
};
use raterlens_core::variability::gt_entropy;
use raterlens_core::Volume;

use crate::support::{volume_of, voxels};

const SHAPE: [usize; 3] = [2, 3, 150];
const VOXELS: usize = 2 * 3 * 150;

/// Raters who mostly agree: a truth in runs of one label, and for each rater some voxels drawn anew.
fn raters() -> impl Strategy<Value = Vec<Vec<u16>>> {
    let truth = prop::collection::vec((0_u16..4, 1_usize..140), VOXELS);
    let slips = prop::collection::vec((prop::bool::weighted(0.15), 0_u16..4), VOXELS);
    (truth, prop::collection::vec(slips, 1..6)).prop_map(|(runs, raters)| {
        let truth = runs
            .iter()
            .flat_map(|&(label, n)| std::iter::repeat_n(label, n));
        let truth: Vec<u16> = truth.take(VOXELS).collect();
        let draw = |slips: Vec<(bool, u16)>| {
            let both = truth.iter().zip(slips);
            both.map(|(&t, (slip, other))| if slip { other } else { t })
                .collect()
        };
        raters.into_iter().map(draw).collect()
    })
}

fn volumes(raters: &[Vec<u16>]) -> Vec<Volume<u16>> {
    let raters = raters.iter().cloned();
    raters
        .map(|r| volume_of(r, SHAPE, [4.0, 0.5, 0.5]))
        .collect()
}

fn order_free_policies() -> Vec<TiePolicy> {
    vec![
        TiePolicy::Background,
        TiePolicy::LowestLabel,
        TiePolicy::Undecided(65535),
        TiePolicy::Random(99),
        TiePolicy::Staple(StapleOptions::default()),
    ]
}

fn all_policies() -> Vec<TiePolicy> {
    let mut policies = order_free_policies();
    policies.push(TiePolicy::FirstRater);
    policies
}

fn fit(set: &RaterSet<'_, u16>, options: &StapleOptions) -> Staple {
    staple(set, &Classes::found_in(set), options).unwrap()
}

/// Every option that changes the estimate.
fn staple_options() -> Vec<StapleOptions> {
    let mut all = Vec::new();
    for prior in [Prior::MeanLabel, Prior::Estimated] {
        for region in [Region::Whole, Region::Disagreement] {
            all.push(StapleOptions {
                prior: prior.clone(),
                region,
                ..StapleOptions::default()
            });
        }
    }
    all
}

/// Labels become others, in the reverse order of size; background stays.
fn rename(label: u16) -> u16 {
    [0, 65535, 255, 3][usize::from(label)]
}

/// Counted by sorting: the definition of a vote without ties; `None` for a tie.
fn plain_vote(votes: &[u16]) -> Option<u16> {
    let mut counts = std::collections::BTreeMap::new();
    votes
        .iter()
        .for_each(|v| *counts.entry(*v).or_insert(0) += 1);
    let most = *counts.values().max().unwrap();
    let mut winners = counts.iter().filter(|(_, &n)| n == most);
    let (winner, _) = winners.next().unwrap();
    winners.next().is_none().then_some(*winner)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn votes_are_those_of_a_plain_count(raters in raters()) {
        let volumes = volumes(&raters);
        let set = RaterSet::from_volumes(&volumes).unwrap();
        for policy in all_policies() {
            let fused = voxels(&vote(&set, &policy).unwrap());
            for (v, &label) in fused.iter().enumerate() {
                let votes: Vec<u16> = raters.iter().map(|r| r[v]).collect();
                match plain_vote(&votes) {
                    Some(winner) => prop_assert_eq!(label, winner, "{} {:?}", policy, votes),
                    None => match policy {
                        TiePolicy::Background => prop_assert_eq!(label, 0),
                        TiePolicy::Undecided(value) => prop_assert_eq!(label, value),
                        _ => prop_assert!(votes.contains(&label)),
                    },
                }
            }
        }
        prop_assert_eq!(majority_vote(&volumes).unwrap(), vote(&set, &TiePolicy::Background).unwrap());
    }

    #[test]
    fn the_order_of_the_raters_matters_to_first_rater_only(raters in raters()) {
        let there = volumes(&raters);
        let back: Vec<_> = there.iter().rev().cloned().collect();
        let (a, b) = (RaterSet::from_volumes(&there).unwrap(), RaterSet::from_volumes(&back).unwrap());
        for policy in order_free_policies() {
            prop_assert_eq!(vote(&a, &policy).unwrap(), vote(&b, &policy).unwrap(), "{}", policy);
        }
        let classes = Classes::found_in(&a);
        prop_assert_eq!(&classes, &Classes::found_in(&b));
        let (mean_a, mean_b) = (mean_label(&a, &classes).unwrap(), mean_label(&b, &classes).unwrap());
        prop_assert_eq!(mean_a.entropy().unwrap(), mean_b.entropy().unwrap());
        for &label in classes.labels() {
            prop_assert_eq!(mean_a.of(label).unwrap(), mean_b.of(label).unwrap());
        }
        for options in staple_options() {
            let (f, g) = (fit(&a, &options), fit(&b, &options));
            for (p, q) in voxels(&f.posterior_f64(0).unwrap()).iter().zip(voxels(&g.posterior_f64(0).unwrap())) {
                prop_assert!((p - q).abs() < 1e-5, "{p} {q}"); // both within the tolerance of one fixed point
            }
        }
    }

    #[test]
    fn the_names_of_the_labels_do_not_matter(raters in raters()) {
        let renamed: Vec<Vec<u16>> = raters.iter().map(|r| r.iter().map(|&l| rename(l)).collect()).collect();
        let (before, after) = (volumes(&raters), volumes(&renamed));
        let (a, b) = (RaterSet::from_volumes(&before).unwrap(), RaterSet::from_volumes(&after).unwrap());
        for policy in [TiePolicy::Background, TiePolicy::FirstRater] {
            let expected: Vec<u16> = voxels(&vote(&a, &policy).unwrap()).into_iter().map(rename).collect();
            prop_assert_eq!(voxels(&vote(&b, &policy).unwrap()), expected);
        }
        let (ca, cb) = (Classes::found_in(&a), Classes::found_in(&b));
        prop_assert_eq!(gt_entropy(&a, &ca).unwrap(), gt_entropy(&b, &cb).unwrap());
        for options in staple_options() {
            let (f, g) = (fit(&a, &options), fit(&b, &options));
            for &label in ca.labels() {
                let (p, q) = (f.posterior_f64(label).unwrap(), g.posterior_f64(rename(label)).unwrap());
                for (p, q) in voxels(&p).iter().zip(voxels(&q)) {
                    prop_assert!((p - q).abs() < 1e-5, "{p} {q}");
                }
            }
        }
    }

    #[test]
    fn bytes_and_words_give_the_same(raters in raters()) {
        let words = volumes(&raters);
        let bytes: Vec<Volume<u8>> = words.iter().map(|v| v.map(|&l| l as u8)).collect();
        let (a, b) = (RaterSet::from_volumes(&words).unwrap(), RaterSet::from_volumes(&bytes).unwrap());
        for policy in [TiePolicy::LowestLabel, TiePolicy::FirstRater, TiePolicy::Random(5)] {
            prop_assert_eq!(
                vote(&a, &policy).unwrap(),
                vote(&b, &policy).unwrap().map(|&l| u16::from(l))
            );
        }
        let options = StapleOptions::default();
        let classes = Classes::found_in(&b);
        let (f, g) = (staple(&a, &classes, &options).unwrap(), staple(&b, &classes, &options).unwrap());
        prop_assert_eq!(f.pattern_posteriors(), g.pattern_posteriors());
    }

    #[test]
    fn expectation_maximisation_never_loses_likelihood_and_posteriors_add_up(raters in raters()) {
        let volumes = volumes(&raters);
        let set = RaterSet::from_volumes(&volumes).unwrap();
        for options in staple_options() {
            let fused = fit(&set, &options);
            for pair in fused.trace.windows(2) {
                let (before, after) = (pair[0].log_likelihood, pair[1].log_likelihood);
                prop_assert!(after >= before - 1e-9 * before.abs(), "{before} {after}");
            }
            for row in fused.pattern_posteriors().chunks(fused.labels().len()) {
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
            for rater in fused.performance.iter().flatten() {
                for column in rater.confusion.columns() {
                    let sum: f64 = column.sum();
                    prop_assert!(sum.is_nan() || (sum - 1.0).abs() < 1e-12, "{sum}");
                }
            }
        }
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // More than one task of voxels, random ties among them.
    let shape = [3, 200, 200];
    let column = |seed: usize| {
        let label = |v: usize| ((v / 37 + seed * (v % 11 / 7)) % 4) as u16;
        volume_of((0..120_000).map(label).collect(), shape, [4.0, 0.5, 0.5])
    };
    let maps: Vec<_> = (0..4).map(column).collect();
    let set = RaterSet::from_volumes(&maps).unwrap();
    let all = || {
        let fused = fit(&set, &StapleOptions::default());
        (
            voxels(&vote(&set, &TiePolicy::Random(3)).unwrap()),
            fused.pattern_posteriors().to_vec(),
            voxels(&fused.consensus().unwrap()),
        )
    };
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    };
    assert_eq!(pool(1).install(all), pool(5).install(all));
}
