// Times and freezes where people meet them: making a release, retrying and rolling back; on pages that stay open.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, TestInfo } from "@playwright/test";
import { post } from "../support/api.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, leave, open, test } from "../support/test.ts";

test.use({ story: "freeze" });
test.describe.configure({ mode: "serial" });

let shop: Shop;
let origin: string;
let project: number;
let environment: number;
let flag: string;

test.beforeAll(async ({ program, browser }) => {
  origin = program.url;
  flag = join(program.folder, "healthy");
  shop = await Shop.open(program, browser);
  ({ project } = shop);
  environment = shop.environment();
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

/** Changes the policy's calendar behind the backs of all pages. */
async function freeze(page: Page, is_frozen: boolean) {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);
  const dates = is_frozen ? [{ from: day(-1), to: day(2), label: "Holidays" }] : [];
  const data = { policy: { calendar: { time_zone: "UTC", weekly: [], dates } } };
  const answer = await page.request.patch(`${origin}/api/v1/environments/${environment}`, { data, headers: { Origin: origin } });
  expect(answer.ok(), await answer.text()).toBe(true);
}

const releases = async (page: Page) =>
  (await (await page.request.get(`${origin}/api/v1/releases?limit=100`)).json()).items as { id: number; status: string }[];

const form = (ref = "v1.0") => `/releases/new?project=${project}&environment=${environment}&ref=${ref}&ref_kind=tag`;
const status = (page: Page) => page.locator(".release-state .badge").first();

/** The page in both schemes, narrow, and in Chinese; nothing wider than the window. */
async function look(page: Page, info: TestInfo, name: string) {
  const size = page.viewportSize()!;
  for (const [shot, scheme, width] of [["light", "light", size.width], ["dark", "dark", size.width], ["390", "light", 390]] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: size.height });
    await page.screenshot({ path: info.outputPath(`${name}-${shot}.png`), fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, `${name} is wider than the window`).toBe(0);
  }
  await page.setViewportSize(size);
}

test("a new release is given its time, and what is wrong with that is said before there is one", async ({ page }, info) => {
  await open(page, form());
  await page.getByText("Start at a time…").click();
  await expect(page.getByLabel("Time zone")).toHaveValue("UTC");
  const at = page.getByLabel("Start at", { exact: true });
  await at.fill("2020-01-01T10:00");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.locator("#f-at-error")).toContainText("A time was chosen");
  await page.getByRole("button", { name: "Create and schedule" }).click();
  await expect(page.locator("#f-at-error")).toContainText("This time has passed");
  expect(await releases(page)).toEqual([]);
  await look(page, info, "time");
  await at.fill(new Date(Date.now() + 3 * 3600_000).toISOString().slice(0, 16));
  await page.getByRole("button", { name: "Create and schedule" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await expect(page.getByText("its start time").first()).toBeVisible();
  await expect(page.locator(".countdown").first()).toContainText(/in 2 h 5\d min/);
  const [made] = await releases(page);
  await post(page.request, origin, `/releases/${made!.id}/cancel`, {});
  await expect(status(page)).toHaveAttribute("data-status", "canceled");
});

test("a freeze that begins while the form is open is said there, and an administrator may break it with a reason", async ({ page }, info) => {
  await open(page, form());
  const before = (await releases(page)).length;
  const reason = page.getByLabel(/^Why it starts although/);
  await expect(page.locator(".rule-list, .changes").first()).toBeVisible();
  await expect(reason).toHaveCount(0);
  await freeze(page, true);
  await expect(page.locator(".standing")).toContainText("Holidays");
  await expect(page.locator(".standing")).toContainText("or give a reason");
  await expect(reason).toBeVisible();
  await page.getByRole("button", { name: "Create and start" }).click();
  await expect(page.getByRole("alert").getByText(/staging is frozen until/)).toBeVisible();
  expect((await releases(page)).length, "both or neither").toBe(before);
  await look(page, info, "frozen-form");
  await reason.fill("The shop is down");
  await page.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await expect(page.locator(".release-exception")).toHaveText("The shop is down");
  await expect(status(page)).toHaveAttribute("data-status", "succeeded", { timeout: 60_000 });
  await freeze(page, false);
});

test("a retry in a freeze takes a reason, which every open page shows at once", async ({ page, context }, info) => {
  // The page before has a feed of its own.
  await leave(page);
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  const hooks = { after_deploy: `test -e '${flag}'` };
  const ref = { kind: "tag", name: "v1.1" };
  const made = await post(page.request, origin, "/releases", { project_id: project, environment_id: environment, ref, hooks });
  await open(page, `/releases/${made.id}`);
  await expect(page.locator(".connection")).toHaveAttribute("data-connection", "live");
  const other = await context.newPage();
  await open(other, `/releases/${made.id}`);
  await freeze(page, true);
  await expect(page.locator(".standing")).toContainText("Holidays");
  await expect(page.locator(".standing")).not.toContainText("waits for the end");
  await expect(page.locator('[data-rule="calendar"][data-ok="false"]')).toBeVisible();
  await look(page, info, "frozen-release");
  await freeze(page, false);
  await expect(page.locator(".standing")).toHaveCount(0);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(status(page)).toHaveAttribute("data-status", "failed", { timeout: 60_000 });
  expect(existsSync(flag)).toBe(false);
  writeFileSync(flag, "");
  await freeze(page, true);
  await expect(page.getByRole("button", { name: "Retry all the same…" })).toBeVisible();
  // What would be refused is not offered beside it.
  await expect(page.getByRole("button", { name: /^Retry \(1 server\)/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Retry all the same…" }).click();
  await page.getByRole("dialog").getByLabel("Why", { exact: true }).fill("Customers wait");
  await page.screenshot({ path: info.outputPath("retry-dialog.png") });
  await page.getByRole("button", { name: "Yes, retry it" }).click();
  await expect(status(page)).toHaveAttribute("data-status", "succeeded", { timeout: 60_000 });
  await expect(page.locator(".release-exception")).toHaveText("Customers wait");
  await expect(other.locator(".release-exception")).toHaveText("Customers wait");
  // The page, its queue and its freeze hear of everything over one connection.
  expect(sockets.filter((url) => url.endsWith("/api/v1/feed"))).toHaveLength(1);
  await other.close();
});

test("going back in a freeze takes a reason, from the list and from the release", async ({ page }, info) => {
  await freeze(page, true);
  const first = (await releases(page)).filter((one) => one.status === "succeeded").at(-1)!;
  await open(page, `/projects/${project}/environments/${environment}/rollback`);
  await expect(page.getByText("going back takes an administrator's written reason")).toBeVisible();
  await page.locator(`tr[data-release="${first.id}"]`).getByRole("button").click();
  const dialog = page.locator(`#back-${first.id}`);
  await expect(dialog.getByLabel("Why", { exact: true })).toBeVisible();
  await page.screenshot({ path: info.outputPath("rollback-list.png"), fullPage: true });
  await open(page, `/releases/${first.id}`);
  await page.getByRole("button", { name: "Roll back to this…" }).click();
  const question = page.locator(`#back-${first.id}`);
  await question.getByLabel("Why", { exact: true }).fill("v1.1 loses orders");
  await page.screenshot({ path: info.outputPath("rollback-dialog.png") });
  await question.getByRole("button").last().click();
  await expect(page.locator(".release-exception")).toHaveText("v1.1 loses orders");
  await expect(status(page)).toHaveAttribute("data-status", "succeeded", { timeout: 60_000 });
});
