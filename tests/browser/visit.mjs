// What every scenario begins with: a browser, somebody logged in, and whether a page fits.
// SCENARIO.mjs ADDRESS USER PASSWORD [PICTURES]; PICTURES is a folder for screenshots.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [origin, user, password, pictures] = process.argv.slice(2);
export const address = origin;

// A desk and a phone, in both themes.
export const sizes = [[1440, 1000], [360, 780]]
  .flatMap(([width, height]) => ["light", "dark"].map((scheme) => [width, height, scheme]));

let browser;

// Runs a scenario; the first thing in it that is not so ends it.
export async function drive(scenario) {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    await scenario();
    console.log("driven");
  } finally {
    await browser.close();
  }
}

// Somebody with a window of their own, who logs in on the way to `path`.
export async function visitor(width, height, colorScheme, path = "/") {
  return logIn({ viewport: { width, height }, colorScheme }, path);
}

// Somebody with a screen to be touched.
export async function touching(width, height, path) {
  return logIn({ viewport: { width, height }, hasTouch: true }, path);
}

// Somebody whose clock is that of another zone.
export async function elsewhere(timezoneId, width, height, path) {
  return logIn({ viewport: { width, height }, timezoneId }, path);
}

async function logIn(screen, path) {
  const context = await browser.newContext({ ...screen, locale: "zh-CN" });
  const page = await context.newPage();
  page.on("pageerror", (error) => { throw error; });
  await page.goto(address + path);
  assert.equal(new URL(page.url()).pathname, "/login", "a page was shown without a login");
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", password);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL(address + path);
  return page;
}

// Nothing of the page is beyond the edge of the window.
export async function fits(page, name, scheme) {
  const { width } = page.viewportSize();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide at ${width}`);
  if (pictures) await page.screenshot({ path: `${pictures}/${name}-${width}-${scheme}.png`, fullPage: true });
}
