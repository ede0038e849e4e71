//! Serves a made-up district on loopback, for looking at the pages and for timing them:
//! `cargo run -p zhishou-web --example district -- [SITES] [CAMERAS EACH] [PORT] [GOOD.jpg BAD.jpg]`.
//! Log in as `admin` with `Correct-Horse-1`.

#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "shared with the tests, which use more of it"
)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;

#[tokio::main]
#[expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (sites, each, port) = (number(12), number(24), number(8090));
    let files: Vec<Vec<u8>> = arguments.map(|path| std::fs::read(path).unwrap()).collect();
    let pictures = match files.as_slice() {
        [good, bad] => Some((good.as_slice(), bad.as_slice())),
        _ => None,
    };
    let fixture = fixture::Fixture::district(sites, each, pictures).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port as u16)).await.unwrap();
    println!("http://{}/ in {}", listener.local_addr().unwrap(), fixture.folder.path().display());
    axum::serve(listener, zhishou_web::router(fixture.app.clone())).await.unwrap();
}
