//! Images that were segmented, each once however many sessions show it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use raterlens_core::{Geometry, LabelScheme, Volume};
use raterlens_engine::{Control, SegmentRequest, Segmenter, SoftLayers};
use sha2::{Digest, Sha256};

use crate::error::ServeError;
use crate::memory::{Memory, Reservation};

/// What decides about the layers of an image: its voxels, its grid and the model.
pub type Key = [u8; 32];

/// An image's layers.
#[derive(Debug)]
pub struct Segmented {
    /// Labels, soft labels and variance.
    pub layers: SoftLayers,
    /// The model's structures.
    pub scheme: LabelScheme,
    _memory: Reservation,
}

/// Bytes that the layers of one voxel take.
fn layer_bytes(structures: usize) -> usize {
    2 + 8 * structures
}

/// Takes memory for decoding and segmenting an image: for its values twice (as sent and in canonical order), and for its
/// layers.
pub fn reserve(
    memory: &Memory,
    geometry: &Geometry,
    structures: usize,
) -> Option<(Reservation, Reservation)> {
    let count = geometry.voxel_count();
    let working = memory.reserve(count.checked_mul(8)?)?;
    let kept = memory.reserve(count.checked_mul(layer_bytes(structures))?)?;
    Some((working, kept))
}

/// Identifies an image with a model.
#[must_use]
pub fn key(image: &Volume<f32>, model: &Segmenter) -> Key {
    let mut hash = Sha256::new();
    hash.update(model.model_checksum());
    let g = image.geometry();
    g.dims.iter().for_each(|d| hash.update(d.to_le_bytes()));
    let numbers = g.spacing_mm.iter().chain(&g.origin_lps);
    for number in numbers.chain(g.direction_lps.iter().flatten()) {
        hash.update(number.to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(4 * 4096);
    for row in image.data().rows() {
        bytes.clear();
        bytes.extend(row.iter().flat_map(|v| v.to_le_bytes()));
        hash.update(&bytes);
    }
    hash.finalize().into()
}

/// Segments an image.
///
/// # Errors
/// An image that cannot be segmented, or cancelled.
pub fn segment(
    image: &Volume<f32>,
    model: &Segmenter,
    control: &Control<'_>,
    memory: Reservation,
) -> Result<Segmented, ServeError> {
    Ok(Segmented {
        layers: model.segment_soft(image, &SegmentRequest::default(), control)?,
        scheme: model.scheme().clone(),
        _memory: memory,
    })
}

/// Images in use by some session.
#[derive(Debug, Default)]
pub struct Images(Mutex<HashMap<Key, Weak<Segmented>>>);

impl Images {
    /// An image that some session holds.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<Arc<Segmented>> {
        self.lock().get(key)?.upgrade()
    }

    /// Remembers an image for as long as a session holds it.
    pub fn remember(&self, key: Key, image: &Arc<Segmented>) {
        let mut images = self.lock();
        images.retain(|_, image| image.strong_count() > 0);
        images.insert(key, Arc::downgrade(image));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Weak<Segmented>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
