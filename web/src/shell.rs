//! The frame around every page: who looks, in what language and theme, and where the switches lead.

use crate::{
    assets::{AssetUrls, URLS},
    guard::User,
    prefs::{Prefs, Theme},
    scope::is_of_the_district,
    words::Words,
};
use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
    response::{Html, IntoResponse, Response},
};
use std::convert::Infallible;
use zhishou_domain::{Lang, Role};

/// Which entry of the navigation is the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nav {
    Sites,
    Dashboard,
    Devices,
    Ledger,
    Inspection,
    Incidents,
    WorkOrders,
    Bookings,
    Exclusions,
    Duty,
    Policies,
    Alerts,
    Reports,
    None,
}

/// A label in the language of who looks.
type Label = fn(Words) -> &'static str;

/// Every entry of the navigation, in order.
const NAVIGATION: &[(Nav, &str, Label)] = &[
    (Nav::Sites, "/", Words::nav_sites),
    (Nav::Dashboard, "/dashboard", Words::nav_dashboard),
    (Nav::Devices, "/devices", Words::nav_devices),
    (Nav::Ledger, "/ledger", Words::ledger),
    (Nav::Incidents, "/incidents", Words::incidents),
    (Nav::WorkOrders, "/work-orders", Words::work_orders),
    (Nav::Bookings, "/bookings", Words::bookings),
    (Nav::Exclusions, "/exclusions", Words::exclusions),
    (Nav::Duty, "/duty", Words::duty),
    (Nav::Inspection, "/inspection", Words::inspection),
    (Nav::Reports, "/reports", Words::reports),
    (Nav::Policies, "/admin/policies", Words::policies),
    (Nav::Alerts, "/admin/alerts", Words::alerts),
];

/// An entry of the navigation on a page.
pub(crate) struct Entry {
    pub(crate) href: &'static str,
    pub(crate) word: &'static str,
    pub(crate) is_here: bool,
}

/// What every template has as `shell`.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) t: Words,
    pub(crate) theme: Theme,
    pub(crate) user: Option<String>,
    /// What that user may do; nothing where there is none.
    role: Option<Role>,
    /// They see what their maintainer keeps, and nothing of the whole district.
    is_keeper: bool,
    nav: Nav,
    pub(crate) assets: &'static AssetUrls,
    /// Where the page listens for changes.
    pub(crate) events: Option<String>,
    pub(crate) other_lang: Lang,
    pub(crate) switch_lang: String,
    pub(crate) switch_theme: String,
}

impl Shell {
    pub(crate) fn new(prefs: Prefs, user: Option<&User>, uri: &Uri) -> Self {
        let other_lang = match prefs.lang {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        };
        Self {
            t: Words(prefs.lang),
            theme: prefs.theme,
            user: user.map(|user| user.login.clone()),
            role: user.map(|user| user.role),
            is_keeper: user.is_some_and(|user| user.maintainer.is_some()),
            nav: Nav::None,
            assets: &URLS,
            events: None,
            other_lang,
            switch_lang: with_query(uri, "lang", other_lang.pick("zh", "en")),
            switch_theme: with_query(uri, "theme", prefs.theme.next().code()),
        }
    }

    pub(crate) fn at(mut self, nav: Nav) -> Self {
        self.nav = nav;
        self
    }

    pub(crate) fn live(mut self, events: impl Into<String>) -> Self {
        self.events = Some(events.into());
        self
    }

    /// Whether who looks may act on devices.
    pub(crate) fn may_operate(&self) -> bool {
        self.role >= Some(Role::Operator)
    }

    /// Whether who looks may change the logins of devices.
    pub(crate) fn may_administer(&self) -> bool {
        self.role >= Some(Role::Admin)
    }

    pub(crate) fn role_word(&self) -> &'static str {
        self.role.map_or("", |role| role.name(self.t.0))
    }

    /// The navigation, in order; the present entry told apart.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        let (t, here, is_keeper) = (self.t, self.nav, self.is_keeper);
        let entries =
            NAVIGATION.iter().filter(move |(_, href, _)| !(is_keeper && is_of_the_district(href)));
        entries.map(move |(nav, href, word)| Entry { href, word: word(t), is_here: *nav == here })
    }

    pub(crate) fn theme_word(&self) -> &'static str {
        match self.theme {
            Theme::Auto => self.t.theme_auto(),
            Theme::Light => self.t.theme_light(),
            Theme::Dark => self.t.theme_dark(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Shell {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let prefs = parts.extensions.get::<Prefs>().copied().unwrap_or_default();
        Ok(Self::new(prefs, parts.extensions.get::<User>(), &parts.uri))
    }
}

/// The present address with one parameter set.
pub(crate) fn with_query(uri: &Uri, name: &str, value: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let present = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    for (key, kept) in present.filter(|(key, _)| key != name) {
        query.append_pair(&key, &kept);
    }
    query.append_pair(name, value);
    format!("{}?{}", uri.path(), query.finish())
}

/// A rendered template as a response that is never kept by a cache.
pub(crate) fn page(template: &impl askama::Template) -> Result<Response, crate::failure::Failure> {
    let html = template.render().map_err(crate::failure::Failure::internal)?;
    Ok(Html(html).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_keeps_the_filters() {
        let uri: Uri = "/?street=%E4%B8%83&lang=zh&q=a%26b".parse().unwrap();
        assert_eq!(with_query(&uri, "lang", "en"), "/?street=%E4%B8%83&q=a%26b&lang=en");
        assert_eq!(with_query(&"/login".parse().unwrap(), "theme", "dark"), "/login?theme=dark");
    }
}
