//! Names of networks and folders.

use raterlens_nn::architecture::{Architecture, Size, Tasks};

use crate::error::TrainError;

/// A network of a name with its options, and what its models are called: `unet+blur-pool` of size `small` is `unet-blur-pool-small`.
///
/// Names are those of [`Architecture::from_name`]; options are `blur-pool` and `evidential`.
///
/// ```
/// use raterlens_nn::architecture::{Size, Tasks};
/// use raterlens_train::network_of_name;
/// let (name, _) = network_of_name("transunet+evidential", Size::Tiny, Tasks::Single)?;
/// assert_eq!(name, "transunet-evidential-tiny");
/// assert!(network_of_name("transunet+more", Size::Tiny, Tasks::Single).is_err());
/// # Ok::<(), raterlens_train::TrainError>(())
/// ```
///
/// # Errors
/// [`TrainError::Recipe`] names what is not known.
pub fn network_of_name(
    text: &str,
    size: Size,
    tasks: Tasks,
) -> Result<(String, Architecture), TrainError> {
    let mut words = text.split('+');
    let name = words.next().unwrap_or_default();
    let mut architecture =
        Architecture::from_name(name, size, tasks).map_err(TrainError::Recipe)?;
    for word in words {
        architecture = match word {
            "blur-pool" => architecture.with_blur_pool(),
            "evidential" => architecture.with_evidential_head(),
            other => {
                return Err(TrainError::Recipe(format!(
                    "'{other}' is no option of a network: use blur-pool or evidential"
                )))
            }
        };
    }
    Ok((
        format!("{}-{}", text.replace('+', "-"), size.name()),
        architecture,
    ))
}

/// A name in lower-case letters, digits and dashes, so that it can name a folder; `model` where nothing is left.
///
/// ```
/// assert_eq!(raterlens_train::slug("Lumbar pilot (2)"), "lumbar-pilot-2");
/// ```
#[must_use]
pub fn slug(name: &str) -> String {
    let mut text = String::new();
    for c in name.to_lowercase().chars() {
        match c.is_alphanumeric() {
            true => text.push(c),
            false if !text.ends_with('-') => text.push('-'),
            false => {}
        }
    }
    let text = text.trim_matches('-');
    if text.is_empty() { "model" } else { text }.to_owned()
}
