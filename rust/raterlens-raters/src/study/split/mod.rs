//! Which subjects train, validate and test.

mod desks;
mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use raterlens_core::random::Stream;
use serde::{Deserialize, Serialize};

use super::{StudyCase, StudyFile};
use crate::error::RatersError;
use desks::{best_desk, next_subject, seats, subjects, Desk, Subject};
pub use file::{read_split, write_split};

/// Separates these draws from others of the same seed.
const PURPOSE: u32 = 0x5350_4c54;

/// A part of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Weights are fitted on it.
    Train,
    /// Decides when to stop and which weights are kept.
    Validation,
    /// Looked at once, at the end.
    Test,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|p| p.to_string() == text);
        found.ok_or_else(|| format!("'{text}' is no part: use train, validation or test"))
    }
}

/// How much of a study goes where; the rest trains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Share of the subjects that validate.
    pub validation: f64,
    /// Share of the subjects that test.
    pub test: f64,
}

/// A fifth tests, and a fifth of the rest validates.
impl Default for Shares {
    fn default() -> Self {
        Self {
            validation: 0.16,
            test: 0.2,
        }
    }
}

/// The part of each image, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    parts: BTreeMap<String, Part>,
}

impl Split {
    /// The part of an image.
    #[must_use]
    pub fn part_of(&self, case: &str) -> Option<Part> {
        self.parts.get(case).copied()
    }

    /// The images of a part, in the order of the study.
    pub fn cases<'a>(
        &'a self,
        study: &'a StudyFile,
        part: Part,
    ) -> impl Iterator<Item = &'a StudyCase> {
        let cases = study.cases.iter();
        cases.filter(move |c| self.part_of(&c.name) == Some(part))
    }
}

/// Divides a study by subject, so that no person is in two parts.
///
/// Iterative stratification (Sechidis 2011, doi:10.1007/978-3-642-23808-6_10): each combination of sex and age group, and each
/// spinal level, gets the same proportions as far as whole subjects allow; the rarest is served first. The same study, shares and
/// seed give the same split. Each part gets its share of the subjects to the nearest whole number, and one at least.
///
/// # Errors
/// Shares that leave nothing for a part that should have something, or fewer subjects than parts.
pub fn split_study(study: &StudyFile, shares: Shares, seed: u64) -> Result<Split, RatersError> {
    let wanted = wanted_shares(shares)?;
    let mut subjects = subjects(study);
    let used = wanted.iter().filter(|s| **s > 0.0).count();
    if subjects.len() < used {
        return Err(RatersError::Request(format!(
            "{} subjects cannot be divided into {used} parts: give a study with more, or set a share to 0",
            subjects.len()
        )));
    }
    Stream::new(seed, [0, 0, PURPOSE]).shuffle(&mut subjects);
    let seats = seats(wanted, subjects.len());
    let desk = |part: usize| {
        let of = |values: [f64; 3]| values.get(part).copied().unwrap_or_default();
        Desk::new(of(wanted), of(seats), &subjects)
    };
    let mut desks = [0, 1, 2].map(desk);
    let mut waiting: Vec<&Subject> = subjects.iter().collect();
    let mut parts = BTreeMap::new();
    while let Some(at) = next_subject(&waiting) {
        let subject = waiting.remove(at.0);
        let part = best_desk(&desks, at.1.as_deref());
        for (desk, n) in desks.iter_mut().zip(0..) {
            if n == part {
                desk.take(subject);
            }
        }
        let part = Part::ALL.get(part).copied().unwrap_or(Part::Train);
        parts.extend(subject.cases.iter().map(|c| ((*c).to_owned(), part)));
    }
    Ok(Split { parts })
}

