// Lets a board of /wall refresh itself many times in the system's Chromium and says what it has grown by:
// wall.mjs ADDRESS USER PASSWORD REFRESHES. The browser's timers are moved on; requests and drawing are real.
import { chromium } from "playwright-core";

const [address, user, password, refreshes] = process.argv.slice(2);
const EVERY = 15000, WARM = 50;
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: "zh-CN" });
  const page = await context.newPage();
  page.on("pageerror", (error) => { throw error; });
  await page.goto(address + "/login");
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", password);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL(address + "/");
  await page.clock.install();
  await page.goto(address + "/wall");
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  const size = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name) => metrics.find((it) => it.name === name).value;
    return { heap: of("JSHeapUsedSize") / 1e6, nodes: of("Nodes"), listeners: of("JSEventListeners") };
  };
  let before;
  for (let done = 0; done < WARM + Number(refreshes); done++) {
    if (done === WARM) before = await size();
    const board = await page.evaluateHandle(() => document.querySelector("#board").firstElementChild);
    const answer = page.waitForResponse((it) => it.url().endsWith("/wall/board"));
    await page.clock.runFor(EVERY);
    await answer;
    await page.waitForFunction((old) => document.querySelector("#board").firstElementChild !== old, board,
      { polling: 10 });
    await board.dispose();
  }
  const after = await size();
  const hours = (Number(refreshes) * EVERY / 3.6e6).toFixed(1);
  const row = (name, digits) => `${name} ${before[name].toFixed(digits)} → ${after[name].toFixed(digits)}`;
  console.log(`wall, ${refreshes} refreshes (${hours} h on the wall): ${row("heap", 2)} MB, ` +
    `${row("nodes", 0)}, ${row("listeners", 0)}`);
} finally {
  await browser.close();
}
