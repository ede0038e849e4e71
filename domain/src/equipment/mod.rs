//! Equipment (配套设备) that is no camera: where it is asked, what is expected of it, what was seen.
//!
//! A switch is pinged, a platform's page is fetched, a UPS is asked for its load. [`Address`] says how,
//! [`Checks`] (监控项) what the answer must be, [`EquipmentFacts`] what came. Whether the answer is
//! good is decided here and nowhere else ([`Item::judge`], [`Checks::expects_status`]).

mod address;
mod checks;

pub use address::{Address, AddressProblem, Service};
pub use checks::{Bounds, Checks, ChecksProblem, Item, Oid};

use crate::{Detail, Fault, FaultCode, Stage};
use serde::{Deserialize, Serialize};

/// What one probe saw of equipment. `None` is "not known", never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EquipmentFacts {
    /// By what it was asked.
    pub service: Service,
    /// The address that was asked, and answered where anything did.
    pub peer: Option<String>,
    /// From asking to the answer, ms: the mean of pings, a TCP handshake, a whole answer of HTTP, the
    /// first answer of SNMP.
    pub rtt_ms: Option<f64>,
    /// Pings or requests sent, repeats counted in.
    pub sent: u32,
    /// Of them, answered.
    pub received: u32,
    /// Pings lost of sent, 0–1.
    pub loss_ratio: Option<f64>,
    /// Status of the answer of HTTP.
    pub status: Option<u16>,
    /// Since its agent started (sysUpTime of RFC 3418), seconds.
    pub uptime_s: Option<f64>,
    /// Of an endpoint of H.323 alone: whether its port for calls takes connections.
    pub call_port: Option<PortState>,
    /// 监控项, in the order asked.
    pub items: Vec<ItemReading>,
}

/// How a port of TCP answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortState {
    /// It takes connections.
    Open,
    /// It refuses them, or nothing comes back.
    Closed,
}

words!(PortState {
    Open = "open", "可连接", "takes connections";
    Closed = "closed", "连不上", "takes no connections";
});

impl Default for EquipmentFacts {
    fn default() -> Self {
        Self::new(Service::Icmp)
    }
}

impl EquipmentFacts {
    /// Asked, and nothing seen yet.
    pub const fn new(service: Service) -> Self {
        Self {
            service,
            peer: None,
            rtt_ms: None,
            sent: 0,
            received: 0,
            loss_ratio: None,
            status: None,
            uptime_s: None,
            call_port: None,
            items: Vec::new(),
        }
    }
}

/// What one item (监控项) was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemReading {
    /// Its name.
    pub name: String,
    /// What was asked for.
    pub oid: Oid,
    /// Its unit, as the ledger has it.
    pub unit: Option<String>,
    /// Its value, scaled, where that is a number.
    pub value: Option<f64>,
    /// Its value, where that is text.
    pub text: Option<String>,
    /// Whether it is as it should be.
    pub good: bool,
}

/// A value as a device gave it.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemValue {
    /// A number, not scaled yet.
    Number(f64),
    /// Text, at most some hundred characters.
    Text(String),
    /// The device has none, and says why.
    Missing(String),
}

impl Item {
    /// Whether `value` is as it should be, and what to record.
    pub fn judge(&self, value: ItemValue) -> (ItemReading, Option<Fault>) {
        let (number, text) = match value {
            // Text that is a number counts as one: many agents send readings as strings.
            ItemValue::Text(text) => {
                match text.trim().parse().ok().filter(|it: &f64| it.is_finite()) {
                    Some(number) => (Some(number), None),
                    None => (None, Some(text)),
                }
            }
            ItemValue::Number(number) => (Some(number), None),
            ItemValue::Missing(problem) => {
                let detail =
                    Detail::ItemMissing { name: self.name.clone(), oid: self.oid.clone(), problem };
                let fault = Fault::new(FaultCode::ItemMissing, Stage::Request, detail);
                return (self.reading(None, None, false), Some(fault));
            }
        };
        let value = number.map(|number| number * self.scale);
        let good = self.bounds.hold(value, text.as_deref());
        let fault = (!good).then(|| {
            let shown = match (value, &text) {
                (Some(value), _) => checks::number(value),
                (None, text) => text.clone().unwrap_or_default(),
            };
            let detail = Detail::Item {
                name: self.name.clone(),
                value: shown,
                unit: self.unit.clone(),
                bounds: self.bounds.clone(),
            };
            Fault::new(FaultCode::ItemOutOfLimits, Stage::Request, detail)
        });
        (self.reading(value, text, good), fault)
    }

    fn reading(&self, value: Option<f64>, text: Option<String>, good: bool) -> ItemReading {
        ItemReading {
            name: self.name.clone(),
            oid: self.oid.clone(),
            unit: self.unit.clone(),
            value,
            text,
            good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lang;

    fn item(text: &str) -> Item {
        text.parse::<Checks>().unwrap().items.remove(0)
    }

    #[test]
    fn an_item_is_good_within_its_bounds_ends_counted_in() {
        let load = item("负载=1.3.6.1.4.1.1.5.0,单位=%,下限=5,上限=80");
        for (number, good) in [(5.0, true), (80.0, true), (80.1, false), (4.9, false)] {
            let (reading, fault) = load.judge(ItemValue::Number(number));
            assert_eq!((reading.good, reading.value), (good, Some(number)));
            assert_eq!(fault.is_none(), good);
        }
        let (_, fault) = load.judge(ItemValue::Text("91".to_owned()));
        let fault = fault.unwrap();
        assert_eq!(fault.code, FaultCode::ItemOutOfLimits);
        assert_eq!(fault.detail.render(Lang::Zh), "负载为 91 %，应在 5 至 80 % 之间");
        assert_eq!(fault.detail.render(Lang::En), "负载 is 91 %, should be 5 to 80 %");
        assert!(!load.judge(ItemValue::Text("unknown".to_owned())).0.good, "no number, no answer");
    }

    #[test]
    fn a_scale_comes_before_the_bounds_and_a_word_is_compared_as_one() {
        let volts = item("电池电压=1.3.6.1.2.1.33.1.2.5.0,单位=V,倍率=0.1,下限=48");
        assert_eq!(volts.judge(ItemValue::Number(541.0)).0.value, Some(54.1));
        assert!(volts.judge(ItemValue::Number(470.0)).1.is_some());
        let port = item("上联口=1.3.6.1.2.1.2.2.1.8.1,等于=1");
        assert!(port.judge(ItemValue::Number(1.0)).0.good);
        assert!(!port.judge(ItemValue::Number(2.0)).0.good);
        let model = item("型号=1.3.6.1.2.1.1.5.0,等于=core-1");
        assert!(model.judge(ItemValue::Text("core-1".to_owned())).0.good);
        let (reading, fault) = model.judge(ItemValue::Missing("noSuchObject".to_owned()));
        assert!(!reading.good && reading.value.is_none());
        assert_eq!(fault.unwrap().code, FaultCode::ItemMissing);
    }
}
