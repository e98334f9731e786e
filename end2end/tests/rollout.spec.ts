// How releases go over the servers: the form of the policy, and a canary that waits for somebody.
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
  await expect(banner).toHaveCount(0);
  await expect(page.locator(".release-state")).toContainText("succeeded", { timeout: 60_000 });
  await expect(page.locator(".step", { hasText: `live: #${id}` })).toHaveCount(3);
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
