//! Which role a request asks for: one table for all that changes something.
//!
//! Invariants: reading asks for a login and no more; a changing route that is not in the table is for
//! administrators, so that one that is forgotten here lets nobody in.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    prefs::Prefs,
    words::Words,
};
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};
use zhishou_domain::Role;
use zhishou_storage::AuditLine;

/// The role that each changing route asks for; `None`: whoever is logged in, or is about to be.
pub const CHANGES: &[(&str, Option<Role>)] = &[
    ("/login", None),
    ("/logout", None),
    ("/password", None),
    ("/api/v1/session", None),
    ("/devices/{id}/probe", Some(Role::Operator)),
    ("/api/v1/devices/{id}/probe", Some(Role::Operator)),
    ("/devices/{id}/test-call", Some(Role::Operator)),
    ("/api/v1/devices/{id}/test-call", Some(Role::Operator)),
    ("/devices/{id}/dialogues", Some(Role::Operator)),
    ("/devices/{id}/baseline", Some(Role::Operator)),
    ("/devices/{id}/feedback", Some(Role::Operator)),
    ("/devices/{id}/masks", Some(Role::Operator)),
    ("/devices/{id}/reference", Some(Role::Operator)),
    ("/api/v1/devices/{id}/feedback", Some(Role::Operator)),
    ("/api/v1/devices/{id}/reference", Some(Role::Operator)),
    ("/devices/{id}/certificate", Some(Role::Operator)),
    ("/devices/{id}/rearm", Some(Role::Operator)),
    ("/devices/{id}/credential", Some(Role::Admin)),
    ("/admin/plans/{grade}", Some(Role::Admin)),
    ("/api/v1/check-plans/{grade}", Some(Role::Admin)),
    ("/admin/policies", Some(Role::Admin)),
    ("/admin/policies/preview", Some(Role::Operator)),
    ("/exclusions", Some(Role::Operator)),
    ("/exclusions/{id}/approve", Some(Role::Admin)),
    ("/exclusions/{id}/reject", Some(Role::Admin)),
    // The liaison confirms, whatever their role (see `exclude`).
    ("/exclusions/{id}/confirm", None),
    ("/exclusions/{id}/withdraw", None),
    ("/exclusions/{id}/files", Some(Role::Operator)),
    ("/meetings/{id}/run-check", Some(Role::Operator)),
    ("/meetings/{id}/sign", Some(Role::Operator)),
    ("/meetings/{id}/sign-off", Some(Role::Operator)),
    ("/meetings/{id}/start", Some(Role::Operator)),
    ("/meetings/{id}/end", Some(Role::Operator)),
    ("/meetings/{id}/extend", Some(Role::Operator)),
    ("/meetings/{id}/incidents", Some(Role::Operator)),
    ("/meetings/{id}/incidents/{incident}/over", Some(Role::Operator)),
    ("/meetings/{id}/turns/{turn}/undo", Some(Role::Operator)),
    ("/meetings/{id}/archive", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/run-check", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/sign", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/sign-off", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/start", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/end", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/incidents", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/incidents/{incident}/over", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/archive", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/turns", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/turns/{turn}/undo", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/extend", Some(Role::Operator)),
    ("/duty", Some(Role::Operator)),
    ("/duty/people", Some(Role::Operator)),
    ("/duty/people/remove", Some(Role::Operator)),
    ("/duty/{id}/sign-in", Some(Role::Operator)),
    ("/duty/{id}/hand-over", Some(Role::Operator)),
    ("/duty/{id}/change", Some(Role::Operator)),
    ("/duty/{id}/remove", Some(Role::Operator)),
    ("/reports", Some(Role::Operator)),
    ("/api/v1/reports", Some(Role::Operator)),
    ("/incidents/{id}/acknowledge", Some(Role::Operator)),
    ("/incidents/{id}/mute", Some(Role::Operator)),
    ("/incidents/{id}/unmute", Some(Role::Operator)),
    ("/api/v1/incidents/{id}/acknowledge", Some(Role::Operator)),
    ("/api/v1/incidents/{id}/mute", Some(Role::Operator)),
    ("/api/v1/incidents/{id}/unmute", Some(Role::Operator)),
    ("/admin/alerts/channels", Some(Role::Admin)),
    ("/admin/alerts/channels/{id}", Some(Role::Admin)),
    ("/admin/alerts/channels/{id}/test", Some(Role::Admin)),
    ("/admin/alerts/channels/{id}/remove", Some(Role::Admin)),
    ("/admin/alerts/rules", Some(Role::Admin)),
    ("/admin/alerts/messages/{id}/again", Some(Role::Operator)),
    ("/api/v1/alerts/rules", Some(Role::Admin)),
    ("/api/v1/alerts/messages/{id}/again", Some(Role::Operator)),
    ("/inspection/{day}/sign", Some(Role::Operator)),
    ("/inspection/{day}/add", Some(Role::Operator)),
    ("/reconciliations", Some(Role::Operator)),
    ("/reconciliations/draft/{token}", Some(Role::Operator)),
    ("/wall/tokens", Some(Role::Admin)),
    ("/wall/tokens/{id}/revoke", Some(Role::Admin)),
    ("/api/v1/policies", Some(Role::Admin)),
    ("/api/v1/policies/preview", Some(Role::Operator)),
    ("/api/v1/exclusions", Some(Role::Operator)),
    ("/api/v1/exclusions/{id}/approve", Some(Role::Admin)),
    ("/api/v1/exclusions/{id}/reject", Some(Role::Admin)),
    ("/api/v1/exclusions/{id}/confirm", None),
    ("/api/v1/exclusions/{id}/withdraw", None),
    ("/bookings", Some(Role::Operator)),
    ("/api/v1/meetings", Some(Role::Operator)),
    ("/bookings/{id}", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/reschedule", Some(Role::Operator)),
    ("/bookings/{id}/submit", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/submit", Some(Role::Operator)),
    ("/bookings/{id}/approve", Some(Role::Admin)),
    ("/api/v1/meetings/{id}/approve", Some(Role::Admin)),
    ("/bookings/{id}/reject", Some(Role::Admin)),
    ("/api/v1/meetings/{id}/reject", Some(Role::Admin)),
    ("/bookings/{id}/cancel", Some(Role::Operator)),
    ("/api/v1/meetings/{id}/cancel", Some(Role::Operator)),
    ("/bookings/{id}/cancel-series", Some(Role::Operator)),
    ("/bookings/{id}/notify", Some(Role::Operator)),
    ("/bookings/{id}/notices/send", Some(Role::Operator)),
    ("/bookings/{id}/programme", Some(Role::Operator)),
    ("/bookings/{id}/programme/keep", Some(Role::Operator)),
    // One's own calendar, and the answer of whoever has the address.
    ("/bookings/feeds", None),
    ("/bookings/feeds/{id}/revoke", None),
    ("/ack/{id}/{token}", None),
    ("/admin/venues", Some(Role::Admin)),
    ("/admin/venues/from-ledger", Some(Role::Admin)),
    ("/admin/venues/{id}", Some(Role::Admin)),
    ("/admin/resources", Some(Role::Admin)),
    // Whoever belongs to a maintainer notes what was done; others need the role (see `work`).
    ("/work-orders", Some(Role::Operator)),
    ("/api/v1/work-orders", Some(Role::Operator)),
    ("/work-orders/{id}/assign", Some(Role::Operator)),
    ("/api/v1/work-orders/{id}/assign", Some(Role::Operator)),
    ("/work-orders/{id}/stop", Some(Role::Operator)),
    ("/api/v1/work-orders/{id}/stop", Some(Role::Operator)),
    ("/work-orders/{id}/resume", Some(Role::Operator)),
    ("/api/v1/work-orders/{id}/resume", Some(Role::Operator)),
    ("/work-orders/{id}/note", None),
    ("/work-orders/{id}/photos", None),
    ("/api/v1/work-orders/{id}/note", None),
    ("/work-orders/{id}/finish", Some(Role::Operator)),
    ("/api/v1/work-orders/{id}/finish", Some(Role::Operator)),
    ("/work-orders/{id}/cancel", Some(Role::Operator)),
    ("/api/v1/work-orders/{id}/cancel", Some(Role::Operator)),
];

/// What a request asks for beside a login.
fn asked(method: &Method, path: &str) -> Option<Role> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    let rule = CHANGES.iter().find(|(route, _)| *route == path);
    rule.map_or(Some(Role::Admin), |(_, role)| *role)
}

/// The refusal of a request that asks for more than the user may, and what the audit log says of it.
pub(crate) fn refusal(app: &App, user: &User, request: &Request) -> Option<(AuditLine, Failure)> {
    let route = request.extensions().get::<MatchedPath>()?;
    let role = asked(request.method(), route.as_str()).filter(|role| user.role < *role)?;
    let line = AuditLine {
        at: app.clock.now(),
        login: user.login.clone(),
        action: "refused",
        subject: format!("{} {}", request.method(), request.uri().path()),
        address: address(request.extensions()),
    };
    let lang = request.extensions().get::<Prefs>().copied().unwrap_or_default().lang;
    Some((line, Failure::not_permitted(Words(lang), role, user.role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes of a source file that take a POST, below `prefix`.
    fn posts(source: &str, prefix: &str) -> Vec<String> {
        // A long line may be broken anywhere.
        let source: String = source.split_whitespace().collect();
        let routes = source.split(".route(\"").skip(1);
        let posts = routes.filter_map(|rest| {
            let (path, handler) = rest.split_once("\",")?;
            let handler = handler.split(".route(").next()?.split(".layer(").next()?;
            handler.contains("post(").then(|| format!("{prefix}{path}"))
        });
        posts.collect()
    }

    #[test]
    fn every_route_that_takes_a_post_has_a_rule_and_every_rule_a_route() {
        let mut routes = posts(include_str!("router.rs"), "");
        routes.extend(posts(include_str!("api/mod.rs"), "/api"));
        let mut rules: Vec<_> = CHANGES.iter().map(|(route, _)| (*route).to_owned()).collect();
        routes.sort();
        rules.sort();
        assert_eq!(routes, rules);
        for other in ["put(", "delete(", "patch(", "any("] {
            for source in [include_str!("router.rs"), include_str!("api/mod.rs")] {
                assert!(!source.contains(other), "{other} has no rule here yet");
            }
        }
    }

    #[test]
    fn what_is_in_no_rule_is_for_administrators() {
        assert_eq!(asked(&Method::POST, "/devices/{id}/explode"), Some(Role::Admin));
        assert_eq!(asked(&Method::DELETE, "/devices/{id}"), Some(Role::Admin));
        assert_eq!(asked(&Method::GET, "/devices/{id}"), None);
    }
}
