//! `/healthz`, `/readyz`, `/metrics`.

use crate::{
    app::App,
    failure::Failure,
    pages::basis::{Basis, BasisQuery},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use zhishou_domain::{Counts, DeviceKind};
use zhishou_storage::{By, Filter, Grouping};

/// Free space below which we are not ready, bytes.
const LEAST_FREE: u64 = 64 << 20;

/// Background tasks that panicked and do not run steadily again.
#[derive(Clone, Debug, Default)]
pub struct DeadTasks(Arc<Mutex<BTreeSet<&'static str>>>);

impl DeadTasks {
    fn set(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        // A set is whole whatever its holder did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One panicked.
    pub fn died(&self, name: &'static str) {
        self.set().insert(name);
    }

    /// It runs again.
    pub fn revived(&self, name: &'static str) {
        self.set().remove(name);
    }

    /// Which, by name.
    pub fn names(&self) -> Vec<&'static str> {
        self.set().iter().copied().collect()
    }
}

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// Database, migrations, disk, and what runs in the background.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let health = app.store.health().await;
    let health = health.inspect_err(|error| tracing::warn!(%error, "not ready"));
    let (database, migrations, free) = match &health {
        Ok(health) => {
            (health.readable && health.writable, health.migrated, Some(health.free_bytes))
        }
        Err(_) => (false, false, None),
    };
    let disk = free.is_some_and(|free| free >= LEAST_FREE);
    let dead = app.dead.names();
    let ready = database && migrations && disk && dead.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready, "database": database, "migrations": migrations, "disk": disk,
        "free_bytes": free, "dead_tasks": dead,
    });
    (status, Json(body)).into_response()
}

/// Prometheus text format 0.0.4.
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Failure> {
    let now = app.clock.now();
    let all = Filter::default();
    let (counts, gone) = app.store.counts(&all, now).await?;
    let basis = Basis::today(&app, &BasisQuery::default(), now).await?;
    let account = basis.kept_today(&app, Grouping::By(By::Class), &all, now).await?;
    let minutes = account.period.after;
    let sites = app.store.site_standings(&all, now).await?;
    let last = sites.values().filter_map(|site| site.last_result).max();
    let health = app.store.health().await?;
    let mut text = String::with_capacity(2048);
    let mut family = |name: &str, kind: &str, help: &str, rows: &[(&str, f64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let number = |value: u64| value as f64;
    let mut devices = Vec::new();
    for kind in DeviceKind::ALL {
        let Counts { online, degraded, offline, unknown, unconnected } = counts.of(*kind);
        for (state, many) in [
            ("online", online),
            ("degraded", degraded),
            ("offline", offline),
            ("unknown", unknown),
            ("unconnected", unconnected),
        ] {
            devices.push((format!("{{kind=\"{}\",state=\"{state}\"}}", kind.code()), number(many)));
        }
    }
    let devices: Vec<_> = devices.iter().map(|(labels, value)| (labels.as_str(), *value)).collect();
    family("zhishou_devices", "gauge", "Devices in use by kind and present state.", &devices);
    family(
        "zhishou_devices_out_of_use",
        "gauge",
        "Devices that are disabled, being moved or removed.",
        &[("", number(gone))],
    );
    family(
        "zhishou_device_minutes_today",
        "gauge",
        "Device-minutes of the present local day by state, after exclusion, under the default policy.",
        &[
            ("{state=\"up\"}", number(minutes.up)),
            ("{state=\"degraded\"}", number(minutes.degraded)),
            ("{state=\"down\"}", number(minutes.down)),
            ("{state=\"scheduled\"}", number(minutes.due)),
        ],
    );
    let since = last.map_or(f64::NAN, |at| now.since(at).as_secs_f64());
    family(
        "zhishou_last_result_age_seconds",
        "gauge",
        "Time since the newest result of any device.",
        &[("", since)],
    );
    family(
        "zhishou_disk_free_bytes",
        "gauge",
        "Bytes free on the file system of the database.",
        &[("", number(health.free_bytes))],
    );
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
