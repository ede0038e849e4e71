//! `/admin/venues`: where meetings are held, what stands there, and what else can be booked.

use crate::{
    app::App,
    booking::{LONGEST, held_words},
    failure::Failure,
    guard::{User, audit_line},
    query::{self, typed},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use std::collections::BTreeSet;
use zhishou_domain::{
    DeviceId, VenueId,
    endpoint::Signalling,
    meeting::{DeviceRole, ResourceKind, Venue, VenueDevice},
};
use zhishou_storage::{DevicePlace, Held, OnClash, ResourceWords, VenueSaved, VenueWords};

type Fields = Vec<(String, String)>;
/// Value, label, whether it is chosen.
type Roles = Vec<(&'static str, &'static str, bool)>;

/// Longest number or code of a telephone conference, characters.
const NUMBER: usize = 40;
/// Devices offered at most.
const OFFERED: u32 = 500;

struct VenueRow {
    href: String,
    name: String,
    contact: String,
    phone: String,
    devices: String,
    in_use: bool,
}

struct ResourceRow {
    name: String,
    kind: ResourceKind,
    kind_name: &'static str,
    in_use: bool,
    dial: String,
    /// Shown to those who may change it.
    code: String,
}

impl ResourceRow {
    fn is_telephone(&self) -> bool {
        self.kind == ResourceKind::Telephone
    }
}

#[derive(Template)]
#[template(path = "venues.html")]
struct VenuesPage {
    shell: Shell,
    rows: Vec<VenueRow>,
    resources: Vec<ResourceRow>,
    kinds: Vec<(&'static str, &'static str)>,
    /// Endpoints that stand in no venue: id, words, site.
    loose: Vec<(String, String)>,
}

/// `GET /admin/venues`.
pub(crate) async fn list(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let (venues, resources, loose) = tokio::try_join!(
        app.store.venues(),
        app.store.platform_resources(),
        app.store.endpoints_without_venue(OFFERED),
    )?;
    let row = |venue: Venue| {
        let devices: Vec<_> =
            venue.devices.iter().map(|it| format!("{} {}", it.role.name(lang), it.name)).collect();
        VenueRow {
            href: format!("/admin/venues/{}", venue.id),
            name: venue.name,
            contact: venue.contact,
            phone: venue.phone,
            devices: devices.join(lang.pick("、", ", ")),
            in_use: venue.in_use,
        }
    };
    page(&VenuesPage {
        rows: venues.into_iter().map(row).collect(),
        resources: resources
            .into_iter()
            .map(|it| ResourceRow {
                kind_name: it.kind.name(lang),
                name: it.name,
                kind: it.kind,
                in_use: it.in_use,
                dial: it.dial,
                code: it.pass_code,
            })
            .collect(),
        kinds: ResourceKind::ALL.iter().map(|it| (it.code(), it.name(lang))).collect(),
        loose: loose
            .into_iter()
            .map(|(id, name, _, site)| (id.to_string(), format!("{site} {name}")))
            .collect(),
        shell: shell.at(Nav::Bookings),
    })
}

/// Why nothing was saved.
enum Problem {
    /// Another has the name.
    Name,
    /// These meetings have an endpoint that meetings in this venue would need.
    Taken(Vec<String>),
    /// It would be out of use while these meetings are ahead in it.
    Booked(Vec<String>),
}

#[derive(Template)]
#[template(path = "venue.html")]
struct VenuePage {
    shell: Shell,
    action: String,
    problem: Option<Problem>,
    venue: Option<Venue>,
    sites: Vec<(String, String, bool)>,
    /// The devices that stand here and those that could: id, name, roles.
    devices: Vec<(String, String, Roles)>,
    seats: String,
}

/// `GET /admin/venues/{id}`; `new` is one that is not there yet.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let venue = match id.as_str() {
        "new" => None,
        id => {
            let id: VenueId = id.parse().map_err(|_| Failure::not_found())?;
            Some(app.store.venue(id).await?.ok_or_else(Failure::not_found)?)
        }
    };
    form(&app, shell, venue.as_ref().map(|it| it.id), venue, None).await
}

/// The form of a venue, as it is or as it was typed.
async fn form(
    app: &App,
    shell: Shell,
    id: Option<VenueId>,
    venue: Option<Venue>,
    problem: Option<Problem>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let site = venue.as_ref().and_then(|it| it.site);
    let (mut sites, near) =
        tokio::try_join!(app.store.site_names(), app.store.meeting_devices(site, OFFERED))?;
    sites.sort_by(|a, b| (&a.street_name, &a.name).cmp(&(&b.street_name, &b.name)));
    let standing = venue.as_ref().map(|it| it.devices.as_slice()).unwrap_or_default();
    let mut devices: Vec<_> =
        standing.iter().map(|it| (it.id, it.name.clone(), it.role.kind(), Some(it.role))).collect();
    for DevicePlace { id, name, kind, site } in near {
        if !standing.iter().any(|it| it.id == id) {
            devices.push((id, format!("{site} {name}"), kind, None));
        }
    }
    let devices = devices.into_iter().map(|(id, name, kind, chosen)| {
        let roles = DeviceRole::ALL.iter().filter(|role| role.kind() == kind);
        let roles = roles.map(|role| (role.code(), role.name(lang), Some(*role) == chosen));
        (id.to_string(), name, roles.collect())
    });
    page(&VenuePage {
        action: match id {
            Some(id) => format!("/admin/venues/{id}"),
            None => "/admin/venues".to_owned(),
        },
        problem,
        sites: sites
            .into_iter()
            .map(|it| {
                let words = format!("{} {}", it.street_name, it.name);
                (it.id.to_string(), words, Some(it.id) == site)
            })
            .collect(),
        devices: devices.collect(),
        seats: venue
            .as_ref()
            .and_then(|it| it.seats)
            .map(|seats| seats.to_string())
            .unwrap_or_default(),
        venue,
        shell: shell.at(Nav::Bookings),
    })
}

