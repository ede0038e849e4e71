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
    resource_dial: "接入号码（电话会议）", "Number to dial (telephone conference)";
    resource_code: "会议密码", "Pass code";
    resource_dial_note: "号码和密码会显示在会议页面，启用时发给参会联系人。", "Number and code are shown on the page of a meeting, and sent to its contacts when it is turned to.";
    resource_save: "保存号码", "Save the number";
}
