//! `zhishou picture` on real files: stills, folders, broken and hostile ones, videos, the sheet.

use crate::platform::binary;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SCENES: [&str; 6] = ["bikecar", "classroom", "people", "room_table", "store", "worker"];

fn scene(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../picture/testdata").join(format!("{name}.jpg"))
}

fn zhishou(arguments: &[&Path]) -> Output {
    Command::new(binary()).args(["--lang", "en", "picture"]).args(arguments).output().unwrap()
}

/// The exit code, and the answers by file name.
fn judged(arguments: &[&Path]) -> (Option<i32>, BTreeMap<String, Value>) {
    let output = zhishou(&[&[Path::new("--json")], arguments].concat());
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers = lines.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).unwrap();
        let file = Path::new(answer["file"].as_str().unwrap());
        (file.file_name().unwrap().to_str().unwrap().to_owned(), answer)
    });
    (output.status.code(), answers.collect())
}

fn codes(answer: &Value) -> Vec<&str> {
    let faults = answer["faults"].as_array().unwrap();
    faults.iter().map(|fault| fault["code"].as_str().unwrap()).collect()
}

/// Runs a scene of the test set through ffmpeg into `file`.
pub(crate) fn make(name: &str, arguments: &str, file: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-loop", "1", "-i"])
        .arg(scene(name))
        .args(arguments.split_whitespace())
        .arg(file)
        .status();
    assert!(status.unwrap().success(), "{arguments}");
}

#[test]
fn clean_stills_are_clean_and_every_one_is_answered_for() {
    let (code, answers) = judged(&[scene("store").parent().unwrap()]);
    assert_eq!(code, Some(0));
    assert_eq!(answers.len(), SCENES.len());
    for (file, answer) in &answers {
        assert_eq!(codes(answer), Vec::<&str>::new(), "{file}");
        assert_eq!(answer["mode"], "colour", "{file}");
        assert_eq!(answer["error"], Value::Null);
        assert!(answer["width"].as_u64().unwrap() >= 64);
        assert!((16.0..=235.0).contains(&answer["luma_mean"].as_f64().unwrap()));
        let scores = answer["scores"].as_object().unwrap();
        assert!(scores["black"].as_f64().unwrap() < 0.5);
        // What takes time is not told of a still.
        assert_eq!((scores.len(), scores.get("frozen")), (14, Some(&Value::Null)), "{file}");
    }
}

#[test]
fn faults_of_stills_come_with_words_figures_and_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blurred.png");
    make("store", "-frames:v 1 -vf gblur=6", &file);
    let (code, answers) = judged(&[&file, &scene("store")]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["store.jpg"]), Vec::<&str>::new());
    let blurred = &answers["blurred.png"];
    assert_eq!(codes(blurred), ["blurred"]);
    assert_eq!(blurred["faults"][0]["name"], "blurred");
    assert_eq!(blurred["faults"][0]["group"], "picture");
    let measure = &blurred["measures"]["blurred"];
    assert!(measure["value"].as_f64().unwrap() < measure["limit"].as_f64().unwrap());
    assert!(blurred["scores"]["blurred"].as_f64().unwrap() >= 0.5);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let whole = fs::read(scene("store")).unwrap();
    fs::write(path("empty.jpg"), b"").unwrap();
    fs::write(path("cut.jpg"), &whole[..300]).unwrap();
    // Decoders show the lower half of it in gray.
    fs::write(path("half.jpg"), &whole[..whole.len() / 2]).unwrap();
    fs::write(path("words.png"), b"this is no picture").unwrap();
    // A header that asks for 60 000 by 60 000 pixels.
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0".to_vec();
    huge.extend(*b"\x0f\xb0\xe2\x15\0\0\xff\xffIDAT");
    fs::write(path("huge.png"), huge).unwrap();
    // GStreamer would fetch what a playlist names.
    fs::write(path("list.mp4"), "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n").unwrap();
    fs::write(path("head.mp4"), b"\0\0\0\x18ftypisom\0\0\0\0isomavc1").unwrap();
    fs::write(path("good.jpg"), &whole).unwrap();
    // In a folder other files are nobody's business.
    fs::write(path("notes.txt"), b"x").unwrap();
    let (code, answers) = judged(&[folder.path(), &path("gone.jpg")]);
    assert_eq!(code, Some(3), "it wins over everything");
    assert_eq!(answers.len(), 9);
    for (file, answer) in &answers {
        let is_good = file == "good.jpg";
        assert_eq!(answer["error"].is_null(), is_good, "{file}: {answer}");
        assert_eq!(answer["luma_mean"].is_null(), !is_good, "{file}");
        assert_eq!(codes(answer), Vec::<&str>::new(), "{file}");
    }
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(zhishou(&[nothing.path()]).status.code(), Some(2));
}

