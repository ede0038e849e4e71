//! A browser for tests: asks the router without a socket, and keeps its cookies.

use crate::fixture::{Fixture, NOW, PASSWORD};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use zhishou_domain::Role;

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// A browser: keeps its cookies.
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub(crate) fn new(fixture: &Fixture) -> Self {
        let router = zhishou_web::router(fixture.app.clone());
        Self { router, cookies: vec![], headers: vec![] }
    }

    pub(crate) async fn logged_in(fixture: &Fixture) -> Self {
        let mut browser = Self::new(fixture);
        let answer = browser.login(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// As a user of this name and role, who is made for it.
    pub(crate) async fn of_role(fixture: &Fixture, role: Role) -> Self {
        let hash = zhishou_web::hash_password(PASSWORD.to_owned()).await.unwrap();
        fixture.app.store.create_user(role.code(), role, &hash, false, NOW, "test").await.unwrap();
        let mut browser = Self::new(fixture);
        let form = format!("login={}&password={PASSWORD}&next=/devices", role.code());
        let answer = browser.post("/login", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    pub(crate) async fn login(&mut self, password: &str) -> Answer {
        self.post("/login", &format!("login=Admin&password={password}&next=/devices")).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty(), "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.send(Method::POST, path, Body::from(form.to_owned()), kind).await
    }

    pub(crate) async fn post_json(&mut self, path: &str, body: impl ToString) -> Answer {
        self.send(Method::POST, path, Body::from(body.to_string()), "application/json").await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Body,
        kind: &str,
    ) -> Answer {
        let jar: Vec<_> =
            self.cookies.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "zhishou.test")
            .header(header::COOKIE, jar.join("; "));
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
