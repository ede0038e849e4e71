// Drives the pages of a running demo in the system's Chromium, as its users would (see visit.mjs for the
// arguments). Fails with the first thing that is not so.
import assert from "node:assert/strict";
import { address, drive, fits, sizes, visitor } from "./visit.mjs";

await drive(async () => {
  // The desk: from the worst site to its cause, and a probe out of turn.
  const desk = await visitor(1440, 1000, "light");
  const reasons = await desk.locator(".why").allInnerTexts();
  assert.ok(reasons.some((text) => text.includes("码流路径不存在")), reasons.join(" | "));
  await desk.keyboard.press("/");
  assert.equal(await desk.evaluate(() => document.activeElement.id), "search");
  await desk.keyboard.press("Tab");
  await desk.check("input[name=trouble]");
  await desk.waitForURL("**/?*trouble=1*");
  await desk.goBack();
  await desk.click(".why a:has-text('图像模糊')");
  await desk.waitForSelector("#verdict");
  assert.match(await desk.locator("#verdict").innerText(), /降级[\s\S]*图像模糊[\s\S]*建议/);
  const newest = () => document.querySelector("#observations tbody tr")?.textContent;
  const before = await desk.evaluate(newest);
  await desk.click("form[data-probe] button");
  // The result appears without a reload.
  await desk.waitForFunction(
    (old) => document.querySelector("#observations tbody tr")?.textContent !== old, before, { timeout: 30000 });
  const seen = await desk.locator("#pictures img").first().evaluate((image) => image.complete && image.naturalWidth);
  assert.ok(seen > 0, "the snapshot does not load");
  const device = desk.url();
  await desk.click("text=English");
  await desk.waitForSelector("text=blurred");

  // Every page fits and reads at both sizes, in both themes.
  for (const size of sizes) {
    const page = await visitor(...size);
    await fits(page, "overview", size[2]);
    for (const [name, path] of [["devices", address + "/devices"], ["device", device]]) {
      await page.goto(path);
      await page.waitForTimeout(300);
      await fits(page, name, size[2]);
    }
    await page.context().close();
  }
});
