//! The command line.

use crate::command::{cut_off, month};
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};
use zhishou_domain::{Checks, Depth, Lang, Role, TransportPolicy, policy::LocalTime};
use zhishou_report::Format;

/// 值守: 摄像机与视频会议运行保障平台 · operations assurance for cameras and video meetings
#[derive(Debug, Parser)]
#[command(name = "zhishou", version, propagate_version = true)]
pub(crate) struct Cli {
    /// 界面语言 zh 或 en, 默认按 LANG · language, by LANG unless given
    #[arg(long, global = true, value_name = "zh|en")]
    lang: Option<Lang>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The language asked for, or that of the locale (POSIX order of precedence).
    pub(crate) fn lang(&self) -> Lang {
        let locale = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.is_empty())
                .unwrap_or_default()
        };
        self.lang.unwrap_or_else(|| Lang::from_locale(&locale()))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// 启动平台 · run the whole platform on an embedded database
    Serve(ServeArgs),
    /// 启动演示区: 真实 RTSP 摄像机, 部分有故障 · the platform with a made-up district of real cameras
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// 探测一次并给出结论 · open cameras once and say what is wrong
    Probe(ProbeArgs),
    /// 判断图片或录像的画面 · judge still pictures and video files as a probe does
    Picture(PictureArgs),
    /// 导入设备台账 (一机一档) · import a ledger from Excel or CSV
    Import(ImportArgs),
    /// 在线率报表: 日、月或任意时段 · the availability report of a period
    Report(ReportArgs),
    /// 配置文件 · check the configuration, print its schema or an example
    #[command(subcommand)]
    Config(ConfigCommand),
    /// 用户 · users of the pages
    #[command(subcommand)]
    User(UserCommand),
    /// 证据文件 · evidence files
    #[command(subcommand)]
    Recordings(RecordingsCommand),
    /// 体检: 解码器、数据库、时钟、磁盘、字体 · check what the platform needs and say how to mend it
    Doctor(PlatformArgs),
}

