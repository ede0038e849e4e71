//! Language and theme of whoever looks: from the query, else from a cookie, else Chinese and the
//! system's. A choice in the query is kept in a cookie. What the browser asks for is not looked at:
//! the interface is Chinese until somebody says otherwise.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use zhishou_domain::Lang;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.code() == code)
    }

    /// The one the switch leads to.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// Language and theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefs {
    pub(crate) lang: Lang,
    pub(crate) theme: Theme,
}

/// A year, as long as browsers keep a cookie anyway.
const KEPT_S: u32 = 365 * 86_400;

/// Finds the preferences, hands them on in the request, and keeps new choices.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let asked = |name| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let asked_lang = asked("lang").and_then(|text| text.parse::<Lang>().ok());
    let asked_theme = asked("theme").and_then(|text| Theme::from_code(&text));
    let headers = request.headers();
    let prefs = Prefs {
        lang: asked_lang
            .or_else(|| cookie(headers, "lang").and_then(|text| text.parse().ok()))
            .unwrap_or_default(),
        theme: asked_theme
            .or_else(|| cookie(headers, "theme").and_then(Theme::from_code))
            .unwrap_or_default(),
    };
    request.extensions_mut().insert(prefs);
    let mut response = next.run(request).await;
    let mut keep = |name: &str, value: &str| {
        let cookie = format!("{name}={value}; Path=/; Max-Age={KEPT_S}; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    };
    if asked_lang.is_some() {
        keep("lang", prefs.lang.pick("zh", "en"));
    }
    if asked_theme.is_some() {
        keep("theme", prefs.theme.code());
    }
    response
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; lang=en; theme=dark"));
        assert_eq!(cookie(&headers, "lang"), Some("en"));
        assert_eq!(cookie(&headers, "theme").and_then(Theme::from_code), Some(Theme::Dark));
        assert_eq!(cookie(&headers, "ang"), None);
    }
}
