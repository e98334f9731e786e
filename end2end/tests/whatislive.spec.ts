import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { post } from "../support/api.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "whatislive" });
test.describe.configure({ mode: "serial" });

let shop: Shop;
let project: number;
let environment: number;
let release: number;

test.beforeAll(async ({ program, browser }) => {
  shop = await Shop.open(program, browser, { hostnames: ["web-1", "web-2", "web-3"] });
  ({ project } = shop);
  environment = shop.environment();
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  release = await shop.run(page, "v1.0");
  await context.close();
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

const row = (page: Page, hostname: string) => page.getByRole("row").filter({ hasText: hostname });

test("every server says what is live on it", async ({ page }) => {
  await open(page, "/live");
  for (const hostname of ["web-1", "web-2", "web-3"]) {
    await expect(row(page, hostname)).toContainText("as released");
    await expect(row(page, hostname)).toContainText("v1.0");
  }
  await page.screenshot({ path: test.info().outputPath("live.png"), fullPage: true });
});

test("an open page moves by itself when a server drifts, and when it is mended", async ({ page, program }) => {
  await open(page, "/live");
  await expect(row(page, "web-2")).toContainText("as released");
  const overview = await page.context().newPage();
  await open(overview, "/");
  const waiting = overview.locator(".waiting");
  await expect(waiting).not.toContainText("web-2");
  const current = join(shop.site("web-2"), "current");
  rmSync(current);
  symlinkSync("/srv/elsewhere", current);
  writeFileSync(join(shop.site("web-3"), "current", "index.html"), "forged");
  // Somebody else looks; nobody touches this page.
  await post(page.request, program.url, `/environments/${environment}/live/check`, {});
  await expect(row(page, "web-2")).toContainText("drifted");
  await expect(row(page, "web-2")).toContainText("/srv/elsewhere");
  await expect(row(page, "web-3")).toContainText("1 file or folder is not as released: index.html (has other content)");
  await expect(page.locator(".live-head").getByRole("link", { name: "Roll back" })).toBeVisible();
  await expect(waiting).toContainText("web-2 and web-3 are not as released");
  await waiting.getByRole("link", { name: "web-2 and web-3" }).click();
  await expect(overview).toHaveURL(/\/live\?.*state=drift/);
  await overview.close();
  await expect(row(page, "web-1")).toContainText("as released");
  await page.screenshot({ path: test.info().outputPath("drift.png"), fullPage: true });
  for (const [name, scheme, width] of [["dark", "dark", 1280], ["narrow", "light", 390]] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: test.info().outputPath(`drift-${name}.png`), fullPage: true });
  }
  await page.getByLabel("State", { exact: true }).selectOption("drift");
  await expect(row(page, "web-1")).toHaveCount(0);
  await expect(row(page, "web-2")).toHaveCount(1);

  rmSync(current);
  symlinkSync(`releases/${release}`, current);
  writeFileSync(join(shop.site("web-3"), "current", "index.html"), "<h1>v1.0</h1>\n");
  await open(page, "/live");
  await page.getByRole("button", { name: "Look now" }).click();
  await expect(row(page, "web-2")).toContainText("as released");
  await expect(row(page, "web-3")).toContainText("as released");
});

test("an environment's page begins with what is live, and the project's page says it too", async ({ page, program }) => {
  const here = `/projects/${project}/environments/${environment}`;
  await open(page, here);
  const place = page.locator(".live-place");
  await expect(place.locator(".live-head")).toContainText(`#${release}`);
  await expect(place.getByRole("row").filter({ hasText: "web-3" })).toContainText("as released");
  await expect(page.locator("table.releases")).toContainText(`#${release}`);
  // In the order in which they are read: what is live, what runs and waits, the last releases, the settings.
  const headings = await page.locator("main h2").allInnerTexts();
  const at = (text: string) => headings.findIndex((heading) => heading.includes(text));
  const order = ["Shop / staging", "Queue", "Lately", "Settings"].map(at);
  expect(order, headings.join()).toEqual([...order].sort((one, other) => one - other));
  expect(order[0]).toBe(0);
  await page.screenshot({ path: test.info().outputPath("environment.png"), fullPage: true });
  await open(page, `/projects/${project}`);
  await expect(page.getByRole("row").filter({ hasText: "staging" }).first()).toContainText(`#${release}`);
  await page.screenshot({ path: test.info().outputPath("project.png"), fullPage: true });

  await open(page, "/");
  const live = page.locator(".live-list");
  await expect(live).not.toContainText("locked");
  await post(page.request, program.url, `/environments/${environment}/lock`, { reason: "stocktaking" });
  await expect(live).toContainText("locked");
  const next = await shop.begin(page, "v1.0");
  await expect(page.locator(".queued")).toContainText("locked by ada: stocktaking");
  await post(page.request, program.url, `/releases/${next}/cancel`, {});
  await expect(page.locator(".queued")).toHaveCount(0);
  await live.getByRole("link", { name: "staging" }).click();
  await expect(page).toHaveURL(new RegExp(`${here}$`));
  await page.request.delete(`${program.url}/api/v1/environments/${environment}/lock`, { headers: { Origin: program.url } });
});

test("a command says identical outputs once", async ({ page }) => {
  writeFileSync(join(shop.site("web-3"), "note"), "other\n");
  for (const hostname of ["web-1", "web-2"]) writeFileSync(join(shop.site(hostname), "note"), "same\n");
  await open(page, `/projects/${project}/environments/${environment}/run`);
  await page.getByLabel("Command").fill("cat note");
  // Nothing chosen is not everything.
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.locator("#f-server-ids .error")).toContainText("All servers");
  await page.getByRole("checkbox", { name: "All servers (3)" }).check();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText("2 identical, 1 differ")).toBeVisible();
  await expect(page.getByText("2 servers")).toBeVisible();
  // What differs stands first.
  await expect(page.locator(".printed").first()).toContainText("+other");
  await expect(page.locator(".printed").last()).toHaveText("same\n");
  await page.screenshot({ path: test.info().outputPath("run.png"), fullPage: true });
});

test("files come as one archive, after a look at how much it is", async ({ page }) => {
  await open(page, `/projects/${project}/environments/${environment}/files`);
  await page.getByLabel("Path").fill("current");
  await page.getByRole("link", { name: "Download" }).click();
  await expect(page.locator("#f-server-ids .error")).toContainText("All servers");
  await page.getByRole("checkbox", { name: "All servers (3)" }).check();
  await page.getByRole("button", { name: "How much is it?" }).click();
  await expect(row(page, "web-1")).toContainText("14 B");
  await page.screenshot({ path: test.info().outputPath("files.png"), fullPage: true });
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  expect((await coming).suggestedFilename()).toMatch(/^staging-current-.*\.tar\.gz$/);
});
