//! The ledger and what other platforms say of it: gaps with their denominators, a file tried before it is
//! kept, and what came of it in the order shown.

use super::*;

/// A form with one file, as a browser sends it.
pub(crate) fn upload(name: &str, content: &[u8]) -> (Vec<u8>, &'static str) {
    let head = format!(
        "--zhishou\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--zhishou--\r\n"].concat();
    (body, "multipart/form-data; boundary=zhishou")
}

async fn send(browser: &mut Browser, content: &[u8]) -> Answer {
    let (body, kind) = upload("平台.csv", content);
    browser.send(Method::POST, "/reconciliations", Body::from(body), kind).await
}

/// Says online of every camera there is, but for the last.
async fn everything_online(fixture: &Fixture) -> String {
    let rows = fixture.app.store.fleet(&Filter::default(), None, 1000, NOW).await.unwrap();
    let mut file = "某平台\n序号,通道名称,在线状态\n".to_owned();
    for (at, row) in rows.iter().enumerate().skip(1) {
        file += &format!("{at},{},ON\n", row.name);
    }
    file + "99,没有的一台,OFF\n98,,ON\n"
}

#[tokio::test]
async fn a_file_is_tried_then_kept_once_and_every_row_is_accounted_for() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let empty = operator.get("/reconciliations").await.body;
    assert!(empty.contains("还没有核对记录") && empty.contains("type=\"file\""), "{empty}");

    let file = everything_online(&fixture).await;
    let sent = send(&mut operator, file.as_bytes()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let draft = sent.header("location").to_owned();
    let tried = operator.get(&draft).await.body;
    assert!(tried.contains("试算结果，尚未保存") && tried.contains("共 49 行"), "{tried}");
    assert!(tried.contains("<option value=\"1\" selected>通道名称"), "{tried}");
    assert_eq!(fixture.app.store.reconciliations(None, 10).await.unwrap(), [], "only tried");
    // Nobody else sees it.
    let mut admin = Browser::logged_in(&fixture).await;
    assert_eq!(admin.get(&draft).await.status, StatusCode::NOT_FOUND);
    // Another meaning of the columns is another result.
    let other = operator.get(&format!("{draft}?mapped=1&name=0&status=2")).await.body;
    assert!(other.contains("没有一行能与实测对照"), "{other}");
    let few = operator.get(&format!("{draft}?mapped=1&name=1")).await.body;
    assert!(few.contains("至少要有“状态”列") && !few.contains("formmethod"), "{few}");

    let meaning = "mapped=1&name=1&status=2&as_of=2026-11-21T15:30";
    let kept = operator.post(&draft, meaning).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    let address = kept.header("location").split('?').next().unwrap().to_owned();
    let again = operator.post(&draft, meaning).await;
    assert_eq!(again.header("location"), address, "sent twice, kept once");
    assert_eq!(fixture.app.store.audit_of("reconcile_platform", 10).await.unwrap().len(), 1);

    let [stored] = fixture.app.store.reconciliations(None, 10).await.unwrap().try_into().unwrap();
    assert_eq!((stored.counts.rows(), stored.cameras, stored.login.as_str()), (49, 48, "operator"));
    use zhishou_domain::reconcile::ReconcileOutcome as Outcome;
    let count = |outcome| stored.counts.of(outcome);
    // Two sites of 24: silent 3 and 17, refused 20; 23 has no address; the first of the list is left out.
    assert_eq!(count(Outcome::OnlyPlatform) + count(Outcome::BothOnline), stored.counts.compared());
    assert_eq!(count(Outcome::NotInLedger), 1);
    assert_eq!(count(Outcome::Unclear), 1);
    assert_eq!(count(Outcome::NotInPlatform), 1);
    assert_eq!(count(Outcome::NotProbed), 1);
    let only = operator.get(&format!("{address}?outcome=only_platform")).await.body;
    let shown = only.matches("平台在线而实测离线</b>").count() as u64;
    assert_eq!(shown, count(Outcome::OnlyPlatform), "{only}");
    assert!(only.contains("连接超时"), "why it is down: {only}");
    assert!(shown > 0);

    // A file has the rows of the page in their order.
    let csv = operator.get(&format!("{address}/rows.csv?outcome=only_platform")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len() as u64, shown + 2, "headings, rows, a footnote");
    let places: Vec<_> = lines[1..=shown as usize]
        .iter()
        .map(|line| only.find(&format!(">{}</a>", line.split(',').nth(7).unwrap())).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let xlsx = operator.get(&format!("{address}/rows.xlsx")).await;
    assert!(xlsx.header("content-type").contains("spreadsheetml"));
    let list = operator.get("/reconciliations?lang=en").await.body;
    assert!(list.contains("the platform says online") && list.contains("平台.csv"), "{list}");
}

#[tokio::test]
async fn what_is_no_table_is_told_and_viewers_upload_nothing() {
    let fixture = Fixture::empty(false).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for (content, why) in [
        (&b""[..], "请选择要上传的文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        ("名称,状态\n".as_bytes(), "没有表头以外的行"),
    ] {
        let refused = send(&mut operator, content).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(refused.body.contains(why), "{}", refused.body);
    }
    // A real export is larger than what forms may be.
    let large = "名称,状态\n".to_owned() + &"没有的一台,在线\n".repeat(10_000);
    assert_eq!(send(&mut operator, large.as_bytes()).await.status, StatusCode::SEE_OTHER);
    let gone = operator.get("/reconciliations/draft/nothing").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.body.contains("请重新上传文件"), "{}", gone.body);
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let refused = send(&mut viewer, "名称,状态\n东门,在线\n".as_bytes()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!viewer.get("/reconciliations").await.body.contains("type=\"file\""));
    assert_eq!(viewer.get("/reconciliations/7").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn gaps_are_counted_against_the_ledger_and_lead_to_their_records() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let page = viewer.get("/ledger").await.body;
    assert!(page.contains("接入率") && page.contains("档案完整率"), "{page}");
    let without = viewer.get("/ledger?gap=url").await.body;
    assert_eq!(without.matches("class=\"name\"").count(), 1, "{without}");
    assert!(without.contains("无取流地址，未接入探测"), "{without}");
    // Nobody could log in there: a gap of ours, no outage.
    let login = viewer.get("/ledger?gap=password").await.body;
    let device = device_of(&fixture, Case::Login).await;
    assert!(login.contains(&format!("/devices/{device}")), "{login}");
    let csv = viewer.get("/ledger/gaps.csv?gap=url").await.body;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert_eq!(viewer.get("/ledger?gap=colour").await.status, StatusCode::BAD_REQUEST);

    // Every record with a gap is reached once, page by page.
    let store = &fixture.app.store;
    let policy = store.policy("time-weighted", None).await.unwrap().unwrap().policy;
    let (filter, mut after, mut seen) =
        (Filter::default(), None, std::collections::BTreeSet::new());
    loop {
        let rows = store.ledger_gaps(&policy, &filter, None, after.as_ref(), 7).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(last.cursor());
        assert!(rows.iter().all(|row| !row.gaps.is_empty() && seen.insert(row.device)));
    }
    let state = store.ledger_state(&policy, &filter).await.unwrap();
    assert_eq!((state.records, state.connected), (48, 47));
    assert!(seen.len() as u64 >= state.records - state.complete);
    let dashboard = viewer.get("/dashboard").await.body;
    assert!(dashboard.contains("/ledger?gap=url") && dashboard.contains("接入率"), "{dashboard}");
}
