//! Judging real scenes, clean and spoiled.

mod clean;
mod faulty;
mod frozen;
mod learning;
mod masked;
mod patterns;
mod scene;
mod shaking;
