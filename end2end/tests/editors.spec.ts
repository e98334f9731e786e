// Two people edit one thing in two browsers: the second is told what the first changed, and nothing is overwritten
// unseen. And the browsers that somebody is signed in with: seen, and ended from one another.
import type { Browser, BrowserContext, Page } from "@playwright/test";
import { post } from "../support/api.ts";
import { complaints, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "editors" });
test.describe.configure({ mode: "serial" });

let contexts: BrowserContext[] = [];
let errors: string[] = [];
let project = 0;
let environment = 0;

/** Another browser in which the administrator is signed in. */
async function another(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, locale: "en-US" });
  contexts.push(context);
  const page = await context.newPage();
  errors = complaints(page);
  await enter(page);
  return page;
}

test.afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
  expect(errors).toEqual([]);
});

test("two editors of a project: the second sees what changed, and decides", async ({ page, browser, program }) => {
  await enter(page);
  project = (await post(page.request, program.url, "/projects", { title: "Tea", repo_url: "/srv/tea.git" })).id;
  const second = await another(browser, program.url);
  const path = `/projects/${project}/edit`;
  await open(page, path);
  await open(second, path);
  await page.getByLabel("Title").fill("Tea house");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Tea house", level: 1 })).toBeVisible();

  await second.getByLabel("Title").fill("Tea room");
  await second.getByRole("button", { name: "Save" }).click();
  const complaint = second.locator("form.form .complaints");
  await expect(complaint).toContainText("Somebody changed");
  await expect(complaint).toContainText("Tea house");
  await expect(second.getByLabel("Title")).toHaveValue("Tea room");
  await second.screenshot({ path: test.info().outputPath("conflict.png"), fullPage: true });
  const now = async () => (await page.request.get(`/api/v1/projects/${project}`)).json();
  expect((await now()).title).toBe("Tea house");
  // They have seen it: the same button now puts theirs in its place.
  await second.getByRole("button", { name: "Save" }).click();
  await expect(second.getByRole("heading", { name: "Tea room", level: 1 })).toBeVisible();
  expect((await now()).title).toBe("Tea room");
});

test("two editors of an environment, one of them without JavaScript", async ({ page, browser, program }) => {
  await enter(page);
  const made = { name: "live", kind: "test", path: "/srv/tea", server_ids: [] };
  environment = (await post(page.request, program.url, `/projects/${project}/environments`, made)).id;
  const path = `/projects/${project}/environments/${environment}`;
  const context = await browser.newContext({
    baseURL: program.url,
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  contexts.push(context);
  const plain = await context.newPage();
  await open(page, path);
  await plain.goto(path);
  await page.getByLabel("Path", { exact: true }).fill("/srv/tea-house");
  await page.getByRole("button", { name: "Save" }).click();
  const now = async () => (await page.request.get(`/api/v1/environments/${environment}`)).json();
  await expect.poll(async () => (await now()).path).toBe("/srv/tea-house");

  await plain.getByLabel("Releases to keep").fill("3");
  await plain.getByRole("button", { name: "Save" }).click();
  await expect(plain.getByText("Somebody changed").first()).toBeVisible();
  await expect(plain.getByText("/srv/tea-house").first()).toBeVisible();
  expect(await now()).toMatchObject({ path: "/srv/tea-house" });
  expect((await now()).keep).not.toBe(3);
});

test("a browser that is signed out from another one hears and sees nothing more", async ({ page, browser, program }) => {
  await enter(page);
  const there = await another(browser, program.url);
  await open(there, "/releases");
  await open(page, "/account");
  const section = page.locator("section").filter({ has: page.getByRole("heading", { name: "Browsers" }) });
  await expect(section.getByText("this one")).toHaveCount(1);
  await section.screenshot({ path: test.info().outputPath("browsers.png") });
  await page.setViewportSize({ width: 390, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
  await page.screenshot({ path: test.info().outputPath("account-390.png"), fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
  // The newest sign-in is the first row.
  await expect(section.getByRole("row").nth(1)).toContainText("Chrome on Linux");
  await section.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await expect(page.getByText(/Session “Chrome, Linux.*” ended/)).toBeVisible();
  await there.goto("/releases");
  await expect(there).toHaveURL(/\/sign-in/);

  const others = await another(browser, program.url);
  await open(page, "/account");
  await section.getByRole("button", { name: "Sign out all others" }).click();
  await expect(section.getByRole("row")).toHaveCount(2);
  await others.goto("/account");
  await expect(others).toHaveURL(/\/sign-in/);
  await open(page, "/account");
  await expect(section.getByText("this one")).toHaveCount(1);
});

test("the palette leads to people, and to the pages of a project", async ({ page }) => {
  await enter(page);
  const find = async (typed: string) => {
    const field = page.getByRole("combobox", { name: "Find or do something" });
    await expect(async () => {
      if (!(await field.isVisible())) await page.keyboard.press("Control+k");
      await expect(field).toBeVisible({ timeout: 1000 });
    }).toPass();
    await field.fill(typed);
  };
  for (const [typed, title, heading] of [
    ["users", "Go to users", "Users"],
    ["account", "Go to your account", "Your account"],
    ["audit", "Go to the audit", "Audit"],
    ["what is live", "Go to what is live", "Live"],
  ]) {
    await find(typed);
    await expect(page.locator(".palette-item").first()).toContainText(title);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
  }
  await find("tea room");
  await expect(page.locator(".palette-item").first()).toContainText("Tea room");
  await page.locator(".palette-item").filter({ hasText: "Webhooks" }).click();
  await expect(page).toHaveURL(new RegExp(`/projects/${project}/webhooks$`));
});
