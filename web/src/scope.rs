//! What somebody who belongs to a maintainer (运维单位) sees: what it keeps and nothing else.
//!
//! One place for all pages: before any handler runs, the guard asks [`narrow`]. Lists are narrowed by the
//! `maintainer` of their address, whatever it said; one thing (a device, an incident, an exclusion) is not
//! found where it is another's; what is about the whole district is refused. Work orders have a scope of
//! their own in each function of the store.

use crate::{app::App, failure::Failure, guard::User, prefs::Prefs};
use axum::{
    extract::{MatchedPath, Request},
    http::{StatusCode, Uri},
};
use zhishou_domain::MaintainerId;

/// What is about the whole district.
const DISTRICT: &[&str] = &[
    "/reports",
    "/inspection",
    "/inspections",
    "/reconciliations",
    "/wall",
    "/metrics",
    "/admin",
    "/policies/preview",
    "/bookings",
    "/meetings",
    "/meeting-figures",
    "/duty",
    "/venues",
    "/endpoints",
];

/// Whether a page, or a noun of the API, is about the whole district.
pub(crate) fn is_of_the_district(noun: &str) -> bool {
    DISTRICT.iter().any(|folder| lies_in(noun, folder))
}

fn lies_in(noun: &str, folder: &str) -> bool {
    noun.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Narrows a request to what its user may see.
pub(crate) async fn narrow(app: &App, user: &User, request: &mut Request) -> Result<(), Failure> {
    let Some(keeper) = user.maintainer else { return Ok(()) };
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else { return Ok(()) };
    let route = route.as_str();
    let noun = route.strip_prefix("/api/v1").unwrap_or(route);
    if is_of_the_district(noun) {
        let lang = request.extensions().get::<Prefs>().copied().unwrap_or_default().lang;
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            lang.pick("这里是全区的数据，运维单位不能查看", "this is about the whole district"),
        ));
    }
    let id = segment(route, request.uri().path());
    let store = &app.store;
    let theirs = if lies_in(noun, "/devices/{id}") {
        keeps(id, |id| store.keeps_device(keeper, id)).await?
    } else if lies_in(noun, "/incidents/{id}") {
        keeps(id, |id| store.keeps_incident(keeper, id)).await?
    } else if lies_in(noun, "/exclusions/{id}") {
        keeps(id, |id| store.keeps_exclusion(keeper, id)).await?
    } else if lies_in(noun, "/observations") {
        let of = parameter(request.uri(), "device");
        keeps(of.as_deref(), |id| store.keeps_device(keeper, id)).await?
    } else {
        true
    };
    if !theirs {
        return Err(Failure::not_found());
    }
    *request.uri_mut() = narrowed(request.uri(), keeper)
        .ok_or_else(|| Failure::bad_request("the address cannot be read"))?;
    Ok(())
}

/// Whether what an identity names is theirs; what is none, is nobody's.
async fn keeps<T: std::str::FromStr, F>(
    id: Option<&str>,
    ask: impl FnOnce(T) -> F,
) -> Result<bool, Failure>
where
    F: Future<Output = Result<bool, zhishou_storage::StoreError>>,
{
    match id.and_then(|id| id.parse().ok()) {
        Some(id) => Ok(ask(id).await?),
        None => Ok(false),
    }
}

/// What stands in a path where its route has `{id}`.
fn segment<'a>(route: &str, path: &'a str) -> Option<&'a str> {
    let place = route.split('/').position(|part| part == "{id}")?;
    path.split('/').nth(place)
}

/// A parameter of an address.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = url::form_urlencoded::parse(uri.query()?.as_bytes());
    query.into_iter().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The same address about what `keeper` keeps.
fn narrowed(uri: &Uri, keeper: MaintainerId) -> Option<Uri> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "maintainer" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("maintainer", &keeper.to_string());
    format!("{}?{}", uri.path(), query.finish()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_maintainer_whatever_it_said() {
        let keeper: MaintainerId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let uri = Uri::from_static("/devices?maintainer=x&q=a%26b&maintainer=y");
        let expected = format!("/devices?q=a%26b&maintainer={keeper}");
        assert_eq!(narrowed(&uri, keeper).unwrap().to_string(), expected);
        let bare = narrowed(&Uri::from_static("/"), keeper).unwrap();
        assert_eq!(bare.to_string(), format!("/?maintainer={keeper}"));
    }

    #[test]
    fn the_identity_is_where_the_route_has_it() {
        assert_eq!(segment("/api/v1/devices/{id}/probe", "/api/v1/devices/7/probe"), Some("7"));
        assert_eq!(segment("/devices", "/devices"), None);
    }
}
