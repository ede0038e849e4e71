//! Labels of the ledger, of reconciliations and of daily inspections.

labels! {
    // alerts
    alert_unheard: "告警未送达", "Alert not delivered";
    alert_unheard_count: "未送达的故障", "Incidents nobody was told of:";
    alert_unheard_note: "没有可用渠道，渠道可用后自动补发", "No channel takes it; it is sent once one does.";
    // the ledger
    ledger: "台账", "Ledger";
    ledger_note: "接入率为有取流地址的记录占台账的比例；档案完整率为必填字段齐全的记录占台账的比例，必填字段写在口径里。", "Connected: records with an address to open, of the ledger. Complete: records with every field the policy asks for.";
    gaps: "缺项", "What is missing";
    gaps_none: "没有缺项。", "Nothing is missing.";
    gap_address: "无取流地址，未接入探测", "no address to open: not probed";
    gap_login: "口令待核，无法取流", "no login that works: media cannot be judged";
    gap_lacks: "缺", "no ";
    // reconciliations
    reconciliations: "平台状态核对", "Platform reconciliation";
    reconciliations_note: "上传联网平台导出的设备状态（Excel 或 CSV），与当时的实测逐台对照。平台状态只作对照，不进入任何统计。", "Upload the device states a platform exported (Excel or CSV) and set them beside what was measured at that time. They are compared and enter no figure.";
    reconciliations_none: "还没有核对记录。", "Nothing was reconciled yet.";
    reconcile_file: "平台导出的文件", "File exported by the platform";
    reconcile_read: "读取并试算", "Read and try";
    reconcile_read_note: "先试算，不写入任何内容；确认列的含义后再保存。", "This is a dry run: nothing is written until you have checked the columns and keep it.";
    reconcile_columns: "列的含义", "What the columns mean";
    reconcile_columns_note: "按表头猜测，请核对；按编码、IP、名称的顺序寻找设备。", "Guessed from the headings: check them. A device is looked for by code, then IP, then name.";
    reconcile_no_column: "（没有这一列）", "(no such column)";
    reconcile_as_of: "没有时间的行按此时刻核对", "Rows without a time are compared as of";
    reconcile_again: "重新试算", "Try again";
    reconcile_keep: "保存核对结果", "Keep this reconciliation";
    reconcile_dry: "试算结果，尚未保存", "Dry run, not kept yet";
    reconcile_sample: "文件前几行", "First rows of the file";
    reconcile_need: "至少要有“状态”列，以及编码、IP、名称中的一列。", "There must be a status, and one of code, IP and name.";
    reconcile_outcome: "核对结果", "Outcome";
    reconcile_claim: "平台状态", "Platform says";
    reconcile_measured: "当时实测", "Measured then";
    reconcile_at: "核对时刻", "Compared at";
    reconcile_matched: "识别依据", "Found by";
    reconcile_doubt: "说明", "Why";
    reconcile_file_row: "文件行号", "Row of the file";
    reconcile_named: "平台上的名称", "Name in the platform";
    reconcile_nothing: "没有这一类结果。", "Nothing came to this.";
    reconcile_gone: "试算已失效，请重新上传文件；没有任何内容被写入。", "The dry run is gone; upload the file again. Nothing was written.";
    reconcile_no_file: "请选择要上传的文件。", "Choose a file to upload.";
    reconcile_empty: "文件里没有表头以外的行。", "The file has no rows below its headings.";
    // daily inspections
    inspection: "巡检", "Inspection";
    inspection_before: "前一天", "Day before";
    inspection_after: "后一天", "Day after";
    inspection_sheet: "打印或存档：", "To print or to keep:";
    inspection_by_hand: "人工巡检", "Looked at by a person";
    inspection_by_hand_note: "探测看不到的项目，由人逐项查看并签字；系统不会代签。", "What no probe can see. A person looks at each and signs; the system never does.";
    inspection_item: "项目", "Item";
    inspection_result: "结果", "Result";
    inspection_no_items: "没有配置人工项目。", "No items are configured.";
    inspection_signer: "签字人姓名", "Signed by";
    inspection_sign: "签字并归档", "Sign and keep";
    inspection_sign_note: "签字后不能修改；之后的更正以补充说明记在下面。", "What is signed is never changed; corrections are added below it.";
    inspection_closed: "这一天没有签字，已不能补签；需要说明的请写在次日的记录里。", "This day was not signed and can no longer be. Put what is to be said into the next day's record.";
    inspection_additions: "补充", "Additions";
    inspection_addition: "补充说明", "Add";
    inspection_add: "补充", "Add";
    inspection_signed_days: "近 30 天已签字", "Signed in the last 30 days";
    inspection_none: "近 30 天没有签字的记录。", "No record was signed in the last 30 days.";
    since: "自", "since";
    made_by: "核对人", "Made by";
}
