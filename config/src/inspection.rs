use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Items at most.
const MOST: usize = 40;

/// The daily inspection record (巡检).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inspection {
    /// What only a person can look at, 40 at most; ticked and signed each day.
    pub items: Vec<String>,
    /// When the record of a day is written, as it stands then: a cron expression of six fields (second minute
    /// hour day month weekday) in the zone of the district. Empty: never; the page tells of now.
    pub schedule: String,
    /// Folder that each record is written to. Empty: none.
    pub folder: String,
    /// Files written there: pdf, docx, xlsx, csv.
    pub formats: Vec<String>,
}

/// Kinds of files, as `zhishou_report::write_inspection` makes them.
const FORMATS: &[&str] = &["pdf", "docx", "xlsx", "csv"];

impl Default for Inspection {
    fn default() -> Self {
        let items = [
            "机房温湿度、漏水与异响",
            "服务器、交换机、UPS 指示灯",
            "录像抽查：随机 5 路回放前一日录像",
            "画面抽查：随机 10 路，构图与编号字符",
            "设备外观、箱体与标识",
        ];
        Self {
            items: items.map(str::to_owned).into(),
            schedule: "0 0 8 * * *".to_owned(),
            folder: String::new(),
            formats: vec!["pdf".to_owned()],
        }
    }
}

impl Inspection {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let most = Rule::within(0.0, MOST as f64, Unit::Count);
        require(self.items.len() <= MOST, "inspection.items", self.items.len(), most)?;
        let schedule = self.schedule.trim();
        require(
            schedule.is_empty() || cron::Schedule::from_str(schedule).is_ok(),
            "inspection.schedule",
            format!("{:?}", self.schedule),
            Rule::Cron,
        )?;
        for format in &self.formats {
            let is_known = FORMATS.contains(&format.as_str());
            require(is_known, "inspection.formats", format, Rule::OneOf(FORMATS))?;
        }
        Ok(())
    }
}
