//! `zhishou doctor`: what the platform needs, whether it is there, and how to mend what is not.

mod machine;

use super::{Failure, Outcome, block_on, read_config};
use crate::{
    ambient::SystemClock,
    cli::PlatformArgs,
    output,
    wiring::{agreement, platform::Platform, service::CANARY},
};
use zhishou_domain::{Clock, Lang, Timestamp};
use zhishou_probe::canary;
use zhishou_recordings::Depth;

/// 2026-01-01T00:00:00Z; a clock before it is surely wrong.
const BUILT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// One thing looked at.
struct Check {
    name: &'static str,
    /// What is wrong and how to mend it; `Ok` with what was found.
    result: Result<String, String>,
}

pub(super) fn run(args: &PlatformArgs, lang: Lang) -> Result<Outcome, Failure> {
    let config = read_config(args.config.as_deref(), lang)?;
    let mut checks = vec![decoder(lang), fonts(lang), clock(lang)];
    checks.extend(machine::checks(&config.probing, lang));
    checks.push(block_on(async { Ok(canaries(&config.incidents.canaries, lang).await) })?);
    checks.extend(block_on(platform(args, lang))?);
    for check in &checks {
        let (mark, text) = match &check.result {
            Ok(found) => ("●", found),
            Err(mend) => ("✕", mend),
        };
        output::line(&format!("{mark} {}: {text}", check.name));
    }
    let all_well = checks.iter().all(|check| check.result.is_ok());
    Ok(if all_well { Outcome::Good } else { Outcome::BadNews })
}

#[cfg(feature = "gst")]
fn decoder(lang: Lang) -> Check {
    use zhishou_probe::decode::{DecoderPool, Hardware};
    let result = DecoderPool::new(1, Hardware::Off)
        .map(|_| "H.264 · H.265 · JPEG".to_owned())
        .map_err(|error| {
            let mend = lang.pick(
                "安装 gstreamer1.0-libav、gstreamer1.0-plugins-base 和 gstreamer1.0-plugins-good",
                "install gstreamer1.0-libav, gstreamer1.0-plugins-base and gstreamer1.0-plugins-good",
            );
            format!("{error} → {mend}")
        });
    Check { name: lang.pick("解码器", "decoder"), result }
}

#[cfg(not(feature = "gst"))]
fn decoder(lang: Lang) -> Check {
    let result =
        Err(lang.pick("本程序未含解码器", "this binary was built without a decoder").to_owned());
    Check { name: lang.pick("解码器", "decoder"), result }
}

/// The pages use the fonts of the browser; reports in PDF and contact sheets made here need one.
fn fonts(lang: Lang) -> Check {
    let mend = lang.pick(
        "本机没有中文字体，无法生成 PDF 报表（浏览页面不受影响）→ 安装 fonts-noto-cjk",
        "no Chinese font here, reports in PDF cannot be made (pages are fine) → install fonts-noto-cjk",
    );
    let found = zhishou_report::FontFiles::find();
    Check {
        name: lang.pick("中文字体", "Chinese font"),
        result: found
            .map(|fonts| fonts.text.path.display().to_string())
            .map_err(|_| mend.to_owned()),
    }
}

fn clock(lang: Lang) -> Check {
    let now = SystemClock.now();
    let text = now.rfc3339(chrono_tz::UTC);
    let mend = lang.pick("时钟不对 → 启用 NTP 校时", "the clock is wrong → enable NTP");
    let result = if now > BUILT { Ok(text) } else { Err(format!("{text}: {mend}")) };
    Check { name: lang.pick("时钟", "clock"), result }
}

