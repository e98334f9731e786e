import { alive, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "reading" });

const PAGES = [
  ["/", "Overview", "总览"],
  ["/releases", "Releases", "发布"],
  ["/wall-links", "Wall links", "看板链接"],
  ["/settings", "Settings", "设置"],
  ["/projects", "Projects", "项目"],
  ["/projects/new", "New project", "新建项目"],
  ["/servers", "Servers", "服务器"],
  ["/servers/new", "New server", "新建服务器"],
  ["/credentials", "Credentials", "凭据"],
  ["/credentials/new", "New credential", "新建凭据"],
  ["/releases/new", "New release", "新建发布"],
] as const;

test("the language is the browser's choice, can be changed, and is remembered", async ({ page, browser, baseURL }) => {
  await enter(page);
  const context = await browser.newContext({ baseURL, locale: "zh-CN", storageState: await page.context().storageState() });
  const chinese = await context.newPage();
  for (const [path, , title] of PAGES) {
    await open(chinese, path);
    await expect(chinese.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await expect(chinese.locator("html")).toHaveAttribute("lang", "zh-CN");
  }
  await chinese.getByRole("button", { name: "English" }).click();
  await expect(chinese.getByRole("heading", { name: "New release", level: 1 })).toBeVisible();
  await expect(chinese.locator("html")).toHaveAttribute("lang", "en");
  await chinese.reload();
  await alive(chinese);
  await expect(chinese.getByRole("heading", { name: "New release", level: 1 })).toBeVisible();
  await context.close();
});

test("colours are remembered", async ({ page }) => {
  await enter(page);
  await page.getByRole("button", { name: "Light or dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("an address that leads nowhere says so", async ({ page }) => {
  await enter(page);
  for (const path of ["/nowhere", "/servers/999999", "/projects/x"]) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(404);
    await alive(page);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Launchway" })).toBeVisible();
    await expect(page.locator("main").getByRole("link", { name: "To the overview" })).toBeVisible();
  }
});

test("every page comes alive without an error and fits a narrow window", async ({ page }) => {
  await enter(page);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [path, title] of PAGES) {
    await open(page, path);
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, path).toBeLessThanOrEqual(390);
  }
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("every page reads, in both languages", async ({ page }) => {
    await page.goto("/sign-in");
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: /Create administrator|Sign in/ }).click();
    await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
    for (const [path, title] of PAGES) {
      await page.goto(path);
      await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
      await expect(page.getByText("Loading…")).toHaveCount(0);
    }
    await page.getByRole("button", { name: "中文" }).click();
    await expect(page.getByRole("heading", { name: "新建发布", level: 1 })).toBeVisible();
  });
});
