//! Whether a report in JSON still says what the store does.

use crate::{
    Change, Document, Edition, Order, compare, make::make_figures, press::published, to_json,
};
use serde_json::Value;
use zhishou_domain::{Lang, Timestamp, work_order::RepairRules};
use zhishou_storage::{Chain, Store, StoreError};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file's own figures do not follow from its tallies, or differ from what was published.
    Altered,
    /// It names an edition that was never published here.
    NoSuchEdition,
    /// Its policy is not the version of that number.
    Policy,
    /// Figures that the store makes otherwise today.
    Figures(Vec<Change>),
    /// A published report was changed in the database.
    Chain {
        /// Its number.
        number: String,
        /// Its revision.
        revision: u32,
    },
}

impl Finding {
    /// For people, a line each.
    pub fn words(&self, lang: Lang) -> Vec<String> {
        let line = |zh: &str, en: &str| vec![lang.pick(zh, en).to_owned()];
        match self {
            Self::Altered => line(
                "文件内容与其编号发布的报表不符，或自身数字不自洽",
                "the file is not what was published under its number, or contradicts itself",
            ),
            Self::NoSuchEdition => {
                line("本平台没有发布过这个编号和版次", "no such edition was published here")
            }
            Self::Policy => line(
                "文件中的口径与同版本的口径不一致",
                "the policy in the file is not the version it names",
            ),
            Self::Figures(changes) => changes.iter().map(|change| change.words(lang)).collect(),
            Self::Chain { number, revision } => vec![match lang {
                Lang::Zh => format!("哈希链自 {number} 第 {revision} 版起断裂：历史数据被改动"),
                Lang::En => format!(
                    "the hash chain breaks at {number} edition {revision}: the past was changed"
                ),
            }],
        }
    }
}

