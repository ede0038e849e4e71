//! Which address leads where, and what every request passes through.

use crate::{
    api,
    app::{App, Transport},
    assets,
    drafts::Drafts,
    failure, guard, health, live,
    making::Making,
    pages, prefs, repeat,
    sessions::Sessions,
    verifying::Verifying,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use std::time::Duration;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

/// Largest body of a request, bytes: forms are small.
const BODY: usize = 64 << 10;
/// Largest file that is sent to be read, bytes.
pub(crate) const UPLOAD: usize = 16 << 20;
/// Longest time to answer; a probe out of turn takes most of it.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Scripts and styles only from our own files; nothing may frame us.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All pages and the API.
pub fn router(app: App) -> Router {
    let sessions = Sessions {
        store: app.store.clone(),
        clock: app.clock.clone(),
        kept: app.settings.idle.max(app.settings.lifetime),
    };
    let sessions = SessionManagerLayer::new(sessions)
        .with_name("zhishou")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(app.settings.transport == Transport::Tls)
        .with_expiry(Expiry::OnSessionEnd);
    let doors = pages::login::Doors::default();
    let proof = DefaultBodyLimit::max(pages::exclusion_files::BYTES);
    let photo = DefaultBodyLimit::max(pages::work_photos::BYTES);
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/", get(pages::overview::show))
        .route("/sites/{id}", get(pages::devices::of_site))
        .route("/dashboard", get(pages::dashboard::show))
        .route("/dashboard/ranking.{format}", get(pages::dashboard::ranking))
        .route("/dashboard/offline.{format}", get(pages::dashboard::offline))
        .route("/wall", get(pages::wall::show))
        .route("/wall/board", get(pages::wall::board))
        .route("/wall/tokens", get(pages::wall::list).post(pages::wall::create))
        .route("/wall/tokens/{id}/revoke", post(pages::wall::revoke))
        .route("/devices", get(pages::devices::all))
        .route("/devices/{id}", get(pages::device::show))
        .route("/devices/{id}/probe", post(pages::device::probe))
        .route("/devices/{id}/test-call", post(pages::device::test_call))
        .route("/devices/{id}/dialogues", post(pages::dialogue::keep))
        .route("/devices/{id}/dialogues/{at}", get(pages::dialogue::show))
        .route("/devices/{id}/dialogues/{at}/file", get(pages::dialogue::file))
        .route("/devices/{id}/baseline", post(pages::baseline::reset))
        .route("/devices/{id}/credential", post(pages::device::set_credential))
        .route("/devices/{id}/rearm", post(pages::device::rearm))
        .route("/devices/{id}/certificate", post(pages::device::accept_certificate))
        .route("/devices/{id}/masks", post(pages::picture::set_masks))
        .route("/devices/{id}/feedback", post(pages::picture::feedback))
        .route("/devices/{id}/reference", post(pages::reference::decide))
        .route("/devices/{id}/pictures/{which}", get(pages::device::picture))
        .route("/incidents", get(pages::incidents::list))
        .route("/incidents/{id}", get(pages::incidents::show))
        .route("/incidents/{id}/acknowledge", post(pages::incidents::handle))
        .route("/incidents/{id}/mute", post(pages::incidents::handle))
        .route("/incidents/{id}/unmute", post(pages::incidents::handle))
        .route("/work-orders", get(pages::work_orders::list).post(pages::work_orders::open))
        .route("/work-orders/new", get(pages::work_orders::form))
        .route("/work-orders/{id}", get(pages::work_orders::show))
        .route("/work-orders/{id}/photos", post(pages::work_photos::add).layer(photo))
        .route("/work-orders/{id}/photos/{photo}", get(pages::work_photos::show))
        .route("/work-orders/{id}/assign", post(pages::work_orders::act))
        .route("/work-orders/{id}/stop", post(pages::work_orders::act))
        .route("/work-orders/{id}/resume", post(pages::work_orders::act))
        .route("/work-orders/{id}/note", post(pages::work_orders::act))
        .route("/work-orders/{id}/finish", post(pages::work_orders::act))
        .route("/work-orders/{id}/cancel", post(pages::work_orders::act))
        .route("/meetings/{id}", get(pages::meeting::show))
        .route("/meetings/{id}/run-check", post(pages::meeting::run_check))
        .route("/meetings/{id}/venues/{venue}/picture", get(pages::meeting::picture))
        .route("/meetings/{id}/sign", post(pages::meeting::sign))
        .route("/meetings/{id}/sign-off", post(pages::meeting::act))
        .route("/meetings/{id}/start", post(pages::meeting::act))
        .route("/meetings/{id}/end", post(pages::meeting::act))
        .route("/meetings/{id}/extend", post(pages::meeting_acts::extend_to))
        .route("/meetings/{id}/incidents", post(pages::meeting_acts::add_incident))
        .route("/meetings/{id}/incidents/{incident}/over", post(pages::meeting::end_incident))
        .route("/meetings/{id}/turns/{turn}/undo", post(pages::meeting_acts::undo_turn))
        .route("/meetings/{id}/archive", post(pages::meeting::archive))
        .route("/duty", get(pages::duty::show).post(pages::duty::add))
        .route("/duty/people", post(pages::duty_people::save))
        .route("/duty/people/remove", post(pages::duty_people::remove))
        .route("/duty/{id}/sign-in", post(pages::duty::act))
        .route("/duty/{id}/hand-over", post(pages::duty::act))
        .route("/duty/{id}/change", post(pages::duty::act))
        .route("/duty/{id}/remove", post(pages::duty::act))
        .route("/bookings", get(pages::bookings::show).post(pages::bookings::create))
        .route("/bookings/new", get(pages::bookings::form))
        .route("/bookings/sheet", get(pages::bookings::sheet))
        .route("/bookings/feeds", get(pages::bookings::feeds).post(pages::bookings::make_feed))
        .route("/bookings/feeds/{id}/revoke", post(pages::bookings::revoke_feed))
        .route("/bookings/{id}", get(pages::bookings::detail).post(pages::bookings::change))
        .route("/bookings/{id}/edit", get(pages::bookings::edit))
        .route("/bookings/{id}/submit", post(pages::bookings::act))
        .route("/bookings/{id}/approve", post(pages::bookings::act))
        .route("/bookings/{id}/reject", post(pages::bookings::act))
        .route("/bookings/{id}/cancel", post(pages::bookings::act))
        .route("/bookings/{id}/cancel-series", post(pages::bookings::act))
        .route("/bookings/{id}/notify", post(pages::bookings::make_notices))
        .route("/bookings/{id}/notices/send", post(pages::bookings::send_notices))
        .route(
            "/bookings/{id}/programme",
            get(pages::bookings::programme)
                .post(pages::bookings::upload_programme)
                .layer(DefaultBodyLimit::max(UPLOAD)),
        )
        .route(
            "/bookings/{id}/programme/keep",
            post(pages::bookings::keep_programme).layer(DefaultBodyLimit::max(UPLOAD)),
        )
        .route("/bookings/{id}/programme/template.xlsx", get(pages::bookings::programme_template))
        .route("/ack/{id}/{token}", get(pages::bookings::ack).post(pages::bookings::answer))
        .route("/ack/{id}/{token}/meeting.ics", get(pages::bookings::event))
        .route("/admin/venues", get(pages::bookings::venues).post(pages::bookings::save_venue))
        .route("/admin/venues/from-ledger", post(pages::bookings::from_ledger))
        .route("/admin/venues/{id}", get(pages::bookings::venue).post(pages::bookings::save_venue))
        .route("/admin/resources", post(pages::bookings::save_resource))
        .route("/exclusions", get(pages::exclusions::list).post(pages::exclusions::file))
        .route("/exclusions/new", get(pages::exclusions::form))
        .route("/exclusions/{id}", get(pages::exclusion::show))
        .route("/exclusions/{id}/files", post(pages::exclusion_files::add).layer(proof))
        .route("/exclusions/{id}/files/{file}", get(pages::exclusion_files::show))
        .route("/exclusions/{id}/approve", post(pages::exclusion::act))
        .route("/exclusions/{id}/reject", post(pages::exclusion::act))
        .route("/exclusions/{id}/confirm", post(pages::exclusion::act))
        .route("/exclusions/{id}/withdraw", post(pages::exclusion::act))
        .route("/admin/plans", get(pages::check_plans::list))
        .route("/admin/plans/{grade}", post(pages::check_plans::save))
        .route("/admin/plans/{grade}/edit", get(pages::check_plans::edit))
        .route("/admin/plans/{grade}/{version}", get(pages::check_plans::show))
        .route("/admin/policies", get(pages::policies::list).post(pages::policies::save))
        .route("/admin/policies/preview", post(pages::policies::preview))
        .route("/admin/policies/{policy}", get(pages::policies::show))
        .route("/admin/policies/{policy}/edit", get(pages::policies::edit))
        .route("/admin/alerts", get(pages::alerts::list))
        .route("/admin/alerts/channels", post(pages::alerts::create))
        .route("/admin/alerts/channels/new", get(pages::alerts::form))
        .route("/admin/alerts/channels/{id}", get(pages::alerts::edit).post(pages::alerts::save))
        .route("/admin/alerts/channels/{id}/test", post(pages::alerts::test))
        .route("/admin/alerts/channels/{id}/remove", post(pages::alerts::remove))
        .route("/admin/alerts/rules", get(pages::alerts::rules).post(pages::alerts::save_rules))
        .route("/admin/alerts/messages/{id}/again", post(pages::alerts::again))
        .route("/reports", get(pages::reports::show).post(pages::reports::publish))
        .route("/reports/{number}/{revision}/verify", get(pages::reports::verify))
        .route("/reports/{number}/{revision}/{format}", get(pages::reports::file_of))
        .route("/inspection", get(pages::inspection::show))
        .route("/inspection/{day}/sign", post(pages::inspection::sign))
        .route("/inspection/{day}/add", post(pages::inspection::add))
        .route("/inspection/{day}/{format}", get(pages::inspection::file))
        .route("/ledger", get(pages::ledger::show))
        .route("/ledger/gaps.{format}", get(pages::ledger::export))
        .route(
            "/reconciliations",
            get(pages::reconciliations::list)
                .post(pages::reconciliations::upload)
                .layer(DefaultBodyLimit::max(UPLOAD)),
        )
        .route(
            "/reconciliations/draft/{token}",
            get(pages::reconciliations::draft).post(pages::reconciliations::keep),
        )
        .route("/reconciliations/{id}", get(pages::reconciliations::show))
        .route("/reconciliations/{id}/rows.{format}", get(pages::reconciliations::export))
        .route("/login", get(pages::login::show).post(pages::login::submit))
        .route("/logout", post(pages::login::logout))
        .route("/password", get(pages::password::show).post(pages::password::submit))
        .route("/events", get(live::events))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/static/{tag}/{name}", get(assets::serve))
        .nest("/api", api::router().layer(from_fn_with_state(app.clone(), repeat::layer)))
        .layer(axum::Extension(doors))
        .layer(axum::Extension(Making::default()))
        .layer(axum::Extension(Verifying::default()))
        .layer(axum::Extension(Drafts::default()))
        .layer(from_fn_with_state(app.clone(), guard::layer))
        .layer(sessions)
        .layer(CsrfLayer::new())
        .layer(DefaultBodyLimit::max(BODY))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, TIMEOUT))
        .layer(from_fn(failure::layer))
        .layer(from_fn(prefs::layer))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CSP))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(CompressionLayer::new())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(app)
}
