// Clocks that change do not move a booking: a district in Europe/Berlin, seen from a browser in Los Angeles (see
// visit.mjs for the arguments). Fails with the first thing that is not so.
import assert from "node:assert/strict";
import { address, drive, elsewhere } from "./visit.mjs";

const ZONE = "Europe/Berlin", AWAY = "America/Los_Angeles";
const DAY = 86400000;

const date = (time) => new Date(time).toISOString().slice(0, 10);
// What the clocks of the district show at a moment, as though it were UTC.
const wall = (time) => Date.parse(new Date(time).toLocaleString("sv-SE", { timeZone: ZONE }).replace(" ", "T") + "Z");
const ahead = (time) => wall(time) - Math.floor(time / 1000) * 1000;
// When it is nine o'clock there, as a calendar writes it.
const nine = (day) => {
  const noon = Date.parse(day + "T12:00Z");
  return new Date(Date.parse(day + "T09:00Z") - ahead(noon)).toISOString().replace(/[-:]|\.000/g, "");
};

// The next Sunday on which the clocks change, a week ahead at least.
const sunday = (() => {
  let noon = Date.parse(date(Date.now()) + "T12:00Z") + 8 * DAY;
  while (ahead(noon - DAY) === ahead(noon)) noon += DAY;
  return date(noon);
})();
const after = (days) => date(Date.parse(sunday) + days * DAY);
const [saturday, wednesday, later] = [after(-1), after(-4), after(3)];
assert.notEqual(nine(wednesday).slice(8), nine(later).slice(8), "the clocks do not change");

const book = async (desk, title, day, more = async () => {}) => {
  await desk.goto(`${address}/bookings/new?day=${day}`);
  await desk.fill("input[name=title]", title);
  await desk.fill("input[name=from]", "09:00");
  await desk.fill("input[name=to]", "11:00");
  await desk.selectOption(".venue:has-text('柏林会场') select", "main");
  await more();
  await desk.click("button.main[value=book]");
  await desk.waitForURL("**/bookings/*?done=booked");
  assert.match(await desk.locator("#verdict").innerText(), /09:00–11:00/);
};

await drive(async () => {
  const desk = await elsewhere(AWAY, 1440, 1000, "/bookings");
  assert.equal(await desk.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone), AWAY);
  await desk.goto(address + "/admin/venues/new");
  await desk.fill("input[name=name]", "柏林会场");
  await desk.click("button.main");
  await desk.waitForURL(address + "/admin/venues");

  // Booked before the change, held before and after it.
  await book(desk, "周例会", wednesday, async () => {
    await desk.click("details.rest > summary");
    await desk.selectOption("select[name=repeat]", "weekly");
    await desk.fill("input[name=times]", "2");
  });
  await book(desk, "周末值班会", saturday);

  const chip = (title) => desk.locator(`#grid .chip:has-text("${title}")`);
  const phone = await elsewhere(AWAY, 360, 780, "/bookings");
  const stands = async (title, day) => {
    await desk.goto(`${address}/bookings?day=${day}&span=day`);
    assert.match(await chip(title).innerText(), /09:00–11:00/, `the grid of ${day}`);
    assert.equal(await chip(title).getAttribute("data-from"), `${day}T09:00`);
    assert.equal(await chip(title).locator("xpath=..").getAttribute("data-at"), `${day}T09:00`, "the cell");
    const sign = await desk.locator("tr:has(th:has-text('柏林会场')) th a").getAttribute("href");
    await desk.goto(address + await chip(title).getAttribute("href") + "/edit");
    assert.equal(await desk.inputValue("input[name=day]"), day);
    assert.equal(await desk.inputValue("input[name=from]"), "09:00", `the form of ${day}`);
    assert.equal(await desk.inputValue("input[name=to]"), "11:00");
    for (const path of [`/bookings/sheet?day=${day}`, sign]) {
      await desk.goto(address + path);
      assert.match(await desk.locator("main").innerText(), /09:00–11:00/, path);
    }
    await phone.goto(`${address}/bookings?day=${day}&span=day`);
    assert.match(await phone.locator(`#agenda li:has-text("${title}")`).innerText(), /09:00–11:00/);
  };
  await stands("周例会", wednesday);
  await stands("周例会", later);
  await stands("周末值班会", saturday);

  // A calendar is told the moment: an hour apart on the two sides of the change.
  await desk.goto(address + "/bookings/feeds");
  await desk.fill("input[name=name]", "柏林");
  await desk.selectOption("select[name=venue]", { label: "柏林会场" });
  await desk.click("form.inline-form button.main");
  const feed = await desk.locator("#feed").innerText();
  const begins = async () => {
    const answer = await desk.request.get(feed.startsWith("/") ? address + feed : feed);
    return [...(await answer.text()).matchAll(/DTSTART:(\S+)/g)].map((it) => it[1]).sort();
  };
  assert.deepEqual(await begins(), [wednesday, saturday, later].map(nine));

  // Moved by a day, over the change: nine o'clock stays nine o'clock, and so it does on the way back.
  await desk.goto(`${address}/bookings?day=${saturday}`);
  await chip("周末值班会").focus();
  await desk.keyboard.press("Alt+ArrowRight");
  await desk.waitForSelector("#undo:has-text('已改期')");
  assert.equal(await chip("周末值班会").getAttribute("data-from"), `${sunday}T09:00`);
  assert.deepEqual(await begins(), [wednesday, sunday, later].map(nine));
  await desk.click("#undo button");
  await desk.waitForSelector("#undo:has-text('已恢复')");
  assert.equal(await chip("周末值班会").getAttribute("data-from"), `${saturday}T09:00`);
  assert.deepEqual(await begins(), [wednesday, saturday, later].map(nine));
});
