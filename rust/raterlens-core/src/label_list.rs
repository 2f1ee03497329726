//! Which structure each class of a network is, as people write it: `1=multifidus_right,2=multifidus_left`.

use thiserror::Error;

use crate::labels::{LabelScheme, LabelSchemeError, Structure, DISTINCT_COLORS};

/// Why a list of classes was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LabelListError {
    /// An entry that is not `number=name`.
    #[error("'{0}' is not of the form NUMBER=NAME, as in 1=multifidus_right")]
    Entry(String),
    /// A value that is there twice, or 0.
    #[error("the number {0} stands there twice, or is 0, which is the background")]
    Number(u16),
    /// Classes are numbered from 1 without gaps.
    #[error("classes are numbered 1 to {count}, but class {missing} is missing")]
    Gap {
        /// How many entries there are.
        count: usize,
        /// The first number that is not there.
        missing: usize,
    },
    /// Names that make no label scheme.
    #[error(transparent)]
    Scheme(#[from] LabelSchemeError),
}

/// Numbers and names, in order of the numbers. Spaces around entries do not count.
///
/// # Errors
/// See [`LabelListError`].
///
/// ```
/// let list = raterlens_core::label_list::parse("2=b, 1=a")?;
/// assert_eq!(list, [(1, "a".to_owned()), (2, "b".to_owned())]);
/// # Ok::<(), raterlens_core::label_list::LabelListError>(())
/// ```
pub fn parse(text: &str) -> Result<Vec<(u16, String)>, LabelListError> {
    let mut list = Vec::new();
    for entry in text.split(',').map(str::trim) {
        let wrong = || LabelListError::Entry(entry.to_owned());
        let (number, name) = entry.split_once('=').ok_or_else(wrong)?;
        let number: u16 = number.trim().parse().map_err(|_| wrong())?;
        list.push((number, name.trim().to_owned()));
    }
    list.sort_by_key(|(number, _)| *number);
    let twice = list
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.0 == b.0));
    match (twice, list.first()) {
        (Some([(number, _), ..]), _) | (None, Some((number @ 0, _))) => {
            Err(LabelListError::Number(*number))
        }
        _ => Ok(list),
    }
}

/// The label scheme of a network whose class 1, 2, ... are these structures (class 0 is the background).
///
/// The four of [`LabelScheme::lumbar_paraspinal`] have the ids, colours, titles and terms they have there,
/// whatever their class, as long as only they are named; so the same structure has the same label in every such model.
/// Other structures have the class as id. `x_left` and `x_right` are mirror partners.
///
/// # Errors
/// Classes that are not numbered from 1 without gaps, and see [`LabelListError`].
///
/// ```
/// let scheme = raterlens_core::label_list::scheme_of_classes("1=multifidus_left,2=multifidus_right")?;
/// let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
/// assert_eq!(ids, [2, 1]);
/// # Ok::<(), raterlens_core::label_list::LabelListError>(())
/// ```
pub fn scheme_of_classes(text: &str) -> Result<LabelScheme, LabelListError> {
    let list = parse(text)?;
    let gap = list
        .iter()
        .enumerate()
        .find(|(n, (number, _))| usize::from(*number) != n + 1);
    if let Some((n, _)) = gap {
        let count = list.len();
        return Err(LabelListError::Gap {
            count,
            missing: n + 1,
        });
    }
    let known = LabelScheme::lumbar_paraspinal();
    let by_name = |name: &str| known.structures.iter().find(|s| s.name == name);
    let all_known = list.iter().all(|(_, name)| by_name(name).is_some());
    let mut structures: Vec<Structure> = list
        .iter()
        .map(|(class, name)| match by_name(name) {
            Some(structure) if all_known => structure.clone(),
            found => Structure {
                id: *class,
                name: name.clone(),
                title: found.map_or_else(|| title(name), |s| s.title.clone()),
                color: found.map_or_else(|| colour(*class), |s| s.color),
                mirror: None,
                terminology: found.and_then(|s| s.terminology.clone()),
            },
        })
        .collect();
    let ids: Vec<(String, u16)> = structures.iter().map(|s| (s.name.clone(), s.id)).collect();
    for structure in &mut structures {
        let partner = partner(&structure.name);
        structure.mirror = partner
            .and_then(|p| ids.iter().find(|(name, _)| *name == p))
            .map(|(_, id)| *id);
    }
    Ok(LabelScheme::new(structures)?)
}

