// Back to an earlier release, a retry, on to production, and an exception: in the browser, on a real OpenSSH server.
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { post } from "../support/api.ts";
import { fits, shoot } from "../support/look.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "ways" });
test.describe.configure({ mode: "serial" });
test.setTimeout(120_000);

let shop: Shop;

/** Commits what is in the repository, under a tag. */
function commit(tag: string, page: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", shop.repository, "-c", "user.name=T", "-c", "user.email=t@example.com", ...args]);
  writeFileSync(join(shop.repository, "page"), page);
  git("add", "-A");
  git("commit", "-q", "-m", `Make ${tag}`);
  git("tag", tag);
}

test.beforeAll(async ({ program, browser }) => {
  const environments = { staging: "test", live: "prod" } as const;
  shop = await Shop.open(program, browser, { hostnames: ["web-1", "web-2"], environments });
  commit("second", "two\n");
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

const link = (environment: string, server: string) => readlinkSync(join(shop.site(server, environment), "current"));

let first: number;

test("a rollback is chosen from the list, and runs", async ({ page }, info) => {
  first = await shop.run(page, "v1.0");
  const second = await shop.run(page, "second");
  await open(page, `/releases/${second}`);
  await page.getByRole("link", { name: "Roll back…" }).click();
  await expect(page.getByRole("heading", { name: "Roll back", level: 1 })).toBeVisible();
  const rows = page.locator("table.ways tbody tr");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("live now");
  await expect(rows.last()).toContainText("not asked");
  await page.getByRole("link", { name: "Ask the servers what they hold" }).click();
  await expect(rows.last()).toContainText("2 of 2");
  await shoot(page, info, "rollbacks");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "rollbacks-390");
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.locator(`tr[data-release="${first}"]`).getByRole("button", { name: "Roll back to this…" }).click();
  const dialog = page.getByRole("alertdialog", { name: `Roll back to release #${first}?` });
  await expect(dialog).toBeVisible();
  await shoot(page, info, "rollback-question");
  await dialog.getByRole("button", { name: "Yes, roll back" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await expect(page.getByRole("link", { name: `#${first}`, exact: true })).toBeVisible();
  const back = Number(page.url().split("/").pop());
  await shop.ended(page, back);
  expect(link("staging", "web-1")).toBe(`releases/${first}`);
  await shoot(page, info, "rolled-back");
});

test("a retry says how many servers it touches", async ({ page, program }, info) => {
  const mended = join(program.folder, "mended");
  const gate = `test "$LAUNCHWAY_SERVER" = web-1 || test -e '${mended}'`;
  const release = await shop.begin(page, "v1.0", { hooks: { after_deploy: gate } });
  await shop.ended(page, release, "failed");
  await open(page, `/releases/${release}`);
  const retry = page.getByRole("button", { name: "Retry (1 server)" });
  await expect(retry).toBeVisible();
  await shoot(page, info, "retry");
  writeFileSync(mended, "");
  await retry.click();
  await shop.ended(page, release);
  await expect(page.getByText("live now")).toBeVisible();
});

test("what is live in test is promoted from its page", async ({ page, program }, info) => {
  // The page is open while it runs: what can be done next comes by itself.
  const tested = await shop.create(page, "v1.0");
  await open(page, `/releases/${tested}`);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await shop.ended(page, tested);
  await page.getByRole("link", { name: "Promote to live…" }).click();
  await expect(page.getByRole("heading", { name: "Promote", level: 1 })).toBeVisible();
  await expect(page.locator(".promotion")).toContainText("The same artifact, byte for byte");
  await expect(page.locator("[data-rule=tested_first]")).toHaveAttribute("data-ok", "true");
  const changes = page.locator(".changes");
  await expect(changes).toHaveAttribute("data-relation", "first");
  await shoot(page, info, "promote");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await page.getByRole("button", { name: "Promote it now" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  const made = Number(page.url().split("/").pop());
  await shop.ended(page, made);
  expect(link("live", "web-2")).toBe(`releases/${made}`);
  const bytes = (release: number) => readFileSync(join(program.folder, "data/artifacts", String(release), "tree.tar.gz"));
  expect(bytes(made).equals(bytes(tested))).toBe(true);
  await shoot(page, info, "promoted-390");
  // Once more: it says that this is what runs there.
  await open(page, `/projects/${shop.project}/environments/${shop.environments.live}/promote`);
  await expect(changes).toHaveAttribute("data-relation", "same");
  await expect(changes).toContainText("The very commit that is live now");
  await fits(page);
  await shoot(page, info, "promote-same-390");
});

test("an administrator writes down why the policy is broken", async ({ page }, info) => {
  const release = await shop.create(page, "second", { environment: "live" });
  await open(page, `/releases/${release}`);
  // It was tested as the second release; another rule that does not hold is the same question.
  const passed = page.locator("[data-rule=tested_first]");
  await expect(passed).toHaveAttribute("data-ok", "true");

  commit("third", "three\n");
  const hurried = await shop.create(page, "third", { environment: "live" });
  await open(page, `/releases/${hurried}?tab=changes`);
  await expect(page.locator(".before-start [data-rule=tested_first]")).toHaveAttribute("data-ok", "false");
  await expect(page.locator(".upload-line")).toContainText("to 2 servers");
  // What would be refused is not offered, and why is said once.
  await expect(page.getByRole("button", { name: "Start all the same…" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toHaveCount(0);
  await expect(page.getByText("has not. Release it to a test environment first")).toHaveCount(1);
  await page.getByRole("button", { name: "Start all the same…" }).click();
  await page.getByLabel("Why").fill("The shop is down, and this mends it.");
  await shoot(page, info, "exception");
  await page.getByRole("button", { name: "Yes, start it" }).click();
  await shop.ended(page, hurried);
  await open(page, `/releases/${hurried}`);
  await expect(page.locator(".release-exception")).toHaveText("The shop is down, and this mends it.");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "exception-390");
  await open(page, "/releases");
  await expect(page.locator("tr", { hasText: `#${hurried}` }).getByText("exception")).toBeVisible();
});

test("what a canceled canary left half-done is put right from its page and from the list", async ({ page, program }, info) => {
  const staging = shop.environments.staging;
  const answer = await page.request.patch(`${program.url}/api/v1/environments/${staging}`, {
    data: { policy: { rollout: { strategy: "canary" } } },
    headers: { Origin: program.url },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  const before = link("staging", "web-1").split("/").pop();
  const release = await shop.create(page, "third");
  await open(page, `/releases/${release}`);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.locator(".release-hold")).toContainText("Waiting after batch 1 of 2", { timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel release…" }).click();
  const cancel = page.getByRole("alertdialog", { name: `Cancel release #${release}?` });
  await expect(cancel).toContainText(`web-1 keeps #${release}; web-2 stays on #${before}.`);
  await expect(cancel).toContainText(`“Put back to #${before}…”`);
  await shoot(page, info, "cancel-canary");
  await cancel.getByRole("button", { name: "Yes, cancel it" }).click();
  await shop.ended(page, release, "canceled");
  const back = page.getByRole("button", { name: `Put back to #${before}…` });
  await expect(back).toBeVisible();
  await shoot(page, info, "half-done");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await back.click();
  await shoot(page, info, "half-done-dark-390");
  await page.keyboard.press("Escape");
  await page.emulateMedia({ colorScheme: "light" });

  await open(page, `/projects/${shop.project}/environments/${staging}/rollback`);
  await expect(page.locator(".ways-mixed")).toContainText(`web-1 has #${release}`);
  const row = page.locator(`tr[data-release="${before}"]`);
  await expect(row).toContainText("live on 1 of 2 servers");
  await expect(page.getByText("live now")).toHaveCount(0);
  await fits(page);
  await shoot(page, info, "mixed-390");
  await page.setViewportSize({ width: 1280, height: 720 });
  await shoot(page, info, "mixed");
  await page.context().addCookies([{ name: "lang", value: "zh", url: program.url }]);
  await page.reload();
  await expect(row).toContainText("2 台服务器中的 1 台已上线");
  await shoot(page, info, "mixed-zh");
  await page.context().addCookies([{ name: "lang", value: "en", url: program.url }]);
  // The page of what was live says the same, and offers the same.
  await open(page, `/releases/${before}`);
  await expect(page.locator(".release-state")).toContainText("live on 1 of 2 servers");
  await expect(page.getByRole("button", { name: "Put all servers back to this…" })).toBeVisible();
  await open(page, `/projects/${shop.project}/environments/${staging}/rollback`);
  await row.getByRole("button", { name: "Put all servers back to this…" }).click();
  const question = page.getByRole("alertdialog", { name: `Put all servers back to release #${before}?` });
  await shoot(page, info, "put-back");
  await question.getByRole("button", { name: "Yes, put them back" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  const put = Number(page.url().split("/").pop());
  await shop.ended(page, put);
  for (const server of ["web-1", "web-2"]) expect(link("staging", server)).toBe(`releases/${before}`);
  await open(page, `/releases/${release}`);
  await expect(back).toHaveCount(0);
  // A retry would be refused by now; to make it anew is offered.
  await expect(page.getByRole("button", { name: /^Retry/ })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "New release from this one" })).toBeVisible();
});

test("what keeps a release is said where its picture will be, and Back goes through the steps", async ({ page, program }, info) => {
  const staging = `/environments/${shop.environments.staging}`;
  await post(page.request, program.url, `${staging}/lock`, { reason: "Stocktaking" });
  const release = await shop.create(page, "v1.0");
  await open(page, `/releases/${release}`);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.locator(".pipeline-empty")).toContainText("It waits for the lock of ada: Stocktaking;");
  await shoot(page, info, "waits");
  await page.request.delete(`${program.url}/api/v1${staging}/lock`, { headers: { Origin: program.url } });
  await expect(page.locator(".release-hold")).toBeVisible({ timeout: 60_000 });
  await post(page.request, program.url, `/releases/${release}/continue`, {});
  await shop.ended(page, release);

  await page.setViewportSize({ width: 1280, height: 500 });
  const node = (key: string) => page.locator(`.pipeline [data-node="${key}"]`).first();
  await page.evaluate(() => scrollTo(0, 120));
  const at = await page.evaluate(() => scrollY);
  await node("download").click();
  await expect(page).toHaveURL(/node=download/);
  await node("package").click();
  await expect(page).toHaveURL(/node=package/);
  await page.goBack();
  await expect(page).toHaveURL(/node=download/);
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`/releases/${release}$`));
  await expect(node("package")).toBeVisible();
  expect(await page.evaluate(() => scrollY)).toBe(at);
});

test("the pages read in Chinese, in the dark, and without a script", async ({ browser, program, page }, info) => {
  const storageState = await page.context().storageState();
  const context = await browser.newContext({
    baseURL: program.url,
    locale: "zh-CN",
    colorScheme: "dark",
    javaScriptEnabled: false,
    storageState,
  });
  const quiet = await context.newPage();
  await quiet.goto(`/projects/${shop.project}/environments/${shop.environments.staging}/rollback`);
  await expect(quiet.locator("table.ways tbody tr").first()).toBeVisible();
  await shoot(quiet, info, "rollbacks-dark-zh");
  await quiet.goto(`/projects/${shop.project}/environments/${shop.environments.live}/promote`);
  await expect(quiet.locator(".promotion")).toBeVisible();
  await shoot(quiet, info, "promote-dark-zh");
  await context.close();
});