/// `POST /admin/venues` and `POST /admin/venues/{id}`.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    id: Option<Path<String>>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    let id: Option<VenueId> = match &id {
        Some(Path(id)) => Some(id.parse().map_err(|_| Failure::not_found())?),
        None => None,
    };
    let field = |name: &str| {
        fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let seats = field("seats").trim();
    let mut devices = Vec::new();
    for (name, value) in &fields {
        let Some(device) = name.strip_prefix("device_").filter(|_| !value.is_empty()) else {
            continue;
        };
        let device: DeviceId = device.parse().map_err(|_| Failure::bad_request("device"))?;
        devices
            .extend(query::word("role", value, DeviceRole::from_code)?.map(|role| (device, role)));
    }
    let words =
        VenueWords {
            name: typed("name", field("name"), LONGEST)?,
            site: query::id("site", field("site"))?,
            seats: match seats {
                "" => None,
                seats => Some(seats.parse().map_err(|_| {
                    Failure::bad_input("座位数应为正整数", "seats: a positive number")
                })?),
            },
            contact: typed("contact", field("contact"), LONGEST)?,
            phone: typed("phone", field("phone"), LONGEST)?,
            note: typed("note", field("note"), LONGEST)?,
            in_use: !field("in_use").is_empty(),
            devices,
        };
    if words.name.is_empty() || words.seats == Some(0) {
        return Err(Failure::bad_input(
            "请填写会场名称；座位数应为正整数",
            "name: missing, or seats: not positive",
        ));
    }
    let on_clash = match field("on_clash") {
        "leave_out" => OnClash::LeaveOut,
        _ => OnClash::Refuse,
    };
    let line = audit_line(&app, &user, &extensions, "save_venue", String::new());
    let words_of = |held: Vec<Held>| {
        let held: BTreeSet<_> = held.iter().map(|it| held_words(&app, it, shell.t.0)).collect();
        held.into_iter().collect()
    };
    let problem = match app.store.change_venue(id, words.clone(), on_clash, line).await? {
        VenueSaved::Now(_) => return Ok(Redirect::to("/admin/venues").into_response()),
        VenueSaved::NameTaken => Problem::Name,
        VenueSaved::Taken(held) => Problem::Taken(words_of(held)),
        VenueSaved::Booked(held) => Problem::Booked(words_of(held)),
        VenueSaved::Missing => {
            return Err(Failure::bad_input(
                "会场、站点或设备不存在，或设备类别不符",
                "venue, site, devices: one does not exist, or a device is of another kind",
            ));
        }
    };
    let venue = as_typed(&app, id, words).await?;
    let page = form(&app, shell, id, Some(venue), Some(problem)).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

/// A venue as it was typed, to be shown again.
async fn as_typed(app: &App, id: Option<VenueId>, words: VenueWords) -> Result<Venue, Failure> {
    let mut devices = Vec::new();
    for (id, role) in words.devices {
        let name = app.store.device_page(id).await?.map(|it| it.name).unwrap_or_default();
        let signalling = Signalling::default();
        devices.push(VenueDevice { id, name, role, signalling });
    }
    Ok(Venue {
        id: id.unwrap_or(VenueId::new(0)),
        name: words.name,
        site: words.site,
        seats: words.seats,
        contact: words.contact,
        phone: words.phone,
        note: words.note,
        in_use: words.in_use,
        devices,
    })
}

/// `POST /admin/venues/from-ledger`: a venue for each endpoint that was chosen.
pub(crate) async fn from_ledger(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Failure> {
    let loose = app.store.endpoints_without_venue(OFFERED).await?;
    for (_, chosen) in fields.iter().filter(|(name, _)| name == "device") {
        let Some((id, name, site, _)) = loose.iter().find(|(id, ..)| id.to_string() == *chosen)
        else {
            continue;
        };
        let words = VenueWords {
            name: name.clone(),
            site: Some(*site),
            seats: None,
            contact: String::new(),
            phone: String::new(),
            note: String::new(),
            in_use: true,
            devices: vec![(*id, DeviceRole::Primary)],
        };
        // Where a venue has the name already, somebody has to look at it.
        app.store
            .save_venue(
                None,
                words,
                audit_line(&app, &user, &extensions, "save_venue", String::new()),
            )
            .await?;
    }
    Ok(Redirect::to("/admin/venues"))
}

/// `POST /admin/resources`.
pub(crate) async fn save_resource(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Failure> {
    let field = |name: &str| {
        fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let name = typed("name", field("name"), LONGEST)?;
    let kind = query::word("kind", field("kind"), ResourceKind::from_code)?;
    let (Some(kind), false) = (kind, name.is_empty()) else {
        return Err(Failure::bad_input("请填写名称与类别", "name, kind: missing"));
    };
    let line = audit_line(&app, &user, &extensions, "save_resource", name.clone());
    let words = ResourceWords {
        name,
        kind,
        in_use: !field("in_use").is_empty(),
        dial: typed("dial", field("dial"), NUMBER)?,
        pass_code: typed("pass_code", field("pass_code"), NUMBER)?,
    };
    app.store.save_platform_resource(words, line).await?;
    Ok(Redirect::to("/admin/venues"))
}
