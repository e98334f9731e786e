// How releases go over the servers: the form of the policy, and a canary that waits for somebody.
import type { Page, TestInfo } from "@playwright/test";
import { post } from "../support/api.ts";
import { fits, shoot } from "../support/look.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "rollout" });
test.describe.configure({ mode: "serial" });

let shop: Shop;
let environment: number;
let policy: string;

test.beforeAll(async ({ program, browser }) => {
  shop = await Shop.open(program, browser, { hostnames: ["web-1", "web-2", "web-3"], environments: { live: "test" } });
  environment = shop.environment();
  policy = `/projects/${shop.project}/environments/${environment}/policy`;
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

test("the form shows what belongs to the choice, says what is wrong, and keeps what is right", async ({ page }, info) => {
  await open(page, policy);
  const form = page.locator("form.rollout");
  await expect(form.getByLabel(/^First batch/)).toBeHidden();
  await expect(form.getByLabel("Servers in a batch")).toBeHidden();
  await form.getByLabel("Order").selectOption("batches");
  await expect(form.getByLabel("Servers in a batch")).toBeVisible();
  await expect(form.getByLabel(/^First batch/)).toBeHidden();
  await form.getByLabel("Servers in a batch").fill("0");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-batch-error")).toContainText("at least one server");
  await form.getByLabel("Servers in a batch").fill("101%");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-batch-error")).toContainText("1% to 100%");

  await form.getByLabel("Order").selectOption("canary");
  await form.getByLabel("Servers in a batch").fill("1");
  await form.getByLabel("When more fail").selectOption("switch_back");
  await form.getByLabel("Health check").selectOption("command");
  await form.getByLabel("Command", { exact: true }).fill("ls >/dev/null");
  await expect(form.getByLabel("Address")).toBeHidden();
  await shoot(page, info, "policy");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "policy-390");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".toast, .toasts").first()).toContainText("live");
  await open(page, policy);
  await expect(form.getByLabel("Order")).toHaveValue("canary");
  await expect(form.getByLabel("When more fail")).toHaveValue("switch_back");
  await expect(form.getByLabel("Command", { exact: true })).toHaveValue("ls >/dev/null");
});

test("without scripts the form says what it has, and shows what belongs to it", async ({ browser, page, program }) => {
  const context = await browser.newContext({
    baseURL: program.url,
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  const plain = await context.newPage();
  await plain.goto(policy);
  await expect(plain.getByLabel(/^First batch/)).toBeVisible();
  await expect(plain.getByLabel("Port", { exact: true })).toBeHidden();
  await context.close();
});

test("a canary waits on an open page and goes on when somebody presses Continue", async ({ page, program }, info) => {
  const id = await shop.create(page, "v1.0");
  await open(page, `/releases/${id}`);
  await post(page.request, program.url, `/releases/${id}/start`, {});
  const banner = page.locator(".release-hold");
  await expect(banner).toContainText("Waiting after batch 1 of 3", { timeout: 60_000 });
  await expect(banner).toContainText("when somebody presses Continue");
  await expect(page.locator('.step[data-status="waiting"]').first()).toContainText("batch 2/3");
  await expect(page.locator('.step[data-node$="/health"][data-status="succeeded"]')).toHaveCount(1);
  await shoot(page, info, "holds");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, info, "holds-dark");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "holds-390");
  await banner.getByRole("button", { name: "Continue" }).click();
  // What was pressed is gone: the focus is not.
  await expect(page.locator(".release-status")).toBeFocused();
  await expect(banner).toHaveCount(0);
  await expect(page.locator(".release-state")).toContainText("succeeded", { timeout: 60_000 });
  await expect(page.locator(".step", { hasText: `live: #${id}` })).toHaveCount(3);
});

