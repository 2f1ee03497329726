//! The networks, built from layers whose forward passes return errors instead of panicking.

mod decoder;
mod init;
mod layers;
mod resnet;
mod transformer;
mod transunet;

pub(crate) use init::initialise;
pub(crate) use transunet::{MultitaskTransUnet, TaskOutputs};
