import type { Page } from "@playwright/test";
import { post } from "../support/api.ts";
import { seedRelease } from "../support/seed.ts";
import { alive, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "shell" });
test.describe.configure({ mode: "serial" });

/** Looks at a page in both schemes, in both languages and in a narrow window; the pictures stay with the test. */
async function pictures(page: Page, name: string, path: string) {
  const shot = (suffix: string) =>
    page.screenshot({ path: test.info().outputPath(`${name}-${suffix}.png`), fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, path);
  await page.waitForLoadState("networkidle");
  await shot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await shot("390");
  expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "中文" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await shot("zh");
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
}

/** Opens the palette; a key that comes while the page after the sign-in takes its place is pressed again. */
async function summon(page: Page) {
  const field = page.getByRole("combobox", { name: "Find or do something" });
  await expect(async () => {
    if (!(await field.isVisible())) await page.keyboard.press("Control+k");
    await expect(field).toBeFocused({ timeout: 3_000 });
  }).toPass();
  return field;
}

test("before there is anything, every page says what to do first", async ({ page }) => {
  await enter(page);
  await expect(page.getByRole("heading", { name: "No releases yet" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Add a server" })).toBeVisible();
  await pictures(page, "first", "/");
  for (const [path, title] of [
    ["/projects", "No projects yet"],
    ["/servers", "No servers yet"],
    ["/credentials", "No credentials yet"],
    ["/releases", "No releases yet"],
    ["/wall-links", "No wall links yet"],
  ]) {
    await open(page, path);
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
  }
  await open(page, "/servers?q=x");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
});

test("a toast says what was done, also after a redirect, with a way to it", async ({ page }) => {
  await enter(page);
  await open(page, "/credentials/new");
  await page.getByLabel("Name", { exact: true }).fill("deploy key");
  await page.getByLabel("Kind").selectOption("ssh_password");
  await page.getByLabel("User name").fill("www");
  await page.getByLabel("Secret").fill("a secret");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/\/credentials$/);
  const toast = page.locator(".toast");
  await expect(toast).toContainText("Credential “deploy key” was created.");
  await toast.getByRole("link", { name: "Show" }).click();
  await expect(page).toHaveURL(/\/credentials\/\d+$/);
  await expect(toast, "it outlives the page").toBeVisible();
  await toast.getByRole("button", { name: "Dismiss" }).click();
  await expect(toast).toHaveCount(0);
  expect(await page.evaluate(() => document.cookie)).not.toContain("said=");
  await page.reload();
  await alive(page);
  await expect(toast, "it is said once").toHaveCount(0);
});

test("a list of many servers is searched, sorted and filtered, and its address says how", async ({ page }) => {
  await enter(page);
  const credential = (await page.request.get("/api/v1/credentials").then((answer) => answer.json())).items[0].id;
  for (let n = 1; n <= 60; n++) {
    const tags = n % 2 ? ["eu", "web"] : ["us"];
    await post(page.request, new URL(page.url()).origin, "/servers", { hostname: `web-${n}`, address: `192.0.2.${n}`, credential_id: credential, tags });
  }
  await open(page, "/servers");
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(50);
  await expect(page.locator(".paging")).toContainText("1 to 50 of 60");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows).toHaveCount(10);
  await expect(page).toHaveURL(/page=2$/);

  const before = page.url();
  const search = page.getByRole("searchbox");
  await search.pressSequentially("web-3", { delay: 30 });
  await expect(page).toHaveURL(/\/servers\?q=web-3$/);
  await expect(rows).toHaveCount(11);
  await expect(search).toBeFocused();
  await page.getByRole("combobox", { name: "Tag" }).selectOption("eu");
  await expect(page).toHaveURL(/\?q=web-3&tag=eu$/);
  await expect(rows).toHaveCount(6);
  await page.getByRole("link", { name: "Hostname" }).click();
  await expect(page).toHaveURL(/sort=-hostname$/);
  await expect(page.getByRole("columnheader", { name: "Hostname" })).toHaveAttribute("aria-sort", "descending");
  await expect(rows.first()).toContainText("web-39");

  // Back: the list before it was sorted, not a letter less; then the page before.
  await page.goBack();
  await expect(page).toHaveURL(/\?q=web-3&tag=eu$/);
  await expect(rows.first()).toContainText("web-3");
  await page.reload();
  await alive(page);
  await expect(search).toHaveValue("web-3");
  await expect(page.getByRole("combobox", { name: "Tag" })).toHaveValue("eu");
  await search.fill("no such server");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await page.locator("main").getByRole("link", { name: "Clear" }).last().click();
  await expect(page).toHaveURL(/\/servers$/);
  await expect(search).toHaveValue("");
  await expect(rows).toHaveCount(50);
  expect(before).toContain("page=2");
  await pictures(page, "servers", "/servers?tag=eu&sort=-hostname");
});

test("the front page shows what runs, waits and is live, and moves by itself", async ({ page, program }) => {
  await enter(page);
  await open(page, "/");
  const release = seedRelease(program, { servers: 12, project: "Shop front" });
  const failed = seedRelease(program, { servers: 2, project: "Blog", status: "failed", prefix: "blog-" });
  const done = seedRelease(program, { servers: 2, project: "Docs", status: "succeeded", prefix: "docs-" });
  const card = page.locator(".running-card");
  await expect(card).toContainText("Shop front");
  await expect(card.locator(".strip-phase[data-status=running]")).toContainText("0/12");
  await expect(page.locator(".waiting")).toContainText(`#${failed.id}`);
  await expect(page.locator(".waiting").getByRole("button", { name: "Retry" })).toBeVisible();
  await expect(page.locator(".live-list")).toContainText(`#${done.id}`);

  release.set([{ key: release.key(3, "upload"), status: "succeeded" }, { key: release.key(4, "upload"), status: "failed" }]);
  await expect(card.locator(".strip-phase", { hasText: "upload" })).toContainText("1/12");
  await expect(card.locator(".strip-failed")).toContainText("1");
  await pictures(page, "overview", "/");
  release.status("failed", { en: "web-5 refused the connection", zh: "web-5 拒绝了连接" });
  await expect(card).toHaveCount(0);
  await expect(page.locator(".recent")).toContainText("web-5 refused the connection");
});

test("the list of releases finds by number, status and text, and follows", async ({ page, program }) => {
  await enter(page);
  await open(page, "/releases");
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(3);
  await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
  await expect(rows).toHaveCount(2);
  await page.getByRole("searchbox").fill("blog");
  await expect(rows).toHaveCount(1);
  await page.getByRole("searchbox").fill("#1");
  await expect(page.locator("tbody")).toContainText("#1");
  await open(page, "/releases?status=succeeded");
  await expect(rows).toHaveCount(1);
  seedRelease(program, { servers: 1, project: "Late", status: "succeeded", prefix: "late-" });
  await expect(rows).toHaveCount(2);
  await pictures(page, "releases", "/releases");
});

test("the palette finds by a few letters and is driven by the keyboard", async ({ page }) => {
  await enter(page);
  const field = await summon(page);
  await expect(field).toBeFocused();
  await expect(page.locator(".palette-item").first()).toContainText("New release");
  await field.pressSequentially("web-17");
  await expect(page.locator(".palette-item").first()).toContainText("web-17");
  await page.screenshot({ path: test.info().outputPath("palette.png") });
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "web-17", level: 1 })).toBeVisible();

  // What was opened is offered first the next time.
  await page.keyboard.press("Control+k");
  await expect(page.locator(".palette-item").first()).toContainText("web-17");
  await page.keyboard.press("ArrowDown");
  const chosen = page.locator("[role=option][aria-selected=true]");
  await expect(chosen).toContainText("New release");
  await expect(field).toHaveAttribute("aria-activedescendant", (await chosen.getAttribute("id"))!);
  await field.fill("shop");
  await expect(page.locator(".palette-item").first()).toContainText("Shop front");
  await field.fill("dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(field).toBeFocused();
  await page.screenshot({ path: test.info().outputPath("palette-dark.png") });
  await field.fill("zzzz");
  await expect(page.getByText("Nothing is called that.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(field).toBeHidden();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.keyboard.press("Control+k");
  await page.screenshot({ path: test.info().outputPath("palette-390.png") });
});

test("an older answer never replaces a newer one", async ({ page }) => {
  await enter(page);
  let release: () => void = () => {};
  const held = new Promise<void>((go) => (release = go));
  await page.route("**/api/fn/find*", async (route) => {
    const response = await route.fetch();
    if (/q=web-1&?$/.test(route.request().url())) await held;
    await route.fulfill({ response });
  });
  const field = await summon(page);
  const first = page.waitForRequest(/find.*q=web-1&?$/);
  await field.fill("web-1");
  await first;
  await field.fill("web-22");
  await expect(page.locator(".palette-item").first()).toContainText("web-22");
  const late = page.waitForResponse(/find.*q=web-1&?$/);
  release();
  await late;
  await expect(page.locator(".palette-item")).toHaveCount(1);
  await expect(page.locator(".palette-item").first()).toContainText("web-22");
});

test("keys lead to the pages, never while somebody types", async ({ page }) => {
  await enter(page);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page.getByRole("heading", { name: "Servers", level: 1 })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Servers" })).toHaveAttribute(
    "aria-current",
    "page",
  );
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("gpc?");
  await expect(page.getByRole("searchbox")).toHaveValue("gpc?");
  await expect(page).toHaveURL(/\/servers\?q=gpc/);
  await page.getByRole("searchbox").blur();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath("keys.png") });
  await page.getByRole("checkbox").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("c");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find or do something" })).toBeFocused();
  await expect(page, "single keys are off").toHaveURL(/\/servers/);
});