#[test]
fn a_video_is_judged_over_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (still, alive, dark) = (path("still.mp4"), path("alive.mkv"), path("dark.h264"));
    make("store", "-t 40 -r 1 -pix_fmt yuv420p -qp 26 -g 10", &still);
    make("store", "-t 40 -r 1 -pix_fmt yuv420p -vf noise=alls=6:allf=t -g 10", &alive);
    let half =
        "-t 4 -r 5 -pix_fmt yuv420p -g 10 -vf lutyuv=y='(val-16)*0.06+16',noise=alls=4:allf=t";
    make("store", half, &dark);
    let (code, answers) = judged(&[&still, &alive, &dark]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["still.mp4"]), ["frozen"]);
    assert_eq!(codes(&answers["alive.mkv"]), Vec::<&str>::new());
    assert_eq!(answers["alive.mkv"]["scores"]["frozen"], 0.0);
    assert_eq!(codes(&answers["dark.h264"]), ["too_dark"]);
    assert_eq!(answers["dark.h264"]["scores"]["corrupted"], 0.0);
}

#[test]
fn a_broken_file_leaves_nothing_behind_and_the_same_file_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (still, whole, broken) = (path("still.mp4"), path("whole.mp4"), path("broken.mp4"));
    make("store", "-t 40 -r 1 -pix_fmt yuv420p -qp 26 -g 10", &still);
    make("store", "-t 40 -r 1 -pix_fmt yuv420p -vf noise=alls=6:allf=t -g 10", &whole);
    let damage = ["-c", "copy", "-bsf:v", "noise=amount=3000"];
    let arguments = ["-nostdin", "-v", "error", "-i"];
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(arguments).arg(&whole).args(damage).arg(&broken);
    assert!(ffmpeg.status().unwrap().success());
    // Each thread meets the broken one between sound ones.
    let files: Vec<&Path> = [&*broken, &*still, &*whole].into_iter().cycle().take(12).collect();
    let mut answers = BTreeMap::<String, BTreeSet<String>>::new();
    for _ in 0..5 {
        let output = zhishou(&[&[Path::new("--json")], &*files].concat()).stdout;
        for line in String::from_utf8(output).unwrap().lines() {
            let file = serde_json::from_str::<Value>(line).unwrap()["file"].to_string();
            answers.entry(file).or_default().insert(line.to_owned());
        }
    }
    assert_eq!(answers.len(), 3);
    for (file, lines) in answers {
        assert_eq!(lines.len(), 1, "{file}: {lines:?}");
    }
}

