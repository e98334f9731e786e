// How long things are kept, what they take up, tidying up, and the build cache of an environment.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alive, enter, expect, open, test } from "../support/test.ts";
import { seedRelease } from "../support/seed.ts";

test.use({ story: "housekeeping" });

test.beforeEach(async ({ page }) => enter(page));

test("settings are changed, and what is wrong is said at its field", async ({ page }) => {
  await open(page, "/settings");
  await page.getByRole("link", { name: "Housekeeping" }).click();
  await expect(page.getByRole("heading", { name: "Housekeeping", level: 1 })).toBeVisible();
  const logs = page.getByLabel("Logs, in days");
  await expect(logs).toHaveValue("365");
  await page.getByLabel("Events, in days").fill("0");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("A number of days from 1 to 365.")).toBeVisible();
  await page.getByLabel("Events, in days").fill("14");
  await logs.fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Housekeeping was saved.")).toBeVisible();
  await open(page, "/housekeeping");
  await expect(page.getByLabel("Events, in days")).toHaveValue("14");
  await expect(page.getByLabel("Logs, in days")).toHaveValue("");
});

test("disk use is shown by project, and what is old goes when somebody says so", async ({ page, program }) => {
  const release = seedRelease(program, { servers: 1, project: "Attic", status: "succeeded" });
  release.log(release.key(0, "upload"), ["an old line\n"]);
  const data = join(program.folder, "data");
  const artifact = join(data, "artifacts", String(release.id));
  // Left there by a release that had succeeded: nothing needs it.
  const work = join(data, "work", String(release.id));
  mkdirSync(artifact, { recursive: true });
  mkdirSync(work, { recursive: true });
  writeFileSync(join(artifact, "tree.tar.gz"), Buffer.alloc(3 << 20));
  writeFileSync(join(work, "left"), Buffer.alloc(1 << 20));
  const old = `import sqlite3,sys
d=sqlite3.connect(sys.argv[1],timeout=20)
d.execute("UPDATE releases SET finished_at = 1000, created_at = 1000 WHERE id = ?", (int(sys.argv[2]),))
d.commit()`;
  execFileSync("python3", ["-c", old, join(data, "launchway.db"), String(release.id)]);

  await open(page, "/housekeeping");
  const saved = page.getByLabel("Logs, in days");
  await saved.fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Housekeeping was saved.")).toBeVisible();
  await page.getByRole("button", { name: "Measure now" }).click();
  const row = page.locator("[data-part=disk] tr", { hasText: "Attic" });
  await expect(row).toContainText("3 MiB");
  await expect(row).toContainText("1 MiB");

  const next = page.locator("[data-part=next]");
  await expect(next.getByRole("cell", { name: "Work folders" })).toBeVisible();
  await expect(next.getByRole("cell", { name: "Logs" })).toBeVisible();
  await next.getByRole("button", { name: "Tidy up now…" }).click();
  await page.getByRole("button", { name: "Yes, tidy up" }).click();
  await expect(next.locator("[data-part=nothing]")).toBeVisible();
  await expect(next.locator("[data-part=last]")).toContainText("1 MiB");
  expect(existsSync(work)).toBe(false);
  // It is what is live, however old.
  expect(existsSync(artifact)).toBe(true);

  await open(page, `/releases/${release.id}?tab=log`);
  await expect(page.getByText(/The log of release \d+ was removed on/).first()).toBeVisible();
  await open(page, "/audit");
  await expect(page.getByText("tidied up").first()).toBeVisible();
});

test("a build cache is seen and cleared, also without JavaScript", async ({ page, program, browser }) => {
  const release = seedRelease(program, { servers: 1, project: "Cached", status: "succeeded" });
  const found = await page.request.get(`/api/v1/releases/${release.id}`);
  const { project_id, environment_id } = await found.json();
  const folder = join(program.folder, "data", "cache", String(environment_id));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kept"), Buffer.alloc(2 << 20));
  const place = `/projects/${project_id}/environments/${environment_id}`;
  await open(page, place);
  const cache = page.locator("[data-part=cache]");
  await expect(cache.locator("[data-part=held]")).toHaveText("2 MiB");
  await cache.getByRole("button", { name: "Clear…" }).click();
  await page.getByRole("button", { name: "Yes, clear it" }).click();
  await expect(cache.locator("[data-part=held]")).toHaveText("0 B");
  expect(existsSync(folder)).toBe(false);

  mkdirSync(folder);
  const plain = await browser.newContext({
    javaScriptEnabled: false,
    baseURL: program.url,
    storageState: await page.context().storageState(),
  });
  const bare = await plain.newPage();
  await bare.goto(place);
  await bare.getByRole("button", { name: "Clear…" }).click();
  await bare.getByRole("button", { name: "Yes, clear it" }).click();
  await expect(bare).toHaveURL(new RegExp(`${place}$`));
  expect(existsSync(folder)).toBe(false);
  await plain.close();
});

test("the page as people see it", async ({ page, program }) => {
  const shots = process.env.LAUNCHWAY_SHOTS;
  for (const [name, width, lang, scheme] of [
    ["wide", 1280, "en", "light"],
    ["dark-zh", 1280, "zh", "dark"],
    ["narrow", 390, "en", "light"],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.context().addCookies([{ name: "lang", value: lang, url: program.url }]);
    await page.goto("/housekeeping");
    await alive(page);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(sideways, name).toBeLessThanOrEqual(0);
    if (shots) await page.screenshot({ path: join(shots, `housekeeping-${name}.png`), fullPage: true });
  }
});
