//! Labels of what a meeting turns to where a venue of it fails.

labels! {
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
    meeting_duty: "会议值班", "On duty";
    meeting_nobody: "会议时段无人值班", "Nobody is on duty for it";
    meeting_chair: "主持人", "Chair";
    meeting_no_chair: "未指定主持人，就绪报告只发给值班人员", "Nobody is named as chair: the readiness report goes to who is on duty alone";
    meeting_name_chair: "指定", "Name one";
    meeting_told_chair: "就绪报告已发送", "readiness report sent";
    meeting_untold_chair: "就绪报告未送达：没有可用的手机号、邮箱或会议通知渠道", "readiness report not sent: no telephone, mail address or channel for meetings";
    meeting_owed: "待归档会后记录", "Records to archive";
    meeting_start: "开会", "Begin";
    meeting_end: "散会", "End";
    meeting_extend: "延长", "Extend";
    meeting_until: "至", "until";
    meeting_held_by: "之后已被占用：", "Held by others then:";
    meeting_incident: "登记故障", "Enter an incident";
    meeting_over: "已恢复", "It is over";
    record: "会后记录", "Record";
    record_draft: "平台已起草，请核对、修改后归档；归档后不再更改。", "Drafted by the platform: correct it, then archive it. An archived record is never changed.";
    record_held: "召开时间", "Held";
    record_began: "实际开始", "Began";
    record_ended: "实际结束", "Ended";
    record_attendance: "参会会场", "Venues that attended";
    record_on_time: "按时就绪", "Ready on time";
    record_incidents: "故障（起）", "Incidents";
    record_lost: "影响（分钟）", "Minutes lost";
    record_watchers: "保障人员", "Who watched";
    record_text: "情况说明", "In words";
    record_archive: "归档", "Archive";
    record_by: "归档人", "Archived by";
    turn_undo: "撤销，改回原会场", "Undo: back to its venue";
    turn_undo_endpoint: "撤销，改回原终端", "Undo: back to its endpoint";
    turn_off: "停用电话会议", "Leave the telephone conference";
    turn_from: "代替", "instead of";
    turn_kept: "原会场仍为本次会议保留", "still held for this meeting";
    turn_telephone: "电话会议", "Telephone conference";
    turn_code: "密码", "Code";
    turn_no_number: "未登记号码", "no number is entered";
    turn_enter: "去登记", "Enter it";
    venue_taken: "没有保存：本会场已预约的会议需要同时占用新加的终端，但该终端已被占用：", "Nothing was saved: meetings that are booked here would need the endpoint that was added, and others hold it:";
    venue_taken_next: "请换一台终端，或先调整上述会议；也可照样保存，冲突的会议不占用该终端。", "Choose another endpoint or move those meetings first; or save all the same, and the meetings that collide do without it.";
    venue_booked: "没有保存：停用后以下会议仍定在本会场：", "Nothing was saved: these meetings are ahead in this venue:";
    venue_booked_next: "请先调整上述会议；也可照样停用：它们仍在此召开，但不能再新订。", "Move those meetings first; or save all the same: they are still held here, and nothing new is booked.";
    venue_close: "照样停用", "Out of use all the same";
    venue_leave_out: "照样保存，冲突的会议不占用它", "Save; the meetings that collide do without it";
    resource_dial: "接入号码（电话会议）", "Number to dial (telephone conference)";
    resource_code: "会议密码", "Pass code";
    resource_dial_note: "号码和密码会显示在会议页面，启用时发给参会联系人。", "Number and code are shown on the page of a meeting, and sent to its contacts when it is turned to.";
    resource_save: "保存号码", "Save the number";
    meeting_otherwise: "其他故障", "Another incident";
    duty_people: "值班人员", "People on duty";
    duty_people_none: "还没有值班人员：先登记姓名、电话和邮箱，再排班。", "Nobody is listed yet: enter name, telephone and mail, then the roster.";
    duty_person: "姓名", "Name";
    duty_person_add: "登记值班人员", "Enter somebody";
    duty_person_change: "修改", "Change";
    duty_login: "登录用户", "Logs in as";
    duty_login_none: "未指定", "not known";
    duty_person_remove: "从名单中删除", "Take from the list";
    duty_unreachable: "没有电话和邮箱，消息无法送达", "neither telephone nor mail: nothing reaches them";
    plan_unit: "单位", "Unit";
    plan_points: "什么时候检查", "When it is checked";
    plan_points_note: "会前多久、查多深；不用的行留空，不必按顺序填。会前 10 分钟内只查在线。", "How long before, and how deep. Leave a line empty that is not used; any order will do. In the last 10 minutes nothing is called.";
    plan_before: "会前", "Before";
    plan_depth: "深度", "Depth";
    plan_items_liveness: "平台随时检查", "The platform looks at";
    plan_items_media: "测试呼叫检查", "A test call shows";
    plan_items_human: "由人签字", "Persons sign";
    plan_limits: "呼叫限值", "Limits of a call";
    plan_holds: "结果有效期", "How long a result is believed";
    plan_holds_note: "超过有效期的合格结果按“未测”处理。", "What was well longer ago counts as untested.";
    plan_fallbacks: "应急预案（按顺序）", "Where a venue fails, in order";
    plan_effects: "对已预约会议的影响", "What it changes for the meetings ahead";
    plan_more: "另有会议（场）：", "More meetings:";
    plan_as_document: "改用文档（TOML）编写", "Write the document (TOML)";
    plan_as_fields: "改用表单填写", "Use the form";
}

impl super::Words {
    /// What goes wrong in a meeting most of the time, to be entered with one tap.
    pub(crate) const fn meeting_faults(self) -> [&'static str; 4] {
        [
            self.0.pick("听不到声音", "no sound"),
            self.0.pick("看不到画面", "no picture"),
            self.0.pick("卡顿", "it stutters"),
            self.0.pick("掉线", "it dropped out"),
        ]
    }

    /// The limits of a call, in the order of the form.
    pub(crate) const fn plan_limit_names(self) -> [&'static str; 3] {
        [
            self.0.pick("丢包（%）", "Loss (%)"),
            self.0.pick("抖动（ms）", "Jitter (ms)"),
            self.0.pick("单向时延（ms）", "Delay one way (ms)"),
        ]
    }

    /// Whose results are believed how long, in the order of the form.
    pub(crate) const fn plan_hold_names(self) -> [&'static str; 3] {
        [
            self.0.pick("在线", "Liveness"),
            self.0.pick("测试呼叫", "A test call"),
            self.0.pick("人工签字", "A signature"),
        ]
    }
}
