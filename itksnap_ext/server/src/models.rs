//! What the server offers.

use std::sync::Arc;

use raterlens_engine::Segmenter;
use serde::Serialize;
use thiserror::Error;

/// The id that ITK-SNAP's lasso always asks for.
pub const LASSO_ID: &str = "nnInteractive";
/// Added to a model's id for its slice-by-slice form.
const SLICE_SUFFIX: &str = "-2d";
/// Ids become part of a path of at most 4096 bytes.
const LONGEST_ID: usize = 64;

/// Whether a session is about volumes or single slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub enum Dimensions {
    /// A slice as shown on the screen.
    Two,
    /// A volume.
    Three,
}

impl From<Dimensions> for u8 {
    fn from(dimensions: Dimensions) -> Self {
        dimensions.count() as Self
    }
}

impl Dimensions {
    /// 2 or 3.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// One line of the list of models.
#[derive(Debug, Clone, Serialize)]
pub struct Offer {
    /// What the client shows and asks for.
    pub id: String,
    /// Numbers of image channels that are accepted.
    pub channels: [u8; 1],
    /// Slices or volumes.
    pub dimensions: Dimensions,
    /// How a structure may be marked.
    pub interactions: [&'static str; 3],
    #[serde(skip)]
    model: usize,
}

/// Why models cannot be offered together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// No model.
    #[error("no model to serve")]
    Empty,
    /// Two models under one id.
    #[error(
        "two models would be called '{id}' in ITK-SNAP: serve them one at a time, or rename one"
    )]
    Duplicate {
        /// The id.
        id: String,
    },
}

/// The loaded models and the ids they are offered under.
///
/// Each model has its name as id, for volumes, and the name with `-2d`, for single slices. The first model is also offered as
/// [`LASSO_ID`], without which ITK-SNAP's lasso does not work. Characters that would break the client's paths become `-`.
#[derive(Debug, Clone)]
pub struct Catalogue {
    models: Vec<Arc<Segmenter>>,
    offers: Vec<Offer>,
}

impl Catalogue {
    /// Offers models; the first one answers the lasso.
    ///
    /// # Errors
    /// See [`CatalogueError`].
    pub fn new(models: Vec<Segmenter>) -> Result<Self, CatalogueError> {
        if models.is_empty() {
            return Err(CatalogueError::Empty);
        }
        let mut offers = vec![offer(LASSO_ID.to_owned(), Dimensions::Three, 0)];
        for (n, model) in models.iter().enumerate() {
            let id = client_id(&model.manifest().name);
            for (id, dimensions) in [
                (id.clone(), Dimensions::Three),
                (id + SLICE_SUFFIX, Dimensions::Two),
            ] {
                if offers.iter().any(|o| o.id == id) {
                    return Err(CatalogueError::Duplicate { id });
                }
                offers.push(offer(id, dimensions, n));
            }
        }
        let models = models.into_iter().map(Arc::new).collect();
        Ok(Self { models, offers })
    }

    /// The list of models.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The model behind an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(Arc<Segmenter>, Dimensions)> {
        let offer = self.offers.iter().find(|o| o.id == id)?;
        let model = self.models.get(offer.model)?;
        Some((Arc::clone(model), offer.dimensions))
    }

    /// The loaded models.
    #[must_use]
    pub fn models(&self) -> &[Arc<Segmenter>] {
        &self.models
    }
}

fn offer(id: String, dimensions: Dimensions, model: usize) -> Offer {
    Offer {
        id,
        channels: [1],
        dimensions,
        interactions: ["point", "scribble", "lasso"],
        model,
    }
}

/// A name as an id that the client can put into a path without escaping it.
fn client_id(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let id = name.chars().map(|c| if plain(c) { c } else { '-' });
    let id: String = id.take(LONGEST_ID).collect();
    // A path of dots alone would be taken for a folder.
    if id.chars().all(|c| c == '.') {
        return "model".to_owned();
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_be_part_of_a_path_as_they_are() {
        assert_eq!(client_id("demo-lumbar_1.2"), "demo-lumbar_1.2");
        assert_eq!(client_id("Mein Modell/ü?#%"), "Mein-Modell-----");
        assert_eq!(client_id(".."), "model");
        assert_eq!(client_id(""), "model");
        assert_eq!(client_id(&"x".repeat(500)).len(), LONGEST_ID);
    }
}
