//! Judging real scenes, clean and spoiled.

mod clean;
mod faulty;
mod frozen;
mod scene;
