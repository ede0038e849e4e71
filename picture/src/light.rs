//! The light a picture was taken by, which its references are kept for.

use crate::finding::Mode;
use crate::working::Working;

/// Mean luma below which a colour picture was taken by dusk or by lamps: day scenes have 80 and
/// more, indoor ones by lamps 60 to 110. A camera near the limit learns one reference for either
/// side, and a picture is compared with both.
const DUSK_MEAN: f64 = 70.0;

/// Light, as references are kept by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Light {
    /// Colour in daylight or a lit room.
    Day,
    /// Colour in little light: dusk, dawn, street lamps.
    Dusk,
    /// Mono, as by infrared lamps.
    Ir,
}

impl Light {
    /// Every light.
    pub const ALL: [Self; 3] = [Self::Day, Self::Dusk, Self::Ir];

    /// `day`, `dusk` or `ir`, as it stands in JSON and SQL.
    pub fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Dusk => "dusk",
            Self::Ir => "ir",
        }
    }

    /// The light of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|light| light.code() == code)
    }

    /// The mode a camera is in by this light; pictures are compared within a mode only.
    pub fn mode(self) -> Mode {
        match self {
            Self::Day | Self::Dusk => Mode::Colour,
            Self::Ir => Mode::Mono,
        }
    }

    /// The light of a picture.
    pub(crate) fn of(working: &Working, mode: Mode) -> Self {
        match mode {
            Mode::Mono => Self::Ir,
            Mode::Colour if working.mean() < DUSK_MEAN => Self::Dusk,
            Mode::Colour => Self::Day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for light in Light::ALL {
            assert_eq!(Light::from_code(light.code()), Some(light));
        }
        assert_eq!(Light::from_code("noon"), None);
    }
}
