import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { type Gate, gates } from "../support/gates.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "log" });

/** So many rows are in the page at most, however long the log. */
const MOST_ROWS = 140;

let shop: Shop;
let gate: (name: string) => Gate;
/** A release whose hook has printed 300,000 lines. */
let long: number;

test.beforeAll(async ({ program, browser }) => {
  test.setTimeout(240_000);
  shop = await Shop.open(program, browser, { hostnames: ["web-1", "web-2"] });
  gate = gates(program);
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  long = await shop.run(page, "v1.1", {
    hooks: {
      after_download: `awk 'BEGIN { for (i = 1; i <= 300000; i++) printf "line %06d of three hundred thousand %s\\n", i, (i % 1000 == 0 ? "Needle" : "") }'`,
    },
  });
  await context.close();
});

test.afterAll(async () => {
  await shop?.close();
});

/** Opens a release's page so that the whole log is in the window. */
async function openLog(page: Page, path: string): Promise<void> {
  await open(page, path);
  await page.locator(".log").evaluate((log) => log.scrollIntoView({ block: "center" }));
}

const row = (page: Page, line: number) => page.locator(`.log-row[data-line="${line}"]`);
const text = (page: Page, line: number) => row(page, line).locator(".log-text");

/** The lines that are wholly seen. */
function seen(page: Page): Promise<string[]> {
  return page.locator(".log").evaluate((log) => {
    const frame = log.getBoundingClientRect();
    return [...log.querySelectorAll(".log-row")]
      .filter((row) => {
        const box = row.getBoundingClientRect();
        return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
      })
      .map((row) => row.querySelector(".log-text")!.textContent ?? "");
  });
}

test("300,000 lines: any place is reached with few rows in the page, and only what is there is fetched", async ({ page }) => {
  await enter(page);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("get_log_lines")) asked.push(request.url());
  });
  await openLog(page, `/releases/${long}?node=after_download`);
  await expect(text(page, 300_000)).toBeInViewport();
  await expect(page.locator(".log-total")).toHaveText("300,000 lines");
  const rows = () => page.locator(".log-row").count();
  expect(await rows()).toBeLessThan(MOST_ROWS);
  asked.length = 0;
  await page.locator(".log").evaluate((log) => log.scrollTo(0, 249_999 * 20));
  await expect(text(page, 250_000)).toHaveText(/^line 250000 of/);
  await expect(page.getByLabel("Follow")).not.toBeChecked();
  expect(await rows()).toBeLessThan(MOST_ROWS);
  expect(asked.length).toBeLessThanOrEqual(4);
  // Over and over: the page stays as small as it was.
  const nodes = () => page.evaluate(() => document.getElementsByTagName("*").length);
  const before = await nodes();
  for (let step = 0; step < 40; step++) {
    await page.locator(".log").evaluate((log, at) => log.scrollTo(0, at), ((step * 7919) % 300_000) * 20);
    const line = ((step * 7919) % 300_000) + 5;
    if (step % 8 === 0) await expect(text(page, line)).toHaveText(new RegExp(`^line ${String(line).padStart(6, "0")} `));
  }
  expect(await rows()).toBeLessThan(MOST_ROWS);
  expect(await nodes()).toBeLessThan(before * 1.5);
  await page.locator(".log").focus();
  await page.keyboard.press("Home");
  await expect(text(page, 1)).toBeInViewport();
  await expect.poll(async () => (await seen(page))[0]).toMatch(/^line 000001 /);
  await page.keyboard.press("End");
  await expect(text(page, 300_000)).toBeInViewport();
  await expect(page.getByLabel("Follow")).toBeChecked();
  await page.screenshot({ path: test.info().outputPath("long.png") });
});

