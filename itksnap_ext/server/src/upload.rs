//! An image or a drawing, as the client sends it: a form with a part `file` (float32 values, little-endian, i fastest,
//! compressed by gzip) and a part `metadata` (JSON).

use std::io::Read;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::Multipart;
use axum::http::StatusCode;
use flate2::read::GzDecoder;
use ndarray::Array3;
use raterlens_core::{Geometry, Volume};
use serde::Deserialize;
use tokio::time::timeout;

use crate::error::ServeError;
use crate::models::Dimensions;

/// The description of an image is a few hundred bytes.
const LONGEST_METADATA: usize = 64 << 10;
/// Voxel sizes beyond these are no medical image's, and would make distances meaningless.
const SPACING_MM: std::ops::RangeInclusive<f64> = 1e-3..=1e3;

/// What the client says about an image.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Metadata {
    dimensions: Vec<u64>,
    spacing: Vec<f64>,
    origin: Vec<f64>,
    direction: Vec<f64>,
    #[serde(default = "one")]
    components_per_pixel: u64,
    #[serde(default = "float32")]
    component_type: String,
}

fn one() -> u64 {
    1
}

fn float32() -> String {
    "float32".to_owned()
}

/// The two parts of a form.
#[derive(Debug)]
pub struct Upload {
    compressed: Vec<u8>,
    /// Voxels and their places.
    pub geometry: Geometry,
}

impl Upload {
    /// Reads a form and checks what it says about the image; its voxels are not looked at yet.
    ///
    /// # Errors
    /// A part that is missing, there twice, too large, or makes no sense; a client that stops sending.
    pub async fn receive(
        mut form: Multipart,
        dimensions: Dimensions,
        image_bytes: usize,
        stall: Duration,
    ) -> Result<Self, ServeError> {
        let (mut file, mut metadata) = (None, None);
        while let Some(field) = in_time(stall, form.next_field()).await? {
            let (slot, limit, name) = match field.name() {
                Some("file") => (&mut file, usize::MAX, "file"),
                Some("metadata") => (&mut metadata, LONGEST_METADATA, "metadata"),
                _ => continue,
            };
            if slot.is_some() {
                return Err(ServeError::bad(format!(
                    "the form has two parts called '{name}'"
                )));
            }
            *slot = Some(bytes(field, limit, stall).await?);
        }
        let missing = |name| ServeError::bad(format!("the form has no part called '{name}'"));
        let compressed = file.ok_or_else(|| missing("file"))?;
        let metadata = metadata.ok_or_else(|| missing("metadata"))?;
        let metadata: Metadata = serde_json::from_slice(&metadata)
            .map_err(|e| ServeError::bad(format!("the image's description cannot be read: {e}")))?;
        let geometry = metadata.geometry(dimensions, image_bytes)?;
        Ok(Self {
            compressed,
            geometry,
        })
    }

    /// Decompresses the voxels, no more of them than were promised.
    ///
    /// # Errors
    /// More or fewer voxels, damaged data, or values that are not numbers.
    pub fn decode(self) -> Result<Volume<f32>, ServeError> {
        let expected = self.geometry.voxel_count();
        let mut gzip = GzDecoder::new(self.compressed.as_slice());
        let mut values = Vec::with_capacity(expected);
        let mut piece = vec![0_u8; 64 << 10];
        while values.len() < expected {
            let want = piece.len().min(4 * (expected - values.len()));
            let part = piece.get_mut(..want).unwrap_or_default();
            gzip.read_exact(part).map_err(|e| {
                ServeError::bad(format!(
                    "the image has fewer than the {expected} voxels it promises, or is damaged: {e}"
                ))
            })?;
            let words = part.chunks_exact(4);
            values.extend(
                words
                    .map(|w| w.iter().rev().fold(0, |bits, b| bits << 8 | u32::from(*b)))
                    .map(f32::from_bits),
            );
        }
        if gzip
            .read(&mut [0])
            .map_err(|e| ServeError::bad(format!("the image is damaged: {e}")))?
            > 0
        {
            return Err(ServeError::bad(format!(
                "the image has more than the {expected} voxels it promises"
            )));
        }
        if let Some(n) = values.iter().position(|v| !v.is_finite()) {
            return Err(ServeError::Unprocessable(format!(
                "voxel number {n} of the image is not a finite number: replace such values before use"
            )));
        }
        let shape = self.geometry.shape_kji();
        let data = Array3::from_shape_vec(shape, values).map_err(ServeError::internal)?;
        Volume::new(data, self.geometry).map_err(ServeError::internal)
    }
}

