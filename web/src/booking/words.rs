//! The labels of bookings, venues and notices.

use crate::words::Words;

macro_rules! labels {
    ($($key:ident: $zh:literal, $en:literal;)+) => {
        impl Words {
            $(
                #[doc = $en]
                pub(crate) const fn $key(self) -> &'static str {
                    self.0.pick($zh, $en)
                }
            )+
        }

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($key), $zh, $en)),+];
    };
}

labels! {
    bookings: "会议预约", "Bookings";
    booking_new: "预约会议", "Book a meeting";
    booking_day: "日", "Day";
    booking_week: "周", "Week";
    booking_today: "今天", "Today";
    booking_earlier: "前", "Earlier";
    booking_later: "后", "Later";
    booking_day_sheet: "当日会议单", "Day sheet";
    booking_meetings: "场会议", "meetings";
    booking_rehearsals: "次联调", "rehearsals";
    booking_free_venues: "全天空闲会场", "venues free all day";
    booking_none: "这段时间没有会议。", "No meeting in this time.";
    booking_no_venues: "还没有会场。", "There is no venue yet.";
    booking_no_venues_next: "先登记会场", "Enter the venues first";
    booking_grid_hint: "拖过空格预约；拖动会议改期。键盘：方向键移动，回车预约；在会议上按 Alt+方向键改期。", "Drag over empty cells to book, drag a meeting to move it. Keys: arrows move, Enter books; Alt and an arrow move a meeting.";
    booking_agenda: "会议清单", "Agenda";
    booking_rehearsal: "联调", "rehearsal";
    booking_left: "已改用其他会场，原会场保留", "turned to another venue, this one is kept";
    booking_moved: "已改期", "Moved";
    booking_undo: "撤销", "Undo";
    booking_undone: "已恢复原来的时间", "Moved back";
    booking_not_moved: "没有改动：", "Nothing changed: ";
    booking_title: "会议名称", "Title";
    booking_date: "日期", "Date";
    booking_begin: "开始", "Begin";
    booking_end: "结束", "End";
    booking_end_hint: "结束早于开始时，按次日计。", "An end before the begin is on the next day.";
    booking_venues: "会场", "Venues";
    booking_not_in: "不参加", "not in it";
    booking_more: "更多：级别、联调、重复、资源、联系人、备注", "More: rank, rehearsal, repetition, resources, contacts, notes";
    booking_rank: "会议级别", "Rank";
    booking_assurance: "保障等级", "Assurance grade";
    booking_convener: "召集层级", "Convened by";
    booking_organiser: "主办单位", "Organiser";
    booking_cascade: "级联方式", "Cascade";
    booking_rehearsal_time: "上级联调时间（同时占用会场）", "Rehearsal with the superior (holds the venues too)";
    booking_repeat: "重复", "Repeats";
    booking_once: "不重复", "once";
    booking_daily: "每天", "every day";
    booking_workdays: "每个工作日（周一至周五）", "Monday to Friday";
    booking_weekly: "每周", "every week";
    booking_fortnightly: "每两周", "every two weeks";
    booking_monthly: "每月同日（无此日的月份跳过）", "every month on this day, where it has one";
    booking_times: "次数", "Times";
    booking_except: "除外日期（如 2026-10-01，多个用逗号分开）", "Except on (such as 2026-10-01, comma between)";
    booking_scope: "改动范围", "What is changed";
    booking_scope_this: "仅本场", "this meeting alone";
    booking_scope_following: "本场及以后", "this one and those after it";
    booking_scope_hint: "只改动这里改了的内容：各场仍在各自的日期，单独改过的其他内容不变。已开始或已取消的不动。", "Only what is changed here is changed of the others: each keeps its own day, and whatever else was changed of it alone. What has begun or is cancelled stays.";
    booking_skip: "冲突的场次跳过，其余照订", "Skip the occurrences that collide, book the others";
    booking_skip_change: "冲突的场次保持原样，其余照改", "Leave the occurrences that collide as they are, change the others";
    booking_resources: "平台资源", "Platform resources";
    booking_contacts: "参会联系人（每行：姓名 单位 电话）", "Contacts (a line each: name, unit, telephone)";
    booking_setup: "会前准备（分钟）", "Set-up (minutes)";
    booking_teardown: "会后恢复（分钟）", "Tear-down (minutes)";
    booking_note: "议程与备注", "Agenda and notes";
    booking_book: "预约", "Book";
    booking_submit: "提交审批", "Submit for approval";
    booking_save_draft: "存草稿（不占会场）", "Save as a draft (holds nothing)";
    booking_emergency: "应急会议：立即启用", "Emergency: book at once";
    booking_save: "保存改动", "Save";
    booking_reason: "原因", "Reason";
    booking_clash: "以下时间已被占用，没有预约成功：", "This is held by others; nothing was booked:";
    booking_clash_series: "以下场次与已有预约冲突，整个系列没有改动：", "These occurrences collide; nothing of the series was changed:";
    booking_zone: "时区", "Time zone";
    booking_nearest: "最近的空闲时间", "Nearest free time";
    booking_use_it: "改用此时间", "Use it";
    booking_no_nearest: "前后两周内没有同时空闲的时间。", "No time within two weeks is free for all of it.";
    booking_displace: "确认由我决定：让以下较低级别的会议让位，其联系人将收到通知", "I decide and confirm: these meetings of a lower rank make way, and their contacts are told";
    booking_free: "空闲", "free";
    booking_busy: "占用", "held";
    booking_state: "状态", "State";
    booking_history: "办理记录", "History";
    booking_edit: "修改或改期", "Change or reschedule";
    booking_cancel: "取消会议", "Cancel the meeting";
    booking_not_held: "未召开", "It was not held";
    booking_not_held_note: "没有人到会：会议取消，不计入保障统计。", "Nobody came: the meeting is cancelled, and in no figure.";
    booking_last: "结束日期（跨多天时填写）", "Last day (where it lasts for days)";
    booking_last_hint: "不填：结束早于开始即为次日，最长 7 天。", "Left out: an end before the begin is on the next day. Seven days at most.";
    booking_notify: "时间或地点有变时，重新通知联系人", "Where time or place changes, notify the contacts anew";
    booking_cancel_series: "取消本场及以后各场", "Cancel this one and those after it";
    booking_series: "系列会议", "Series";
    booking_in_venues: "会场与角色", "Venues and roles";
    booking_booked: "已预约，会场与终端已保留。", "Booked; venues and endpoints are held.";
    booking_changed: "已保存。", "Saved.";
    booking_displaced_note: "此会议已让位，须另定时间后重新提交。", "This meeting made way; give it another time and submit it again.";
    booking_platform: "系统", "the platform";
    venues: "会场管理", "Venues";
    venue_new: "登记会场", "Add a venue";
    venue_name: "会场名称", "Name";
    venue_site: "所在站点", "Site";
    venue_seats: "座位数", "Seats";
    venue_contact: "会场联系人", "Contact";
    venue_phone: "联系电话", "Telephone";
    venue_in_use: "可预约", "can be booked";
    venue_closed: "停用", "out of use";
    venue_devices: "终端、会场摄像机与状态接口", "Endpoints, room cameras and status pages";
    venue_no_devices: "未登记终端", "no endpoint";
    venue_from_ledger: "从台账登记", "From the ledger";
    venue_from_ledger_note: "台账中还没有归入会场的会议终端，按站点列出；确认后，每个终端登记为一个同名会场。", "Endpoints of the ledger that stand in no venue, by site; each becomes a venue of its name.";
    venue_make: "登记选中的会场", "Add those chosen";
    venue_name_taken: "已有同名会场", "Another venue has this name";
    resource_new: "登记平台资源", "Add a platform resource";
    resource_name: "名称", "Name";
    resource_kind: "类别", "Kind";
    resource_note: "一项资源同一时间只供一场会议；可并发多场的 MCU 按会议号分别登记。", "A resource serves one meeting at a time; enter an MCU that carries several as so many.";
    sheet_contact: "联系人", "Contact";
    door_sign: "门牌", "Door sign";
    door_none: "今日无会议", "No meeting today";
    feeds: "日历订阅", "Calendar feeds";
    feeds_note: "每个订阅只读、只含一个会场或一个人的会议；吊销后立即失效。", "Each is read-only and shows one venue or one person; once revoked it opens nothing.";
    feed_name: "用途", "What for";
    feed_scope: "范围", "Scope";
    feed_mine: "我预约的会议", "Meetings that I booked";
    feed_make: "生成订阅地址", "Make an address";
    feed_once: "请现在复制，此地址只显示一次：", "Copy it now; this address is shown only once:";
    feed_revoke: "吊销", "Revoke";
    feed_revoked: "已吊销", "revoked";
    feed_none: "还没有订阅。", "There is none yet.";
    programme: "议程与参会名单", "Agenda and attendance";
    agenda: "议程", "Agenda";
    attendance: "参会名单", "Attendance";
    attendee_unit: "单位", "Unit";
    attendee_name: "姓名", "Name";
    attendee_role: "职务", "Role";
    programme_none: "还没有议程和参会名单。", "There is neither an agenda nor an attendance yet.";
    programme_import: "查看或导入", "See or import";
    programme_note: "上传 Excel 或 CSV，先核对再保存。议程：时间、议题、发言会场；参会名单：单位、姓名、职务、会场。两者可在一个工作簿的两张表，也可分别上传。", "Upload Excel or CSV, look it over, then keep it. Agenda: time, title, venue; attendance: unit, name, role, venue: two sheets of one workbook, or a file each.";
    programme_template: "下载模板", "Download the template";
    programme_file: "文件", "File";
    programme_upload: "核对", "Look it over";
    programme_draft: "以下内容尚未保存，请核对。", "This is not kept yet; look it over.";
    programme_kept: "：文件中没有，保持不变。", ": not in the file, stays as it was.";
    programme_keep: "保存", "Keep it";
    programme_back: "放弃", "Discard";
    programme_faults: "文件有误，未作任何更改。请按下列各行修改后重新上传。", "The file has faults; nothing was changed. Mend these rows and upload it again.";
    notices: "会议通知与回执", "Notices and acknowledgements";
    notice_make: "发送会议通知", "Send the notices";
    notice_again: "按变更重新通知", "Notify anew";
    notice_note: "向每位联系人发短信（有手机号）和邮件（有邮箱，附日历文件），内含回执链接；也可复制后自行发送。改期后请重新通知。", "Each contact gets an SMS (by their telephone) and mail (by their address, with a calendar file) with a link to acknowledge; or copy it and send it yourself. Notify anew after a change.";
    notice_remind: "催办未回执的", "Remind who has not answered";
    notice_send: "重发", "Send again";
    notice_seen: "已打开", "opened";
    notice_no_address: "未发送：没有手机号和邮箱，请在联系人中补全", "not sent: neither telephone nor mail address; enter one with the contacts";
    notice_no_channel: "未发送：没有渠道能送达，请让短信或邮件渠道承载“会议通知”", "not sent: no channel reaches them; have an SMS or mail channel carry meetings";
    notice_by_hand: "未经渠道发送", "not sent over a channel";
    notice_forgotten: "已发送，记录已过保存期", "sent; the record was kept its time";
    notice_no_base: "未设置平台对外地址（alerts.base_url），发出的通知里没有回执链接。", "alerts.base_url is not set: notices go out without the link to acknowledge.";
    notice_channels: "渠道设置", "Channels";
    notice_no_contacts: "没有登记参会联系人。", "No contact is entered.";
    notice_link: "回执链接", "Link";
    notice_copy: "复制通知", "Copy the notice";
    notice_copied: "已复制", "Copied";
    notice_waiting: "未回执", "no answer yet";
    notice_outdated: "已被新通知取代", "replaced by a newer notice";
    ack_title: "会议通知", "Meeting notice";
    ack_confirm: "确认收到，按时参会", "Acknowledged, we will attend";
    ack_decline: "无法参会", "We cannot attend";
    ack_person: "参会人", "Who attends";
    ack_thanks: "已收到您的回执。", "Your answer is received.";
    ack_calendar: "加入我的日历", "Add to my calendar";
    ack_for: "致", "To";
    ack_cancelled: "本次会议已取消。", "This meeting is cancelled.";
    ack_displaced: "本次会议不在原定时间召开，另定时间后将重新通知。", "This meeting is not held at that time; you will be told when it has another.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_there_in_both_languages() {
        let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        for (key, zh, en) in ALL {
            assert!(zh.chars().any(is_han), "{key}: {zh}");
            assert!(!en.is_empty() && !en.chars().any(is_han), "{key}: {en}");
        }
    }
}
