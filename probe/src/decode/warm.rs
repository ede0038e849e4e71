//! What one worker decodes with: decoders that stay open, hardware's beside software's.

use std::collections::HashMap;
use std::sync::Arc;

use zhishou_protocol::rtp::Codec;

use super::element::{Element, element_of};
use super::error::DecodeError;
use super::hardware::{Machine, Proven};
use super::picture::Picture;
use super::pool::{Coded, Decode};

/// One decoder for each codec, opened when first needed and again after any error.
struct Warm {
    machine: Arc<Machine>,
    software: HashMap<Codec, Element>,
    hardware: HashMap<Codec, Proven>,
}

/// What hardware made of a keyframe.
enum Made {
    /// A picture to be believed.
    Picture(Picture),
    /// One to be compared with that of software.
    Claim(Picture),
    /// None.
    Nothing,
}

pub(super) fn decoders(machine: Arc<Machine>) -> Decode {
    machine.worker_starts();
    let mut warm = Warm { machine, software: HashMap::new(), hardware: HashMap::new() };
    Box::new(move |coded| warm.decode(coded))
}

impl Warm {
    fn decode(&mut self, coded: Coded) -> Result<Picture, DecodeError> {
        if element_of(coded.codec).is_none() {
            return Err(DecodeError::Codec(format!("{:?}", coded.codec)));
        }
        if !self.machine.is_trusted() {
            self.hardware.clear();
            return self.by_software(coded);
        }
        // Rare, and what hardware makes of more than one picture nobody compares.
        if !coded.following.is_empty() {
            return self.by_software(coded);
        }
        let claim = match self.by_hardware(&coded) {
            None => return self.by_software(coded),
            Some(Made::Picture(picture)) => {
                self.machine.succeeded();
                return Ok(picture);
            }
            Some(Made::Claim(picture)) => Some(picture),
            Some(Made::Nothing) => None,
        };
        let codec = coded.codec;
        let picture = self.by_software(coded)?;
        // What is damaged, each decoder makes up in its own way.
        if !picture.is_corrupted() {
            match claim {
                Some(claim) if claim.shows_the_same(&picture) => {
                    self.machine.succeeded();
                    if let Some(proven) = self.hardware.get_mut(&codec) {
                        proven.count();
                    }
                }
                Some(_) => self.machine.give_up("a picture is not what software decodes"),
                None => self.machine.failed(),
            }
        }
        Ok(picture)
    }

    /// `None` where no hardware decodes this codec.
    fn by_hardware(&mut self, coded: &Coded) -> Option<Made> {
        let mut proven = match self.hardware.remove(&coded.codec) {
            Some(proven) => proven,
            None => self.machine.open(coded.codec)?,
        };
        let Ok(picture) = proven.element.decode(coded.bytes.clone(), Vec::new()) else {
            return Some(Made::Nothing);
        };
        let size = (picture.width(), picture.height());
        if picture.is_corrupted() || coded.size.is_some_and(|declared| declared != size) {
            return Some(Made::Nothing);
        }
        let made = if proven.is_audited() {
            Made::Claim(picture)
        } else {
            proven.count();
            Made::Picture(picture)
        };
        self.hardware.insert(coded.codec, proven);
        Some(made)
    }

    fn by_software(&mut self, coded: Coded) -> Result<Picture, DecodeError> {
        let mut element = match self.software.remove(&coded.codec) {
            Some(element) => element,
            None => Element::software(coded.codec)
                .map_err(|error| DecodeError::Element(error.to_string()))?,
        };
        let picture = element.decode(coded.bytes, coded.following)?;
        if !picture.is_corrupted() {
            self.software.insert(coded.codec, element);
        }
        Ok(picture)
    }
}
