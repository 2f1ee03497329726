//! What RaterLens offers.

use serde_json::{json, Value};

/// A service of RaterLens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Labels of the main image.
    Segment,
    /// Labels, with a map of the predicted rater variance of each structure.
    SegmentWithVariance,
    /// A consensus of the workspace's segmentations, with a map of how they vary.
    Fuse,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 3] = [Self::Segment, Self::SegmentWithVariance, Self::Fuse];

    /// The name under which it is registered.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment => "RaterLens-Segment",
            Self::SegmentWithVariance => "RaterLens-Segment-Uncertainty",
            Self::Fuse => "RaterLens-Fuse-Raters",
        }
    }

    /// The service of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The description that is registered with the service (`service.json`).
    #[must_use]
    pub fn description(self) -> Value {
        let (short, long) = self.texts();
        let main = json!({
            "type": "MainImage", "name": "Main", "required": true,
            "hint": "The image",
        });
        let raters = json!({
            "type": "SegmentationImage", "name": "Rater", "required": true,
            "hint": "Two or more segmentation layers, one for each rater, with the raters' names as nicknames",
        });
        let tags = match self {
            Self::Fuse => vec![main, raters],
            _ => vec![main],
        };
        json!({
            "name": self.name(),
            "version": env!("CARGO_PKG_VERSION"),
            "shortdesc": short,
            "longdesc": long,
            "url": "",
            "tags": tags,
        })
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Segment => (
                "Structures of the main image",
                "Segments the main image with the model of the provider and adds the labels to the workspace. Research software; not a medical device.",
            ),
            Self::SegmentWithVariance => (
                "Structures of the main image and where raters would differ",
                "Segments the main image with the model of the provider and adds the labels, a map of the predicted variance between raters for each structure, and landmarks where it is largest. Research software; not a medical device.",
            ),
            Self::Fuse => (
                "A consensus of several raters, and where they differ",
                "Fuses the segmentation layers of the workspace by majority vote (ties become background) and adds the consensus and a map of the variance between the raters for each structure. Research software; not a medical device.",
            ),
        }
    }
}
