//! Which subjects train, validate and test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use raterlens_core::atomic::write_atomic;
use raterlens_core::random::Stream;
use serde::{Deserialize, Serialize};

use super::{StudyCase, StudyFile};
use crate::error::RatersError;

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

/// How many subjects each part gets: its share, rounded by the largest remainders, and at least one if it has a share.
fn seats(wanted: [f64; 3], subjects: usize) -> [f64; 3] {
    let exact = wanted.map(|share| share * subjects as f64);
    let mut seats = exact.map(|n| if n > 0.0 { n.floor().max(1.0) } else { 0.0 });
    // Which part is furthest below its share, and which furthest above it.
    let extreme = |seats: &[f64; 3], sign: f64| {
        let off = |n: &usize| match (exact.get(*n), seats.get(*n)) {
            (Some(_), Some(seats)) if sign < 0.0 && *seats < 1.5 => f64::MIN,
            (Some(exact), Some(seats)) => sign * (exact - seats),
            _ => f64::MIN,
        };
        let order = |a: &usize, b: &usize| off(a).total_cmp(&off(b)).then(b.cmp(a));
        (0..3).max_by(order).unwrap_or(0)
    };
    loop {
        let open = subjects as f64 - seats.iter().sum::<f64>();
        if open.abs() < 0.5 {
            return seats;
        }
        let part = extreme(&seats, open.signum());
        if let Some(n) = seats.get_mut(part) {
            *n += open.signum();
        }
    }
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

/// A person with the properties that are to be spread evenly.
#[derive(Debug)]
struct Subject<'a> {
    cases: Vec<&'a str>,
    /// How often each property occurs.
    tokens: BTreeMap<String, u32>,
}

fn subjects(study: &StudyFile) -> Vec<Subject<'_>> {
    let mut found: BTreeMap<&str, Subject<'_>> = BTreeMap::new();
    for case in &study.cases {
        let subject = found.entry(case.subject()).or_insert_with(|| Subject {
            cases: Vec::new(),
            tokens: BTreeMap::from([(person(case), 1)]),
        });
        subject.cases.push(&case.name);
        if let Some(level) = case.attributes.get("level") {
            *subject.tokens.entry(format!("level {level}")).or_default() += 1;
        }
    }
    found.into_values().collect()
}

/// Sex and age group together.
fn person(case: &StudyCase) -> String {
    let of = |name: &str| case.attributes.get(name).map_or("", String::as_str);
    format!("person {} {}", of("sex"), of("age_group"))
}

/// One part while it is filled: what it still wants.
#[derive(Debug)]
struct Desk {
    subjects: f64,
    tokens: BTreeMap<String, f64>,
}