/// The hosts beside us, asked as the service asks them.
async fn canaries(hosts: &[String], lang: Lang) -> Check {
    let mut silent = Vec::new();
    for host in hosts {
        if !canary::answers(host, CANARY).await {
            silent.push(host.as_str());
        }
    }
    let result = match (hosts, silent.as_slice()) {
        ([], _) => Ok(lang
            .pick(
                "未设置；本机断网只能凭大量设备同时失联看出 → 在 incidents.canaries 填网关等常在线主机",
                "none; that our own uplink is down shows only when many devices are lost at once → name the gateway in incidents.canaries",
            )
            .to_owned()),
        (_, []) => Ok(format!("{} {}", hosts.join(" "), lang.pick("有应答", "answering"))),
        (_, silent) => Err(format!(
            "{} {}",
            silent.join(" "),
            lang.pick(
                "无应答 → 检查本机网络，或在 incidents.canaries 换一个",
                "not answering → check this machine's network, or name another in incidents.canaries",
            )
        )),
    };
    Check { name: lang.pick("对照点", "canaries"), result }
}

async fn platform(args: &PlatformArgs, lang: Lang) -> Result<Vec<Check>, Failure> {
    let name = lang.pick("数据库", "database");
    if !args.data.join("zhishou.db").exists() {
        let found = lang.pick("尚未创建，首次启动时创建", "not made yet; the first start makes it");
        return Ok(vec![Check { name, result: Ok(found.to_owned()) }]);
    }
    let platform = match Platform::open(args, lang).await {
        Ok(platform) => platform,
        Err(failure @ Failure::Usage(_)) => return Err(failure),
        Err(failure) => return Ok(vec![Check { name, result: Err(failure.to_string()) }]),
    };
    let database = match platform.store.health().await {
        Ok(health) if health.writable && health.migrated => Ok(args.data.display().to_string()),
        Ok(_) => Err(lang
            .pick(
                "不可写 → 检查磁盘与目录权限",
                "not writable → check the disk and the directory's rights",
            )
            .to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let disk = match platform.files.space() {
        Ok(space) if space.is_nearly_full() => {
            let mend = lang.pick("将满 → 清理磁盘", "nearly full → free the disk");
            Err(format!("{} MB {mend}", space.free_bytes / 1_000_000))
        }
        Ok(space) => Ok(format!("{} MB", space.free_bytes / 1_000_000)),
        Err(error) => Err(error.to_string()),
    };
    let evidence = evidence(&platform, lang).await;
    platform.store.close().await;
    Ok(vec![
        Check { name, result: database },
        Check { name: lang.pick("证据文件", "evidence"), result: evidence },
        Check { name: lang.pick("磁盘剩余", "disk free"), result: disk },
    ])
}

/// Whether every file has its row and every row its file, by their sizes.
async fn evidence(platform: &Platform, lang: Lang) -> Result<String, String> {
    let now = SystemClock.now();
    let found = agreement::check(&platform.store, &platform.files, Depth::Sizes, now).await;
    let found = found.map_err(|error| error.to_string())?;
    if found.is_clean() {
        return Ok(lang.pick("与数据库一致", "agrees with the database").to_owned());
    }
    let (missing, orphans) = (found.missing.len(), found.orphans.len());
    let damaged = found.damaged.len();
    Err(match lang {
        Lang::Zh => format!(
            "缺文件 {missing}，无记录 {orphans}，不符 {damaged} → zhishou recordings check --repair"
        ),
        Lang::En => format!(
            "{missing} missing, {orphans} without a row, {damaged} changed → zhishou recordings check --repair"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_canary_that_is_silent_is_named_and_having_none_is_said() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap().to_string();
        let none = canaries(&[], Lang::En).await.result.unwrap();
        assert!(none.contains("incidents.canaries"), "{none}");
        let well = canaries(std::slice::from_ref(&there), Lang::En).await.result.unwrap();
        assert_eq!(well, format!("{there} answering"));
        let silent = canaries(&[there.clone(), "no port".to_owned()], Lang::En).await.result;
        let silent = silent.unwrap_err();
        assert!(
            silent.starts_with("no port not answering") && !silent.contains(&there),
            "{silent}"
        );
    }
}
