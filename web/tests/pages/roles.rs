//! Who may do what, over every route that changes something.

use super::*;
use zhishou_domain::Lang;

/// The address of a route for one device.
fn address(route: &str, device: &str) -> String {
    route.replace("{id}", device)
}

/// How many refusals are in the audit log.
async fn refusals(fixture: &Fixture) -> usize {
    fixture.app.store.audit_of("refused", 1000).await.unwrap().len()
}

#[tokio::test]
async fn each_changing_route_refuses_whoever_may_less() {
    let fixture = Fixture::district(1, 24, None).await;
    let device = device_of(&fixture, Case::Well).await.to_string();
    for &role in Role::ALL {
        let mut browser = Browser::of_role(&fixture, role).await;
        for (route, asked) in zhishou_web::CHANGES {
            let Some(asked) = asked else { continue };
            let before = refusals(&fixture).await;
            let answer = browser.post(&address(route, &device), "").await;
            let refused = refusals(&fixture).await - before;
            if role < *asked {
                assert_eq!(
                    (answer.status, refused),
                    (StatusCode::FORBIDDEN, 1),
                    "{role:?} {route}"
                );
                let (wanted, own) = (asked.name(Lang::Zh), role.name(Lang::Zh));
                assert!(
                    answer.body.contains(wanted) && answer.body.contains(own),
                    "{}",
                    answer.body
                );
                let kind = if route.starts_with("/api/") {
                    "application/problem+json"
                } else {
                    "text/html"
                };
                assert!(answer.header("content-type").starts_with(kind), "{route}");
            } else {
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{role:?} {route}");
                assert_eq!(refused, 0, "{role:?} {route}");
            }
        }
    }
    // Nothing of what was refused reached the device.
    assert!(fixture.app.store.privacy_masks(device.parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn buttons_are_shown_to_those_who_may_press_them() {
    let fixture = Fixture::district(1, 24, None).await;
    let device = device_of(&fixture, Case::Login).await;
    for &role in Role::ALL {
        let mut browser = Browser::of_role(&fixture, role).await;
        let body = browser.get(&format!("/devices/{device}")).await.body;
        for (route, asked) in zhishou_web::CHANGES {
            let form = format!("action=\"{}\"", address(route, &device.to_string()));
            let is_refused = asked.is_some_and(|asked| role < asked);
            assert!(!(is_refused && body.contains(&form)), "{role:?} sees {route}");
        }
        let shows = |route: &str| body.contains(&format!("/devices/{device}/{route}\""));
        assert_eq!(shows("probe"), role >= Role::Operator, "{role:?}");
        assert_eq!(shows("masks"), role >= Role::Operator, "{role:?}");
        assert_eq!(shows("credential"), role >= Role::Admin, "{role:?}");
    }
}

#[tokio::test]
async fn a_new_role_holds_from_the_next_request_on() {
    let fixture = Fixture::district(1, 12, None).await;
    let device = device_of(&fixture, Case::Well).await;
    let mut browser = Browser::of_role(&fixture, Role::Operator).await;
    let probe = format!("/devices/{device}/probe");
    assert_eq!(browser.post(&probe, "").await.status, StatusCode::SEE_OTHER);
    let store = &fixture.app.store;
    assert!(store.set_role("operator", Role::Viewer, NOW, "test").await.unwrap());
    assert!(!store.set_role("nobody", Role::Admin, NOW, "test").await.unwrap());
    let noted = store.audit_of("set_role", 9).await.unwrap();
    assert_eq!(noted, [("test".to_owned(), "operator viewer".to_owned(), NOW)]);
    assert_eq!(browser.post(&probe, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&format!("/devices/{device}")).await.status, StatusCode::OK);
    // What is not there is not there for administrators; others learn nothing of it.
    assert_eq!(browser.post("/devices", "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post("/nowhere", "").await.status, StatusCode::NOT_FOUND);
}
