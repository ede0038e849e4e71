//! What judging one keyframe costs, for `make bench-picture`: a scene of the test set enlarged to
//! 1920×1080, judged over and over on one thread, beside the references of a camera. The processor's
//! time is what counts: on a busy machine the clock on the wall goes on while the thread stands still.
//! And how much a camera's references take.

#![expect(clippy::disallowed_methods, reason = "measuring is reading clocks")]

use std::io::Write;
use std::time::Instant;

use image::imageops::{FilterType, resize};
use zhishou_picture::{Evidence, Light, Limits, MAX_SCENES, OwnedFrame, References, judge};

const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/store.jpg");
    let scene = resize(&image::open(scene)?.to_rgb8(), 1920, 1080, FilterType::CatmullRom);
    let still = OwnedFrame::from_rgb8(1920, 1080, &scene)?;
    let limits = Limits::default();
    let mut references = References::new();
    references.adopt(&still.as_frame(), &limits, 0);
    let spent = on_processor()?;
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let frame = still.as_frame();
            std::hint::black_box(judge(&frame, &Evidence::Sound, Some(&references), &limits));
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    let mean = (on_processor()? - spent) / ROUNDS as f64;
    times.sort_unstable_by(f64::total_cmp);
    let (least, middle, late) = (times[0], times[ROUNDS / 2], times[ROUNDS * 9 / 10]);
    writeln!(
        std::io::stdout(),
        "zhishou judges a keyframe of 1920×1080, beside a reference, in {mean:.2} ms of one processor \
         after decoding (goal 4; by the clock, of {ROUNDS}: least {least:.2}, median {middle:.2}, \
         nine in ten within {late:.2})"
    )?;
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

/// What this thread has run for, in milliseconds, to the last tick of the scheduler.
fn on_processor() -> Result<f64, Box<dyn std::error::Error>> {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = spent.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e6)
}
