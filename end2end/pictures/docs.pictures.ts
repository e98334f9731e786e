// make pictures: the pictures in docs/, taken of the real pages.
import { join, resolve } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { makeRepository } from "../support/repository.ts";
import { seedRelease } from "../support/seed.ts";
import { enter, expect, open, test } from "../support/test.ts";

const DOCS = resolve(import.meta.dirname, "../../docs");

test.use({ story: "pictures" });

async function look(browser: Browser, from: Page, options: object): Promise<Page> {
  const context = await browser.newContext({
    baseURL: new URL(from.url()).origin,
    storageState: await from.context().storageState(),
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  return context.newPage();
}

test("the pictures", async ({ page, browser, program }) => {
  test.setTimeout(300_000);
  await enter(page);
  const done = seedRelease(program, {
    servers: 3,
    project: "Shop",
    status: "succeeded",
    done: ["start", "before_download", "download", "after_download", "package", "server", "upload", "before_deploy", "deploy", "after_deploy"],
    nodes: {},
  });
  const few = seedRelease(program, { servers: 4, project: "Shop front", prefix: "front-" });
  few.set([{ key: few.key(1, "upload"), status: "succeeded" }]);
  few.log(few.key(0, "upload"), ["staging into releases/2\n"]);
  const many = seedRelease(program, { servers: 320, project: "Fleet", prefix: "app-" });
  const changes = [];
  for (let n = 0; n < 200; n++) changes.push({ key: many.key(n, "upload"), status: "succeeded" as const });
  for (const n of [17, 93]) {
    const message = { en: "The disk of the server is full.", zh: "服务器磁盘已满。" };
    changes.push({ key: many.key(n, "upload"), status: "failed" as const, exit_status: 1, message });
  }
  many.set(changes);
  many.log("package", [
    "\u001b[32m✓\u001b[0m 214 files, 18 MB\n",
    "\u001b[33mwarning\u001b[0m: two files differ only in case: README, readme\n",
    "compressed once: 6.1 MB\n",
  ]);
  const data = { title: "Docs", repo_url: makeRepository(join(program.folder, "docs")) };
  const answer = await page.request.post(`${program.url}/api/v1/projects`, { data, headers: { Origin: program.url } });
  const project = await answer.json();

  const take = async (page: Page, name: string, path: string) => {
    await open(page, path);
    await page.waitForLoadState("networkidle").catch(() => undefined);
    await page.screenshot({ path: join(DOCS, `${name}.png`) });
  };
  await take(page, "overview", "/");
  await take(page, "release", `/releases/${few.id}`);
  await take(page, "release-many", `/releases/${many.id}?node=package`);
  await take(page, "release-new", `/releases/new?project=${project.id}`);
  await take(page, "releases", "/releases");
  const dark = await look(browser, page, { colorScheme: "dark", locale: "zh-CN" });
  await take(dark, "release-many-dark-zh", `/releases/${many.id}`);
  const narrow = await look(browser, page, { viewport: { width: 390, height: 844 } });
  await take(narrow, "release-390", `/releases/${few.id}`);
  const wall = await look(browser, page, { viewport: { width: 1920, height: 1080 } });
  await open(wall, "/wall");
  await wall.screenshot({ path: join(DOCS, "wall.png") });
  await open(page, "/");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.type("fl");
  await expect(page.getByRole("option").first()).toBeVisible();
  await page.screenshot({ path: join(DOCS, "palette.png") });
  expect(done.id).toBeGreaterThan(0);
});
