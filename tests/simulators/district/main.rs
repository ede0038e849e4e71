//! Serves a made-up district on loopback, for looking at the pages and for timing them:
//! `cargo run -p zhishou-tests --example district -- [SITES] [CAMERAS EACH] [PORT] [day|year] [GOOD.jpg BAD.jpg]`.
//! `year` fills the year before too, with incidents, work orders, exclusions and published reports. Log in as
//! `admin`, and over a year also `centre`, `liaison` and `maintainer`, with `Correct-Horse-1`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "shared with the tests, which use more of it"
)]
#[path = "../../../web/tests/fixture/mod.rs"]
mod fixture;
mod outages;
mod people;
mod upkeep;
mod year;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (sites, each, port) = (number(12), number(24), number(8090));
    let is_year = arguments.next().is_some_and(|extent| extent == "year");
    let files: Vec<Vec<u8>> = arguments.map(|path| std::fs::read(path).unwrap()).collect();
    let pictures = match files.as_slice() {
        [good, bad] => Some((good.as_slice(), bad.as_slice())),
        _ => None,
    };
    let fixture = if is_year {
        let fixture = fixture::Fixture::empty(false).await;
        fixture.import(sites, each, year::start()).await;
        year::fill(&fixture).await;
        fixture.results(pictures.unwrap_or((fixture::JPEG, fixture::JPEG))).await;
        fixture
    } else {
        fixture::Fixture::district(sites, each, pictures).await
    };
    fixture.keep().await;
    if is_year {
        people::reports(&fixture).await;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port as u16)).await.unwrap();
    println!("http://{}/ in {}", listener.local_addr().unwrap(), fixture.folder.path().display());
    axum::serve(listener, zhishou_web::router(fixture.app.clone())).await.unwrap();
}