#[test]
fn a_reference_tells_what_is_covered_and_what_was_turned() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (covered, turned, bare) = (path("covered.png"), path("turned.png"), path("bare.png"));
    make("store", "-frames:v 1 -vf drawbox=x=90:y=40:w=260:h=180:c=0x605850:t=fill", &covered);
    make("store", "-frames:v 1 -vf crop=iw*0.7:ih*0.7:0:0,scale=480:270", &turned);
    make("store", "-frames:v 1 -vf drawbox=c=gray:t=fill", &bare);
    let (reference, store) = (Path::new("--reference"), scene("store"));
    let (_, answers) = judged(&[&covered, &turned]);
    assert!(answers.values().all(|answer| answer["scores"]["occluded"].is_null()));
    let (code, answers) = judged(&[&covered, &turned, &store, reference, &store]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["covered.png"]), ["occluded"]);
    assert_eq!(codes(&answers["turned.png"]), ["scene_changed"]);
    assert_eq!(codes(&answers["store.jpg"]), Vec::<&str>::new());
    // Beside a blank wall nothing can be told of covers.
    let (_, answers) = judged(&[&covered, reference, &bare]);
    assert!(answers["covered.png"]["scores"]["occluded"].is_null());
    // What cannot be read is said before anything is judged.
    assert_eq!(zhishou(&[&store, reference, &path("gone.png")]).status.code(), Some(2));
}

#[test]
fn a_camera_that_is_turned_within_a_video_is_told_without_a_reference() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (turned, stays) = (path("turned.mp4"), path("stays.mp4"));
    let video = |x: &str| {
        format!("-t 100 -r 1 -pix_fmt yuv420p -g 10 -vf crop=300:168:{x}:40,noise=alls=6:allf=t")
    };
    make("store", &video("180*gt(t-20\\,0)"), &turned);
    make("store", &video("20"), &stays);
    let (code, answers) = judged(&[&turned, &stays]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["turned.mp4"]), ["scene_changed"]);
    assert_eq!(codes(&answers["stays.mp4"]), Vec::<&str>::new());
    assert!(answers["stays.mp4"]["scores"]["scene_changed"].as_f64().unwrap() < 0.5);
    assert!(answers["turned.mp4"]["scores"]["occluded"].is_null(), "nobody said that it was clean");
}

#[test]
fn a_video_that_jumps_to_and_fro_shakes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shaking.mp4");
    let jumps =
        "-t 3 -r 5 -pix_fmt yuv420p -vf fps=5,crop=440:236:20+12*cos(n*2.9):17+9*sin(n*4.1)";
    make("store", jumps, &file);
    let (code, answers) = judged(&[&file]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["shaking.mp4"]), ["shaking"]);
}

#[test]
fn a_damaged_video_is_corrupted_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole.mp4"), folder.path().join("broken.mp4"));
    make("store", "-t 4 -r 5 -pix_fmt yuv420p -crf 18 -g 5", &whole);
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(&whole)
        .args(["-c", "copy", "-bsf:v", "noise=amount=3000"])
        .arg(&broken)
        .status();
    assert!(status.unwrap().success());
    let (code, answers) = judged(&[&whole, &broken]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&answers["whole.mp4"]), Vec::<&str>::new());
    assert_eq!(codes(&answers["broken.mp4"]), ["corrupted"]);
}

#[test]
fn the_sheet_shows_every_file_and_words_say_what_was_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (broken, sheet) = (folder.path().join("broken.jpg"), folder.path().join("sheet.png"));
    fs::write(&broken, b"\xff\xd8\xff\xe0 and no more").unwrap();
    let black = folder.path().join("black.png");
    make("worker", "-frames:v 1 -vf lutyuv=y=0:u=128:v=128", &black);
    let output = zhishou(&[&broken, &black, &scene("store"), Path::new("--sheet"), &sheet]);
    assert_eq!(output.status.code(), Some(3));
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("total 3 · ● clean 1 · ◐ faulty 1 · ? unjudged 1"), "{words}");
    assert!(words.contains("black picture"), "{words}");
    let header = fs::read(&sheet).unwrap();
    assert_eq!(&header[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert!(side(16) > 3 * 240 && side(20) > 160, "three pictures in a row");
    // Where it cannot be written is said, and is our failure.
    let nowhere = Path::new("/nonexistent/sheet.png");
    let output = zhishou(&[&scene("store"), Path::new("--sheet"), nowhere]);
    assert_eq!(output.status.code(), Some(3));
}