/// Why a file could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no report.
    #[error("read the report")]
    Unreadable(#[from] serde_json::Error),
    /// Its times are none.
    #[error("read the report: {0:?} is no time or zone")]
    Time(String),
    /// Its policy is not known here.
    #[error("recompute the report: there is no policy {0}")]
    NoPolicy(String),
    /// The store failed.
    #[error("recompute the report")]
    Store(#[from] StoreError),
    /// What was published cannot be read.
    #[error("read what was published")]
    Published(#[from] crate::PressError),
}

/// What is wrong with a report in JSON; nothing where it holds. Figures are made anew from the
/// store, as of the moment the file was made.
pub async fn verify(store: &Store, file: &[u8]) -> Result<Vec<Finding>, VerifyError> {
    let value: Value = serde_json::from_slice(file)?;
    let edition: Option<Edition> = serde_json::from_value(value["edition"].clone())?;
    let document: Document = serde_json::from_value(value.clone())?;
    let zone: chrono_tz::Tz =
        document.time_zone.parse().map_err(|_| VerifyError::Time(document.time_zone.clone()))?;
    let made = chrono::DateTime::parse_from_rfc3339(&document.made_at)
        .map_err(|_| VerifyError::Time(document.made_at.clone()))?;
    let mut findings = Vec::new();
    // Through text, so that both went the same way.
    let again: Value =
        serde_json::from_slice(&serde_json::to_vec(&to_json(&document, edition.as_ref())?)?)?;
    let mut altered = again != value;
    if let Some(edition) = &edition {
        match published(store, &edition.number, Some(edition.revision), zone).await? {
            None => findings.push(Finding::NoSuchEdition),
            Some(kept) => altered |= kept.document != document || kept.edition != *edition,
        }
    }
    if altered {
        findings.push(Finding::Altered);
    }
    let policy = document.policy.reference();
    let stored = store.policy(&policy.id, Some(policy.version)).await?;
    let stored = stored.ok_or_else(|| VerifyError::NoPolicy(policy.to_string()))?.policy;
    if stored != document.policy {
        findings.push(Finding::Policy);
    }
    let order = Order {
        district: document.district.clone(),
        zone,
        period: document.period,
        policy: stored,
        calendar: RepairRules::default().calendar,
    };
    let now = Timestamp::from_millis(made.timestamp_millis());
    let changes = compare(&document, &make_figures(store, &order, now).await?);
    if !changes.is_empty() {
        findings.push(Finding::Figures(changes));
    }
    if let Chain::Broken { number, revision } = store.check_chain().await? {
        findings.push(Finding::Chain { number, revision });
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, Outcome, Period, PeriodKind, PressError, Publisher, publish,
        sample::{at, district},
        write,
    };
    use chrono_tz::Asia::Shanghai;
    use zhishou_domain::{
        Exclusion, ExclusionAct, ExclusionReason, ExclusionStep,
        policy::{LocalTime, shipped},
    };
    use zhishou_storage::ExclusionScope;

    fn order() -> Order {
        let period =
            Period::around(PeriodKind::Day, at(0).local_day(Shanghai), LocalTime::default());
        Order {
            district: "万人区".into(),
            zone: Shanghai,
            period,
            policy: shipped().remove(0),
            calendar: RepairRules::default().calendar,
        }
    }

    #[tokio::test]
    async fn a_published_report_holds_until_an_exclusion_makes_a_revision() {
        let folder = tempfile::tempdir().unwrap();
        let (store, device) = district(folder.path()).await;
        let (order, by) = (order(), Publisher::default());
        let early = publish(&store, &order, &by, at(80_000), |_, _| {}).await;
        assert!(matches!(early, Err(PressError::NotOver(number)) if number == "2026-D-0310"));
        let first = publish(&store, &order, &by, at(90_000), |_, _| {}).await.unwrap();
        let Outcome::First(first) = first else { panic!("{first:?}") };
        assert_eq!(first.document.total.after.down, 240);
        assert_eq!((first.document.outage_count, first.document.lost.down), (1, 0));
        let json = |it: &crate::Published| {
            write(&it.document, Some(&it.edition), Format::Json, Lang::Zh).unwrap()
        };
        let file = json(&first);
        assert_eq!(verify(&store, &file).await.unwrap(), []);
        let again = publish(&store, &order, &by, at(100_000), |_, _| {}).await.unwrap();
        assert_eq!(again, Outcome::Unchanged(first));

        // Somebody makes the file look better.
        let text = String::from_utf8(file.clone()).unwrap();
        let better = text.replace("\"down\": 240", "\"down\": 24");
        let findings = verify(&store, better.as_bytes()).await.unwrap();
        assert!(findings.contains(&Finding::Altered), "{findings:?}");
        let better = text.replace("\"revision\": 1", "\"revision\": 7");
        let findings = verify(&store, better.as_bytes()).await.unwrap();
        assert!(findings.contains(&Finding::NoSuchEdition), "{findings:?}");

        // A power cut is filed and approved afterwards.
        let step = |act, login: &str| ExclusionStep {
            at: at(95_000),
            login: login.into(),
            act,
            note: "停电通知".into(),
        };
        let exclusion = Exclusion {
            from: at(8 * 3600),
            to: at(10 * 3600),
            reason: ExclusionReason::PowerCut,
            steps: vec![step(ExclusionAct::File, "maintainer")],
        };
        let scope = ExclusionScope::Device(device);
        let id = store
            .file_exclusion(scope, None, "通知 3 号".into(), exclusion, String::new())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            verify(&store, &file).await.unwrap(),
            [],
            "what is not approved changes nothing"
        );
        store
            .act_on_exclusion(id, step(ExclusionAct::Approve, "centre"), String::new())
            .await
            .unwrap();
        let findings = verify(&store, &file).await.unwrap();
        let words: Vec<_> = findings.iter().flat_map(|it| it.words(Lang::Zh)).collect();
        assert!(words.contains(&"总计 剔除后离线：240 → 120".to_owned()), "{words:?}");

        let revised = publish(&store, &order, &by, at(110_000), |_, _| {}).await.unwrap();
        let Outcome::Revised(revised) = revised else { panic!("{revised:?}") };
        assert_eq!(revised.edition.revision, 2);
        let told: Vec<_> = revised.edition.changes.iter().map(|it| it.words(Lang::Zh)).collect();
        assert!(told.iter().any(|it| it.starts_with("剔除 停电") && it.ends_with("一号：无 → 1")));
        assert_eq!(verify(&store, &json(&revised)).await.unwrap(), []);
        // The first edition is what it was, and no longer what the store says.
        let kept = published(&store, "2026-D-0310", Some(1), Shanghai).await.unwrap().unwrap();
        assert_eq!(json(&kept), file);
        assert!(!verify(&store, &file).await.unwrap().is_empty());
    }
}
