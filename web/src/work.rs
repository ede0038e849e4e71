//! Opening work orders and acting on them, the same for pages and programs.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    incident_words,
    query::typed,
    words::Words,
};
use axum::http::{Extensions, StatusCode};
use zhishou_domain::{
    IncidentId, Lang, MaintainerId, Role, WorkOrderId,
    work_order::{StopReason, WorkAct, WorkCategory, WorkRefusal, WorkStep},
};
use zhishou_storage::{NewWorkOrder, RootName, StoreError, WorkActed, WorkOpened, WorkScope};

/// Longest text of a field, characters.
pub(crate) const LONGEST: usize = 500;

/// What somebody reports, or what is to be done about an incident.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) incident: Option<IncidentId>,
    pub(crate) category: Option<WorkCategory>,
    pub(crate) title: String,
    pub(crate) place: String,
    pub(crate) caller: String,
    pub(crate) unit: String,
    pub(crate) phone: String,
    pub(crate) maintainer: Option<MaintainerId>,
    pub(crate) note: String,
}

/// What somebody does to an order.
#[derive(Debug)]
pub(crate) struct Deed {
    pub(crate) act: WorkAct,
    pub(crate) reason: Option<StopReason>,
    pub(crate) maintainer: Option<MaintainerId>,
    pub(crate) note: String,
}

/// Whose orders a user sees.
pub(crate) fn scope(user: &User) -> WorkScope {
    user.maintainer.map_or(WorkScope::All, WorkScope::Of)
}

/// Opens a work order in the name of `user`. One about an incident takes its words and its maintainer
/// from there; where the incident has one already, that is given.
pub(crate) async fn open(
    app: &App,
    lang: Lang,
    (user, extensions): (&User, &Extensions),
    report: Report,
) -> Result<WorkOrderId, Failure> {
    if user.maintainer.is_some() {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            lang.pick("工单由数据中心受理", "work orders are opened by the centre"),
        ));
    }
    let rules = &app.settings.repair;
    let mut new = NewWorkOrder {
        incident: report.incident,
        category: report.category.unwrap_or(WorkCategory::Video),
        title: typed("title", &report.title, LONGEST)?,
        place: typed("place", &report.place, LONGEST)?,
        caller: typed("caller", &report.caller, LONGEST)?,
        unit: typed("unit", &report.unit, LONGEST)?,
        phone: typed("phone", &report.phone, LONGEST)?,
        maintainer: report.maintainer,
        limit: rules.limit,
        calendar: rules.runs,
        hours: rules.calendar.clone(),
        at: app.clock.now(),
        login: user.login.clone(),
        note: typed("note", &report.note, LONGEST)?,
        address: address(extensions),
    };
    if let Some(id) = report.incident
        && !take_words(app, lang, id, &mut new).await?
    {
        return Err(Failure::not_found());
    }
    if new.title.is_empty() {
        return Err(Failure::bad_input("须写明报修内容", "title: what is to be repaired"));
    }
    match app.store.open_work_order(new).await? {
        WorkOpened::New(id) | WorkOpened::Already(id) => Ok(id),
        WorkOpened::Missing => Err(Failure::bad_input(
            "没有这个故障或运维单位",
            "incident, maintainer: there is no such one",
        )),
    }
}

/// Does something to a work order in the name of `user`.
pub(crate) async fn act(
    app: &App,
    lang: Lang,
    (user, extensions): (&User, &Extensions),
    id: WorkOrderId,
    deed: Deed,
) -> Result<(), Failure> {
    let act = deed.act;
    // The platform alone does these.
    if matches!(
        act,
        WorkAct::Open | WorkAct::Recover | WorkAct::Relapse | WorkAct::Prove | WorkAct::Retire
    ) {
        return Err(Failure::not_found());
    }
    // Who repairs neither hands the order on nor says that its clock stands, nor that it is over.
    let is_note = act == WorkAct::Note;
    if is_note && user.maintainer.is_none() && user.role < Role::Operator {
        return Err(Failure::not_permitted(Words(lang), Role::Operator, user.role));
    }
    if user.maintainer.is_some() && !is_note {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            lang.pick(
                "运维单位只能填写备注；停表与办结由数据中心登记",
                "a maintainer adds notes; stopping and finishing is the centre's",
            ),
        ));
    }
    let step = WorkStep {
        at: app.clock.now(),
        login: user.login.clone(),
        act,
        reason: deed.reason.filter(|_| act == WorkAct::Stop),
        maintainer: deed.maintainer.filter(|_| act == WorkAct::Assign),
        note: typed("note", &deed.note, LONGEST)?,
    };
    match app.store.act_on_work_order(id, scope(user), step, address(extensions)).await? {
        WorkActed::Now(_) => Ok(()),
        WorkActed::Missing => Err(Failure::not_found()),
        WorkActed::Refused(refusal) => {
            let why = match refusal {
                WorkRefusal::Order => lang
                    .pick("当前状态下不能这样处理", "it does not stand so that this could be done"),
                WorkRefusal::Incomplete => lang.pick(
                    "停表须选原因，派单须选运维单位，备注和撤销须写明内容",
                    "a stop asks for a reason, an assignment for a maintainer, a note or a cancellation for words",
                ),
                WorkRefusal::Unproven => lang.pick(
                    "本单由探测证实修复，不能人工办结",
                    "its repair is proven by our probes and not by a word",
                ),
            };
            Err(Failure::new(StatusCode::CONFLICT, why))
        }
    }
}

/// Opens the work order of an incident by rule, in the name of the platform and for whom keeps its devices.
pub async fn open_by_rule(app: &App, incident: IncidentId) -> Result<(), StoreError> {
    let rules = &app.settings.repair;
    let mut new = NewWorkOrder {
        incident: Some(incident),
        category: WorkCategory::Video,
        title: String::new(),
        place: String::new(),
        caller: String::new(),
        unit: String::new(),
        phone: String::new(),
        maintainer: None,
        limit: rules.limit,
        calendar: rules.runs,
        hours: rules.calendar.clone(),
        at: app.clock.now(),
        login: String::new(),
        note: String::new(),
        address: String::new(),
    };
    if take_words(app, Lang::Zh, incident, &mut new).await? {
        app.store.open_work_order(new).await?;
    }
    Ok(())
}

/// Fills in what nobody said of an order, its limit and its calendar, from the incident it is about; whether there
/// is that incident.
async fn take_words(
    app: &App,
    lang: Lang,
    id: IncidentId,
    new: &mut NewWorkOrder,
) -> Result<bool, StoreError> {
    let Some(row) = app.store.incident(id).await? else { return Ok(false) };
    if new.title.is_empty() {
        new.title = incident_words::cause(&row, lang);
    }
    if new.place.is_empty()
        && let RootName::Root { site: Some(site), .. } = &row.root
    {
        new.place.clone_from(site);
    }
    new.maintainer = new.maintainer.or(row.maintainer.map(|(id, ..)| id));
    let (rules, class) = (&app.settings.repair, app.store.incident_class(id).await?);
    (new.limit, new.calendar) = (rules.limit_of(class), rules.runs_of(class));
    Ok(true)
}
