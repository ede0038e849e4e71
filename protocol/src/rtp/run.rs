//! The pictures right after a keyframe, for what one picture cannot tell.

/// What is kept of a stream's pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: they are counted.
    Nothing,
    /// A keyframe.
    #[default]
    Keyframe,
    /// A keyframe and up to [`Keep::FOLLOWING`] pictures after it.
    Run,
}

impl Keep {
    /// Most pictures kept after a keyframe: with it twelve, half a second at 25 a second.
    pub const FOLLOWING: usize = 11;
}

/// Most bytes of them: half a second of 32 Mbit/s.
pub(super) const MAX_RUN: usize = 2 * 1024 * 1024;

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Its keyframe has not come.
    #[default]
    Awaited,
    /// The next picture belongs to it.
    Open,
    /// Nothing more belongs to it.
    Over,
}

/// Whole pictures in coding order, none missing between them.
#[derive(Debug, Default)]
pub(super) struct Run {
    state: State,
    pictures: Vec<Vec<u8>>,
}

impl Run {
    /// Its keyframe is whole.
    pub(super) fn begin(&mut self) {
        *self = Run { state: State::Open, pictures: Vec::new() };
    }

    /// Something is missing: what came stays.
    pub(super) fn end(&mut self) {
        if self.state == State::Open {
            self.state = State::Over;
        }
    }

    /// Whether the next picture belongs to it.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Takes the next picture.
    pub(super) fn add(&mut self, picture: Vec<u8>) {
        if self.memory() + picture.len() > MAX_RUN {
            self.end();
            return;
        }
        self.pictures.push(picture);
        if self.pictures.len() == Keep::FOLLOWING {
            self.end();
        }
    }

    /// What came, which ends it.
    pub(super) fn take(&mut self) -> Vec<Vec<u8>> {
        self.end();
        std::mem::take(&mut self.pictures)
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        self.pictures.iter().map(Vec::capacity).sum()
    }
}
