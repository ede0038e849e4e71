//! Every label of the pages in both languages, as one typed catalogue: a template that names a
//! label which does not exist does not compile, and no label can exist in one language only.

use zhishou_domain::Lang;

macro_rules! catalogue {
    ($($key:ident: $zh:literal, $en:literal;)+) => {
        /// The labels in one language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct Words(pub(crate) Lang);

        impl Words {
            $(
                #[doc = $en]
                pub(crate) const fn $key(self) -> &'static str {
                    self.0.pick($zh, $en)
                }
            )+

            /// Every label: key, Chinese, English.
            #[cfg(test)]
            const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $zh, $en)),+];
        }
    };
}

/// Labels of a part of the pages in a file of their own.
macro_rules! labels {
    ($($key:ident: $zh:literal, $en:literal;)+) => {
        impl super::Words {
            $(
                #[doc = $en]
                pub(crate) const fn $key(self) -> &'static str {
                    self.0.pick($zh, $en)
                }
            )+
        }

        /// Every label: key, Chinese, English.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str, &str)] = &[$((stringify!($key), $zh, $en)),+];
    };
}

mod meetings;
mod records;

catalogue! {
    // the frame
    product: "值守", "Zhishou";
    product_line: "视频与会议保障", "video and meeting assurance";
    skip: "跳到正文", "Skip to content";
    nav_sites: "站点在线率", "Availability";
    nav_devices: "设备", "Devices";
    other_language: "English", "中文";
    theme: "主题", "Theme";
    theme_auto: "跟随系统", "System";
    theme_light: "浅色", "Light";
    theme_dark: "深色", "Dark";
    logout: "退出", "Sign out";
    change_password: "修改密码", "Change password";
    keys: "快捷键", "Keys";
    key_search: "搜索", "search";
    key_help: "显示快捷键", "show keys";
    key_strip: "在时间条上左右移动", "move along a strip";
    close: "关闭", "Close";
    connection_lost: "实时连接已断开，数据可能过时；正在重连…", "Live connection lost; figures may be old. Reconnecting…";
    order_changed: "排序已变化，点此刷新", "The order has changed: refresh";
    // figures
    online_rate_today: "今日在线率", "Online today";
    online_rate: "在线率", "Online rate";
    device_minutes: "台·分钟", "device-minutes";
    coverage: "覆盖", "coverage";
    target: "目标", "target";
    policy: "口径", "policy";
    too_little: "数据不足", "Too little data";
    between: "可能区间", "between";
    last_update: "最后更新", "Last update";
    never: "尚无结果", "no result yet";
    unit_devices: "台", "devices";
    below_target: "低于目标", "below target";
    // states
    online: "在线", "Online";
    degraded: "降级", "Degraded";
    offline: "离线", "Offline";
    unknown: "未知", "Unknown";
    unconnected: "未接入", "Not connected";
    out_of_use: "不在用", "Out of use";
    state: "状态", "State";
    // filters
    filters: "筛选", "Filters";
    all: "全部", "All";
    street: "街道", "Street";
    department: "部门", "Department";
    class: "点位类别", "Class";
    maintainer: "运维单位", "Maintainer";
    police_station: "辖区派出所", "Police station";
    tag: "标签", "Tag";
    only_trouble: "只看异常", "Trouble only";
    search: "搜索名称、地址、IP", "Search name, address, IP";
    apply: "筛选", "Filter";
    clear: "清除", "Clear";
    // sites
    site: "站点", "Site";
    today: "今日", "Today";
    reason: "原因", "Reason";
    affected: "台受影响", "affected";
    more_reasons: "项原因", "more causes";
    no_valid_result: "没有有效结果", "no valid result";
    begun_at: "起", "since";
    all_online: "个站点全部在线", "sites all online";
    no_match: "没有符合条件的记录。", "Nothing matches.";
    no_match_next: "放宽或清除筛选条件。", "Widen or clear the filters.";
    next_page: "下一页", "Next page";
    first_page: "回到第一页", "Back to the first page";
    empty_title: "还没有设备", "No devices yet";
    empty_text: "系统已就绪，台账是空的。下一步：导入一机一档（Excel 或 CSV）。", "The system is ready; the ledger is empty. Next: import it from Excel or CSV.";
    empty_command: "在服务器上运行：", "Run on the server:";
    empty_demo: "只想看看？运行演示：", "Only looking? Run the demo:";
    table_behind: "以表格查看", "Show as a table";
    // devices
    devices: "设备", "Devices";
    device: "设备", "Device";
    last_result: "最近探测", "Last probe";
    address: "安装地址", "Address";
    parent: "上级设备", "Depends on";
    phone: "联系电话", "Phone";
    mail: "邮箱", "Mail";
    vendor_model: "厂商/型号", "Vendor/model";
    ip: "IP 地址", "IP address";
    national_code: "国标编码", "National code";
    life: "在用状态", "Life state";
    url: "探测地址", "Opened address";
    note: "备注", "Note";
    facts: "档案", "Ledger";
    advice: "建议", "Advice";
    doubt: "待确认", "unconfirmed";
    doubt_tail: "未确认前不计为离线", "not counted before it is confirmed";
    probe_now: "立即探测", "Probe now";
    probing: "探测中…", "Probing…";
    probe_failed: "未能探测", "The probe could not run";
    call_now: "测试呼叫", "Test call";
    calling: "呼叫中，约 25 秒…", "Calling, about 25 s…";
    called: "测试呼叫已结束，结果在下面。", "The test call is over; what came of it stands below.";
    probe_refused_busy: "该设备正在探测，请稍候再试。", "This device is being probed; try again shortly.";
    probe_refused_unprobed: "该设备未接入探测：台账里没有地址，或不在用。", "This device is not probed: the ledger has no address, or it is not in use.";
    probe_refused_stopping: "服务正在停止，重启后会自动探测。", "The service is stopping; probing resumes after its restart.";
    update_credential: "更新凭据", "Update credential";
    credential: "凭据", "Credential";
    credential_note: "只写：保存后任何页面都不再显示密码；保存即重新启用探测。", "Write-only: no page shows the password again. Saving re-arms probing.";
    credential_saved: "凭据已更新，下一次探测将使用它。", "Credential saved; the next probe uses it.";
    credential_none: "未登记", "none on record";
    credential_proven: "已验证", "proven";
    credential_unproven: "未验证", "not proven yet";
    credential_suspended: "已暂停登录", "login suspended";
    rearm: "重新启用登录", "Re-arm login";
    rearmed: "已重新启用；下一次探测将再次登录。", "Re-armed; the next probe logs in again.";
    certificate: "TLS 证书", "TLS certificate";
    certificate_since: "首次见到", "first seen";
    certificate_offered: "设备现出示另一张证书", "the device shows another certificate";
    accept_certificate: "确认新证书", "Accept the new certificate";
    certificate_question: "先核实：设备确已更换、升级或重发证书。确认后凭据将照常发送给持有该证书的对端。", "Find out first: the device was really replaced, updated or given a new certificate. After this the login goes to whoever holds it.";
    certificate_confirmed: "我已核实", "I have verified it";
    certificate_accepted: "新证书已记录。", "The new certificate is on record.";
    certificate_gone: "设备现已不出示该证书，未作更改。", "The device no longer shows that certificate; nothing was changed.";
    username: "用户名", "User name";
    password: "密码", "Password";
    save: "保存", "Save";
    snapshots: "图像", "Pictures";
    fault_snapshot: "故障画面", "Picture at fault";
    good_snapshot: "最近正常画面", "Last good picture";
    last_snapshot: "最近画面", "Last picture";
    no_snapshot: "尚无画面", "No picture yet";
    view_logged: "查看会记入审计", "Viewing is logged";
    picture: "画面", "Picture";
    picture_judged: "已解码判定", "decoded and judged";
    last_judged: "上次判定", "last judged";
    was_clean: "正常", "clean";
    was_faulty: "有故障", "faulty";
    attention: "注意", "Note";
    baseline: "已学习的习惯", "Learned habit";
    baseline_note: "码率、编码与分辨率偏离这些数值时报故障；维修、换机、改参数之后可重新学习。", "A departure of bit rate, codec or size from these is told as a fault. After a repair, replacement or new settings, learn anew.";
    main_stream: "主码流", "Main stream";
    sub_stream: "子码流", "Sub-stream";
    usual_form: "编码与分辨率", "Codec and size";
    usual_bitrate: "常见码率", "Usual bit rate";
    usual_gop: "常见关键帧间隔", "Usual keyframe distance";
    learned_since: "重新学习自", "Learned anew since";
    learn_anew: "重新学习", "Learn anew";
    learn_question: "将忘记以上数值。学会之前，与习惯比较的故障（低码率、分辨率或编码不符）不会报出。", "The figures above are forgotten. Until they are learned again, faults beside what is usual (low bit rate, another size or codec) are not told.";
    learn_confirmed: "我已核实现在的画面是正常的", "I have verified that the present picture is right";
    baseline_reset: "已忘记并重新学习；原数值已记入审计。", "Forgotten, and learned anew; what it was stands in the audit log.";
    baseline_none: "尚未学到任何习惯，未作更改。", "Nothing is learned of this stream yet; nothing was changed.";
    dialogue: "对话", "Dialogue";
    dialogues: "保留的对话", "Kept dialogues";
    kept_why: "保留原因", "Kept because";
    kept_asked: "人工保留", "asked for";
    kept_outage: "离线确认", "outage confirmed";
    dialogue_note: "设备与探测机之间往来的报文，凭据已去除；可能含有画面，查看与下载均记入审计。", "What the device and the probe said to each other, without any credential. It may hold pictures: viewing and downloading are logged.";
    dialogue_replay: "离线重放：", "To replay it offline:";
    dialogues_none: "尚无。离线确认时会自动保留一份，也可随时手动保留。", "None yet. One is kept when an outage is confirmed, or whenever you ask for it.";
    keep_dialogue: "再探测一次并保留对话", "Probe again and keep the dialogue";
    dialogue_kept: "对话已保留，见下方“保留的对话”。", "The dialogue is kept; see \"Kept dialogues\" below.";
    dialogue_lost: "已探测，但没有可保留的对话：未能与设备通信，或磁盘将满。", "Probed, but there is no dialogue to keep: nothing was said, or the disk is nearly full.";
    download: "下载", "Download";
    kept_size: "大小", "Size";
    video: "视频", "Video";
    equipment_seen: "实测", "Measured";
    asked_by: "探测方式", "Asked by";
    answering: "应答地址", "Answered from";
    round_trip: "往返时延", "Round trip";
    pings: "ping 应答", "Pings answered";
    ping_loss: "ping 丢失", "Pings lost";
    http_status: "状态码", "Status";
    uptime: "已运行", "Up for";
    certificate_until: "证书有效至", "Certificate valid until";
    checks: "监控项", "Checks";
    test_call: "测试呼叫", "Test calls";
    call_port: "H.323 端口 1720", "H.323 port 1720";
    options_answer: "OPTIONS 应答", "Answer to OPTIONS";
    invite_answer: "INVITE 应答", "Answer to INVITE";
    codecs_told: "自称支持", "Says it takes";
    talked: "通话时长", "Lasted";
    sound: "音频编码", "Sound";
    sound_level: "收到的音量", "Level received";
    sound_loss: "音频丢包率", "Loss of sound";
    sound_jitter: "音频抖动", "Jitter of sound";
    sent_loss: "对端收到的丢包率", "Loss at the other end";
    mos: "语音评分 MOS（G.107 估算）", "MOS (G.107 estimate)";
    freezes: "画面卡顿", "Freezes";
    hanging_up: "挂断", "Hanging up";
    bye_unanswered: "对端未确认 BYE", "the other end did not confirm BYE";
    out_of_limits: "异常", "not as it should be";
    codec: "编码", "Codec";
    size: "分辨率", "Size";
    fps: "帧率（实收/标称）", "Frame rate (received/declared)";
    fps_short: "帧率", "Frame rate";
    bitrate: "码率", "Bit rate";
    gop: "关键帧间隔", "GOP";
    frames: "帧", "frames";
    loss: "丢包率", "Loss";
    jitter: "抖动", "Jitter";
    first_keyframe: "首个关键帧", "First keyframe";
    clock_offset: "时钟偏差", "Clock offset";
    transport: "传输", "Transport";
    server: "设备自称", "Calls itself";
    stages: "阶段耗时", "Stage timings";
    strip_month: "近 30 日", "Last 30 days";
    measures: "近 24 小时指标", "Measures, last 24 h";
    observations: "最近探测记录", "Recent observations";
    transitions: "状态变化", "Changes of state";
    at: "时间", "Time";
    took: "耗时", "Took";
    verdict: "结论", "Verdict";
    faults: "故障现象", "Faults";
    older: "更早的记录", "Older";
    newest: "回到最新", "Newest";
    hour: "时刻", "Hour";
    mean: "均值", "Mean";
    lowest: "最低", "Lowest";
    highest: "最高", "Highest";
    from: "起", "From";
    to: "止", "To";
    // the picture
    judged: "画面诊断", "Picture diagnosis";
    judged_well: "正常", "well";
    judged_suspect: "疑似", "suspected";
    judged_faulty: "异常", "faulty";
    judged_unknown: "无法判定", "cannot tell";
    score: "评分", "Score";
    against_limit: "实测 / 界限", "Measured / limit";
    trend: "30 天（每日最高）", "30 days (highest of each)";
    day_utc: "日期（UTC）", "Day (UTC)";
    feedback: "反馈", "Feedback";
    false_alarm: "误报", "False alarm";
    confirmed: "确认", "Confirm";
    reset_limit: "恢复默认界限", "Reset limit";
    said: "已有反馈", "What was said";
    feedback_saved: "反馈已记录，本机界限随之调整（黑屏和信号丢失的界限不放宽）。", "Noted; this camera's limit follows (that of black pictures and lost signals is never widened).";
    feedback_gone: "这幅画面的记录已过期，请在最新结果上反馈。", "The record of that picture is gone; say it of the newest result.";
    references: "画面基准", "Picture references";
    references_note: "按光照（白天、昏暗、红外）分别从无故障的画面缓慢学习，有故障、存疑或被判误报的画面不学。画面遮挡与场景变更对照基准判定；更改隐私遮挡后重新学习。", "Learned slowly by light (day, dusk, infrared) from pictures without a fault; what is faulty, in doubt or called a false alarm teaches nothing. Covers and changes of scene are judged beside them. New privacy masks begin them anew.";
    references_none: "尚未学得基准：画面遮挡与场景变更无法判定。", "Nothing is learned yet: covers and changes of scene cannot be told.";
    light: "光照", "Light";
    pictures_learned: "学习画面", "Pictures learned";
    scenes: "场景", "Scenes";
    origin: "来源", "By";
    first_learned: "开始学习", "First learned";
    last_learned: "最近学习", "Last learned";
    in_use: "使用中", "in use";
    learning: "学习中，尚不用于判定", "learning, not judged by yet";
    adopted: "人工更新", "an operator";
    learned: "自动学习", "learned";
    adopt: "更新基准", "Adopt present picture";
    adopt_question: "下一幅无其他故障的画面将成为其光照的基准，并立即生效；点“立即探测”可马上取得。原基准保留一次，可恢复。", "The next picture without another fault becomes the reference of its light at once; Probe now takes one. The one before is kept once and can be restored.";
    adopt_pending: "更新基准：等待下一幅无其他故障的画面", "To be adopted: the next picture without another fault";
    adopt_done: "已记下：下一幅无其他故障的画面将成为基准。", "Noted: the next picture without another fault becomes the reference.";
    relearn_question: "清除各光照的基准，从以后的正常画面重新学习；学成之前画面遮挡与场景变更无法判定。可恢复一次。", "All lights are forgotten and learned anew from good pictures to come; until then covers and changes of scene cannot be told. Can be restored once.";
    relearn_done: "基准已清除，将重新学习。", "Forgotten; it is learned anew.";
    restore: "恢复上次基准", "Restore previous";
    restore_question: "撤销上一次更新基准或重新学习。", "Takes the last adoption or the last new beginning back.";
    restore_done: "已恢复上次的基准。", "The previous references are restored.";
    reference_unchanged: "没有可更改的基准。", "There was nothing to change.";
    reference_picture: "同光照的正常画面", "Good picture by the same light";
    untold_reference: "尚无此光照的基准", "no reference by this light yet";
    untold_shaking: "需连续画面，每六次看图判一次", "takes successive pictures: told at every sixth look";
    heat: "与基准不符的区域", "Where it differs";
    heat_plain: "明显不符", "plainly differs";
    heat_some: "不符", "differs";
    heat_clear: "未着色：相符或无法判定", "clear: as it should be, or cannot tell";
    heat_table: "各部分不符的比例（自左上至右下九等分）", "Share that differs, by ninths of the picture from the upper left";
    masks: "隐私遮挡", "Privacy masks";
    masks_note: "这些区域在截图编码之前涂黑，不保存未遮挡的图像。保存后，遮挡之前的截图会被删除。", "These regions are blacked out before a snapshot is encoded; no copy without them is kept. Saving deletes the snapshots from before.";
    masks_draw: "在图上拖动画矩形；逐点轻触画多边形，触回第一点闭合。", "Drag for a rectangle; tap corner by corner for a polygon, and the first one again to close it.";
    masks_text: "也可键入：每行一个区域，顶点为 x,y（占宽高的比例，0 至 1 或 %），两个顶点为矩形", "Or type: a region a line, corners as x,y (shares of width and height, 0 to 1 or %); two corners are a rectangle";
    masks_undo: "撤销上一步", "Undo last";
    masks_saved: "隐私遮挡已保存。", "Privacy masks saved.";
    // incidents
    incidents: "故障", "Incidents";
    incidents_open: "未恢复", "open";
    incidents_unsure: "待核实", "uncertain";
    incidents_closed: "已恢复", "recovered";
    incidents_none: "没有未恢复的故障。设备离线经确认后会自动出现在这里，同一根因的归为一条。", "No incident is open. Confirmed outages appear here by themselves, one line for each root.";
    incident_cause: "根因", "Root cause";
    incident_extent: "影响范围", "Extent";
    incident_since: "起止", "Since";
    incident_devices: "受影响设备", "Affected devices";
    incident_under: "受根因影响而不可达", "unreachable under the root";
    incident_merged: "经判定属于同一根因，已并入故障", "It turned out to be part of incident";
    incident_evidence: "截图、对话与逐次探测记录见各设备页。", "Pictures, dialogues and each probe stand on the page of each device.";
    incident_timeline: "经过", "What happened";
    // work orders
    work_orders: "工单", "Work orders";
    work_open: "未完成", "open";
    work_closed: "已完成", "over";
    work_late: "超时", "overdue";
    work_none: "没有工单。可在故障页派单，或登记电话报修。", "No work order. Open one from an incident, or take a report by telephone.";
    work_new: "登记报修", "Take a report";
    work_accept: "受理", "Accept";
    work_title: "报修内容", "What is to be repaired";
    work_place: "地点", "Place";
    work_category: "类别", "Category";
    work_caller: "报修人", "Caller";
    work_unit: "报修单位", "Unit";
    work_later: "稍后派单", "assign later";
    work_opened: "受理时间", "Accepted";
    work_clock: "用时 / 时限", "Spent / limit";
    work_calendar: "计时", "Clock runs";
    work_proof: "修复由探测证实：全部设备恢复并稳定", "The repair is proven by our probes: every device well and stable for";
    work_assign: "派单", "Assign";
    work_stop: "停表", "Stop the clock";
    work_resume: "恢复计时", "Resume the clock";
    work_finish: "办结", "Finish";
    work_cancel: "撤销", "Cancel";
    work_note: "写备注", "Add a note";
    work_print: "打印本页即为派工单", "Print this page for the job sheet";
    work_sheet: "派工单", "Job sheet";
    work_result: "处理结果：", "What was done:";
    work_sign_maintainer: "维修人签字：", "Repaired by:";
    work_sign_user: "用户确认签字：", "Confirmed by:";
    work_platform: "平台", "platform";
    work_figures: "受理与修复", "Accepted and repaired";
    work_photo: "现场照片", "Photo";
    work_photos: "现场照片", "Photos of the repair";
    work_photo_failed: "照片未能上传，请重试", "the photo was not sent; try again";
    work_excused: "剔除已批准，不计用时", "excluded by approval, not counted";
    work_cut: "只列最新的 5000 单", "the newest 5000 only";
    work_accepted: "受理", "Accepted";
    work_done: "完成", "Done";
    work_done_rate: "完成率", "Done rate";
    work_timely: "修复及时率", "Timely repair";
    work_mttr: "平均修复用时", "Mean time to repair";
    work_figures_note: "修复及时率 = 1 − 超时 /（已完成 + 超时未完成）；停表与待证实的时间不计入用时。", "Timely repair = 1 − overdue / (done + overdue and open); time stopped or being proven does not count.";
    work_repeats: "反复故障（期间 3 次以上）", "Repeat offenders (3 or more since)";
    work_times: "次", "times";
    work_of_incident: "工单", "Work order";
    // dashboard
    nav_dashboard: "在线率看板", "Dashboard";
    yesterday: "昨日", "Yesterday";
    day_before: "前一日", "the day before";
    seven_days: "近 7 天", "7 days";
    seven_days_before: "前 7 天", "the 7 days before";
    this_month: "本月", "This month";
    same_days_last_month: "上月同期", "the same days of last month";
    any_days: "自定日期", "Any days";
    period_before: "上一时段", "the period before";
    period: "时段", "Period";
    ranked_by: "排名", "Ranked by";
    exclusion: "口径前后", "Exclusions";
    after_exclusion: "剔除后", "after exclusion";
    before_exclusion: "剔除前", "before exclusion";
    none_of_these: "未填", "none";
    nothing_scheduled: "这一时段没有应检的设备。", "Nothing was to be checked in this period.";
    axis: "纵轴", "scale";
    by_hour: "按小时", "By hour";
    by_day: "按日", "By day";
    by_month: "按月", "By month";
    hours_note: "按探测结论，剔除前", "as the probes concluded, before exclusion";
    calendar: "一年日历", "Calendar of a year";
    day: "日期", "Day";
    reaches_target: "达标", "reaches target";
    points_short: "个百分点以下", "points short";
    intact_rate: "完好率", "Picture intact";
    assessed: "考核得分", "Score";
    reach_rate: "可达率", "Reached";
    data_coverage: "数据覆盖率", "Coverage";
    in_ledger: "台账", "In ledger";
    due_devices: "应检", "Due";
    checked_devices: "已检", "Checked";
    short_of_target: "达标还差", "Short by";
    change_points: "较上期（百分点）", "Change (points)";
    numerator: "分子", "numerator";
    denominator: "分母", "denominator";
    thirty_days: "近 30 天", "30 days";
    ranking: "排名", "Ranking";
    export: "导出", "Export";
    offline_list: "离线清单", "Offline now";
    nothing_offline: "没有已确认离线的设备。", "No device is confirmed offline.";
    down_since: "离线自", "Down since";
    minutes_down: "离线分钟", "Minutes down";
    counted_until: "统计至", "Counted up to";
    days_waiting: "天尚未统计或待重新统计", "days are not counted yet, or wait to be counted again";
    days_waiting_next: "后台正在补算，稍后刷新即可；其余日期的数值不受影响。", "This goes on in the background; reload in a while. The other days stand.";
    // wall
    wall: "大屏", "Wall board";
    wall_meetings: "会议", "Meetings";
    newest_outages: "最新离线", "Newest outages";
    wall_stale: "数据已超过 2 分钟未更新", "Data is older than two minutes";
    wall_shut: "大屏令牌已吊销或失效：请管理员在“大屏令牌”页新建，并在本机打开新地址。", "The token of this board opens nothing any more: let an administrator make a new one and open its address here.";
    wall_tokens: "大屏令牌", "Tokens of wall boards";
    wall_tokens_note: "大屏无需登录、长期开着：每块屏一个令牌，只能看 /wall，随时可吊销。在那台机器的浏览器里打开一次新令牌的地址即可。", "A wall board stays open for weeks without a login: one token a board, which opens /wall alone and can be revoked at any time. Open the address of a new token once in the browser of that machine.";
    wall_tokens_none: "还没有令牌。", "There are no tokens yet.";
    wall_token_once: "新令牌的地址，只显示这一次：", "The address of the new token, shown this once:";
    wall_token_name: "屏的名称与位置", "Which board, in which room";
    wall_token_make: "新建令牌", "Make a token";
    wall_token_made: "新建", "Made";
    wall_token_revoke: "吊销", "Revoke";
    wall_token_revoked: "已吊销", "Revoked";
    wall_token_valid: "有效", "Valid";
    // exclusions
    exclusions: "剔除", "Exclusions";
    exclusions_note: "经批准的停电、施工、报备检修等时段不计入在线率；剔除前后的数值都可查。", "Approved power cuts, construction and announced maintenance do not count; every figure can be read before and after.";
    exclusions_none: "没有剔除记录。", "There are no exclusions.";
    exclusions_none_next: "停电、施工或报备检修影响到设备时，由运维单位在此申报。", "Where a power cut, construction or announced maintenance affects devices, the maintainer files it here.";
    exclusion_new: "申报剔除", "File an exclusion";
    exclusion_about: "剔除对象", "What it is about";
    exclusion_choose: "请选择", "Choose";
    exclusion_sites: "站点", "Sites";
    exclusion_streets: "整条街道", "Whole streets";
    exclusion_only: "仅限运维单位", "Only what is maintained by";
    exclusion_reason: "事由", "Reason";
    exclusion_from: "自", "From";
    exclusion_to: "至（不含）", "To (not included)";
    exclusion_period: "时段", "Period";
    exclusion_evidence: "依据", "Evidence";
    exclusion_evidence_hint: "通知名称及编号，例如：供电局停电通知 2026-118 号", "The notice and its number, such as: power company notice 2026-118";
    exclusion_file: "申报", "File";
    exclusion_file_note: "申报后须由数据中心批准；口径要求时还须公安联络员确认。三步由不同的人完成，均记入审计。", "The centre approves it, and the liaison confirms it where the policy asks for that. Three people do it, and each act is logged.";
    exclusion_filed: "已申报，待数据中心批准。", "Filed; it waits for the centre's approval.";
    exclusion_approved: "已批准。要求联络员确认的口径，确认后才剔除。", "Approved. Policies that ask for the liaison's confirmation wait for it.";
    exclusion_confirmed: "已确认。", "Confirmed.";
    exclusion_over: "已结束，不影响任何数值。", "It is over and changes no figure.";
    exclusion_effect: "对各口径的影响", "What it changes under each policy";
    exclusion_counts: "剔除", "left out";
    exclusion_counts_not: "不剔除", "not left out";
    exclusion_figures: "所涉范围的在线率（全部有效剔除合计）", "Online rate of what it is about (all exclusions in force)";
    exclusion_before: "剔除前", "Before exclusion";
    exclusion_after: "剔除后", "After exclusion";
    exclusion_as_if: "若批准，剔除后", "As if approved, after exclusion";
    exclusion_left_out: "剔除时长", "Left out";
    exclusion_steps: "办理过程", "What was done";
    excluded: "剔除", "excluded";
    plans: "检查方案", "Check plans";
    plans_note: "按保障等级规定何时查、查什么、以什么为准。版本一经写入不再更改，每次检查都注明所用版本。", "What is checked when and held against what, by grade of assurance. A version is never changed, and each check names its own.";
    plan_version: "版本", "version";
    plan_edit_note: "改动写成新版本，从下一次检查起生效。先预览，再保存。", "Changes become a new version, which holds from the next check on. Preview, then save.";
    plan_same: "不变", "as it is";
    plan_saved: "新方案已保存。", "The new plan is saved.";
    plan_not_newest: "已有人先保存了新版本，未作改动；请对照后再存。现行版本", "Somebody saved a version meanwhile and nothing was changed; compare and save again. The present version is";
    policies: "口径", "Policies";
    policies_note: "口径说明观测如何成为数值。版本一经写入不再更改，每个数值都注明所用的口径与版本。", "A policy says how observations become figures. A version is never changed, and each figure names its own.";
    policy_shipped: "随平台提供", "came with the platform";
    policy_default: "默认", "default";
    policy_older: "以前的版本", "Versions before";
    policy_words: "口径说明", "In words";
    policy_document: "文档（TOML）", "Document (TOML)";
    policy_edit: "编写下一版本", "Write the next version";
    policy_edit_note: "改动只写成新版本，以前的数值不变。改 id 即另立口径（版本从 1 起）。先预览，再保存。", "Changes become a new version; what was published stays. Another id makes another policy, from version 1 on. Preview, then save.";
    policy_preview: "预览影响", "Preview";
    policy_preview_days: "用这些日期预览", "Preview over these days";
    policy_now: "现行", "Now";
    policy_then: "改后", "Then";
    policy_new: "新口径，没有可比的现行版本。", "A new policy: there is no version to compare with.";
    policy_streets: "在线率有变化的街道", "Streets whose online rate changes";
    policy_same: "个街道不变", "streets stay as they are";
    policy_save: "保存为", "Save as";
    policy_saved: "新版本已保存。", "The new version is saved.";
    figure: "指标", "Figure";
    who: "谁", "Who";
    act: "办理", "Act";
    why: "说明", "Why";
    // reports
    reports: "报表", "Reports";
    report_daily: "日报", "Daily reports";
    report_edition: "版次", "edition";
    report_number: "编号", "Number";
    report_files: "文件", "Files";
    report_published: "发布", "Published";
    report_delivered: "发送", "Sent out";
    report_superseded: "已有新版", "there is a newer one";
    report_by_schedule: "自动", "by schedule";
    report_verify: "核验", "Verify";
    report_holds: "一致：按数据库重新计算，与发布时相同；哈希链完整。", "It holds: made again from the database, it is the same, and the hash chain is whole.";
    report_differs: "不一致：以下各项与现在重新计算的结果不同。已发布的报表不会改动；发布同一时段即出新版。", "It differs from what is made now, as follows. A published report never changes; publish the period again for a new edition.";
    report_changes: "本版与上一版的差别", "What this edition changed";
    report_make: "发布其他时段", "Publish a period";
    report_make_note: "任意起止日期，须已结束；恰为一周、一月、一季、一年时即为周报、月报、季报、年报。已发布过而数字未变的，不出新版。", "Any days that are over; a whole week, month, quarter or year becomes its report. Where one was published and no figure changed there is no new edition.";
    report_from: "自", "from";
    report_to: "至", "to";
    report_publish: "发布", "Publish";
    report_busy: "另一份报表正在生成，完成后再试。", "Another report is being made; try again when it is done.";
    reports_none: "本月尚未发布报表。日报每天自动发布。", "Nothing was published this month. Daily reports come by themselves.";
    reports_none_next: "也可以在下面选择日期发布。", "Or choose days below.";
    month_before: "上月", "Month before";
    month_after: "下月", "Month after";
    // alerts
    alerts: "告警与送达", "Alerts";
    alert_channels: "渠道", "Channels";
    alert_channel: "渠道", "Channel";
    alert_queued_count: "待发", "queued";
    alert_dead_count: "未送达", "not delivered";
    alert_channels_none: "还没有渠道，故障与报表不会发到平台之外。新建一个邮件、机器人或短信渠道，然后试发。", "There is no channel yet: nothing leaves the platform. Make one for mail, a robot or SMS, then send a test message.";
    alert_channels_idle: "没有启用的渠道勾选“故障告警”，未写明渠道的规则不会发送。", "No channel that is on carries incidents: rules that name none send nothing.";
    alert_channel_new: "新建渠道", "New channel";
    alert_kind: "类型", "Kind";
    alert_kind_choose: "选择", "Choose";
    alert_name: "名称", "Name";
    alert_topics: "承载内容", "Carries";
    alert_topics_none: "仅限规则点名", "only what names it";
    alert_per_minute: "每分钟至多条数", "Messages a minute";
    alert_test: "试发一条", "Send a test message";
    alert_tested: "试发的消息已进入发件箱，结果见下方“近期消息”。", "The test message is in the outbox; see below how it goes.";
    alert_saved: "已保存。", "Saved.";
    alert_removed: "渠道已删除，其地址与密钥不再保存。", "The channel is removed; its address and secret are forgotten.";
    alert_queued: "已重新排入发件箱。", "It is in the outbox again.";
    alert_rules: "告警规则", "Rules";
    alert_rules_edit: "查看与修改规则", "Look at and change the rules";
    alert_rules_version: "版本", "version";
    alert_by_config: "配置文件", "configuration";
    alert_rules_note: "severity：minor 一般、major 较大、critical 重大；manner：immediate 即时、digest 汇总（at 写时刻）。places 为街道或站点名称，channels 为渠道名称，均可省略；hours = [\"08:00\", \"22:00\"]、weekdays = [1, 2]、again_min、on_duty = \"told\" 用于即时规则。", "severity: minor, major, critical; manner: immediate, or digest with its times (at). places are names of streets or sites, channels names of channels; both may be left out. hours = [\"08:00\", \"22:00\"], weekdays = [1, 2], again_min and on_duty = \"told\" are for immediate rules.";
    alert_rules_check: "检查", "Look it over";
    alert_rules_words: "这些规则的意思", "What these rules say";
    alert_messages: "近期消息", "Recent messages";
    alert_message: "消息", "Message";
    alert_messages_none: "没有消息。", "No messages.";
    alert_next: "下次尝试", "next try";
    alert_tries: "次", "tries";
    alert_again: "重发", "Send again";
    alert_address: "地址", "Address";
    alert_secret: "密钥", "Secret";
    alert_password: "密码或授权码", "Password";
    alert_kept: "留空则不变", "left empty it stays";
    alert_sealed: "地址与密钥加密保存，只写不显示。改到另一主机时须重填密钥。", "Address and secret are kept encrypted and never shown. For another host the secret has to be entered again.";
    alert_from: "发件人", "Sender";
    alert_username: "用户名（留空则不登录）", "User name (empty: no login)";
    alert_security: "加密", "Protection";
    alert_method: "请求方式", "Method";
    alert_charset: "字符集", "Letters";
    alert_headers: "其他请求头，每行一个", "Further headers, one a line";
    alert_body: "正文模板", "Template of the body";
    alert_marks: "可用标记：{phone} {text} {secret} {key} {time}，按所在位置自动转义；每个号码发一次请求。", "Marks: {phone} {text} {secret} {key} {time}, each written as its place wants it; one request a telephone.";
    alert_success: "应答中表示成功的文字（留空则看 HTTP 状态）", "What stands in an answer that means yes (empty: the HTTP status decides)";
    alert_mail_to: "收件人，每行一个", "Recipients, one a line";
    alert_mention: "提醒的手机号，每行一个", "Telephones that are mentioned, one a line";
    alert_sms_to: "接收号码，每行一个", "Telephones, one a line";
    alert_relay: "代理（中继）地址", "Relay (HTTP proxy)";
    alert_remove: "删除渠道", "Remove the channel";
    alert_remove_note: "待发的消息不再发送，记录保留。", "What is queued is not sent any more; the record stays.";
    alert_said: "已发消息", "Messages about it";
    incident_acknowledge: "确认", "Acknowledge";
    incident_acknowledged: "已确认", "acknowledged";
    incident_mute: "静默", "Mute";
    incident_unmute: "解除静默", "Unmute";
    incident_muted: "静默至", "muted until";
    incident_mute_hours: "小时", "hours";
    incident_mute_note: "静默期间不发消息；统计照常。", "Nothing is sent while it is muted; it counts all the same.";
    // login
    login: "登录", "Sign in";
    login_title: "登录值守", "Sign in to Zhishou";
    login_failed: "用户名或密码不正确。", "User name or password is wrong.";
    login_locked: "失败次数过多，已暂停登录。请在以下时间后再试：", "Too many failures; signing in is paused. Try again in:";
    login_expired: "登录已过期，请重新登录；完成后回到原来的页面。", "Your session has ended. Sign in again to return to where you were.";
    password_title: "设置新密码", "Set a new password";
    password_forced: "首次登录须修改初始密码。", "Change the one-time password before going on.";
    password_current: "当前密码", "Current password";
    password_new: "新密码", "New password";
    password_again: "再次输入新密码", "New password again";
    password_rules: "至少 10 个字符，含大写、小写、数字、符号中的三类，不含用户名。", "At least 10 characters, three of upper case, lower case, digit, symbol; not the user name.";
    password_wrong: "当前密码不正确。", "The current password is wrong.";
    password_differs: "两次输入的新密码不一致。", "The new passwords differ.";
    password_same: "新密码不能与当前密码相同。", "The new password must differ from the current one.";
    password_weak: "新密码不符合规则。", "The new password does not meet the rules.";
    password_too_long: "密码过长（最多 128 个字符）。", "The password is too long (at most 128 characters).";
    // duty
    duty: "值班", "Duty";
    duty_now: "现在值班", "On duty now";
    duty_next: "下一班", "Next";
    duty_nobody: "现在无人值班", "Nobody is on duty now";
    duty_empty: "还没有排班：先在下面排一周。", "There is no roster yet: add a week of it below.";
    duty_lead: "值班长", "Lead";
    duty_backup: "副班", "Backup";
    duty_signed: "签到", "Signed in";
    duty_unsigned: "尚未签到", "not signed in yet";
    duty_sign_in: "签到", "Sign in";
    duty_hand_over: "写交接班", "Hand over";
    duty_hand_over_hint: "下一班需要知道的事", "What the next shift has to know";
    duty_notes: "交接班", "Handed over";
    duty_no_notes: "近两天没有交接班记录。", "Nothing was handed over in the last two days.";
    duty_meetings: "近两天的会议", "Meetings of the next two days";
    duty_roster: "排班", "Roster";
    duty_add: "添加班次", "Add shifts";
    duty_first: "从", "From day";
    duty_last: "到", "To day";
    duty_from: "上班", "Begins";
    duty_to: "下班", "Ends";
    duty_add_button: "排入", "Add";
    duty_add_hint: "每天一班；下班不晚于上班的，算到次日。", "One shift a day; one that ends no later than it begins ends on the next day.";
    duty_when: "时间", "Time";
    duty_gap: "无人值班", "Nobody";
    duty_change: "换人", "Change";
    duty_remove: "撤下本班", "Remove the shift";
    // meetings
    meeting_checks: "会前检查", "Checks before it";
    meeting_watch: "会中值守", "Watch";
    platform: "平台", "platform";
    check_now: "立即检查", "Check now";
    check_again: "复查此项", "Check this again";
    check_running: "检查进行中", "checking";
    check_waiting: "项检查排队，本次完成后进行", "more asked for, made when this is through";
    check_queued: "已排队", "queued";
    check_excused: "未测，已人工联调", "untested, tested by persons";
    check_optional: "（不影响开会）", "(keeps nobody from meeting)";
    check_confirmed: "上次确认", "Last confirmed";
    check_stale: "结果已过时", "too long ago";
    check_never: "尚未检查", "not checked yet";
    check_device: "该终端的历史", "history of the device";
    check_picture: "测试呼叫收到的画面", "picture received in the test call";
    check_otherwise: "有问题或备注", "a problem or a note";
    check_bad: "不合格", "Not good";
    check_good: "确认合格", "Good";
    meeting_contact: "会场联系人", "Contact";
    meeting_sign: "签字：可以开会", "Sign off";
    meeting_sign_risk: "带风险签字", "Sign off at risk";
    meeting_start: "开会", "Begin";
    meeting_end: "散会", "End";
    meeting_incident: "登记故障", "Enter an incident";
    meeting_over: "已恢复", "It is over";
    record: "会后记录", "Record";
    record_draft: "平台已起草，请核对、修改后归档；归档后不再更改。", "Drafted by the platform: correct it, then archive it. An archived record is never changed.";
    record_attendance: "参会会场", "Venues that attended";
    record_on_time: "按时就绪", "Ready on time";
    record_incidents: "故障（起）", "Incidents";
    record_lost: "影响（分钟）", "Minutes lost";
    record_watchers: "保障人员", "Who watched";
    record_text: "情况说明", "In words";
    record_archive: "归档", "Archive";
    record_by: "归档人", "Archived by";
    // errors
    error_not_found: "没有这个页面或记录", "No such page or record";
    error_not_found_next: "它可能已被删除，或链接不完整。", "It may have been removed, or the link is incomplete.";
    error_bad_request: "请求无法理解", "The request could not be understood";
    error_bad_request_next: "检查链接中的筛选条件，或回到首页。", "Check the filters in the link, or go back to the start page.";
    error_forbidden: "请求被拒绝", "The request was refused";
    error_one_time: "请先修改一次性密码", "the one-time password must be changed first";
    role_asked: "此操作需要角色：", "this asks for the role:";
    role_own: "您的角色：", "yours:";
    role_next: "没有任何内容被改动。确需操作时，请联系系统管理员调整角色。", "Nothing was changed. Where you need this, ask an administrator for the role.";
    error_forbidden_next: "请从本系统的页面提交；没有任何内容被改动。", "Submit it from a page of this system. Nothing was changed.";
    error_too_large: "提交的内容过大", "What was sent is too large";
    error_too_large_next: "请拆分后再提交；没有任何内容被改动。", "Split it and send again. Nothing was changed.";
    error_internal: "系统内部错误", "Internal error";
    error_internal_next: "已保存的数据没有丢失。请稍后重试；若反复出现，请把请求编号交给系统管理员。", "Nothing that was saved is lost. Try again; if it returns, give the request id to the administrator.";
    error_unavailable: "暂时无法处理", "Not available right now";
    error_unavailable_next: "已保存的数据没有丢失。请稍后重试。", "Nothing that was saved is lost. Try again shortly.";
    request_id: "请求编号", "Request id";
    home: "回到首页", "Back to the start page";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_there_in_both_languages() {
        for (key, zh, en) in Words::ALL.iter().chain(meetings::ALL).chain(records::ALL) {
            assert!(!zh.is_empty() && !en.is_empty(), "{key}");
            let has_han = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(has_han || *key == "other_language", "{key}: {zh}");
            let en_has_han = en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!en_has_han || *key == "other_language", "{key}: {en}");
        }
    }
}
