//! Labels of what a meeting turns to where a venue of it fails.

labels! {
    turn_undo: "撤销，改回原会场", "Undo: back to its venue";
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
    duty_person_change: "改电话或邮箱", "Change telephone or mail";
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
