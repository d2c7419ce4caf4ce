//! A program that was built without Kafka has no broker; whoever asks for one is told how it is built.

use super::NotReady;
use super::ways::{Partition, Ways};
use settings::plan::KafkaSetting;
use std::sync::atomic::AtomicBool;

/// Nobody who asks for one here has any.
pub fn look(_: &str) -> Result<(), String> {
    Err(super::NO_KAFKA.to_owned())
}

/// There is none.
#[derive(Debug)]
pub(super) enum Broker {}

impl Broker {
    pub(super) fn start(_: &KafkaSetting, _: usize, _: &AtomicBool) -> Result<Self, NotReady> {
        Err(NotReady::Failed(super::NO_KAFKA.to_owned()))
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        match *self {}
    }

    pub(super) fn known(&self) -> Vec<(String, String)> {
        match *self {}
    }

    pub(super) fn for_answers(&mut self, _: usize) -> Result<(), String> {
        match *self {}
    }

    pub(super) fn ways<'a>(&mut self, _: impl Iterator<Item = Partition<'a>>) -> Ways<'a> {
        match *self {}
    }

    pub(super) fn stop(&self) {
        match *self {}
    }

    pub(super) fn cpu_s(&self) -> Option<f64> {
        match *self {}
    }

    pub(super) fn trouble(&mut self) -> Option<String> {
        match *self {}
    }
}
