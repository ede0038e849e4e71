//! What judging one keyframe costs, for `make bench-picture`: a scene of the test set enlarged to
//! 1920×1080, judged over and over on one thread.

#![expect(clippy::disallowed_methods, reason = "measuring is reading clocks")]

use std::io::Write;
use std::time::Instant;

use image::imageops::{FilterType, resize};
use zhishou_picture::{Evidence, Limits, OwnedFrame, References, judge};

const ROUNDS: usize = 60;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/store.jpg");
    let scene = resize(&image::open(scene)?.to_rgb8(), 1920, 1080, FilterType::CatmullRom);
    let still = OwnedFrame::from_rgb8(1920, 1080, &scene)?;
    let limits = Limits::default();
    let mut references = References::new();
    references.adopt(&still.as_frame(), &limits, 0);
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let frame = still.as_frame();
            std::hint::black_box(judge(&frame, &Evidence::Sound, Some(&references), &limits));
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    let (least, middle) = (times[0], times[ROUNDS / 2]);
    writeln!(
        std::io::stdout(),
        "zhishou judges a keyframe of 1920×1080, beside a reference, in {middle:.2} ms on one core \
         after decoding (median of {ROUNDS}; least {least:.2}; goal 4)"
    )?;
    Ok(())
}
