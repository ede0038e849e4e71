//! What the machine gives: descriptors, memory, room for UDP, a clock that is kept right, and
//! hardware that decodes.

use super::Check;
use crate::wiring::descriptors;
use std::{fs, process::Command};
use zhishou_config::{HardwareDecoders, Probing};
use zhishou_domain::Lang;

/// Memory that should be free, kB: a large district with its pages.
const FREE_KB: u64 = 512 * 1024;
/// Receive buffer that a stream over UDP asks for, bytes: a keyframe comes in one burst.
const UDP_BUFFER: u64 = 4 << 20;
/// Ports that one probe over UDP takes at most: two pairs.
const UDP_PORTS: u64 = 4;

pub(super) fn checks(probing: &Probing, lang: Lang) -> Vec<Check> {
    let probes = probing.concurrent as u64;
    let mut checks = vec![open_files(probes, lang)];
    checks.extend(memory(lang));
    checks.extend(udp_buffer(lang));
    checks.extend(udp_ports(probes, lang));
    checks.extend(pings(lang));
    checks.extend(clock_kept(lang));
    checks.extend(hardware(probing.hardware_decoders, lang));
    checks
}

fn open_files(probes: u64, lang: Lang) -> Check {
    let limits = descriptors::limits();
    let shown = |limit: Option<u64>| limit.map_or("∞".to_owned(), |limit| limit.to_string());
    let (soft, hard, needed) =
        (shown(limits.soft), shown(limits.hard), descriptors::needed(probes));
    let result = if limits.hard.is_some_and(|hard| hard < needed) {
        Err(match lang {
            Lang::Zh => format!(
                "硬上限 {hard} 不足，{probes} 路并发需要 {needed} → 调大 LimitNOFILE 或 ulimit -Hn，或减小 probing.concurrent"
            ),
            Lang::En => format!(
                "hard limit {hard}, {probes} probes at once need {needed} → raise LimitNOFILE or ulimit -Hn, or lower probing.concurrent"
            ),
        })
    } else {
        Ok(match lang {
            Lang::Zh => format!("软上限 {soft}，启动时升到 {hard}；{probes} 路并发需要 {needed}"),
            Lang::En => format!(
                "soft limit {soft}, raised to {hard} at start; {probes} probes at once need {needed}"
            ),
        })
    };
    Check { name: lang.pick("文件描述符", "descriptors"), result }
}

fn memory(lang: Lang) -> Option<Check> {
    let free = available_kb(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let mend = lang.pick(
        "不足 512 MB → 增加内存，或停掉别的服务",
        "less than 512 MB → add memory, or stop other services",
    );
    let megabytes = format!("{} MB", free / 1024);
    let result = if free < FREE_KB { Err(format!("{megabytes} {mend}")) } else { Ok(megabytes) };
    Some(Check { name: lang.pick("可用内存", "memory free"), result })
}

/// `MemAvailable` of `/proc/meminfo`, kB (proc(5)).
fn available_kb(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim_end().parse().ok()
}

fn udp_buffer(lang: Lang) -> Option<Check> {
    let most: u64 = fs::read_to_string("/proc/sys/net/core/rmem_max").ok()?.trim().parse().ok()?;
    // Most districts take media over TCP, which needs none of it.
    let text = match lang {
        _ if most >= UDP_BUFFER => most.to_string(),
        Lang::Zh => format!(
            "{most}；若用 UDP 取流，突发数据可能在本机丢失 → sysctl -w net.core.rmem_max={UDP_BUFFER}"
        ),
        Lang::En => format!(
            "{most}; with media over UDP, bursts may get lost here → sysctl -w net.core.rmem_max={UDP_BUFFER}"
        ),
    };
    Some(Check { name: lang.pick("UDP 接收缓冲", "UDP receive buffer"), result: Ok(text) })
}

fn udp_ports(probes: u64, lang: Lang) -> Option<Check> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let ports = width(&range)?;
    let needed = probes * UDP_PORTS;
    let range = range.split_whitespace().collect::<Vec<_>>().join("–");
    let result = if ports < needed {
        Err(match lang {
            Lang::Zh => format!(
                "{range}，{probes} 路 UDP 并发需要 {needed} 个 → 调大 net.ipv4.ip_local_port_range"
            ),
            Lang::En => format!(
                "{range}, {probes} probes over UDP need {needed} → widen net.ipv4.ip_local_port_range"
            ),
        })
    } else {
        Ok(range)
    };
    Some(Check { name: lang.pick("UDP 端口", "UDP ports"), result })
}

