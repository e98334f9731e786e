// A page whose code does not arrive: it says so, and comes back by itself.
import type { Page } from "@playwright/test";
import { alive, enter, expect, test as base } from "../support/test.ts";

// What a lost module leaves in the console is what these tests are about.
const test = base.extend({ page: async ({ browser, program }, use) => {
  const context = await browser.newContext({ baseURL: program.url });
  await use(await context.newPage());
  await context.close();
} });
test.use({ story: "stalled" });
test.describe.configure({ mode: "serial" });

/** The modules of the lazy pages; not the first one. */
const PARTS = /\/pkg\/(?!launchway\.)[^/]*\.wasm$/;
const line = (page: Page) => page.getByRole("alert").filter({ hasText: "This page has stopped" });

test("a module that is lost once costs one more load", async ({ page }) => {
  await enter(page);
  let lost = 0;
  await page.route(PARTS, async (route) => (lost++ ? route.continue() : route.abort()));
  await page.goto("/projects");
  await expect(line(page)).toBeVisible();
  await alive(page);
  await expect(line(page)).toBeHidden();
  await expect(page.getByRole("heading", { name: "Projects", level: 1 })).toBeVisible();
  expect(await page.evaluate(() => (performance.getEntriesByType("navigation")[0] as any).type)).toBe("reload");
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("a module that stays away leaves a page that says so, and a link that opens it again", async ({ page }) => {
  await enter(page);
  await page.route(PARTS, (route) => route.abort());
  // As if it had been tried often enough.
  await page.evaluate(() => sessionStorage.setItem("launchway-opened-again:/servers", "3"));
  await page.goto("/servers");
  await expect(line(page)).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("stalled.png") });
  await page.unroute(PARTS);
  await line(page).getByRole("link", { name: "Open it again" }).click();
  await alive(page);
  await expect(line(page)).toBeHidden();
});

test("a page that was alive and breaks says so and stays, with what was typed in it", async ({ page }) => {
  await enter(page);
  await page.goto("/projects/new");
  await alive(page);
  await page.getByLabel("Title").fill("Shop");
  // What a panic in the browser's part throws.
  await page.evaluate(() => void setTimeout(() => WebAssembly.instantiate(
    // (module (func (export "stop") unreachable))
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 115, 116, 111, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11]),
  ).then(({ instance }) => (instance.exports as any).stop())));
  await expect(line(page)).toBeVisible();
  await expect(page.getByLabel("Title")).toHaveValue("Shop");
});
