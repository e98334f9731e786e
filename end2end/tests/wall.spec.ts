import type { Browser, Page } from "@playwright/test";
import { seedRelease } from "../support/seed.ts";
import { alive, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "wall" });
test.describe.configure({ mode: "serial" });

let link = "";

/** A screen of its own: nobody is signed in there. */
async function screen(browser: Browser, size = { width: 1920, height: 1080 }, locale = "en-US"): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale, timezoneId: "UTC" });
  return context.newPage();
}

/** What lies outside of the screen, or is cut by its own section. */
async function cut(page: Page) {
  return page.evaluate(() => {
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
    const rows = [...document.querySelectorAll(".wall-card, .wall-row, .wall-head")];
    const outside = rows.filter((row) => {
      const { bottom, right } = row.getBoundingClientRect();
      return bottom > innerHeight + 1 || right > innerWidth + 1;
    });
    const hidden = rows.filter((row) => {
      const section = row.closest("section")?.getBoundingClientRect();
      return section && row.getBoundingClientRect().bottom > section.bottom + 1;
    });
    return { wide: scrollWidth - clientWidth, high: scrollHeight - clientHeight, outside: outside.length, hidden: hidden.length };
  });
}

/** Nothing is cut, as soon as the wall has counted again what a screen of this size holds. */
async function fits(page: Page) {
  await expect.poll(() => cut(page)).toEqual({ wide: 0, high: 0, outside: 0, hidden: 0 });
}

test("a link is made and shown once", async ({ page }) => {
  await enter(page);
  await open(page, "/wall-links");
  await page.getByRole("button", { name: "Make a link" }).click();
  await expect(page.locator("#f-label-error")).toHaveText("Fill this in.");
  await page.getByLabel("Where the screen hangs").fill("Office, 3rd floor");
  await page.getByRole("button", { name: "Make a link" }).click();
  const address = page.getByLabel("Address");
  await expect(address).toHaveValue(/\/wall\?key=lww_[0-9a-f]{64}$/);
  link = await address.inputValue();
  expect(new URL(link).origin).toBe(new URL(page.url()).origin);
  await expect(page.locator(".toast")).toContainText("Wall link “Office, 3rd floor” was created.");
  await expect(page.locator("tbody tr")).toContainText("never");
  await page.screenshot({ path: test.info().outputPath("links.png"), fullPage: true });
  await page.reload();
  await alive(page);
  await expect(page.locator("tbody tr")).toContainText("Office, 3rd floor");
  await expect(address).toHaveCount(0);
  expect(await page.content()).not.toContain("lww_");
});

test("the link opens the wall and nothing else, and leaves the address", async ({ browser, program, page }) => {
  const wall = await screen(browser);
  const answer = await wall.goto(link);
  await expect(wall).toHaveURL(`${program.url}/wall`);
  expect(answer?.headers()["referrer-policy"]).toBe("no-referrer");
  await expect(wall.locator(".wall-sign")).toContainText("connected");
  await expect(wall.getByText("Nothing is running")).toBeVisible();
  expect(await wall.evaluate(() => document.cookie)).not.toContain("lww_");
  for (const path of ["/", "/releases", "/wall-links"]) {
    await wall.goto(`${program.url}${path}`);
    await expect(wall).toHaveURL(/\/sign-in/);
  }
  for (const path of ["/api/v1/releases", "/api/v1/search?q=a", "/api/v1/wall-links"]) {
    expect((await wall.request.get(`${program.url}${path}`)).status(), path).toBe(401);
  }
  await wall.context().close();
  await enter(page);
  await open(page, "/wall-links");
  await expect(page.locator("tbody tr")).not.toContainText("never");
});

test("it moves by itself, fits every screen, and takes turns", async ({ browser, program }) => {
  const wall = await screen(browser);
  await wall.goto(link);
  await alive(wall);
  const first = seedRelease(program, { servers: 40, project: "Shop front" });
  const card = wall.locator(".wall-card", { hasText: "Shop front" });
  await expect(card.locator(".strip-phase[data-status=running]")).toContainText("0/40");
  first.set([{ key: first.key(0, "upload"), status: "succeeded" }, { key: first.key(1, "upload"), status: "failed" }]);
  await expect(card.locator(".strip-phase", { hasText: "upload" })).toContainText("1/40");
  await expect(card).toHaveAttribute("data-failing", "");
  for (let n = 1; n <= 12; n++) {
    const status = n % 3 ? "succeeded" : "failed";
    seedRelease(program, { servers: 1, project: `Service ${n}`, status, prefix: `s${n}-` });
  }
  for (let n = 1; n <= 9; n++) {
    seedRelease(program, { servers: 3 * n, project: `Team ${n} with a long name`, prefix: `t${n}-` });
  }
  await expect(wall.locator(".wall-main .wall-count")).toHaveText("10");
  for (const [width, height] of [[1920, 1080], [3840, 2160], [1280, 720], [1080, 1920], [2160, 3840], [1024, 768]]) {
    await wall.setViewportSize({ width, height });
    await expect(wall.locator(".wall-page").first()).toBeVisible();
    await fits(wall);
    await wall.screenshot({ path: test.info().outputPath(`wall-${width}x${height}.png`) });
  }
  // The next page has its turn by itself.
  const before = await wall.locator(".wall-page").first().innerText();
  await expect(wall.locator(".wall-page").first()).not.toHaveText(before);
  await wall.context().close();

  const chinese = await screen(browser, { width: 1920, height: 1080 }, "zh-CN");
  await chinese.goto(link);
  await expect(chinese.locator(".wall-sign")).toContainText("已连接");
  await fits(chinese);
  await chinese.screenshot({ path: test.info().outputPath("wall-zh.png") });
  await chinese.context().close();
});

