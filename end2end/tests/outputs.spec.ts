// What a hook printed on many servers, said once: on the page of the release, while it runs and afterwards.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page, TestInfo } from "@playwright/test";
import { type SeededRelease, seedRelease } from "../support/seed.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "outputs" });

test.beforeEach(async ({ page }) => {
  await enter(page);
});

/** A release whose last hook is at work on so many servers. */
const atWork = (program: Parameters<typeof seedRelease>[0], servers: number) =>
  seedRelease(program, {
    servers,
    done: ["start", "before_download", "download", "after_download", "package", "server", "upload", "before_deploy", "deploy"],
    nodes: { after_deploy: "running" },
  });

/** Lets the last hook end on some servers. */
function end(release: SeededRelease, from: number, to: number, text: string, exit_status = 0) {
  const keys = Array.from({ length: to - from }, (_, n) => release.key(from + n, "after_deploy"));
  for (const key of keys) release.log(key, [text]);
  const status = exit_status === 0 ? "succeeded" : "failed";
  release.set(keys.map((key) => ({ key, status, exit_status })));
}

const groups = (page: Page) => page.locator(".ran-group");
/** Keeps a picture; nothing in it breaks a rule of accessibility. */
async function shoot(page: Page, info: TestInfo, name: string) {
  await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
  const { violations } = await new AxeBuilder({ page }).include(".outputs").withTags(["wcag2a", "wcag2aa", "wcag21aa"]).analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

test("servers that printed the same are said once, what differs stands first, and a click leads to its log", async ({ page, program }, info) => {
  const release = atWork(program, 16);
  const same = Array.from({ length: 6 }, (_, n) => `\x1b[32mworker ${n} is up\x1b[0m\n`).join("");
  end(release, 0, 13, same);
  end(release, 13, 15, same.replace("worker 2 is up", "worker 2 is slow"));
  end(release, 15, 16, "no such file\n", 7);
  await open(page, `/releases/${release.id}`);
  await page.locator('[data-tab="outputs"]').click();
  await expect(page.locator(".outputs-said")).toHaveText(/^13 identical, 2 differ, 1 failed/);
  await expect(groups(page)).toHaveCount(3);
  await expect(groups(page).nth(0)).toContainText("exit status 7");
  await expect(groups(page).nth(0)).toContainText("web-16");
  await expect(groups(page).nth(1)).toContainText("2 servers");
  await expect(groups(page).nth(1).locator('[data-line="removed"]')).toHaveText("-worker 2 is up\n");
  await expect(groups(page).nth(1).locator('[data-line="added"]')).toHaveText("+worker 2 is slow\n");
  await expect(groups(page).nth(2)).toContainText("13 servers");
  await expect(groups(page).nth(2).locator(".printed")).toContainText("worker 5 is up");
  await expect(groups(page).nth(2)).toContainText("and 1 more");
  await shoot(page, info, "outputs");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, info, "outputs-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.context().addCookies([{ name: "lang", value: "zh", url: program.url }]);
  await page.setViewportSize({ width: 390, height: 800 });
  await open(page, `/releases/${release.id}?tab=outputs`);
  await expect(page.locator(".outputs-said")).toHaveText(/^13 台一致，2 台不同，1 台失败/);
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(width);
  await shoot(page, info, "outputs-390-zh");

  await groups(page).nth(0).getByRole("link", { name: "web-16" }).click();
  await expect(page).toHaveURL(new RegExp(`node=${encodeURIComponent(release.key(15, "after_deploy"))}`));
  await expect(page.locator(".log-panel")).toContainText("no such file");
  await page.locator(".log-compare").click();
  await expect(groups(page)).toHaveCount(3);
});

test("the outputs of an open page follow the servers as they end", async ({ page, program }) => {
  const release = atWork(program, 3);
  await open(page, `/releases/${release.id}?tab=outputs&hook=after_deploy`);
  await expect(page.locator(".outputs")).toContainText("No server has ended this hook yet");
  end(release, 0, 2, "up\n");
  await expect(page.locator(".outputs-said")).toContainText("2 identical");
  await expect(page.locator(".outputs-said")).toContainText("not ended on 1 server");
  end(release, 2, 3, "down\n", 1);
  await expect(page.locator(".outputs-said")).toHaveText("2 identical, 1 failed");
  // What it said itself first, then how that differs.
  await expect(groups(page).first().locator(".printed").first()).toHaveText("down\n");
  await expect(groups(page).first().locator('[data-line="added"]')).toHaveText("+down\n");
});

test("the outputs read without scripts, and one server is compared with nobody", async ({ browser, page, program }) => {
  const release = atWork(program, 2);
  end(release, 0, 2, "up\n");
  const storageState = await page.context().storageState();
  const context = await browser.newContext({ baseURL: program.url, javaScriptEnabled: false, storageState });
  const plain = await context.newPage();
  await plain.goto(`/releases/${release.id}?tab=outputs`);
  await expect(plain.locator(".outputs-said")).toHaveText("2 identical");
  const alone = atWork(program, 1);
  await plain.goto(`/releases/${alone.id}`);
  await expect(plain.locator('[data-tab="changes"]')).toBeVisible();
  await expect(plain.locator('[data-tab="outputs"]')).toHaveCount(0);
  await context.close();
});
