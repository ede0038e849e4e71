//! 巡检: the record of a day that writes itself from the probes, and the items that only a person can look
//! at. Automation never signs: an item has a result, and a record a name, only where somebody gave it.

use serde::{Deserialize, Serialize};

/// What a person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemResult {
    /// 正常.
    Good,
    /// 异常; a note says what.
    Bad,
    /// 未检; a note says why.
    NotChecked,
}

words!(ItemResult {
    Good = "good", "正常", "good";
    Bad = "bad", "异常", "not good";
    NotChecked = "not_checked", "未检", "not checked";
});

/// An item of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedItem {
    /// What was to be looked at, as the configuration had it that day.
    pub name: String,
    /// What was found; `None` before anybody looked.
    pub result: Option<ItemResult>,
    /// In words.
    pub note: String,
}

/// Why a record cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignRefusal {
    /// Nobody put a name to it.
    NoName,
    /// This item, counted from 1, was not looked at.
    Open(usize),
    /// This item is not good, or was not looked at, and nothing says why.
    NoNote(usize),
}

/// Whether a person may sign for these items under that name.
pub fn may_sign(items: &[InspectedItem], signer: &str) -> Result<(), SignRefusal> {
    if signer.trim().is_empty() {
        return Err(SignRefusal::NoName);
    }
    for (number, item) in (1..).zip(items) {
        match item.result {
            None => return Err(SignRefusal::Open(number)),
            Some(ItemResult::Good) => {}
            Some(ItemResult::Bad | ItemResult::NotChecked) if item.note.trim().is_empty() => {
                return Err(SignRefusal::NoNote(number));
            }
            Some(ItemResult::Bad | ItemResult::NotChecked) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_for_what_was_not_looked_at() {
        let item = |result, note: &str| InspectedItem {
            name: "机房温湿度".into(),
            result,
            note: note.into(),
        };
        let good = item(Some(ItemResult::Good), "");
        assert_eq!(may_sign(std::slice::from_ref(&good), "李工"), Ok(()));
        assert_eq!(may_sign(&[], " "), Err(SignRefusal::NoName));
        assert_eq!(may_sign(&[good, item(None, "")], "李工"), Err(SignRefusal::Open(2)));
        for result in [ItemResult::Bad, ItemResult::NotChecked] {
            assert_eq!(may_sign(&[item(Some(result), " ")], "李工"), Err(SignRefusal::NoNote(1)));
            assert_eq!(may_sign(&[item(Some(result), "29 ℃")], "李工"), Ok(()));
        }
    }
}