test("it reads without JavaScript", async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1920, height: 1080 } });
  const wall = await context.newPage();
  await wall.goto(link);
  await expect(wall.locator(".wall-card").first()).toBeVisible();
  await fits(wall);
  await context.close();
});

test("it survives a restart of the program, and a cut", async ({ browser, program }) => {
  const wall = await screen(browser);
  await wall.goto(link);
  await expect(wall.locator(".wall-sign")).toContainText("connected");
  await program.restart(async () => {
    await expect(wall.locator(".wall-sign")).toContainText("connection lost");
    await wall.screenshot({ path: test.info().outputPath("wall-lost.png") });
  });
  await expect(wall.locator(".wall-sign")).toContainText("connected", { timeout: 40_000 });
  const release = seedRelease(program, { servers: 2, project: "After the restart", status: "succeeded", prefix: "r-" });
  await expect(wall.locator(".wall-side")).toContainText("After the restart");
  await wall.context().setOffline(true);
  await expect(wall.locator(".wall-sign")).toContainText("connection lost");
  release.status("failed");
  await wall.context().setOffline(false);
  await expect(wall.locator(".wall-sign")).toContainText("connected", { timeout: 40_000 });
  await expect(wall.locator(".wall-row[data-status=failed]", { hasText: "After the restart" })).toBeVisible();
  await wall.context().close();
});

test("another build of the program loads the page anew", async ({ browser, program }) => {
  const wall = await screen(browser);
  await wall.clock.install();
  await wall.goto(link);
  await alive(wall);
  await expect(wall.locator(".wall-sign")).toContainText("connected");
  await wall.route("**/api/fn/get_board*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), build: "another" } });
  });
  const loaded = wall.waitForEvent("domcontentloaded");
  seedRelease(program, { servers: 1, project: "New build", status: "succeeded", prefix: "b-" });
  await expect(wall.locator(".wall-side")).toContainText("New build");
  await wall.clock.fastForward(61_000);
  await loaded;
  await wall.context().close();
});

test("a revoked link blanks its screen and closes its feed", async ({ browser, page }) => {
  const wall = await screen(browser);
  await wall.goto(link);
  await expect(wall.locator(".wall-sign")).toContainText("connected");
  await enter(page);
  await open(page, "/wall-links");
  await page.getByRole("button", { name: "Revoke" }).click();
  await expect(page.locator(".toast")).toContainText("was revoked");
  await expect(wall.getByRole("heading", { name: "This wall is not open to this screen" })).toBeVisible();
  await expect(wall.locator(".wall-card")).toHaveCount(0);
  await wall.screenshot({ path: test.info().outputPath("wall-revoked.png") });
  await wall.reload();
  await expect(wall.getByRole("heading", { name: "This wall is not open to this screen" })).toBeVisible();
  await wall.goto(link);
  await expect(wall.getByRole("heading", { name: "This wall is not open to this screen" })).toBeVisible();
  await wall.context().close();
});

test("people watching a release are named, once each, and gone when they leave", async ({ browser, page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 2, project: "Watched", prefix: "p-" });
  await open(page, `/releases/${release.id}?tab=people`);
  const watching = page.locator(".watching").first();
  await expect(watching).toContainText("1 person watching");
  const second = await page.context().newPage();
  await open(second, `/releases/${release.id}`);
  await expect(watching.locator(".watcher")).toHaveText(["ada"]);
  await page.request.post(`${program.url}/api/v1/wall-links`, {
    data: { label: "Hall" },
    headers: { Origin: program.url },
  }).then(async (answer) => {
    const wall = await screen(browser);
    await wall.goto(`${program.url}${(await answer.json()).path}`);
    await expect(watching.locator(".watcher")).toHaveText(["ada", "wall"]);
    await page.screenshot({ path: test.info().outputPath("people.png"), fullPage: true });
    await wall.context().close();
  });
  await expect(watching.locator(".watcher")).toHaveText(["ada"]);
});
