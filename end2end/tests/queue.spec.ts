// What stands between a release and its run: the queue, a lock, a time, a freeze; on every page where people meet it.
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page, TestInfo } from "@playwright/test";
import { post } from "../support/api.ts";
import { makeRepository } from "../support/repository.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "queue" });
test.describe.configure({ mode: "serial" });

let project: number;
let environment: number;
let origin: string;

async function release(page: Page, tag = "v1.0"): Promise<number> {
  const body = { project_id: project, environment_id: environment, ref: { kind: "tag", name: tag } };
  return (await post(page.request, origin, "/releases", body)).id;
}

async function status(page: Page, id: number): Promise<string> {
  return (await (await page.request.get(`${origin}/api/v1/releases/${id}`)).json()).status;
}

/** Both schemes, narrow, and in Chinese; nothing wider than the window, nothing that axe complains about. */
async function look(page: Page, info: TestInfo, name: string) {
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: info.outputPath(`${name}-${scheme}.png`), fullPage: true });
    const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze();
    expect(found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: info.outputPath(`${name}-390.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(wide, `${name} is wider than the window`).toBe(false);
  await page.setViewportSize(size);
}

test.beforeAll(async ({ program, browser }) => {
  origin = program.url;
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  project = (await post(page.request, origin, "/projects", { title: "Shop", repo_url: makeRepository(join(program.folder, "shop")) })).id;
  environment = (
    await post(page.request, origin, `/projects/${project}/environments`, { name: "staging", kind: "test", path: "/srv/shop" })
  ).id;
  await context.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

test("a lock is seen wherever the environment is, and lifted", async ({ page, context }, info) => {
  const waiting = await release(page);
  const other = await context.newPage();
  await open(other, `/releases/${waiting}`);
  await open(page, `/projects/${project}/environments/${environment}`);
  await page.getByText("Lock this environment…").click();
  await page.getByLabel("Reason").fill("Stocktaking until noon");
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  const door = page.locator(".door");
  await expect(door.getByText("Stocktaking until noon")).toBeVisible();
  await look(page, info, "locked");
  // The page that was open already says so before anybody presses Start.
  await expect(other.getByText("Stocktaking until noon")).toBeVisible();
  await other.getByRole("button", { name: "Start", exact: true }).click();
  await expect(other.getByText("Place 1 of 1 in the queue")).toBeVisible();
  expect(await status(page, waiting)).toBe("queued");
  await look(other, info, "waiting");
  await expect(door.getByRole("link", { name: `#${waiting}` })).toBeVisible();
  await open(other, `/projects/${project}`);
  await expect(other.getByText("locked", { exact: true })).toBeVisible();
  await open(other, `/releases/new?project=${project}`);
  await expect(other.getByText("Stocktaking until noon")).toBeVisible();
  await page.getByRole("button", { name: "Unlock" }).click();
  await expect(page.getByText("Lock this environment…")).toBeVisible();
  // It has no servers: it ends at once, one way or the other.
  await expect.poll(() => status(page, waiting)).not.toBe("queued");
});

test("a release starts at its time, and counts down to it", async ({ page }, info) => {
  const id = await release(page);
  await open(page, `/releases/${id}`);
  await page.getByText("Start at a time…").click();
  const zone = page.getByLabel("Time zone");
  await expect(zone).not.toHaveValue("");
  await zone.fill("Nowhere/Land");
  await page.getByLabel("Start at", { exact: true }).fill("2030-01-01T10:00");
  await page.getByRole("button", { name: "Schedule" }).click();
  await expect(page.getByText("There is no such time zone.")).toBeVisible();
  await zone.fill("UTC");
  const at = new Date(Date.now() + 3 * 3600_000).toISOString().slice(0, 16);
  await page.getByLabel("Start at", { exact: true }).fill(at);
  await page.getByRole("button", { name: "Schedule" }).click();
  await expect(page.getByText("its start time").first()).toBeVisible();
  await expect(page.locator(".countdown").first()).toContainText(/in 2 h 5\d min/);
  await look(page, info, "scheduled");
  // As soon as it can.
  await page.getByText("Change the time…").click();
  await page.getByRole("button", { name: "Schedule" }).click();
  await expect.poll(() => status(page, id)).not.toBe("queued");
});

test("in a freeze nothing starts without a reason", async ({ page }, info) => {
  await open(page, `/projects/${project}/environments/${environment}/policy`);
  const form = page.locator("form.freezes");
  const row = form.getByRole("group", { name: "Single window 1" });
  const day = (days: number) => new Date(Date.now() + days * 24 * 3600_000).toISOString().slice(0, 16);
  await row.getByLabel("From").fill(day(1));
  await row.getByLabel("To").fill(day(-1));
  await row.getByLabel("Called").fill("Holidays");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form.getByText("Single window 1: The freeze ends before it begins.")).toBeVisible();
  await row.getByLabel("From").fill(day(-1));
  await row.getByLabel("To").fill(day(2));
  const week = form.getByRole("group", { name: "Weekly window 1" });
  await week.getByLabel("Fri").check();
  await week.getByLabel("From").fill("18:00");
  await week.getByLabel("To").fill("08:00");
  const saved = page.waitForResponse((response) => response.url().includes("save_calendar") && response.ok());
  await form.getByRole("button", { name: "Save" }).click();
  await saved;
  await look(page, info, "freezes");
  const id = await release(page);
  await open(page, `/projects/${project}/environments/${environment}`);
  await expect(page.locator(".door").getByText("frozen", { exact: true })).toBeVisible();
  await expect(page.locator(".door .countdown").first()).toContainText(/in (1 days|4\d h)/);
  await open(page, `/releases/${id}`);
  // What would be refused is not offered.
  await expect(page.getByRole("button", { name: "Start all the same…" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toHaveCount(0);
  await expect(page.getByText(/frozen until/).first()).toBeVisible();
  const refused = await page.request.post(`${origin}/api/v1/releases/${id}/start`, { data: {}, headers: { Origin: origin } });
  expect(refused.status()).toBe(409);
  await look(page, info, "frozen");
  const exception = { exception: "The shop is down" };
  await post(page.request, origin, `/releases/${id}/start`, exception);
  await expect.poll(() => status(page, id)).not.toBe("queued");
  await open(page, `/releases/${id}`);
  await expect(page.getByText("The shop is down")).toBeVisible();
});

test("on a telephone, in Chinese, nothing is cut off or left in English", async ({ page, context }, info) => {
  const reason = "盘点库存，直到中午，请勿发布";
  await post(page.request, origin, `/environments/${environment}/lock`, { reason });
  const waiting = await release(page, "v1.1");
  await context.addCookies([{ name: "lang", value: "zh", url: origin }]);
  await page.setViewportSize({ width: 390, height: 844 });
  const here = `/projects/${project}/environments/${environment}`;
  const pages = [
    ["door", here, "解锁"],
    ["policy", `${here}/policy`, "封网时段"],
    ["release", `/releases/${waiting}`, "定时开始…"],
    ["new", `/releases/new?project=${project}&environment=${environment}`, "创建并开始"],
  ] as const;
  for (const [name, path, words] of pages) {
    await open(page, path);
    await expect(page.getByText(words).first()).toBeVisible();
    if (name !== "policy") await expect(page.getByText(reason)).toBeVisible();
    await page.screenshot({ path: info.outputPath(`${name}-390-zh.png`), fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, `${name} is wider than the window`).toBe(0);
    const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze();
    expect(found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
  }
});