fn wanted_shares(shares: Shares) -> Result<[f64; 3], RatersError> {
    let train = 1.0 - shares.validation - shares.test;
    let wanted = [train, shares.validation, shares.test];
    if wanted.iter().all(|s| (0.0..=1.0).contains(s)) && train > 0.0 {
        return Ok(wanted);
    }
    Err(RatersError::Request(format!(
        "shares of {} for validation and {} for testing leave nothing to train on",
        shares.validation, shares.test
    )))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::file::divided_subjects;
    use super::*;

    /// `subjects` people with `levels` images each; every third is male, every fourth is old.
    fn study(subjects: usize, levels: usize) -> StudyFile {
        let case = |s: usize, l: usize| StudyCase {
            name: format!("s{s:03}-{l}"),
            image: None,
            truth: None,
            drawings: Vec::new(),
            attributes: BTreeMap::from([
                ("subject".to_owned(), format!("s{s:03}")),
                (
                    "sex".to_owned(),
                    if s.is_multiple_of(3) { "M" } else { "F" }.to_owned(),
                ),
                (
                    "age_group".to_owned(),
                    if s.is_multiple_of(4) { "60+" } else { "-60" }.to_owned(),
                ),
                ("level".to_owned(), format!("L{l}")),
            ]),
        };
        let cases = (0..subjects).flat_map(|s| {
            // Every fifth subject lacks the last level.
            let levels = if s % 5 == 0 { levels - 1 } else { levels };
            (0..levels).map(move |l| case(s, l))
        });
        StudyFile {
            name: "s".to_owned(),
            labels: None,
            cases: cases.collect(),
            warnings: Vec::new(),
            other_files: Vec::new(),
        }
    }

    #[test]
    fn sexes_ages_and_levels_are_spread_evenly() {
        let study = study(120, 4);
        let split = split_study(&study, Shares::default(), 3).unwrap();
        let count = |part, wanted: &dyn Fn(&StudyCase) -> bool| {
            split.cases(&study, part).filter(|c| wanted(c)).count() as f64
        };
        let all = |wanted: &dyn Fn(&StudyCase) -> bool| {
            study.cases.iter().filter(|c| wanted(c)).count() as f64
        };
        let men = |c: &StudyCase| c.attributes["sex"] == "M";
        let old = |c: &StudyCase| c.attributes["age_group"] == "60+";
        let last = |c: &StudyCase| c.attributes["level"] == "L3";
        for (part, share) in [
            (Part::Train, 0.64),
            (Part::Validation, 0.16),
            (Part::Test, 0.2),
        ] {
            for wanted in [&men as &dyn Fn(&StudyCase) -> bool, &old, &last] {
                // Within two subjects of four images.
                let expected = share * all(wanted);
                assert!((count(part, wanted) - expected).abs() <= 8.0, "{part}");
            }
        }
    }

    #[test]
    fn no_subject_is_in_two_parts_and_the_seed_decides() {
        let study = study(20, 3);
        let split = split_study(&study, Shares::default(), 1).unwrap();
        assert!(divided_subjects(&study, &split.parts).is_empty());
        assert_eq!(split, split_study(&study, Shares::default(), 1).unwrap());
        assert_ne!(split, split_study(&study, Shares::default(), 2).unwrap());
    }

    #[test]
    fn a_written_split_is_read_back_and_faults_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("split.csv");
        let study = study(10, 2);
        let split = split_study(&study, Shares::default(), 1).unwrap();
        write_split(&split, &study, &path).unwrap();
        assert_eq!(read_split(&path, &study).unwrap(), split);
        let text = std::fs::read_to_string(&path).unwrap();
        let other = if text.contains("s001-0,s001,train") {
            "test"
        } else {
            "train"
        };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.retain(|l| !l.starts_with("s009-1") && !l.starts_with("s001-0"));
        lines.push(format!("s001-0,s001,{other}"));
        lines.push("x,x,train".to_owned());
        lines.push("s002-0,s002,tset".to_owned());
        std::fs::write(&path, lines.join("\n")).unwrap();
        let Err(RatersError::Study { problems }) = read_split(&path, &study) else {
            panic!()
        };
        let text = problems.join("\n");
        for expected in [
            "no case 'x'",
            "'tset' is no part",
            "'s009-1' is in no part",
            "'s001' is in more",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn every_part_gets_its_share_though_no_two_subjects_are_alike() {
        let mut study = study(9, 2);
        for (n, case) in study.cases.iter_mut().enumerate() {
            case.attributes.insert("age_group".into(), n.to_string());
        }
        for seed in 0..5 {
            let split = split_study(&study, Shares::default(), seed).unwrap();
            let count = |part| {
                let subjects = split.cases(&study, part).map(|c| c.subject());
                subjects.collect::<BTreeSet<_>>().len()
            };
            // By hand: 5.76, 1.44 and 1.8 of 9.
            assert_eq!(Part::ALL.map(count), [6, 1, 2]);
        }
    }

    #[test]
    fn parts_that_would_be_empty_are_refused() {
        let two = study(2, 2);
        assert!(split_study(&two, Shares::default(), 1).is_err());
        let no_test = Shares {
            validation: 0.5,
            test: 0.0,
        };
        let split = split_study(&two, no_test, 1).unwrap();
        assert!(split.cases(&two, Part::Validation).next().is_some());
        let nothing = Shares {
            validation: 0.5,
            test: 0.5,
        };
        assert!(split_study(&two, nothing, 1).is_err());
    }
}