/// Whether the group that we run as may ping (icmp(7)). Not asked for: a district may have nothing
/// that is pinged.
fn pings(lang: Lang) -> Option<Check> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").ok()?;
    let group = rustix::process::getegid().as_raw();
    let text = match (holds(&range, group)?, lang) {
        (true, _) => lang.pick("允许", "allowed").to_owned(),
        (false, Lang::Zh) => format!(
            "不允许组 {group}，icmp:// 设备只能是未知 → sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""
        ),
        (false, Lang::En) => format!(
            "not by group {group}; devices of icmp:// stay unknown → sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""
        ),
    };
    Some(Check { name: "ping", result: Ok(text) })
}

/// Whether a number is within a range of two, ends counted in.
fn holds(range: &str, number: u32) -> Option<bool> {
    let mut ends = range.split_whitespace().map(str::parse::<u32>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some((first..=last).contains(&number))
}

/// How many ports a range has of two numbers.
fn width(range: &str) -> Option<u64> {
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    last.checked_sub(first).map(|more| more + 1)
}

/// Whether something keeps the clock right. `None` where nobody can tell.
fn clock_kept(lang: Lang) -> Option<Check> {
    let asked =
        Command::new("timedatectl").args(["show", "-p", "NTPSynchronized", "--value"]).output();
    let said = asked.ok().filter(|output| output.status.success())?;
    let result = match String::from_utf8_lossy(&said.stdout).trim() {
        "yes" => Ok(lang.pick("已同步", "synchronised").to_owned()),
        "no" => Err(lang
            .pick(
                "未同步，时钟偏差和在线率都会不准 → 启用 systemd-timesyncd 或 chrony",
                "not synchronised; clock offsets and rates come out wrong → enable systemd-timesyncd or chrony",
            )
            .to_owned()),
        _ => return None,
    };
    Some(Check { name: lang.pick("时钟同步", "clock kept"), result })
}

/// Told, not asked for: software decodes everywhere.
#[cfg(feature = "gst")]
fn hardware(wanted: HardwareDecoders, lang: Lang) -> Option<Check> {
    let found = zhishou_probe::decode::hardware_decoders().ok()?;
    let list = |in_use: bool| {
        let names = found.iter().filter(|found| found.in_use == in_use);
        names.map(|found| found.name.as_str()).collect::<Vec<_>>().join(" · ")
    };
    let (used, idle) = (list(true), list(false));
    let text = match (found.is_empty(), wanted, used.is_empty()) {
        (true, ..) => lang.pick("未找到，使用软件解码", "none found; software decodes").to_owned(),
        (false, HardwareDecoders::Off, _) => lang
            .pick("已在配置中停用，使用软件解码", "off by configuration; software decodes")
            .to_owned(),
        (false, _, true) => match lang {
            Lang::Zh => format!("找到 {idle}，但无法打开；使用软件解码"),
            Lang::En => format!("found {idle}, but none opens; software decodes"),
        },
        (false, _, false) => match lang {
            Lang::Zh => format!("使用 {used}；与软件解码不一致时自动停用"),
            Lang::En => format!("in use: {used}; given up where software decodes otherwise"),
        },
    };
    Some(Check { name: lang.pick("硬件解码", "hardware decoders"), result: Ok(text) })
}

#[cfg(not(feature = "gst"))]
fn hardware(_wanted: HardwareDecoders, _lang: Lang) -> Option<Check> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let meminfo = "MemTotal:       24616524 kB\nMemAvailable:   23511348 kB\n";
        assert_eq!(available_kb(meminfo), Some(23_511_348));
        assert_eq!(available_kb("MemTotal: 1 kB"), None);
        assert_eq!(width("32768\t60999\n"), Some(28_232));
        assert_eq!(width("60999"), None);
        assert_eq!((holds("1\t0\n", 0), holds("0 2147483647", 1000)), (Some(false), Some(true)));
        assert_eq!(holds("", 0), None);
    }

    #[test]
    fn too_few_descriptors_name_the_limit_and_the_need() {
        let check = open_files(u64::from(u32::MAX), Lang::En);
        if descriptors::limits().hard.is_some() {
            assert!(check.result.unwrap_err().contains("probing.concurrent"));
        }
        assert!(open_files(1, Lang::En).result.unwrap().contains("need 517"));
    }
}