/** Pictures of a page in both schemes, in Chinese and on a phone. */
async function pictures(page: Page, info: TestInfo, name: string, path: string) {
  for (const [suffix, scheme, width, lang] of [
    ["", "light", 1280, "en"],
    ["-dark-zh", "dark", 1280, "zh"],
    ["-390", "light", 390, "en"],
  ] as const) {
    await page.context().addCookies([{ name: "lang", value: lang, url: page.url() }]);
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 800 });
    await open(page, path);
    await fits(page);
    await shoot(page, info, `${name}${suffix}`);
  }
  await page.context().clearCookies({ name: "lang" });
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("while a canary waits every page says so, and says what is live where", async ({ page, program }, info) => {
  await open(page, "/");
  const live = page.locator(".live-list");
  await expect(live).toContainText("v1.0");
  const wall = await page.context().newPage();
  await wall.setViewportSize({ width: 1920, height: 1080 });
  await wall.goto(`${program.url}/wall`);

  // Both pages are open while it happens.
  const id = await shop.begin(page, "v1.1");
  const held = page.locator(".waiting .row-item").first();
  await expect(held).toContainText("canary: 1 of 3 done, waits for Continue", { timeout: 60_000 });
  await expect(held).toContainText(`#${id}`);
  await expect(live.locator(".versions[data-mixed]")).toContainText(/v1\.0 on 2, .*v1\.1 on 1/);
  await expect(wall.locator(".wall-card[data-held]")).toContainText("canary: 1 of 3 done");
  const waiting = wall.locator(".wall-side section").first();
  await expect(waiting.locator(".wall-count")).toHaveText("1");
  await expect(waiting).toContainText("waits for Continue");
  await expect(wall.locator(".wall-main .wall-row[data-mixed]")).toContainText("v1.0 × 2, v1.1 × 1");

  // What is queued waits for nobody.
  const next = await shop.begin(page, "v1.0");
  await expect(page.locator(".queued")).toContainText(`behind #${id}`);
  await expect(page.locator(".waiting")).not.toContainText(`#${next}`);
  await expect(wall.locator(".wall-side")).toContainText(`behind #${id}`);
  await wall.screenshot({ path: info.outputPath("wall-held.png") });
  for (const [width, height] of [[1080, 1920], [390, 844]]) {
    await wall.setViewportSize({ width, height });
    await wall.screenshot({ path: info.outputPath(`wall-held-${width}.png`) });
  }
  await wall.close();
  await pictures(page, info, "overview-held", "/");
  await pictures(page, info, "live-mixed", "/live");
  const place = page.locator(".live-place");
  await expect(place).toHaveAttribute("data-state", "mixed");
  await expect(place.locator(".live-head")).toContainText("mixed");
  await pictures(page, info, "environment-held", `/projects/${shop.project}/environments/${environment}`);
  await expect(page.locator(".live-head")).toContainText(/v1\.0 on 2, .*v1\.1 on 1/);
  await expect(page.locator(".door")).toContainText("Waiting after batch 1 of 3");
  await expect(page.locator(".door").getByRole("button", { name: "Continue" })).toBeVisible();
  await open(page, `/projects/${shop.project}`);
  await expect(page.locator("[data-mixed]")).toContainText(/v1\.0 on 2, .*v1\.1 on 1/);
  await shoot(page, info, "project-held");
  await post(page.request, program.url, `/releases/${next}/cancel`, {});

  await open(page, "/");
  await held.getByRole("button", { name: "Continue" }).click();
  await expect(page.locator(".waiting")).not.toContainText("canary");
  await shop.ended(page, id);
  await expect(live.locator(".whole").first()).toContainText("v1.1");
  await expect(live.locator("[data-mixed]")).toHaveCount(0);
});

test("after a canceled canary no page takes it for what is live everywhere", async ({ page, program }) => {
  const id = await shop.begin(page, "v1.0");
  await open(page, "/");
  await expect(page.locator(".waiting")).toContainText("canary: 1 of 3 done", { timeout: 60_000 });
  await post(page.request, program.url, `/releases/${id}/cancel`, {});
  await shop.ended(page, id, "canceled");
  await expect(page.locator(".live-list .versions[data-mixed]")).toContainText(/v1\.1 on 2, .*v1\.0 on 1/);
  await open(page, "/live?state=mixed");
  await expect(page.locator(".live-place")).toHaveAttribute("data-state", "mixed");
  await expect(page.locator("table.live tbody tr").first()).toContainText("v1.0");
  const overview = await (await page.request.get(`${program.url}/api/v1/overview`)).json();
  expect(overview.live[0]).toMatchObject({ state: "mixed", release: null, versions: [{ servers: 2 }, { servers: 1 }] });
  // Whoever goes on from here has one version again.
  await shop.begin(page, "v1.1");
  await open(page, "/");
  await page.locator(".waiting").getByRole("button", { name: "Continue" }).click({ timeout: 60_000 });
  await expect(page.locator(".live-list [data-mixed]")).toHaveCount(0, { timeout: 60_000 });
});

test("a wait with a time counts down, in the reader's language", async ({ page, program }, info) => {
  const origin = program.url;
  const rollout = { rollout: { wait_seconds: 600 } };
  const data = { policy: rollout };
  const answer = await page.request.patch(`${origin}/api/v1/environments/${environment}`, { data, headers: { Origin: origin } });
  expect(answer.ok(), await answer.text()).toBe(true);
  const id = await shop.begin(page, "v1.0");
  await page.context().addCookies([{ name: "lang", value: "zh", url: origin }]);
  await open(page, `/releases/${id}`);
  await expect(page.locator(".release-hold")).toContainText("第 1/3 批已完成", { timeout: 60_000 });
  await expect(page.locator(".hold-left")).toHaveText(/^(9|10):\d\d$/);
  await shoot(page, info, "countdown-zh");
  await page.getByRole("button", { name: "继续" }).click();
  await expect(page.locator(".release-hold")).toHaveCount(0);
});