/// Where the platform lives.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlatformArgs {
    /// 配置文件 (TOML) · configuration file
    #[arg(long, value_name = "F")]
    pub(crate) config: Option<PathBuf>,
    /// 数据目录 · data directory
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// 监听地址, 如 127.0.0.1:8080 · address and port to listen on
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// 数据目录 · data directory
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(crate) data: PathBuf,
    /// 监听地址 · address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// 摄像机数量, 不少于 24 · number of cameras
    #[arg(long, value_name = "N", value_parser = cameras)]
    pub(crate) cameras: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// rtsp: 地址, 可带 user:password@; 会议终端 sip:; 配套设备 icmp: tcp: http: https: snmp: · addresses; credentials may stand inside
    #[arg(value_name = "URL", required_unless_present_any = ["from", "replay"])]
    pub(crate) urls: Vec<String>,
    /// 从文件读地址, 每行一个, - 为标准输入 · read addresses from a file, one a line; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "urls")]
    pub(crate) from: Option<PathBuf>,
    /// 凭据文件, 每行 "主机[:端口] 用户名 密码" · credentials, "host[:port] user password" a line
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,
    /// 探测深度 reach, stream 或 picture; 默认 picture, sip: 默认 reach, 写明 stream 或 picture 才真实呼叫 · how deep; an endpoint is called only where stream or picture is asked for
    #[arg(long, value_name = "DEPTH", value_parser = depth)]
    pub(crate) depth: Option<Depth>,
    /// 收流秒数, 0.5 到 300; 默认 3, 呼叫 20 · seconds of media received; 3, and 20 of a call
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    /// 配套设备的监控项, 写法同台账 · what is expected of equipment, as the ledger has it
    #[arg(long, value_name = "CHECKS", default_value_t)]
    pub(crate) checks: Checks,
    /// 传输方式 auto, tcp 或 udp; auto 先 TCP, 被拒或无码流时换 UDP · how media travel
    #[arg(long, value_name = "TRANSPORT", default_value = "auto", value_parser = transport)]
    pub(crate) transport: TransportPolicy,
    /// 并发数, 默认为处理器数的 16 倍 · probes under way at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) jobs: Option<u16>,
    /// 每个结果输出一行 JSON · one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// 快照目录 · write a JPEG of each judged keyframe here
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Option<PathBuf>,
    /// 逐条说明与设备的对话及用时 (仅一个地址) · tell the dialogue with its timings; one address only
    #[arg(long)]
    pub(crate) explain: bool,
    /// 把对话存为文件, 不含凭据 (仅一个地址) · keep the dialogue, credentials removed; one address only
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// 不连设备, 按文件重放一次探测 · probe again from a recorded dialogue, without a network
    #[arg(long, value_name = "FILE", conflicts_with_all = ["urls", "from", "record", "credentials"])]
    pub(crate) replay: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PictureArgs {
    /// 图片、录像或目录 · JPEG, PNG, video files, or folders of them
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// 同一摄像机的正常画面 (图片或录像), 用于比对遮挡、场景变更等 · the same camera without fault, to compare with
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
    /// 每个文件输出一行 JSON · one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// 缩略图总览 (PNG): 哪些有问题, 为什么 · a contact sheet of what was flagged and why
    #[arg(long, value_name = "PNG")]
    pub(crate) sheet: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// 台账文件 .xlsx 或 .csv · the ledger
    #[arg(value_name = "LEDGER", required_unless_present = "template")]
    pub(crate) ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// 只检查, 不写入 · say what would change and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// 有错的行跳过, 其余导入 · import the good rows and leave out those with errors
    #[arg(long)]
    pub(crate) partial: bool,
    /// 输出 JSON · print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// 写出空白模板 (.xlsx) · write the documented template and stop
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ReportCommand>,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// 某日, 默认昨日 · one day, YYYY-MM-DD; yesterday unless given
    #[arg(long, value_name = "D", conflicts_with_all = ["month", "from", "to"])]
    pub(crate) day: Option<NaiveDate>,
    /// 某月 · one month, YYYY-MM
    #[arg(long, value_name = "M", value_parser = month, conflicts_with_all = ["from", "to"])]
    pub(crate) month: Option<NaiveDate>,
    /// 起始日 · first day
    #[arg(long, value_name = "A", requires = "to")]
    pub(crate) from: Option<NaiveDate>,
    /// 截止日 · last day
    #[arg(long, value_name = "B", requires = "from")]
    pub(crate) to: Option<NaiveDate>,
    /// 口径, 如 time-weighted 或 time-weighted@1 · accounting policy; the default one unless given
    #[arg(long, value_name = "ID[@V]")]
    pub(crate) policy: Option<String>,
    /// 每日截止时刻, 如 00:00、08:00、17:00 · when a day ends; 00:00 is midnight
    #[arg(long, value_name = "HH:MM", default_value = "00:00", value_parser = cut_off)]
    pub(crate) cut_off: LocalTime,
    /// 格式 · files to write
    #[arg(long, value_delimiter = ',', default_value = "xlsx,json", value_name = "pdf,xlsx,docx,csv,html,json", value_parser = format)]
    pub(crate) format: Vec<Format>,
    /// 输出目录 · where to
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) out: Option<PathBuf>,
    /// 发布: 编号, 不可更改; 数字变了则出新版 · publish it: numbered and never changed
    #[arg(long)]
    pub(crate) publish: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// 按数据库重新计算并比较, 不一致则退出码为 1 · recompute a report and compare
    Verify {
        /// JSON 报表 · the report
        #[arg(value_name = "FILE.json")]
        file: PathBuf,
        #[command(flatten)]
        platform: PlatformArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// 检查 · check a file and say what is wrong
    Check {
        /// 配置文件 · the file
        file: PathBuf,
    },
    /// 打印 JSON Schema · print the schema
    Schema,
    /// 打印带注释的示例 · print the commented example
    Example,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// 新增用户, 打印一次性密码 · add a user; prints a one-time password
    Add {
        /// 用户名 · login name
        name: String,
        /// 角色: viewer 查看, operator 运维, admin 管理 · what the user may do
        #[arg(long, default_value = "viewer", value_parser = role)]
        role: Role,
        #[command(flatten)]
        platform: PlatformArgs,
    },
    /// 更改角色 · give a user another role
    Role {
        /// 用户名 · login name
        name: String,
        /// 角色: viewer, operator, admin · the role
        #[arg(value_parser = role)]
        role: Role,
        #[command(flatten)]
        platform: PlatformArgs,
    },
    /// 归属运维单位: 该用户只见其工单 · make a user one of a maintainer, whose work orders alone it sees
    Maintainer {
        /// 用户名 · login name
        name: String,
        /// 运维单位, 按台账名称; 不填则解除 · the maintainer by its name in the ledger; none: of nobody
        maintainer: Option<String>,
        #[command(flatten)]
        platform: PlatformArgs,
    },
    /// 公安联络员: 由其确认剔除 · make a user the liaison, who confirms exclusions
    Liaison {
        /// 用户名 · login name
        name: String,
        /// 解除 · no longer
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        platform: PlatformArgs,
    },
    /// 重置密码, 打印一次性密码 · reset a password; prints a one-time password
    Passwd {
        /// 用户名 · login name
        name: String,
        #[command(flatten)]
        platform: PlatformArgs,
    },
    /// 列出用户 · list users
    List {
        #[command(flatten)]
        platform: PlatformArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordingsCommand {
    /// 核对证据文件与数据库 · whether files and database agree
    Check {
        #[command(flatten)]
        platform: PlatformArgs,
        /// 逐个文件核对哈希 · read every file and compare its hash
        #[arg(long)]
        contents: bool,
        /// 处理可以安全处理的不一致 · mend what can be mended safely
        #[arg(long)]
        repair: bool,
        /// 确认数据库与目录无误, 大量删除也执行 · mend even where much is lost
        #[arg(long, requires = "repair")]
        force: bool,
    },
}

fn format(text: &str) -> Result<Format, String> {
    let all: Vec<_> = Format::ALL.into_iter().map(Format::code).collect();
    let rule = || format!("须为 · must be one of: {}", all.join(", "));
    Format::from_code(text).ok_or_else(rule)
}

fn role(text: &str) -> Result<Role, String> {
    let words = "viewer 查看, operator 运维, admin 管理";
    Role::from_code(text).ok_or_else(|| format!("须为 · must be one of: {words}"))
}

fn depth(text: &str) -> Result<Depth, String> {
    Depth::from_code(text).ok_or_else(|| {
        "须为 reach、stream 或 picture · must be reach, stream or picture".to_owned()
    })
}

fn transport(text: &str) -> Result<TransportPolicy, String> {
    TransportPolicy::from_code(text)
        .ok_or_else(|| "须为 auto、tcp 或 udp · must be auto, tcp or udp".to_owned())
}

#[cfg(feature = "demo")]
fn cameras(text: &str) -> Result<usize, String> {
    use zhishou_demo::{BASE_CAMERAS, MAX_CAMERAS};
    let number = text.parse().ok().filter(|number| (BASE_CAMERAS..=MAX_CAMERAS).contains(number));
    number.ok_or_else(|| format!("must be {BASE_CAMERAS} to {MAX_CAMERAS}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    if (0.5..=300.0).contains(&value) { Ok(value) } else { Err("must be 0.5 to 300".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn seconds_and_depth_are_checked() {
        for bad in ["0", "nan", "-1", "301", "x"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("3"), Ok(3.0));
        assert!(depth("deep").is_err());
    }
}
