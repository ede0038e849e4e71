//! Static files, inside the binary. Their addresses carry a hash of their content, so that a
//! browser may keep them for ever and still gets the new ones with a new version.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static [u8],
}

const ASSETS: [Asset; 5] = [
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        body: include_bytes!("../static/app.css"),
    },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        body: include_bytes!("../static/app.js"),
    },
    Asset {
        name: "favicon.svg",
        kind: "image/svg+xml",
        body: include_bytes!("../static/favicon.svg"),
    },
    Asset {
        name: "wall.js",
        kind: "text/javascript; charset=utf-8",
        body: include_bytes!("../static/wall.js"),
    },
    Asset {
        name: "bookings.js",
        kind: "text/javascript; charset=utf-8",
        body: include_bytes!("../static/bookings.js"),
    },
];

static TAGS: LazyLock<[String; 5]> = LazyLock::new(|| {
    ASSETS.map(|asset| {
        let hash = Sha256::digest(asset.body);
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    })
});

/// Addresses of the static files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssetUrls {
    pub(crate) css: String,
    pub(crate) js: String,
    pub(crate) icon: String,
    pub(crate) wall: String,
    pub(crate) bookings: String,
}

pub(crate) static URLS: LazyLock<AssetUrls> = LazyLock::new(|| {
    let url = |index: usize| format!("/static/{}/{}", TAGS[index], ASSETS[index].name);
    AssetUrls { css: url(0), js: url(1), icon: url(2), wall: url(3), bookings: url(4) }
});

/// `GET /static/{tag}/{name}`.
pub(crate) async fn serve(
    Path((tag, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = ASSETS.iter().zip(TAGS.iter()).find(|(asset, _)| asset.name == name);
    let Some((asset, current)) = found else { return StatusCode::NOT_FOUND.into_response() };
    let etag = format!("\"{current}\"");
    // An address of another version still gets the present file, but may not be kept.
    let keep = if tag == *current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value == etag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.kind)], asset.body).into_response()
    };
    let head = response.headers_mut();
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        head.insert(header::ETAG, etag);
    }
    response
}
