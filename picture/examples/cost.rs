//! What judging one keyframe costs, for `make bench-picture`: a picture of 1920×1080 set together from the
//! scenes of the test set at their own size, so that its pixels have as much detail as a camera's, judged
//! over and over on one thread beside the references of a camera; the same with masks over a tenth of it;
//! and the signature by which `frozen` is told. The processor's time is what counts: on a busy machine the
//! clock on the wall goes on while the thread stands still. And how much a camera's references take.

#![expect(clippy::disallowed_methods, reason = "measuring is reading clocks")]

use std::io::Write;
use std::time::Instant;

use image::RgbImage;
use image::imageops::{FilterType, replace, resize};
use zhishou_picture::{
    Evidence, Frame, Light, Limits, MAX_SCENES, Mask, OwnedFrame, References, Signature, judge,
};

const ROUNDS: usize = 400;
const SCENES: [&str; 6] = ["bikecar", "classroom", "people", "room_table", "store", "worker"];
/// Of a scene, and how many of them lie side by side and one below the other.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 270;
const SIDE: u32 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let still = OwnedFrame::from_rgb8(1920, 1080, &full_size(0)?)?;
    let other = OwnedFrame::from_rgb8(1920, 1080, &full_size(1)?)?;
    let limits = Limits::default();
    let mut references = References::new();
    references.adopt(&still.as_frame(), &limits, 0);
    let judged = |frame: &Frame<'_>| {
        std::hint::black_box(judge(frame, &Evidence::Sound, Some(&references), &limits));
    };
    tell("judges a keyframe of 1920×1080, beside a reference,", || judged(&still.as_frame()))?;
    tell("the same of a camera that was turned", || judged(&other.as_frame()))?;
    let mut mask = Mask::default();
    (0..Mask::ROWS / 10).for_each(|row| mask.cover(row, 0..Mask::COLUMNS));
    tell("the same with a tenth masked", || judged(&still.as_frame().with_mask(&mask)))?;
    tell("takes the signature for `frozen`", || {
        std::hint::black_box(Signature::of(&still.as_frame(), None));
    })?;
    // All of them by one light.
    let bytes: usize = Light::ALL.into_iter().map(|light| references.to_bytes(light).len()).sum();
    let scenes = Light::ALL.len() * MAX_SCENES;
    writeln!(
        std::io::stdout(),
        "a learned scene takes {:.1} kB, and a camera that has learned as many as it may ({scenes}) \
         {:.2} MB (goal 1.5)",
        bytes as f64 / 1e3,
        (bytes * scenes) as f64 / 1e6
    )?;
    Ok(())
}

/// The scenes of the test set beside each other, none enlarged, the first of them at the upper left.
fn full_size(first: u32) -> Result<RgbImage, image::ImageError> {
    let mut whole = RgbImage::new(WIDTH * SIDE, HEIGHT * SIDE);
    for place in 0..SIDE * SIDE {
        // Another scene beside and below each.
        let name = SCENES[(first + place + place / SIDE) as usize % SCENES.len()];
        let file = format!("{}/testdata/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
        let scene = image::open(file)?.to_rgb8();
        let scene = resize(&scene, WIDTH, HEIGHT, FilterType::Triangle);
        let (x, y) = (place % SIDE * WIDTH, place / SIDE * HEIGHT);
        replace(&mut whole, &scene, x.into(), y.into());
    }
    Ok(whole)
}

/// Does it over and over, and says how long it takes.
fn tell(what: &str, act: impl Fn()) -> Result<(), Box<dyn std::error::Error>> {
    let spent = on_processor()?;
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            act();
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    let mean = (on_processor()? - spent) / ROUNDS as f64;
    times.sort_unstable_by(f64::total_cmp);
    let (least, middle, late) = (times[0], times[ROUNDS / 2], times[ROUNDS * 9 / 10]);
    writeln!(
        std::io::stdout(),
        "zhishou {what} in {mean:.2} ms of one processor after decoding (goal 4 in all; by the clock, of \
         {ROUNDS}: least {least:.2}, median {middle:.2}, nine in ten within {late:.2})"
    )?;
    Ok(())
}

/// What this thread has run for, in milliseconds, to the last tick of the scheduler.
fn on_processor() -> Result<f64, Box<dyn std::error::Error>> {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = spent.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e6)
}
