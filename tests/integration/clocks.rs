//! A district whose clocks change, seen by browsers whose clocks are others.

use crate::platform::{Home, Visitor, row};

const PASSWORD: &str = "Clocks-Change-1";

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_change_do_not_move_a_booking_on_any_page() {
    let plan = "interval_s = 3600\n[district]\ntime_zone = \"Europe/Berlin\"\n";
    let home = Home::new(plan, &[row(1, "rtsp://127.0.0.1:9/nothing", "admin,secret-1")]);
    let mut platform = home.serve();
    let (user, one_time) = platform.login.clone().unwrap();
    Visitor::login(&platform, &user, &one_time, PASSWORD).await;
    platform.drive("clocks.mjs", &user, PASSWORD);
    assert_eq!(platform.terminate(), Some(0));
}
