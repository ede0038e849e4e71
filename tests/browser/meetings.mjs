// A meeting from its booking to its record in the system's Chromium (see visit.mjs for the arguments): booked,
// refused, checked, ticked, signed off, watched, ended and archived, at a desk and on a phone. Fails with the
// first thing that is not so.
import assert from "node:assert/strict";
import { address, drive, fits, sizes, visitor } from "./visit.mjs";

// A test call takes twenty seconds, and two rooms of three are looked at twice.
const CHECK = { timeout: 150000 };

const hall = (page, name) => page.locator(`.hall:has(h2:has-text("${name}"))`);
const mark = (page, name, item, state) => hall(page, name)
  .locator(`.cell-item:has(summary span:text-is("${item}")) .mark.s-${state}`);
const runs = (page) => page.locator("#timeline tr", { hasText: "立即检查" });

// A day nobody else books.
const day = new Date(Date.now() + 21 * 86400000).toISOString().slice(0, 10);

// Fills the form and sends it.
async function book(page, title, from, to, venues) {
  await page.goto(`${address}/bookings/new?day=${day}`);
  await page.fill("input[name=title]", title);
  await page.fill("input[name=from]", from);
  await page.fill("input[name=to]", to);
  for (const [name, role] of venues) await page.selectOption(`.venue:has-text("${name}") select`, role);
  await page.click("button.main[value=book]");
}

