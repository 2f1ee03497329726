//! What a study's table says of a subject.

use serde::{Deserialize, Serialize};

use crate::draw::{Draw, Purpose};
use crate::subject::Subject;

/// Sex and age group of a synthetic person, as a study's table has them.
///
/// They follow from the anatomy, as far as chance lets them: larger skeletons are more often male, muscles with much fat more often
/// old. They change nothing in the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Sex.
    pub sex: Sex,
    /// Age group.
    pub age_group: AgeGroup,
}

/// Sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Age group, years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AgeGroup {
    /// 20 to 39 years.
    #[serde(rename = "20-39")]
    Young,
    /// 40 to 59 years.
    #[serde(rename = "40-59")]
    Middle,
    /// 60 years and more.
    #[serde(rename = "60+")]
    Old,
}

impl Sex {
    /// `female` or `male`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

impl AgeGroup {
    /// `20-39`, `40-59` or `60+`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Young => "20-39",
            Self::Middle => "40-59",
            Self::Old => "60+",
        }
    }
}

impl Person {
    pub(crate) fn draw(seed: u64, subject: &Subject) -> Self {
        let draw = &mut Draw::new(seed, Purpose::Person, 0);
        let male = (0.5 + 4.0 * (subject.scale - 1.0)).clamp(0.1, 0.9);
        let sex = if draw.chance(male) {
            Sex::Male
        } else {
            Sex::Female
        };
        let halves = [&subject.right, &subject.left];
        let fat = halves.map(|h| h.infiltration[0]).iter().sum::<f64>() / 2.0;
        let age_group = match fat + 0.06 * draw.normal() {
            f if f < 0.04 => AgeGroup::Young,
            f if f < 0.14 => AgeGroup::Middle,
            _ => AgeGroup::Old,
        };
        Self { sex, age_group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::SynthOptions;

    #[test]
    fn every_group_occurs_and_older_people_have_more_fat() {
        let options = SynthOptions::default();
        let mut fat: [Vec<f64>; 3] = Default::default();
        let mut male = 0;
        for seed in 0..300 {
            let subject = Subject::draw(seed, &options);
            let person = Person::draw(seed, &subject);
            male += usize::from(person.sex == Sex::Male);
            fat[person.age_group as usize].push(subject.right.infiltration[0]);
        }
        assert!((90..210).contains(&male), "{male} of 300 are male");
        let means = fat.map(|group| {
            assert!(group.len() > 30, "{} of 300 in an age group", group.len());
            group.iter().sum::<f64>() / group.len() as f64
        });
        assert!(means[0] < means[1] && means[1] < means[2], "{means:?}");
    }
}
