use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Items at most.
const MOST: usize = 40;

/// The daily inspection record (巡检).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inspection {
    /// What only a person can look at, 40 at most; ticked and signed each day.
    pub items: Vec<String>,
}

impl Default for Inspection {
    fn default() -> Self {
        let items = [
            "机房温湿度、漏水与异响",
            "服务器、交换机、UPS 指示灯",
            "录像抽查：随机 5 路回放前一日录像",
            "画面抽查：随机 10 路，构图与编号字符",
            "设备外观、箱体与标识",
        ];
        Self { items: items.map(str::to_owned).into() }
    }
}

impl Inspection {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let most = Rule::within(0.0, MOST as f64, Unit::Count);
        require(self.items.len() <= MOST, "inspection.items", self.items.len(), most)
    }
}
