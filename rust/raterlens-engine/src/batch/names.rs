//! One folder name per input image.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// An input image and the name of its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCase {
    /// Where the image is.
    pub path: PathBuf,
    /// Name of its case: a folder name that is valid on every system.
    pub name: String,
    /// Which DICOM series of a folder: its number, UID or description; not needed where there is one.
    pub series: Option<String>,
}

/// Which images become which cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchPlan {
    /// The cases, in the order of the inputs.
    pub cases: Vec<PlannedCase>,
    /// What was changed to make names unique, in sentences.
    pub notes: Vec<String>,
}

/// Names a case after its file, without the ending of its format; characters that some system forbids in file
/// names become `_`.
///
/// ```
/// use std::path::Path;
/// use raterlens_engine::batch::case_name;
/// assert_eq!(case_name(Path::new("study/case 12.nii.gz")), "case 12");
/// assert_eq!(case_name(Path::new("a:b.NII")), "a_b");
/// ```
#[must_use]
pub fn case_name(path: &Path) -> String {
    let file = path.file_name().map(|f| f.to_string_lossy().into_owned());
    let file = file.unwrap_or_default();
    let lower = file.to_ascii_lowercase();
    let endings = [
        ".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".gipl", ".dcm",
    ];
    let cut = endings.iter().find(|e| lower.ends_with(**e));
    let stem = cut.and_then(|e| file.get(..file.len() - e.len()));
    safe_name(stem.unwrap_or(&file))
}

/// Plans a batch. Files of one name (compared without case, as some systems do) get the name of their folder
/// in front, and a number if that does not help; a file given twice is worked on once.
#[must_use]
pub fn plan_cases(paths: &[PathBuf]) -> BatchPlan {
    let mut plan = BatchPlan::default();
    let mut seen = HashSet::new();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name = case_name(path);
        if seen.insert(real) {
            plan.cases.push(PlannedCase {
                path: path.clone(),
                name,
                series: None,
            });
        } else {
            plan.notes
                .push(format!("'{name}' was given twice and is worked on once."));
        }
    }
    make_unique(&mut plan);
    plan
}

fn make_unique(plan: &mut BatchPlan) {
    let key = |name: &str| name.to_lowercase();
    let mut count: HashMap<String, usize> = HashMap::new();
    for case in &plan.cases {
        *count.entry(key(&case.name)).or_default() += 1;
    }
    // Names that nobody shares are never taken away from their owners.
    let mut taken: HashSet<String> = count
        .iter()
        .filter(|(_, n)| **n == 1)
        .map(|(name, _)| name.clone())
        .collect();
    for case in &mut plan.cases {
        if count.get(&key(&case.name)) == Some(&1) {
            continue;
        }
        let folder = case.path.parent().and_then(Path::file_name);
        let base = match folder {
            Some(f) => format!("{}_{}", safe_name(&f.to_string_lossy()), case.name),
            None => case.name.clone(),
        };
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(key(&name)) {
            name = format!("{base}_{number}");
            number += 1;
        }
        plan.notes.push(format!(
            "Several images are called '{}': one is written to the folder '{name}'.",
            case.name
        ));
        case.name = name;
    }
}

/// A name that every file system takes.
fn safe_name(text: &str) -> String {
    let clean = |c: char| {
        if c.is_control() || "<>:\"/\\|?*".contains(c) {
            '_'
        } else {
            c
        }
    };
    let name: String = text.chars().map(clean).collect();
    let name = name.trim_matches(' ').trim_end_matches('.');
    let device = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let numbered = |p: &str| {
        device
            .strip_prefix(p)
            .is_some_and(|n| n.len() == 1 && n.chars().all(|c| c.is_ascii_digit()))
    };
    let reserved = ["CON", "PRN", "AUX", "NUL"].contains(&device.as_str())
        || numbered("COM")
        || numbered("LPT");
    if name.is_empty() || name.starts_with('.') || reserved {
        format!("case_{}", name.trim_start_matches('.'))
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> (Vec<String>, usize) {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let plan = plan_cases(&paths);
        (
            plan.cases.into_iter().map(|c| c.name).collect(),
            plan.notes.len(),
        )
    }

    #[test]
    fn names_stay_when_they_are_unique() {
        assert_eq!(
            names(&["a/one.nii.gz", "b/two.nii"]),
            (vec!["one".into(), "two".into()], 0)
        );
    }

    #[test]
    fn equal_names_get_their_folders_name_and_it_is_said() {
        assert_eq!(
            names(&["p1/t2.nii.gz", "p2/T2.nii", "p2/other.nii"]),
            (vec!["p1_t2".into(), "p2_T2".into(), "other".into()], 2)
        );
    }

    #[test]
    fn names_that_still_collide_are_numbered_and_owners_keep_theirs() {
        assert_eq!(
            names(&["x/p/t.nii", "y/p/t.nii", "z/p_t.nii"]).0,
            ["p_t_2", "p_t_3", "p_t"]
        );
    }

    #[test]
    fn a_file_given_twice_is_one_case() {
        let (cases, notes) = names(&["a/t.nii", "a/t.nii"]);
        assert_eq!((cases, notes), (vec!["t".to_owned()], 1));
    }

    #[test]
    fn names_are_valid_on_every_system() {
        let name = |p: &str| case_name(Path::new(p));
        assert_eq!(name("con.nii"), "case_con");
        assert_eq!(name("lpt1.x.nii"), "case_lpt1.x");
        assert_eq!(name(".nii.gz"), "case_");
        assert_eq!(name(".hidden.nii"), "case_hidden");
        assert_eq!(name("a?b*c. .nii"), "a_b_c");
        assert_eq!(name("Wirbelsäule 測試.nii.gz"), "Wirbelsäule 測試");
        assert_eq!(name("no_extension"), "no_extension");
    }
}
