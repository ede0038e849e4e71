//! Venues: what stands in one, and what the meetings in it hold of that.

use crate::{
    meetings::{booked, held, line, moment, new, plan, rooms, third_endpoint, venue},
    support::{Home, at, import},
};
use zhishou_domain::{
    DeviceKind, LedgerRow, MeetingId, VenueId,
    meeting::{DeviceRole, Slot, Subject},
};
use zhishou_storage::{Booked, OnClash, VenueSaved};

#[tokio::test]
async fn a_device_stands_in_a_venue_only_as_what_it_is() {
    let home = Home::shanghai();
    let (store, [one, _], _, devices) = rooms(&home).await;
    let save = |id, words| store.save_venue(id, words, line(2));
    let wrong = venue("三楼", vec![(devices[0], DeviceRole::Camera)]);
    assert_eq!(save(None, wrong).await.unwrap(), VenueSaved::Missing);
    assert_eq!(save(None, venue("易家街会场", vec![])).await.unwrap(), VenueSaved::NameTaken);
    assert_eq!(
        save(Some(VenueId::new(77)), venue("新", vec![])).await.unwrap(),
        VenueSaved::Missing
    );
    let both = vec![(devices[0], DeviceRole::Primary), (devices[1], DeviceRole::Backup)];
    assert_eq!(save(Some(one), venue("大会议室", both)).await.unwrap(), VenueSaved::Now(one));
    let stored = store.venue(one).await.unwrap().unwrap();
    let roles: Vec<_> = stored.devices.iter().map(|it| it.role).collect();
    assert_eq!(
        (stored.name.as_str(), roles),
        ("大会议室", vec![DeviceRole::Primary, DeviceRole::Backup])
    );
    // An endpoint that stands in two venues is not in two meetings at once.
    booked(&store, plan("甲", &[one])).await;
    let [_, two] = [one, store.venues().await.unwrap().iter().find(|it| it.id != one).unwrap().id];
    let taken = store.book_meeting(new(plan("乙", &[two]), "li")).await.unwrap();
    let Booked::Taken(clash) = taken else { panic!("the endpoint is in two meetings") };
    assert_eq!(clash.held[0].subject, Subject::Device(devices[1]));
}

#[tokio::test]
async fn an_endpoint_that_comes_or_goes_is_held_or_let_go_for_the_meetings_ahead() {
    let home = Home::shanghai();
    let (store, [one, two], _, [first, second]) = rooms(&home).await;
    let id = booked(&store, plan("早会", &[one])).await;
    let other = booked(&store, plan("例会", &[two])).await;
    let third = third_endpoint(&store).await;
    let primary = (first, DeviceRole::Primary);
    let mine = |all: Vec<(MeetingId, Subject)>| {
        let of = all.into_iter().filter(|(meeting, _)| *meeting == id).map(|(_, subject)| subject);
        of.collect::<Vec<_>>()
    };
    let save = |devices, on_clash, when| {
        store.change_venue(Some(one), venue("一楼会议室", devices), on_clash, line(when))
    };
    // One that is free comes along.
    let backup = vec![primary, (third, DeviceRole::Backup)];
    assert_eq!(save(backup, OnClash::Refuse, 60).await.unwrap(), VenueSaved::Now(one));
    let now = mine(held(&store).await);
    assert_eq!(now, [Subject::Venue(one), Subject::Device(first), Subject::Device(third)]);
    // One that another meeting has by then does not: nothing changes, and it is told who has it.
    let clash = vec![primary, (second, DeviceRole::Backup)];
    let VenueSaved::Taken(by) = save(clash.clone(), OnClash::Refuse, 120).await.unwrap() else {
        panic!("it is held by another")
    };
    assert_eq!((by.len(), by[0].meeting, by[0].name.as_str()), (1, other, "终端二"));
    assert_eq!(mine(held(&store).await), now);
    assert_eq!(store.venue(one).await.unwrap().unwrap().backup().unwrap().id, third);
    // Somebody decides that the meeting does without; the one that went is free again.
    assert_eq!(save(clash, OnClash::LeaveOut, 180).await.unwrap(), VenueSaved::Now(one));
    assert_eq!(mine(held(&store).await), [Subject::Venue(one), Subject::Device(first)]);
    // While it runs: what went is held until then and no longer.
    let alone = vec![(third, DeviceRole::Primary)];
    let begun = moment(10, 0).millis() - at(0).millis();
    assert_eq!(save(alone, OnClash::Refuse, begun / 1000).await.unwrap(), VenueSaved::Now(one));
    let day = Slot { from: at(0), to: at(86_400) };
    let all = store.held_within(day).await.unwrap();
    let slot = |device| {
        let of = all.iter().find(|it| it.meeting == id && it.subject == Subject::Device(device));
        of.map(|it| it.slot)
    };
    assert_eq!(slot(first), Some(Slot { from: moment(9, 0), to: moment(10, 0) }));
    assert_eq!(slot(third), Some(Slot { from: moment(10, 0), to: moment(11, 0) }));
}

#[tokio::test]
async fn what_tells_of_endpoints_is_in_no_meetings_way() {
    let home = Home::shanghai();
    let (store, [one, two], _, [first, second]) = rooms(&home).await;
    let row = LedgerRow {
        street: Some("人民路".into()),
        kind: Some(DeviceKind::Equipment),
        url: Some("http://10.0.0.5/status".into()),
        ..LedgerRow::new(5, "终端管理平台", "东门")
    };
    import(&store, vec![row], at(-500)).await;
    let targets = store.probe_targets(None, 9).await.unwrap();
    let page = targets.iter().find(|it| it.kind == DeviceKind::Equipment).unwrap().device;
    let id = booked(&store, plan("早会", &[one])).await;
    let other = booked(&store, plan("例会", &[two])).await;
    // Both venues come to have the same page while meetings hold them.
    for (venue_id, name, device) in [(one, "一楼会议室", first), (two, "易家街会场", second)]
    {
        let devices = vec![(device, DeviceRole::Primary), (page, DeviceRole::Status)];
        let saved =
            store.change_venue(Some(venue_id), venue(name, devices), OnClash::Refuse, line(60));
        assert_eq!(saved.await.unwrap(), VenueSaved::Now(venue_id));
    }
    let mut expected = vec![
        (id, Subject::Venue(one)),
        (id, Subject::Device(first)),
        (other, Subject::Venue(two)),
        (other, Subject::Device(second)),
    ];
    let mut holding = held(&store).await;
    holding.sort();
    expected.sort();
    assert_eq!(holding, expected);
}