test("a search counts the whole log, marks what is seen and goes from place to place", async ({ page }) => {
  await enter(page);
  await openLog(page, `/releases/${long}?node=after_download`);
  await expect(text(page, 300_000)).toBeInViewport();
  await page.keyboard.press("/");
  const box = page.getByRole("searchbox", { name: "Search the log" });
  await expect(box).toBeFocused();
  await box.pressSequentially("NEEDLE");
  await expect(page.locator(".log-count")).toHaveText("300/300");
  await expect(page.locator(".log-row.is-current mark")).toHaveText("Needle");
  await expect(text(page, 300_000)).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator(".log-count")).toHaveText("1/300");
  await expect(text(page, 1000)).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(text(page, 2000)).toBeInViewport();
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.press("Shift+Enter");
  await expect(page.locator(".log-count")).toHaveText("300/300");
  await expect(text(page, 300_000)).toBeInViewport();
  await box.fill("line 123456 ");
  await expect(page.locator(".log-count")).toHaveText("1/1");
  await expect(text(page, 123_456)).toBeInViewport();
  await page.screenshot({ path: test.info().outputPath("search.png") });
  await box.fill("nothing like this");
  await expect(page.locator(".log-count")).toHaveText("no match");
  await expect(page.locator(".log mark")).toHaveCount(0);
});

test("a line has an address, and so have several", async ({ page }) => {
  await enter(page);
  // Nobody scrolls: the page does.
  await open(page, `/releases/${long}?node=after_download&line=250000`);
  await expect(text(page, 250_000)).toBeInViewport();
  await expect(page.locator(".log-row.is-marked")).toHaveCount(1);
  await expect(row(page, 250_000)).toHaveClass(/is-marked/);
  await row(page, 250_003).locator(".log-no").click();
  await expect(page).toHaveURL(/node=after_download&line=250003$/);
  await row(page, 250_005).locator(".log-no").click({ modifiers: ["Shift"] });
  await expect(page).toHaveURL(/line=250003-250005$/);
  await expect(page.locator(".log-row.is-marked")).toHaveCount(3);
  // From line to line with the keyboard.
  await row(page, 250_005).locator(".log-no").focus();
  await page.keyboard.press("ArrowDown");
  await expect(row(page, 250_006).locator(".log-no")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/line=250006$/);
  await openLog(page, `/releases/${long}?node=after_download#L777`);
  await expect(text(page, 777)).toBeInViewport();
  await expect(row(page, 777)).toHaveClass(/is-marked/);
});

test("colours are shown and can be read; progress is written over; wrapping and times are remembered", async ({ page }) => {
  await enter(page);
  const id = await shop.begin(page, "v1.1", {
    hooks: {
      after_download: [
        `printf '\\033[1;31mred and bold\\033[0m plain \\033[38;5;208morange\\033[0m \\033[48;2;0;0;120;97mon blue\\033[0m\\n'`,
        `printf '10%%\\r50%%\\r100%% done\\n'`,
        `printf '<b>no tag</b> & \\033]0;title\\007kept\\n'`,
        `awk 'BEGIN { s = ""; for (i = 0; i < 500; i++) s = s "wide " i " "; print s }'`,
        `echo last`,
      ].join("\n"),
    },
  });
  await shop.ended(page, id);
  await openLog(page, `/releases/${id}?node=after_download`);
  await expect(text(page, 1)).toHaveText("red and bold plain orange on blue");
  const red = text(page, 1).locator("span").first();
  await expect(red).toHaveText("red and bold");
  expect(await red.evaluate((span) => getComputedStyle(span).fontWeight)).toBe("700");
  const light = await red.evaluate((span) => getComputedStyle(span).color);
  expect(light).toBe("rgb(192, 38, 47)");
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await red.evaluate((span) => getComputedStyle(span).color)).not.toBe(light);
  await page.screenshot({ path: test.info().outputPath("colours-dark.png") });
  await page.emulateMedia({ colorScheme: "light" });
  await page.screenshot({ path: test.info().outputPath("colours.png") });
  await expect(text(page, 2)).toHaveText("100% done");
  await expect(text(page, 3)).toHaveText("<b>no tag</b> & kept");

  const height = () => row(page, 4).evaluate((line) => line.getBoundingClientRect().height);
  expect(await height()).toBeGreaterThan(40);
  await expect(text(page, 5)).toBeInViewport();
  await page.getByRole("button", { name: "Wrap lines" }).click();
  await expect.poll(height).toBe(20);
  await expect(page.locator(".log-row time").first()).toBeVisible();
  await page.getByRole("button", { name: "Times" }).click();
  await expect(page.locator(".log-row time").first()).toBeHidden();
  await page.reload();
  await expect(page.locator(".log-row time").first()).toBeHidden();
  await expect.poll(height).toBe(20);
  await page.getByRole("button", { name: "Wrap lines" }).click();
  await expect.poll(height).toBeGreaterThan(40);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.locator(".log").evaluate((log) => log.scrollIntoView({ block: "center" }));
  await expect(text(page, 5)).toBeInViewport();
  await page.screenshot({ path: test.info().outputPath("narrow.png") });
});

