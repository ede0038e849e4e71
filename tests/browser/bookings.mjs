// Books, collides, moves with undo, and looks at every page of bookings in the system's Chromium (see
// visit.mjs for the arguments). Fails with the first thing that is not so.
import assert from "node:assert/strict";
import { address, drive, fits, sizes, touching, visitor as someone } from "./visit.mjs";

const visitor = (...size) => someone(...size, "/bookings");

// The Wednesday of the week after next, so that nothing is in the past whatever the day.
const day = await (async () => {
  const now = new Date(Date.now() + 14 * 86400000);
  now.setUTCDate(now.getUTCDate() + ((3 - now.getUTCDay() + 7) % 7));
  return now.toISOString().slice(0, 10);
})();

await drive(async () => {
  const desk = await visitor(1440, 1000, "light");
  for (const name of ["会场一", "会场二"]) {
    await desk.goto(address + "/admin/venues/new");
    await desk.fill("input[name=name]", name);
    await desk.fill("input[name=contact]", "王工");
    await desk.fill("input[name=phone]", "028-5555");
    await desk.click("button.main");
    await desk.waitForURL(address + "/admin/venues");
  }
  const grid = `${address}/bookings?day=${day}&span=day`;
  const cell = (venue, at) => desk.locator(`tr:has(th:has-text("${venue}")) td[data-at="${day}T${at}"]`);
  const chip = (title) => desk.locator(`#grid .chip:has-text("${title}")`);
  const drag = async (from, to) => {
    const [a, b] = [await from.boundingBox(), await to.boundingBox()];
    await desk.mouse.move(a.x + 8, a.y + a.height / 2);
    await desk.mouse.down();
    await desk.mouse.move(b.x + 4, b.y + b.height / 2, { steps: 8 });
    await desk.mouse.move(b.x + 8, b.y + b.height / 2);
    await desk.mouse.up();
  };

  // Dragging over empty cells opens the form with venue and time; five fields are enough.
  await desk.goto(grid);
  await drag(cell("会场一", "09:00"), cell("会场一", "10:30"));
  await desk.waitForURL("**/bookings/new?**");
  assert.equal(await desk.inputValue("input[name=from]"), "09:00");
  assert.equal(await desk.inputValue("input[name=to]"), "11:00");
  await desk.fill("input[name=title]", "防汛调度会");
  await desk.waitForSelector(".venue .availability:has-text('空闲')");
  await desk.click("button.main[value=book]");
  await desk.waitForURL("**/bookings/*?done=booked");
  assert.match(await desk.locator("#verdict").innerText(), /已批准[\s\S]*09:00–11:00/);

  // The next one sees while typing who has the room, is refused, and takes the nearest time.
  await desk.goto(`${address}/bookings/new?day=${day}`);
  await desk.fill("input[name=title]", "晚来的会");
  await desk.fill("input[name=from]", "10:00");
  await desk.fill("input[name=to]", "11:00");
  await desk.waitForSelector(".venue.is-held .availability:has-text('防汛调度会')");
  await desk.selectOption(".venue:has-text('会场一') select", "main");
  await desk.click("button.main[value=book]");
  assert.match(await desk.locator("#clash").innerText(), /会场一[\s\S]*防汛调度会[\s\S]*最近的空闲时间/);
  assert.equal(await desk.inputValue("input[name=title]"), "晚来的会", "what was typed is lost");
  await desk.click("button.use");
  await desk.click("button.main[value=book]");
  await desk.waitForURL("**/bookings/*?done=booked");

  // A meeting is dragged to another venue and time, and back within ten seconds.
  await desk.goto(grid);
  await drag(chip("防汛调度会"), cell("会场二", "14:00"));
  await desk.waitForSelector("#undo:has-text('已改期')");
  assert.match(await chip("防汛调度会").innerText(), /14:00–16:00/);
  await desk.click("#undo button");
  await desk.waitForSelector("#undo:has-text('已恢复')");
  assert.match(await chip("防汛调度会").innerText(), /09:00–11:00/);
  // Onto what is held it does not go, and says who holds it.
  await drag(chip("防汛调度会"), chip("晚来的会"));
  await desk.waitForSelector("#undo:has-text('没有改动')");
  assert.match(await desk.locator("#undo").innerText(), /晚来的会/);
  assert.match(await chip("防汛调度会").innerText(), /09:00–11:00/);
  // By keyboard: down to the other venue, and undone by Ctrl+Z.
  await chip("防汛调度会").focus();
  await desk.keyboard.press("Alt+ArrowDown");
  await desk.waitForSelector("#undo button");
  await desk.waitForSelector("tr:has(th:has-text('会场二')) .chip:has-text('防汛调度会')");
  await desk.keyboard.press("Control+z");
  await desk.waitForSelector("tr:has(th:has-text('会场一')) .chip:has-text('防汛调度会')");
  // An empty cell is reached by the tab key and books by Enter.
  await desk.locator("#grid td[tabindex='0']").focus();
  await desk.keyboard.press("ArrowRight");
  await desk.keyboard.press("Enter");
  await desk.waitForURL("**/bookings/new?**");

  // The phone: the agenda and the same form.
  const phone = await visitor(360, 780, "light");
  await phone.goto(`${address}/bookings?day=${day}`);
  assert.ok(await phone.locator("#agenda").isVisible());
  assert.ok(!(await phone.locator("#grid").isVisible()), "the grid is not for a phone");
  await phone.goto(`${address}/bookings/new?day=${day}`);
  await phone.fill("input[name=title]", "走廊里订的会");
  await phone.fill("input[name=from]", "16:30");
  await phone.fill("input[name=to]", "17:00");
  await phone.selectOption(".venue:has-text('会场二') select", "branch");
  await phone.click("button.main[value=book]");
  await phone.waitForURL("**/bookings/*?done=booked");
  const meeting = phone.url().split("?")[0];
  // There it is moved by the form, which asks why; onto what is held it does not go.
  await phone.goto(meeting + "/edit");
  await phone.selectOption(".venue:has-text('会场一') select", "speaking");
  await phone.fill("input[name=from]", "10:00");
  await phone.fill("input[name=to]", "10:30");
  await phone.fill("input[name=reason]", "与会人员晚到");
  await phone.click("button.main");
  assert.match(await phone.locator("#clash").innerText(), /会场一[\s\S]*防汛调度会/);
  await fits(phone, "booking-clash", "light");
  await phone.fill("input[name=from]", "17:30");
  await phone.fill("input[name=to]", "18:00");
  await phone.click("button.main");
  await phone.waitForURL("**/bookings/*?done=changed");
  assert.match(await phone.locator("#verdict").innerText(), /已改期[\s\S]*17:30–18:00/);

  // A series leaves out a day; this one and those after it move together.
  await desk.goto(`${address}/bookings/new?day=${day}`);
  await desk.fill("input[name=title]", "周例会");
  await desk.fill("input[name=from]", "20:00");
  await desk.fill("input[name=to]", "20:30");
  await desk.selectOption(".venue:has-text('会场二') select", "main");
  await desk.click("details.rest > summary");
  await desk.selectOption("select[name=repeat]", "weekly");
  await desk.fill("input[name=times]", "4");
  const week = (count) => new Date(Date.parse(day) + count * 7 * 86400000).toISOString().slice(0, 10);
  await desk.fill("input[name=except]", week(2));
  await desk.click("button.main[value=book]");
  await desk.waitForURL("**/bookings/*?done=booked");
  const others = desk.locator("h2:has-text('系列') + ul li");
  assert.equal(await others.count(), 3, "four weeks but one");
  await others.nth(1).locator("a").click();
  await desk.click("a[href$='/edit']");
  await desk.check("input[name=scope][value=following]");
  await desk.fill("input[name=from]", "21:00");
  await desk.fill("input[name=to]", "21:30");
  await desk.fill("input[name=reason]", "避开晚餐");
  await desk.click("button.main");
  await desk.waitForURL("**/bookings/*?done=changed");
  assert.match(await others.nth(0).innerText(), /20:00–20:30/);
  assert.match(await others.nth(1).innerText(), /21:00–21:30/);
  assert.match(await others.nth(2).innerText(), /21:00–21:30/);

  // A finger that rests on a meeting lifts it; one that moves at once does not.
  const tablet = await touching(1024, 800, "/bookings");
  await tablet.goto(grid);
  const fingers = await tablet.context().newCDPSession(tablet);
  const touch = async (title, venue, at, rest) => {
    const box = async (it) => { const { x, y } = await it.boundingBox(); return [x + 8, y + 12]; };
    const [x, y] = await box(tablet.locator(`#grid .chip:has-text("${title}")`));
    const [left, top] = await box(tablet.locator(`tr:has(th:has-text("${venue}")) td[data-at="${day}T${at}"]`));
    const send = (type, touchPoints) => fingers.send("Input.dispatchTouchEvent", { type, touchPoints });
    await send("touchStart", [{ x, y }]);
    await tablet.waitForTimeout(rest);
    for (let step = 1; step <= 8; step += 1) {
      await send("touchMove", [{ x: x + ((left - x) * step) / 8, y: y + ((top - y) * step) / 8 }]);
    }
    await send("touchEnd", []);
  };
  await touch("晚来的会", "会场二", "13:00", 0);
  await tablet.waitForTimeout(500);
  assert.ok(await tablet.locator("#undo").isHidden(), "a finger that moves at once scrolls");
  await touch("晚来的会", "会场二", "13:00", 600);
  await tablet.waitForSelector("#undo:has-text('已改期')");
  await tablet.click("#undo button");
  await tablet.waitForSelector("#undo:has-text('已恢复')");

  for (const size of sizes) {
    const page = await visitor(...size);
    for (const [name, path] of [["bookings-day", grid], ["bookings-week", `${address}/bookings?day=${day}`],
      ["booking-new", `${address}/bookings/new?day=${day}`], ["booking", meeting], ["booking-edit", meeting + "/edit"],
      ["sheet", `${address}/bookings/sheet?day=${day}`], ["venues", address + "/admin/venues"],
      ["venue", address + "/admin/venues/1"], ["feeds", address + "/bookings/feeds"]]) {
      await page.goto(path);
      await fits(page, name, size[2]);
      const beyond = name === "sheet" && await page.locator(".scroll:has(.sheet)").evaluate((it) => it.scrollWidth - it.clientWidth);
      assert.ok(beyond <= 0, `the day sheet is ${beyond} px too wide at ${size[0]}`);
    }
    await page.context().close();
  }
});