await drive(async () => {
  const desk = await visitor(1440, 1000, "light");
  const phone = await visitor(360, 780, "light");

  // Booked at the desk, with an endpoint that is well and one that is silent.
  await book(desk, "联席会", "09:00", "10:00", [["柳溪街道办会议室", "main"], ["万人社区议事厅", "branch"]]);
  await desk.waitForURL("**/bookings/*?done=booked");
  // On the phone somebody wants the same room, hears who has it, and takes the nearest time.
  await book(phone, "碰头会", "09:30", "10:30", [["万人社区议事厅", "main"]]);
  assert.match(await phone.locator("#clash").innerText(), /万人社区议事厅[\s\S]*联席会[\s\S]*最近的空闲时间/);
  await phone.click("button.use");
  await phone.click("button.main[value=book]");
  await phone.waitForURL("**/bookings/*?done=booked");

  // From the booking to its checks. Nothing is known yet; a check that is asked for turns cells, on the page as
  // it stands: green where the room is well, red where its microphone is silent.
  assert.match(await desk.locator("#readiness").innerText(), /尚未检查/);
  await desk.click("#readiness a");
  await desk.waitForURL("**/meetings/*");
  const meeting = desk.url();
  assert.equal(await desk.locator(".mark.s-up, .mark.s-down").count(), 0, "a cell has a result before any check");
  await desk.click("form[action$='/run-check'] button.main");
  await desk.mouse.move(0, 0);
  await mark(desk, "柳溪街道办会议室", "音频", "up").waitFor(CHECK);
  await mark(desk, "万人社区议事厅", "音频", "down").waitFor(CHECK);
  await mark(desk, "万人社区议事厅", "可达", "up").waitFor(CHECK);
  await desk.locator("#meeting-first .verdict", { hasText: "尚不具备开会条件" }).waitFor(CHECK);
  await hall(desk, "万人社区议事厅").locator("h2", { hasText: "音频 未通过（音频静音）" }).waitFor(CHECK);
  await runs(desk).filter({ hasText: "完成" }).first().waitFor(CHECK);
  // A cell opens its evidence with advice, and the contact is one tap away.
  await desk.reload();
  await hall(desk, "万人社区议事厅").locator(".cell-item", { hasText: "音频" }).locator("summary").click();
  await hall(desk, "万人社区议事厅").locator("text=检查麦克风是否静音").waitFor();
  assert.equal(await hall(desk, "万人社区议事厅").locator("a[href='tel:0999-5550142']").count(), 1);
  await fits(desk, "meeting-checked", "light");

  // On the phone one cell is looked at again, by itself.
  await phone.goto(meeting);
  const reached = hall(phone, "柳溪街道办会议室").locator(".cell-item", { hasText: "可达" });
  const told = () => reached.locator("time").getAttribute("title");
  const then = await told();
  await reached.locator("summary").click();
  await reached.locator("button[value=reachable]").click();
  for (const began = Date.now(); await told() === then;) {
    assert.ok(Date.now() - began < CHECK.timeout, "the cell was not looked at again");
    await phone.waitForTimeout(500);
  }

  // What only a person can tell is ticked on a phone, and keeps the name.
  await phone.goto(meeting);
  const sign = (page, name, item) => hall(page, name).locator(".sign-item", { hasText: item });
  const tick = async (page, name, item) => {
    await sign(page, name, item).locator("button.tick").click();
    await sign(page, name, item).locator(".tick", { hasText: "demo" }).waitFor();
  };
  for (const name of ["柳溪街道办会议室", "万人社区议事厅"]) {
    await tick(phone, name, "声音");
    // Nobody calls the roll three weeks before.
    assert.match(await sign(phone, name, "点名").innerText(), /\d\d-\d\d \d\d:\d\d 起/);
    assert.equal(await sign(phone, name, "点名").locator("button").count(), 0);
  }
  await fits(phone, "meeting-ticked", "light");
  // With a room that fails it is signed off only with a reason.
  await phone.click("summary:has-text('带风险签字')");
  await phone.fill("form[action$='/sign-off'] input[name=note]", "议事厅改用备用话筒");
  await phone.click("form[action$='/sign-off'] button");
  await phone.locator("#meeting-first", { hasText: "带风险就绪" }).waitFor();

  // The meeting that is about to begin begins early: it is watched, and nothing is called any more.
  await desk.goto(address + "/duty");
  await desk.click("#duty-meetings a:has-text('防汛调度视频会')");
  await desk.waitForURL("**/meetings/*");
  const live = desk.url();
  const seen = (item) => hall(desk, "柳溪街道办会议室")
    .locator(`.cell-item:has(summary span:text-is("${item}")) time`).getAttribute("title");
  await phone.goto(live);
  await tick(phone, "柳溪街道办会议室", "点名");
  await desk.reload();
  const before = [await seen("可达"), await seen("音频")];
  await desk.click("form[action$='/start'] button");
  await desk.mouse.move(0, 0);
  await desk.locator("#meeting-first", { hasText: "进行中" }).waitFor();
  for (const began = Date.now(); await seen("可达") === before[0];) {
    assert.ok(Date.now() - began < CHECK.timeout, "nobody watches the meeting");
    await desk.waitForTimeout(500);
  }
  assert.equal(await seen("音频"), before[1], "an endpoint is called while the meeting runs");
  // On the phone an incident is one tap with what is turned to, and over with another.
  await phone.goto(live);
  await hall(phone, "青枫小学会议室").locator("button", { hasText: "启用备用终端" }).click();
  await phone.locator(".incident", { hasText: "青枫小学会议室" }).waitFor();
  await fits(phone, "meeting-live", "light");
  await phone.locator(".incident button").click();
  await phone.locator("#timeline", { hasText: "恢复" }).waitFor();
  assert.equal(await phone.locator(".incident").count(), 0);

  // It ends; the record was drafted, is corrected on the phone and archived, and is changed no more.
  await desk.goto(live);
  await desk.click("form[action$='/end'] button");
  await desk.waitForSelector("form.record");
  assert.equal(await desk.inputValue("input[name=incidents]"), "1");
  assert.match(await desk.inputValue("input[name=watchers]"), /王建国/);
  await fits(desk, "meeting-record", "light");
  await phone.goto(live);
  const attended = (name) => phone.locator("form.record label", { hasText: name }).locator("input").isChecked();
  assert.ok(await attended("柳溪街道办会议室"), "its roll was called");
  assert.ok(!await attended("万人社区议事厅"), "nobody called its roll");
  await phone.fill("textarea[name=text]", "青枫小学会议室改用备用终端参会。");
  await phone.click("form.record button.main");
  await phone.locator("dd", { hasText: "改用备用终端参会" }).waitFor();
  assert.equal(await phone.locator("form.record").count(), 0);
  await phone.locator("#meeting-first", { hasText: "已归档" }).waitFor();
  // Its booking and the list lead there.
  await phone.click(".crumbs a[href^='/bookings/']");
  await phone.click(".crumbs a[href^='/bookings?day=']");
  await phone.locator("#agenda li", { hasText: "防汛调度视频会" }).locator("a[href^='/meetings/']").click();
  await phone.waitForURL(live);

  // An emergency in five minutes is booked at the desk, checked at once, signed off, held, ended and archived there.
  await desk.goto(address + "/admin/venues/new");
  await desk.fill("input[name=name]", "应急指挥车");
  await desk.click("button.main");
  await desk.waitForURL(address + "/admin/venues");
  const now = new Date(Date.now() + 5 * 60000), later = new Date(now.getTime() + 30 * 60000);
  const there = (at, form) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", ...form }).format(at);
  const hour = (at) => there(at, { timeStyle: "short" });
  await desk.goto(`${address}/bookings/new?day=${there(now)}`);
  await desk.fill("input[name=title]", "抢险会商");
  await desk.fill("input[name=from]", hour(now));
  await desk.fill("input[name=to]", hour(later));
  await desk.selectOption(".venue:has-text('应急指挥车') select", "main");
  await desk.click("details.rest > summary");
  await desk.click("button[name=filing][value=emergency]");
  await desk.waitForURL("**/bookings/*?done=booked");
  await desk.click("#readiness a");
  await desk.waitForURL("**/meetings/*");
  const urgent = desk.url();
  await desk.locator("#timeline tr", { hasText: "完成" }).first().waitFor(CHECK);
  await desk.reload();
  await desk.click("summary:has-text('带风险签字')");
  await desk.fill("form[action$='/sign-off'] input[name=note]", "现场无终端，电话接入");
  await desk.click("form[action$='/sign-off'] button");
  await desk.locator("#meeting-first", { hasText: "带风险就绪" }).waitFor();
  await desk.click("form[action$='/start'] button");
  await desk.locator("#meeting-first", { hasText: "会场平台看不到" }).waitFor();
  await desk.click("form[action$='/end'] button");
  await desk.waitForSelector("form.record");
  await desk.fill("textarea[name=text]", "抢险会商结束，无故障。");
  await desk.click("form.record button.main");
  await desk.locator("#meeting-first", { hasText: "已归档" }).waitFor();

  for (const size of sizes) {
    const page = await visitor(...size);
    for (const [name, path] of [["meeting", meeting], ["meeting-archived", live], ["meeting-emergency", urgent], ["duty", address + "/duty"],
      ["bookings", address + "/bookings"]]) {
      await page.goto(path);
      await fits(page, name, size[2]);
      // What is told has the room that the table has.
      const told = { meeting: size[0] === 1440 && "#timeline td:nth-child(2)", duty: "#duty-meetings td:last-child" }[name];
      const width = told && (await page.locator(told).first().boundingBox()).width;
      assert.ok(!told || width > 280, `${name}: ${told} is ${width} px wide at ${size[0]}`);
    }
    await page.context().close();
  }
});