impl Metadata {
    /// The grid, if it is one that can be worked on and takes at most `image_bytes`.
    ///
    /// A slice comes as it is shown on the screen. It is taken for an axial one in ITK-SNAP's usual display, the patient's
    /// right on the left and the front up, rows counted from below: columns to the patient's left, rows to the front.
    fn geometry(&self, dimensions: Dimensions, image_bytes: usize) -> Result<Geometry, ServeError> {
        let n = dimensions.count();
        let lengths = [self.dimensions.len(), self.spacing.len(), self.origin.len()];
        if lengths != [n; 3] || self.direction.len() != n * n {
            return Err(ServeError::bad(format!(
                "this model works on {n}-dimensional images, which need {n} dimensions, spacings and origins and {} direction cosines",
                n * n
            )));
        }
        if self.components_per_pixel != 1 {
            return Err(ServeError::Unprocessable(format!(
                "this model works on images with one value per voxel, this one has {}: show one component in ITK-SNAP, not colours",
                self.components_per_pixel
            )));
        }
        if self.component_type != "float32" {
            return Err(ServeError::bad("voxels must be of type float32"));
        }
        if let Some(mm) = self.spacing.iter().find(|mm| !SPACING_MM.contains(*mm)) {
            return Err(ServeError::Unprocessable(format!(
                "a voxel size of {mm} mm makes no sense: correct the image's header"
            )));
        }
        let dims = self.dims(image_bytes)?;
        let at = |list: &[f64], n: usize, else_: f64| list.get(n).copied().unwrap_or(else_);
        let (spacing, origin, direction) = match dimensions {
            Dimensions::Two => {
                let apart = self.spacing.iter().copied().fold(0.0, f64::max);
                let on_screen = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
                let spacing = std::array::from_fn(|n| at(&self.spacing, n, apart));
                (spacing, [0.0; 3], on_screen)
            }
            Dimensions::Three => (
                std::array::from_fn(|n| at(&self.spacing, n, 0.0)),
                std::array::from_fn(|n| at(&self.origin, n, 0.0)),
                std::array::from_fn(|r| {
                    std::array::from_fn(|c| at(&self.direction, 3 * r + c, 0.0))
                }),
            ),
        };
        Geometry::new(dims, spacing, origin, direction)
            .map_err(|e| ServeError::Unprocessable(e.to_string()))
    }

    /// Voxels along i, j, k.
    fn dims(&self, image_bytes: usize) -> Result<[usize; 3], ServeError> {
        let fits = |count: u64| (4 * count <= image_bytes as u64).then_some(count);
        let count = self.dimensions.iter().try_fold(1_u64, |count, d| {
            count.checked_mul(*d).filter(|c| *c <= u64::MAX / 4)
        });
        if count.and_then(fits).is_none() {
            return Err(ServeError::TooLarge(format!(
                "an image of {:?} voxels is larger than this server takes ({} MB): crop or resample it",
                self.dimensions,
                image_bytes >> 20
            )));
        }
        let along = |n: usize| self.dimensions.get(n).map_or(1, |d| *d as usize);
        Ok(std::array::from_fn(along))
    }
}

/// Reads one part of a form.
async fn bytes(mut field: Field<'_>, limit: usize, stall: Duration) -> Result<Vec<u8>, ServeError> {
    let mut all = Vec::new();
    while let Some(chunk) = in_time(stall, field.chunk()).await? {
        if all.len() + chunk.len() > limit {
            return Err(ServeError::TooLarge(format!(
                "a description of more than {limit} bytes is no image's"
            )));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// Waits for the next piece, but not for ever.
async fn in_time<T>(
    stall: Duration,
    piece: impl std::future::Future<Output = Result<T, MultipartError>>,
) -> Result<T, ServeError> {
    let arrived = timeout(stall, piece)
        .await
        .map_err(|_| ServeError::Timeout)?;
    arrived.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ServeError::TooLarge("the request is larger than this server takes".to_owned())
        }
        _ => ServeError::bad(format!("the form cannot be read: {}", error.body_text())),
    })
}