test("it follows until somebody scrolls up, and again when asked to", async ({ page }) => {
  await enter(page);
  const [more, end] = [gate("more"), gate("end")];
  const id = await shop.begin(page, "v1.1", {
    hooks: {
      after_download: `seq 1 5000; ${more.wait}; seq 5001 9000; printf 'half a '; ${end.wait}; echo line`,
    },
  });
  await openLog(page, `/releases/${id}?node=after_download`);
  await expect(text(page, 5000)).toBeInViewport({ timeout: 30_000 });
  await page.locator(".log").hover();
  await page.mouse.wheel(0, -1500);
  await expect(page.getByLabel("Follow")).not.toBeChecked();
  const place = await seen(page);
  more.open();
  await expect(page.locator(".log-total")).toHaveText("9,001 lines", { timeout: 30_000 });
  expect(await seen(page)).toEqual(place);
  await page.getByRole("button", { name: "To the latest lines" }).click();
  await expect(text(page, 9001)).toHaveText("half a ");
  await expect(text(page, 9001)).toBeInViewport();
  end.open();
  await expect(text(page, 9001)).toHaveText("half a line");
  await expect(page.getByLabel("Follow")).toBeChecked();
  await shop.ended(page, id);
});

test("wrapped lines of all lengths: every line is reached, and nothing overlaps", async ({ page }) => {
  await enter(page);
  const id = await shop.begin(page, "v1.1", {
    hooks: {
      after_download: `awk 'BEGIN { for (i = 1; i <= 4000; i++) { s = "row " i; n = (i * 37) % 90; for (j = 0; j < n; j++) s = s " 发布 release"; print s } }'`,
    },
  });
  await shop.ended(page, id);
  await openLog(page, `/releases/${id}?node=after_download`);
  await expect(text(page, 4000)).toBeInViewport();
  for (const line of [1, 2500, 7, 3999, 1234]) {
    await openLog(page, `/releases/${id}?node=after_download&line=${line}`);
    await expect(text(page, line)).toBeInViewport();
    await expect(row(page, line)).toHaveClass(/is-marked/);
  }
  // Up through the log by the wheel: the lines come one after the other.
  await page.locator(".log").hover();
  for (let turn = 0; turn < 12; turn++) {
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => (await seen(page)).every((line) => line.startsWith("row "))).toBe(true);
    const numbers = (await seen(page)).map((line) => Number(/^row (\d+)/.exec(line)![1]));
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0] + index));
  }
});

