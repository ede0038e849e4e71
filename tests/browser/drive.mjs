// Drives the pages of a running demo in the system's Chromium, as its users would:
// drive.mjs ADDRESS USER PASSWORD [PICTURES]. Fails with the first thing that is not so; PICTURES is
// a folder for screenshots.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [address, user, password, pictures] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function visitor(width, height, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: "zh-CN" });
  const page = await context.newPage();
  page.on("pageerror", (error) => { throw error; });
  await page.goto(address + "/");
  assert.equal(new URL(page.url()).pathname, "/login", "a page was shown without a login");
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", password);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL(address + "/");
  return page;
}

async function fits(page, name, width, scheme) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide at ${width}`);
  if (pictures) await page.screenshot({ path: `${pictures}/${name}-${width}-${scheme}.png`, fullPage: true });
}

try {
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
  for (const [width, height] of [[1440, 1000], [360, 780]]) {
    for (const scheme of ["light", "dark"]) {
      const page = await visitor(width, height, scheme);
      await fits(page, "overview", width, scheme);
      for (const [name, path] of [["devices", address + "/devices"], ["device", device]]) {
        await page.goto(path);
        await page.waitForTimeout(300);
        await fits(page, name, width, scheme);
      }
      await page.context().close();
    }
  }
  console.log("driven");
} finally {
  await browser.close();
}
