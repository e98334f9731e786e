// The pages as they are released: split, shrunk and bundled. What the other tests open is a debug build, in which a
// part that is missing or a name that the optimiser took away would not show.
import { seedRelease } from "../support/seed.ts";
import { alive, enter, expect, open, test } from "../support/test.ts";
import { weigh } from "../support/weigh.ts";

test.use({ story: "optimised" });

/** What a browser may have to load before the first page is alive, in bytes as served. */
const BUDGET = 220_000;

const PAGES = [
  ["/", "Overview"],
  ["/releases", "Releases"],
  ["/releases/new", "New release"],
  ["/projects", "Projects"],
  ["/projects/new", "New project"],
  ["/servers", "Servers"],
  ["/servers/new", "New server"],
  ["/credentials", "Credentials"],
  ["/hook-templates", "Hook templates"],
  ["/wall-links", "Wall links"],
];

test("the code of the first page stays within its budget", async ({ page, browser, program }) => {
  await enter(page);
  seedRelease(program, { servers: 12, project: "Shop front" });
  // A browser that has nothing yet, of somebody who is signed in.
  const fresh = await browser.newContext({ baseURL: program.url, storageState: await page.context().storageState() });
  const { js, wasm, ...rest } = await weigh(await fresh.newPage(), "/");
  await fresh.close();
  console.log(`js ${js} + wasm ${wasm} = ${js + wasm} bytes as served, the rest`, rest);
  expect(wasm, "the module was measured").toBeGreaterThan(50_000);
  expect(js + wasm).toBeLessThanOrEqual(BUDGET);
});

for (const [path, title] of PAGES) {
  test(`${path} comes alive`, async ({ page }) => {
    await enter(page);
    await open(page, path);
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    // The language changes without a new page: by the code that was loaded.
    await page.evaluate(() => ((window as any).isThis = true));
    await page.getByRole("button", { name: "中文" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
    await expect(page.getByRole("heading", { level: 1 })).not.toHaveText(title);
    await page.getByRole("button", { name: "English" }).click();
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    expect(await page.evaluate(() => (window as any).isThis)).toBe(true);
  });
}

test("the front page follows, and leads on without a new page", async ({ page, program }) => {
  await enter(page);
  await open(page, "/");
  await page.evaluate(() => ((window as any).isThis = true));
  const release = seedRelease(program, { servers: 3, project: "Followed", prefix: "f-" });
  const card = page.locator(".running-card", { hasText: "Followed" });
  await expect(card.locator(".strip-phase[data-status=running]")).toContainText("0/3");
  release.set([{ key: release.key(1, "upload"), status: "succeeded" }]);
  await expect(card.locator(".strip-phase", { hasText: "upload" })).toContainText("1/3");
  await card.getByRole("link", { name: `#${release.id}` }).click();
  await expect(page.getByRole("heading", { name: `Release #${release.id}`, level: 1 })).toBeVisible();
  await page.goBack();
  await expect(card).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find or do something" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Servers" }).click();
  await expect(page.getByRole("heading", { name: "Servers", level: 1 })).toBeVisible();
  expect(await page.evaluate(() => (window as any).isThis)).toBe(true);
});

test("a release and the wall come alive and follow", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 3, project: "Watched", prefix: "w-" });
  await open(page, `/releases/${release.id}`);
  const node = page.locator(`g[data-node="${release.key(0, "upload")}"]`);
  await expect(node).toHaveAttribute("data-status", "running");
  release.set([{ key: release.key(0, "upload"), status: "succeeded" }]);
  await expect(node).toHaveAttribute("data-status", "succeeded");
  await node.click();
  await expect(page).toHaveURL(/\?node=/);
  await page.goto("/wall");
  await alive(page);
  await expect(page.locator(".wall-sign")).toContainText("connected");
  await expect(page.locator(".wall-card", { hasText: "Watched" })).toBeVisible();
});
