//! Filing an exclusion and acting on one, the same for pages and programs.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    query::typed,
    words::Words,
};
use axum::http::{Extensions, StatusCode};
use std::time::Duration;
use zhishou_domain::{
    Exclusion, ExclusionAct, ExclusionId, ExclusionReason, ExclusionRefusal, ExclusionStep, Lang,
    MaintainerId, Role, Timestamp,
};
use zhishou_storage::{ExclusionActed, ExclusionScope};

/// Longest evidence or note, characters.
pub(crate) const LONGEST: usize = 500;
/// Longest exclusion.
const SPAN: Duration = Duration::from_secs(366 * 86_400);

/// What is filed.
pub(crate) struct Filing {
    pub(crate) scope: ExclusionScope,
    /// Only what this one maintains there.
    pub(crate) maintainer: Option<MaintainerId>,
    pub(crate) from: Timestamp,
    /// Not included.
    pub(crate) to: Timestamp,
    pub(crate) reason: ExclusionReason,
    /// What proves it: a notice, its number.
    pub(crate) evidence: String,
    pub(crate) note: String,
}

/// Files it in the name of `user`.
pub(crate) async fn file(
    app: &App,
    user: &User,
    extensions: &Extensions,
    filing: Filing,
) -> Result<ExclusionId, Failure> {
    let Filing { scope, maintainer, from, to, reason, evidence, note } = filing;
    // Who belongs to a maintainer files for what that one keeps.
    let maintainer = user.maintainer.or(maintainer);
    if Exclusion::minutes_between(from, to).is_none() || to.since(from) > SPAN {
        return Err(Failure::bad_input(
            "起止时间须为整分钟、先后有序，且不超过 366 天",
            "from, to: whole minutes, in order, at most 366 days",
        ));
    }
    let evidence = typed("evidence", &evidence, LONGEST)?;
    if evidence.is_empty() {
        return Err(Failure::bad_input(
            "须填写依据，例如通知及其编号",
            "evidence: what proves it must be given",
        ));
    }
    let note = typed("note", &note, LONGEST)?;
    let (at, login, act) = (app.clock.now(), user.login.clone(), ExclusionAct::File);
    let steps = vec![ExclusionStep { at, login, act, note }];
    let exclusion = Exclusion { from, to, reason, steps };
    let from_where = address(extensions);
    let id = app.store.file_exclusion(scope, maintainer, evidence, exclusion, from_where).await?;
    id.ok_or_else(|| {
        Failure::bad_input(
            "所指设备、站点、街道或运维单位不存在",
            "device, site, street, maintainer: unknown",
        )
    })
}

/// Approves, rejects, confirms or withdraws one in the name of `user`.
pub(crate) async fn act(
    app: &App,
    lang: Lang,
    (user, extensions): (&User, &Extensions),
    id: ExclusionId,
    (act, note): (ExclusionAct, &str),
) -> Result<(), Failure> {
    if judges(act) && user.maintainer.is_some() {
        return Err(Failure::new(StatusCode::FORBIDDEN, not_theirs(lang)));
    }
    if act == ExclusionAct::Confirm && !user.is_liaison {
        return Err(Failure::new(StatusCode::FORBIDDEN, liaison_alone(lang)));
    }
    if act == ExclusionAct::Withdraw && !user.is_liaison && user.role < Role::Operator {
        return Err(Failure::not_permitted(Words(lang), Role::Operator, user.role));
    }
    let note = typed("note", note, LONGEST)?;
    let step = ExclusionStep { at: app.clock.now(), login: user.login.clone(), act, note };
    match app.store.act_on_exclusion(id, step, address(extensions)).await? {
        ExclusionActed::Missing => Err(Failure::not_found()),
        ExclusionActed::Refused(refusal) => {
            Err(Failure::new(StatusCode::CONFLICT, refusal_words(refusal, lang)))
        }
        ExclusionActed::Now(_) => Ok(()),
    }
}

/// Whether it is for the centre or the liaison to do, and for nobody who belongs to a maintainer.
pub(crate) const fn judges(act: ExclusionAct) -> bool {
    matches!(act, ExclusionAct::Approve | ExclusionAct::Reject | ExclusionAct::Confirm)
}

/// Why somebody of a maintainer does not judge.
pub(crate) const fn not_theirs(lang: Lang) -> &'static str {
    lang.pick(
        "运维单位只能申报和撤回；批准由数据中心、确认由公安联络员办理",
        "a maintainer files and withdraws; the centre approves and the liaison confirms",
    )
}

/// Why somebody else does not confirm.
pub(crate) const fn liaison_alone(lang: Lang) -> &'static str {
    lang.pick(
        "确认由公安联络员办理（zhishou user liaison 指定）",
        "the liaison confirms it (named by zhishou user liaison)",
    )
}

/// Why an act is refused, and what to do.
pub(crate) fn refusal_words(refusal: ExclusionRefusal, lang: Lang) -> &'static str {
    match refusal {
        ExclusionRefusal::Order => {
            lang.pick("当前状态下不能这样处理", "it does not stand so that this could be done")
        }
        ExclusionRefusal::NotTheirs => lang.pick(
            "只有申报、批准或确认过它的人才能撤回",
            "only who filed, approved or confirmed it takes it back",
        ),
        ExclusionRefusal::SamePerson => lang.pick(
            "申报、批准、确认须由不同的人完成；请由另一位同事登录处理",
            "filing, approving and confirming are done by different people; ask a colleague to sign in",
        ),
    }
}
