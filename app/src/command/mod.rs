//! One file per command; here, which is which and how each ends.

mod config;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod import;
pub(crate) mod picture;
mod probe;
mod recordings;
mod report;
mod serve;
mod user;

pub(crate) use config::read as read_config;
pub(crate) use report::{cut_off, month};

use crate::cli::{Cli, Command};
use std::{fmt, process::ExitCode};
use zhishou_domain::Lang;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Fine.
    Good,
    /// The answer is bad news.
    BadNews,
    /// Some of it could not be told.
    Unknown,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Good => 0,
            Outcome::BadNews => 1,
            Outcome::Unknown => 3,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for is wrong: exit code 2.
    Usage(String),
    /// We could not do our job: exit code 3.
    Ours(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Ours(_) => 3,
        })
    }

    /// A file, folder or address that was named and cannot be used.
    pub(crate) fn named(what: &dyn fmt::Display, error: &std::io::Error, lang: Lang) -> Self {
        Self::Usage(format!("{what}: {}", os_words(error, lang)))
    }

    /// Something of ours that the system refuses.
    pub(crate) fn system(what: &dyn fmt::Display, error: &std::io::Error, lang: Lang) -> Self {
        Self::Ours(format!("{what}: {}", os_words(error, lang)))
    }

    /// Our own failure, from any error with its sources.
    pub(crate) fn ours(error: &dyn std::error::Error) -> Self {
        Self::Ours(chain(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(message) | Self::Ours(message)) = self;
        f.write_str(message)
    }
}

/// What the system says, in Chinese where it has words for it.
fn os_words(error: &std::io::Error, lang: Lang) -> String {
    use std::io::ErrorKind as Kind;
    let zh = match error.kind() {
        Kind::NotFound => "不存在",
        Kind::PermissionDenied => "没有权限",
        Kind::AlreadyExists => "已存在",
        Kind::IsADirectory => "是目录，不是文件",
        Kind::NotADirectory => "不是目录",
        Kind::AddrInUse => "地址或端口已被占用",
        Kind::AddrNotAvailable => "本机没有这个地址",
        Kind::StorageFull => "磁盘已满",
        Kind::ReadOnlyFilesystem => "文件系统只读",
        Kind::InvalidData => "内容不是 UTF-8 文本",
        _ => return error.to_string(),
    };
    match lang {
        Lang::Zh => zh.to_owned(),
        Lang::En => error.to_string(),
    }
}

/// An error and its sources in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Runs what was asked for.
pub(crate) fn run(cli: Cli, lang: Lang) -> Result<Outcome, Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(&args, lang),
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(&args, lang),
        Command::Probe(args) => probe::run(args, lang),
        Command::Picture(args) => picture::run(&args, lang),
        Command::Import(args) => import::run(&args, lang),
        Command::Report(args) => report::run(&args, lang),
        Command::Config(command) => config::run(&command, lang),
        Command::User(command) => user::run(&command, lang),
        Command::Recordings(command) => recordings::run(&command, lang),
        Command::Doctor(args) => doctor::run(&args, lang),
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::ours(&error))?;
    runtime.block_on(work)
}
