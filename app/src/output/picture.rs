//! Judgements of files, for people and for programs.

use crate::command::picture::Answer;
use serde_json::{Map, Value, json};
use zhishou_domain::Lang;
#[cfg(feature = "gst")]
use zhishou_probe::decode::ClipError;
use zhishou_probe::files::{FileError, Judged};

/// How many of which.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) clean: usize,
    pub(crate) faulty: usize,
    pub(crate) unread: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, answer: &Answer) {
        match &answer.judged {
            Ok(judged) if judged.faults.is_empty() => self.clean += 1,
            Ok(_) => self.faulty += 1,
            Err(_) => self.unread += 1,
        }
    }

    /// The closing line.
    pub(crate) fn line(self, lang: Lang) -> String {
        let Self { clean, faulty, unread } = self;
        let all = clean + faulty + unread;
        match lang {
            Lang::Zh => {
                format!("共 {all} · ● 正常 {clean} · ◐ 异常 {faulty} · ? 未能判断 {unread}")
            }
            Lang::En => {
                format!("total {all} · ● clean {clean} · ◐ faulty {faulty} · ? unjudged {unread}")
            }
        }
    }
}

/// The object of the outside contract.
pub(crate) fn json(answer: &Answer, lang: Lang) -> Value {
    let file = answer.file.display().to_string();
    let judged = match &answer.judged {
        Ok(judged) => judged,
        Err(error) => {
            return json!({
                "file": file, "error": error, "mode": null, "width": null, "height": null,
                "scores": {}, "measures": {}, "faults": [], "luma_mean": null,
            });
        }
    };
    json!({
        "file": file,
        "error": null,
        "mode": judged.mode.code(),
        "width": judged.width,
        "height": judged.height,
        "scores": judged.scores,
        "measures": measures(judged),
        "faults": judged.faults.iter().map(|fault| fault.to_json(lang)).collect::<Vec<_>>(),
        "luma_mean": judged.luma_mean,
    })
}

/// What was compared with what, by fault.
fn measures(judged: &Judged) -> Map<String, Value> {
    let figures = judged.findings.iter().map(|(code, finding)| {
        let (value, limit) = (finding.measured, finding.limit);
        (code.code().to_owned(), json!({"value": value, "limit": limit, "unit": finding.unit}))
    });
    figures.collect()
}

/// Why a file was not judged, for people.
pub(crate) fn problem(error: &FileError, lang: Lang) -> String {
    if lang == Lang::En {
        return error.to_string();
    }
    match error {
        FileError::Read(why) => format!("无法读取：{why}"),
        FileError::TooLarge => "文件过大".to_owned(),
        FileError::BreaksOff => "文件不完整".to_owned(),
        FileError::Bare => "画面内容太少，不能用作基准".to_owned(),
        FileError::Image(why) => format!("无法解码：{why}"),
        FileError::Frame(why) => format!("画面尺寸无法判断：{why}"),
        #[cfg(feature = "gst")]
        FileError::Clip(ClipError::Container) => "不是 JPEG、PNG，也不是可识别的视频".to_owned(),
        #[cfg(feature = "gst")]
        FileError::Clip(ClipError::Slow | ClipError::NoPicture) => {
            "视频中没有可解码的画面".to_owned()
        }
        #[cfg(feature = "gst")]
        FileError::Clip(why) => format!("无法解码视频：{why}"),
        #[cfg(not(feature = "gst"))]
        FileError::NoDecoder => "本程序未带视频解码器".to_owned(),
    }
}

/// A line a file, and one for each fault.
pub(crate) fn render(answer: &Answer, lang: Lang) -> String {
    let file = printable(&answer.file.display().to_string());
    let judged = match &answer.judged {
        Ok(judged) => judged,
        Err(error) => return format!("? {file}: {}", printable(error)),
    };
    let mark = if judged.faults.is_empty() { "●" } else { "◐" };
    let mut lines = vec![format!("{mark} {file}  {}×{}", judged.width, judged.height)];
    for fault in &judged.faults {
        let (name, detail) = (fault.code.name(lang), fault.detail.render(lang));
        lines.push(format!("    {name}  {detail}"));
        lines.push(format!("    {}  {}", lang.pick("处置", "to do"), fault.code.advice(lang)));
    }
    lines.join("\n")
}

/// A file's name, without anything that could drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
