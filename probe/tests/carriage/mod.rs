//! How the connection is carried: TLS, HTTP, IPv6.

mod tls;
mod tunnel;

use tokio_util::sync::CancellationToken;
use zhishou_domain::{Depth, Verdict};

use crate::simulator::{Camera, Habit};
use crate::{codes, prober, request};

#[tokio::test]
async fn ipv6_literals_are_opened() {
    let camera = Camera::start_at("[::1]", Habit::Healthy, None).await;
    let request = request(&camera.url(), Depth::Stream);
    let outcome = prober().probe(request, CancellationToken::new()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    assert_eq!(outcome.observation.target, camera.url());
}