/// `x_left` for `x_right`, and the other way round.
fn partner(name: &str) -> Option<String> {
    match (name.strip_suffix("_left"), name.strip_suffix("_right")) {
        (Some(base), _) => Some(format!("{base}_right")),
        (_, Some(base)) => Some(format!("{base}_left")),
        _ => None,
    }
}

/// `psoas_left` as `Left psoas`.
fn title(name: &str) -> String {
    let (side, base) = match (name.strip_suffix("_left"), name.strip_suffix("_right")) {
        (Some(base), _) => ("left ", base),
        (_, Some(base)) => ("right ", base),
        _ => ("", name),
    };
    let text = format!("{side}{}", base.replace('_', " "));
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn colour(class: u16) -> [u8; 3] {
    let at = usize::from(class.saturating_sub(1)) % DISTINCT_COLORS.len();
    DISTINCT_COLORS.get(at).copied().unwrap_or([128; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lumbar_structures_keep_their_labels_in_any_order() {
        let text =
            "1=erector_spinae_left,2=erector_spinae_right,3=multifidus_left,4=multifidus_right";
        let scheme = scheme_of_classes(text).unwrap();
        let known = LabelScheme::lumbar_paraspinal();
        for s in &scheme.structures {
            assert_eq!(known.by_id(s.id), Some(s));
        }
        let ids: Vec<u16> = scheme.structures.iter().map(|s| s.id).collect();
        assert_eq!(ids, [4, 3, 2, 1]);
        assert_eq!(scheme.mirror_positions(), [1, 0, 3, 2]);
    }

    #[test]
    fn other_structures_get_title_partner_and_colour() {
        let scheme = scheme_of_classes(
            "1=psoas_major_left, 2=vertebra, 3=psoas_major_right,4=multifidus_left",
        )
        .unwrap();
        let s = &scheme.structures;
        assert_eq!(
            (s[0].id, s[0].title.as_str(), s[0].mirror),
            (1, "Left psoas major", Some(3))
        );
        assert_eq!((s[1].title.as_str(), s[1].mirror), ("Vertebra", None));
        assert_eq!(
            (s[3].id, s[3].title.as_str(), s[3].mirror),
            (4, "Left multifidus", None)
        );
        assert_ne!(s[0].color, s[1].color);
    }

    #[test]
    fn lists_that_leave_something_open_are_refused() {
        let error = |text: &str| scheme_of_classes(text).unwrap_err();
        assert!(matches!(error(""), LabelListError::Entry(_)));
        assert!(matches!(error("a,b"), LabelListError::Entry(_)));
        assert!(matches!(error("1=a,x=b"), LabelListError::Entry(_)));
        assert_eq!(error("0=background,1=a"), LabelListError::Number(0));
        assert_eq!(error("1=a,1=b"), LabelListError::Number(1));
        assert_eq!(
            error("1=a,3=b"),
            LabelListError::Gap {
                count: 2,
                missing: 2
            }
        );
        assert_eq!(
            error("2=a"),
            LabelListError::Gap {
                count: 1,
                missing: 1
            }
        );
        assert!(matches!(error("1=a,2=a"), LabelListError::Scheme(_)));
        assert!(matches!(error("1=A b"), LabelListError::Scheme(_)));
        assert!(matches!(error("1="), LabelListError::Scheme(_)));
    }
}
