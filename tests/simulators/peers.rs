//! Servers of others as processes of the test, and what they serve. `make test` puts those that are no
//! packages of the system under `target/peers/`.

#![expect(clippy::unwrap_used, reason = "a test without its servers fails where it stands")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
};

/// A server of somebody else's, ended with its owner.
pub struct Peer {
    child: Child,
    /// By file name.
    urls: Vec<String>,
}

impl Peer {
    /// Starts a server that prints `ready URL` for each of `files`.
    ///
    /// # Panics
    /// If it does not.
    pub fn start(program: &Path, arguments: &[&str], files: &[PathBuf]) -> Self {
        assert!(program.exists(), "{} is missing: run `make test`", program.display());
        let mut child = Command::new(program)
            .args(arguments)
            .args(files)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (ready, told) = mpsc::channel();
        // Reads to the end: some log to standard output and fail when nobody listens.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("ready ") {
                    drop(ready.send(url.to_owned()));
                }
            }
        });
        let urls: Vec<_> = told.iter().take(files.len()).collect();
        assert_eq!(urls.len(), files.len(), "{} did not get ready", program.display());
        Self { child, urls }
    }

    /// The address of `file`.
    ///
    /// # Panics
    /// If it serves no such file.
    pub fn url(&self, file: &str) -> &str {
        self.urls.iter().find(|url| url.ends_with(file)).unwrap()
    }

    /// The address of `file` with a login in it.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str, file: &str) -> String {
        self.url(file).replacen("://", &format!("://{user}:{password}@"), 1)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The root of the repository.
///
/// # Panics
/// Never.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Twenty seconds of a camera view as MP4 and raw, in each codec that cameras send; made once.
///
/// # Panics
/// Without `ffmpeg`.
pub fn footage() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = root().join("target/peers/footage");
        fs::create_dir_all(&folder).unwrap();
        let clip = root().join("demo/footage/store.mp4");
        for (name, codec) in [
            ("view-h264.mp4", &["libx264", "-preset", "ultrafast", "-bf", "0"][..]),
            (
                "view-h265.mp4",
                &[
                    "libx265",
                    "-preset",
                    "ultrafast",
                    "-x265-params",
                    "log-level=error:bframes=0",
                    "-tag:v",
                    "hvc1",
                ],
            ),
            // RFC 2435 has no room for tables of Huffman codes but the usual ones.
            ("view-mjpeg.mp4", &["mjpeg", "-huffman", "default"]),
            ("view-mpeg4.mp4", &["mpeg4", "-b:v", "1M"]),
            ("view.m4v", &["mpeg4", "-b:v", "1M", "-f", "m4v"]),
        ] {
            encode(&clip, &folder.join(name), codec);
        }
        copy(&folder.join("view-h264.mp4"), &folder.join("view.h264"));
        copy(&folder.join("view-h265.mp4"), &folder.join("view.h265"));
        folder
    })
}

fn encode(from: &Path, to: &Path, codec: &[&str]) {
    let mut arguments = vec!["-stream_loop", "9", "-i", from.to_str().unwrap(), "-t", "20"];
    arguments.extend([
        "-vf",
        "fps=10,scale=640:-2",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "10",
        "-an",
        "-c:v",
    ]);
    arguments.extend(codec);
    ffmpeg(&arguments, to);
}

fn copy(from: &Path, to: &Path) {
    ffmpeg(&["-i", from.to_str().unwrap(), "-c", "copy"], to);
}

/// Makes `to` once.
///
/// # Panics
/// Where `ffmpeg` fails.
pub fn ffmpeg(arguments: &[&str], to: &Path) {
    if to.exists() {
        return;
    }
    // Tests run in processes of their own and may all find it missing.
    let name = to.file_name().unwrap().to_str().unwrap();
    let part = to.with_file_name(format!("part-{}-{name}", std::process::id()));
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(&part)
        .status()
        .unwrap();
    assert!(status.success());
    fs::rename(part, to).unwrap();
}