impl Desk {
    fn new(share: f64, seats: f64, subjects: &[Subject<'_>]) -> Self {
        let mut tokens = BTreeMap::new();
        for (token, count) in subjects.iter().flat_map(|s| &s.tokens) {
            *tokens.entry(token.clone()).or_default() += share * f64::from(*count);
        }
        Self {
            subjects: seats,
            tokens,
        }
    }

    fn take(&mut self, subject: &Subject<'_>) {
        self.subjects -= 1.0;
        for (token, count) in &subject.tokens {
            if let Some(wanted) = self.tokens.get_mut(token) {
                *wanted -= f64::from(*count);
            }
        }
    }
}

/// The next subject to be placed: the first that has the rarest property among those waiting; and that property.
fn next_subject(waiting: &[&Subject<'_>]) -> Option<(usize, Option<String>)> {
    let mut left: BTreeMap<&str, u32> = BTreeMap::new();
    for token in waiting.iter().flat_map(|s| s.tokens.keys()) {
        *left.entry(token).or_default() += 1;
    }
    let rarest = left.iter().min_by_key(|(token, n)| (**n, **token));
    let Some((token, _)) = rarest else {
        return (!waiting.is_empty()).then_some((0, None));
    };
    let at = waiting.iter().position(|s| s.tokens.contains_key(*token));
    at.map(|at| (at, Some((*token).to_owned())))
}

/// Of the parts that have a seat left, that which wants the property most; of equal ones that which wants subjects most.
fn best_desk(desks: &[Desk; 3], token: Option<&str>) -> usize {
    let wants = |desk: &Desk| {
        let of_token = token.and_then(|t| desk.tokens.get(t)).copied();
        (of_token.unwrap_or_default(), desk.subjects)
    };
    let mut best: Option<(usize, (f64, f64))> = None;
    for (n, desk) in desks
        .iter()
        .enumerate()
        .filter(|(_, desk)| desk.subjects > 0.5)
    {
        let here = wants(desk);
        let more = |there: (f64, f64)| {
            here.0 > there.0 + 1e-9 || ((here.0 - there.0).abs() <= 1e-9 && here.1 > there.1 + 1e-9)
        };
        if best.is_none_or(|(_, there)| more(there)) {
            best = Some((n, here));
        }
    }
    best.map_or(0, |(n, _)| n)
}

/// Writes a split as CSV: `case,subject,part`.
///
/// # Errors
/// A file that cannot be written; nothing is left of it then.
pub fn write_split(split: &Split, study: &StudyFile, path: &Path) -> Result<(), RatersError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let internal = |e: csv::Error| RatersError::Internal(e.to_string());
    writer
        .write_record(["case", "subject", "part"])
        .map_err(internal)?;
    for case in &study.cases {
        let Some(part) = split.part_of(&case.name) else {
            continue;
        };
        writer
            .write_record([&case.name, case.subject(), &part.to_string()])
            .map_err(internal)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| RatersError::Internal(e.to_string()))?;
    write_atomic(path, |out| out.write_all(&bytes)).map_err(|e| RatersError::output(path, e))
}

/// Reads a split that [`write_split`] wrote, or one made by hand with columns `case` and `part`.
///
/// # Errors
/// [`RatersError::Study`] with every fault: an image of the study that is not listed, an unknown one, a word that is no part, a
/// subject in two parts.
pub fn read_split(path: &Path, study: &StudyFile) -> Result<Split, RatersError> {
    #[derive(Deserialize)]
    struct Row {
        case: String,
        part: String,
    }
    let bytes = std::fs::read(path).map_err(|source| RatersError::Input {
        source,
        path: path.to_path_buf(),
    })?;
    let mut problems = Vec::new();
    let mut parts = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes.as_slice());
    for row in reader.deserialize::<Row>() {
        match row.map_err(|e| e.to_string()).and_then(|row| {
            let part: Part = row.part.parse()?;
            Ok((row.case, part))
        }) {
            Ok((case, _)) if !study.cases.iter().any(|c| c.name == case) => {
                problems.push(format!("the study has no case '{case}'"));
            }
            Ok((case, part)) => {
                parts.insert(case, part);
            }
            Err(error) => problems.push(error),
        }
    }
    let missing = study.cases.iter().filter(|c| !parts.contains_key(&c.name));
    problems.extend(missing.map(|c| format!("case '{}' is in no part", c.name)));
    problems.extend(divided_subjects(study, &parts));
    if problems.is_empty() {
        return Ok(Split { parts });
    }
    let named = |p: String| format!("split: {p}");
    Err(RatersError::Study {
        problems: problems.into_iter().map(named).collect(),
    })
}

fn divided_subjects(study: &StudyFile, parts: &BTreeMap<String, Part>) -> Vec<String> {
    let mut of_subject: BTreeMap<&str, BTreeSet<Part>> = BTreeMap::new();
    for case in &study.cases {
        let part = parts.get(&case.name);
        of_subject
            .entry(case.subject())
            .or_default()
            .extend(part.copied());
    }
    let divided = of_subject.into_iter().filter(|(_, parts)| parts.len() > 1);
    divided
        .map(|(subject, _)| format!("subject '{subject}' is in more than one part"))
        .collect()
}

#[cfg(test)]
mod tests {
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
    fn seats_by_hand() {
        let shares = [0.64, 0.16, 0.2];
        assert_eq!(seats(shares, 28), [18.0, 4.0, 6.0]);
        assert_eq!(seats(shares, 6), [4.0, 1.0, 1.0]);
        assert_eq!(seats(shares, 3), [1.0, 1.0, 1.0]);
        assert_eq!(seats([0.98, 0.01, 0.01], 10), [8.0, 1.0, 1.0]);
        assert_eq!(seats([0.5, 0.5, 0.0], 2), [1.0, 1.0, 0.0]);
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
