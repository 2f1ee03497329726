//! Fusion and variability against independent programs, published data, their properties and their edge cases.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests a panic is the failure

mod edges;
mod independent;
mod orientation;
mod properties;
mod published;
mod support;
mod variability;
mod variability_independent;