test("the first key stop leads past the bar", async ({ page }) => {
  await enter(page);
  await open(page, "/projects");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("lists are searched, sorted and paged, and a toast is said once", async ({ page }) => {
    await page.goto("/sign-in?next=/servers");
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("searchbox").fill("web-3");
    await page.getByRole("combobox", { name: "Tag" }).selectOption("eu");
    await page.locator("form[role=search]").getByRole("button", { name: "Search" }).click();
    await expect(page).toHaveURL(/q=web-3&tag=eu/);
    await expect(page.locator("tbody tr")).toHaveCount(6);
    await page.getByRole("link", { name: "Hostname" }).click();
    await expect(page.locator("tbody tr").first()).toContainText("web-39");
    await expect(page.getByRole("combobox", { name: "Tag" })).toHaveValue("eu");

    await page.getByRole("link", { name: "web-39" }).click();
    await page.getByLabel("Tags").fill("eu, blue");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.locator("#said")).toHaveText("Server “web-39” was saved.");
    await page.reload();
    await expect(page.locator("#said")).toBeEmpty();
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Lately" })).toBeVisible();
    await expect(page.locator(".recent")).toContainText("web-5 refused the connection");
    for (const [name, path] of [["Settings", "/settings"], ["Housekeeping", "/housekeeping"], ["Audit", "/audit"], ["Wall links", "/wall-links"]]) {
      await page.locator(".more > summary").click();
      await page.locator(".more").getByRole("link", { name, exact: true }).click();
      await expect(page).toHaveURL(new RegExp(`${path}$`));
    }
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator(".more > summary").click();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over).toBe(0);
    await page.getByRole("link", { name: "Your account" }).click();
    await expect(page).toHaveURL(/\/account$/);
  });
});
