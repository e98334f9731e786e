// Back to an earlier release, a retry, on to production, and an exception: in the browser, on a real OpenSSH server.
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  const tested = await shop.run(page, "v1.0");
  await open(page, `/releases/${tested}`);
  await page.getByRole("link", { name: "Promote to live…" }).click();
  await expect(page.getByRole("heading", { name: "Promote", level: 1 })).toBeVisible();
  await expect(page.locator(".promotion")).toContainText("The same artifact, byte for byte");
  await expect(page.locator("[data-rule=tested_first]")).toHaveAttribute("data-ok", "true");
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
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "An administrator may start it" })).toBeVisible();
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