test("one step, one server, everything: each in the order of time, each with its names", async ({ page }) => {
  await enter(page);
  const id = await shop.begin(page, "v1.1", {
    hooks: {
      before_download: "echo 'here at first'",
      before_deploy: `echo "ready on $LAUNCHWAY_SERVER"`,
      after_deploy: `echo "live on $LAUNCHWAY_SERVER"`,
    },
  });
  await shop.ended(page, id);
  await openLog(page, `/releases/${id}`);
  const scopes = page.getByRole("navigation", { name: "Whose log" });
  await expect(scopes.locator("[aria-current]")).toHaveText("All steps");
  for (const said of ["here at first", "ready on web-1", "ready on web-2", "live on web-1", "live on web-2"]) {
    await expect(page.locator(".log-text", { hasText: said })).toHaveCount(1);
  }
  const lines = await page.locator(".log-row").evaluateAll((rows) => rows.map((row) => row.textContent ?? ""));
  const at = (said: string) => lines.findIndex((line) => line.includes(said));
  expect(Math.max(at("ready on web-1"), at("ready on web-2"))).toBeLessThan(Math.min(at("live on web-1"), at("live on web-2")));
  const live = page.locator(".log-row", { hasText: "live on web-2" });
  await expect(live.locator(".log-from")).toHaveText(/web-2\s+after deploy/);
  await page.screenshot({ path: test.info().outputPath("all.png") });
  await live.getByRole("link", { name: "web-2" }).click();
  await expect(page).toHaveURL(/\?server=2$/);
  await expect(page.locator(".log-text", { hasText: "ready on web-2" })).toHaveCount(1);
  await expect(page.locator(".log-text", { hasText: "web-1" })).toHaveCount(0);
  await expect(scopes.locator("[aria-current]")).toHaveText("web-2");
  await page.locator(".log-row", { hasText: "live on web-2" }).getByRole("link", { name: "after deploy" }).click();
  await expect(page).toHaveURL(/\?node=server%3A2%2Fafter_deploy$/);
  await expect(page.locator(".log-row:not(.is-system) .log-text")).toHaveText(["live on web-2"]);
  await scopes.getByRole("link", { name: "All steps" }).click();
  await expect(page.locator(".log-text", { hasText: "here at first" })).toHaveCount(1);

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download", exact: true }).and(page.locator(".tool")).click()]);
  expect(file.suggestedFilename()).toBe(`release-${id}.log`);
  expect(readFileSync(await file.path(), "utf8")).toMatch(/\[web-2 after_deploy\] live on web-2\n/);
});

test("the first error is a click away; the log is copied", async ({ page, context }) => {
  await enter(page);
  const id = await shop.begin(page, "v1.1", {
    hooks: {
      after_download: `seq 1 3000; echo 'Error: the disk is full'; seq 3001 6000; exit 3`,
    },
  });
  await shop.ended(page, id, "failed");
  await openLog(page, `/releases/${id}?node=after_download`);
  await page.getByRole("button", { name: "First error" }).click();
  await expect(text(page, 3001)).toBeInViewport();
  await expect(row(page, 3001)).toHaveClass(/is-marked/);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.locator(".toast")).toContainText("Copied");
  expect(await clipboard()).toBe("Error: the disk is full\n");
  await row(page, 3001).locator(".log-no").click();
  await expect(page.locator(".log-row.is-marked")).toHaveCount(0);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect.poll(async () => (await clipboard()).split("\n").length).toBeGreaterThan(6000);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the end of a log reads, and the whole of it is a link away", async ({ page }) => {
    await page.goto("/sign-in");
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.goto(`/releases/${long}?node=after_download`);
    await expect(text(page, 300_000)).toHaveText(/^line 300000 /);
    await page.locator(".log-foot").scrollIntoViewIfNeeded();
    await expect(text(page, 300_000)).toBeInViewport();
    await page.goto(`/releases/${long}?node=after_download&line=250000`);
    await page.locator(".log-foot").scrollIntoViewIfNeeded();
    await expect(text(page, 250_000)).toBeInViewport();
    const href = await page.getByRole("link", { name: "Plain text" }).getAttribute("href");
    const whole = await (await page.request.get(href!)).text();
    expect(whole.split("\n").length).toBe(300_001);
  });
});
