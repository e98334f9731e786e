import type { Page } from "@playwright/test";
import { type Gate, gates } from "../support/gates.ts";
import { Shop } from "../support/shop.ts";
import { alive, enter, expect, leave, open, test } from "../support/test.ts";

test.use({ story: "live" });
test.describe.configure({ mode: "serial" });

let shop: Shop;
let gate: (name: string) => Gate;

test.beforeAll(async ({ program, browser }) => {
  shop = await Shop.open(program, browser, { hostnames: ["web-1", "web-2"] });
  gate = gates(program);
});

test.afterAll(async () => {
  await shop?.close();
});

/** Writes down every status that every node of the picture shows, in the order in which they appear on screen. */
async function record(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: string[] = [];
    (window as any).seen = seen;
    (window as any).loads = performance.getEntriesByType("navigation").length;
    const note = (element: Element) => seen.push(`${element.getAttribute("data-node")} ${element.getAttribute("data-status")}`);
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "attributes") {
          const element = change.target as Element;
          if (element.matches("g[data-node]")) note(element);
        }
        for (const added of change.addedNodes) {
          if (!(added instanceof Element)) continue;
          if (added.matches("g[data-node]")) note(added);
          added.querySelectorAll("g[data-node]").forEach(note);
        }
      }
    }).observe(document.querySelector("article.release")!, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["data-status"],
    });
  });
}

const seen = (page: Page): Promise<string[]> => page.evaluate(() => (window as any).seen);
const node = (page: Page, key: string) => page.locator(`g[data-node="${key}"]`);
const badge = (page: Page) => page.locator(".release-state .badge");

/** The statuses of one node as they came, without repetitions. */
function course(seen: string[], key: string): string[] {
  const own = seen.filter((line) => line.startsWith(`${key} `)).map((line) => line.split(" ")[1]);
  return own.filter((status, index) => status !== own[index - 1]);
}

test("two windows on one release show every change and every line, in the same order", async ({ page, browser, baseURL }) => {
  await enter(page);
  const building = gate("building");
  const id = await shop.create(page, "v1.1", {
    hooks: {
      after_download: `echo "line 1"; ${building.wait}; i=2; while [ $i -le 40 ]; do echo "line $i"; i=$((i+1)); done`,
      after_deploy: 'echo "live on $LAUNCHWAY_SERVER"',
    },
  });
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  const other = await context.newPage();
  const windows = [page, other];
  for (const window of windows) {
    await open(window, `/releases/${id}`);
    await expect(window.locator(".connection")).toHaveAttribute("data-connection", "live");
    await record(window);
  }

  await page.getByRole("button", { name: "Start" }).click();
  for (const window of windows) {
    const hook = window.getByRole("treeitem", { name: "after download: running" });
    await expect(hook).toBeVisible();
    await hook.focus();
    await window.keyboard.press("Enter");
    await expect(window).toHaveURL(/\?node=after_download$/);
    await expect(window.locator(".log-text", { hasText: "line 1" })).toBeVisible();
    await expect(badge(window)).toHaveText(/running/);
  }
  building.open();
  for (const window of windows) {
    await expect(badge(window)).toHaveText(/succeeded/);
    const lines = window.locator(".log-row:not(.is-system) .log-text");
    await expect(lines).toHaveText(Array.from({ length: 40 }, (_, i) => `line ${i + 1}`));
    await expect(window.getByRole("treeitem", { name: "deploy on web-2: succeeded", exact: true })).toBeVisible();
  }
  const [mine, theirs] = [await seen(page), await seen(other)];
  expect(theirs).toEqual(mine);
  for (const key of ["start", "download", "after_download", "package", "server:1/upload", "server:2/deploy"]) {
    const statuses = course(mine, key);
    expect(statuses.slice(-2), key).toEqual(["running", "succeeded"]);
    expect(["pending", "waiting"], key).toContain(statuses[0]);
  }
  expect(course(mine, "package").slice(0, 1)).toEqual(["pending"]);
  for (const window of windows) {
    // The very page that was opened: no reload.
    expect(await window.evaluate(() => (window as any).seen.length)).toBeGreaterThan(10);
    await window.reload();
    await alive(window);
    await expect(window.locator("g[data-status=succeeded]")).toHaveCount(await window.locator("g[data-node]").count());
  }
  await context.close();
});

test("a dropped connection shows, comes back by itself and catches up", async ({ page, baseURL }) => {
  await enter(page);
  await leave(page);
  // The feed goes through here, so that the test can cut it.
  const cuts: (() => void)[] = [];
  let isDown = false;
  // Those that follow the release; beside it the page may listen to what else it shows.
  let connections = 0;
  await page.routeWebSocket(/\/api\/v1\/feed/, (socket) => {
    if (isDown) return void socket.onMessage(() => void socket.close({ code: 1013 }));
    const server = socket.connectToServer();
    let follows = false;
    socket.onMessage((message) => {
      // It says again what it listens to where that changes.
      if (!follows && String(message).includes('"release:')) {
        follows = true;
        connections += 1;
      }
      server.send(message);
    });
    cuts.push(() => {
      void socket.close({ code: 1012 });
      void server.close();
    });
  });
  const building = gate("dropped");
  const id = await shop.create(page, "v1.1", {
    hooks: {
      after_download: `echo before; ${building.wait}; echo after`,
    },
  });
  await open(page, `/releases/${id}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(node(page, "after_download")).toHaveAttribute("data-status", "running");
  await node(page, "after_download").click();
  await expect(page.locator(".log-text", { hasText: "before" })).toBeVisible();

  isDown = true;
  for (const cut of cuts.splice(0)) cut();
  await expect(page.locator(".connection")).toHaveText("reconnecting…");
  building.open();
  await expect
    .poll(async () => (await (await page.request.get(`${baseURL}/api/v1/releases/${id}`)).json()).status, { timeout: 60_000 })
    .toBe("succeeded");
  await expect(node(page, "after_download")).toHaveAttribute("data-status", "running");
  isDown = false;
  await expect(page.locator(".connection")).toHaveAttribute("data-connection", "live", { timeout: 30_000 });
  await expect(badge(page)).toHaveText(/succeeded/);
  await expect(page.locator("g[data-status=succeeded]")).toHaveCount(await page.locator("g[data-node]").count());
  await expect(page.locator(".log-row:not(.is-system) .log-text")).toHaveText(["before", "after"]);
  expect(connections).toBe(2);
});

test("a reset is answered with a new snapshot", async ({ page }) => {
  await enter(page);
  await leave(page);
  const asked: number[] = [];
  await page.routeWebSocket(/\/api\/v1\/feed/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { after, subscribe } = JSON.parse(String(message));
      if (!String(subscribe).startsWith("release:")) return void server.send(message);
      asked.push(after);
      // The first question is answered as if its event were no longer kept.
      if (asked.length === 1) socket.send(JSON.stringify({ seq: after, topic: "release:1", kind: "reset", at: "2026-01-01T00:00:00.000Z", data: {} }));
      else server.send(message);
    });
  });
  const id = await shop.create(page, "v1.1");
  await open(page, `/releases/${id}`);
  await expect.poll(() => asked.length).toBe(2);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(badge(page)).toHaveText(/succeeded/);
});

test("a failure says why, leads to the log, and can be tried again", async ({ page }) => {
  await enter(page);
  const mended = gate("mended");
  const id = await shop.create(page, "v1.1", {
    hooks: {
      before_deploy: `echo "looking"; ${mended.test} || { echo "not mended"; exit 7; }`,
    },
  });
  await open(page, `/releases/${id}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(badge(page)).toHaveText(/failed/);
  await expect(page.locator(".release-failure")).toBeVisible();
  await expect(page.locator('.step[data-status="failed"]').first()).toContainText("exit status 7");
  await page.getByRole("link", { name: "Read the log of the step that failed" }).click();
  await expect(page.locator(".log-text", { hasText: "not mended" })).toBeVisible();
  mended.open();
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(badge(page)).toHaveText(/succeeded/);
  await expect(page.locator(".release-failure")).toHaveCount(0);
  // The open log is now that of the second run; the first one's is a click away.
  await expect(page.locator(".log-text", { hasText: "looking" })).toBeVisible();
  await expect(page.locator(".log-text", { hasText: "not mended" })).toHaveCount(0);
  await page.locator(".log-runs").getByRole("link", { name: "1", exact: true }).click();
  await expect(page.locator(".log-text", { hasText: "not mended" })).toBeVisible();
});

test("somebody who cancels stops the hook, in every window", async ({ page, browser, baseURL }) => {
  await enter(page);
  const id = await shop.create(page, "v1.1", { hooks: { after_download: gate("never").wait } });
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  const other = await context.newPage();
  await open(page, `/releases/${id}`);
  await open(other, `/releases/${id}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(node(other, "after_download")).toHaveAttribute("data-status", "running");
  await other.getByRole("button", { name: "Cancel release…" }).click();
  await other.getByRole("button", { name: "Yes, cancel it" }).click();
  for (const window of [page, other]) {
    await expect(badge(window)).toHaveText(/canceled/, { timeout: 30_000 });
    await expect(node(window, "after_download")).toHaveAttribute("data-status", "canceled");
    await expect(window.getByRole("button", { name: "Retry" })).toBeVisible();
  }
  await context.close();
});

test("a long log stays bounded and stops following whoever scrolls up", async ({ page }) => {
  await enter(page);
  const more = gate("more");
  const id = await shop.create(page, "v1.1", {
    hooks: {
      after_download: `i=1; while [ $i -le 20000 ]; do echo "row $i of a log that is long"; i=$((i+1)); done; ${more.wait}; echo "the end"`,
    },
  });
  await open(page, `/releases/${id}?node=after_download`);
  await page.getByRole("button", { name: "Start" }).click();
  await node(page, "after_download").click();
  await expect(page.locator(".log-text", { hasText: /^row 20000 / })).toBeVisible({ timeout: 30_000 });
  expect(await page.locator(".log-row").count()).toBeLessThanOrEqual(140);
  await expect(page.getByLabel("Follow")).toBeChecked();
  await page.locator(".log").hover();
  await page.mouse.wheel(0, -2000);
  await expect(page.getByLabel("Follow")).not.toBeChecked();
  more.open();
  await expect(page.locator(".log-total")).toHaveText("20,001 lines");
  await expect(page.locator(".log-text", { hasText: "the end" })).toHaveCount(0);
  await page.getByLabel("Follow").check();
  await expect(page.locator(".log-text", { hasText: "the end" })).toBeInViewport();
  await page.getByRole("button", { name: "To the first line" }).click();
  await expect(page.locator(".log-text", { hasText: /^row 1 of/ })).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a release reads, starts, and shows its steps and logs, in both languages", async ({ page, baseURL, browser }) => {
    await page.goto("/sign-in");
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
    const id = await shop.create(page, "v1.1", { hooks: { after_download: "echo built" }, note: "A note <b>for</b> later" });
    await page.goto(`/releases/${id}`);
    await expect(page.getByText("A note <b>for</b> later")).toBeVisible();
    await page.getByRole("button", { name: "Start" }).click();
    await expect(page).toHaveURL(new RegExp(`/releases/${id}`));
    await expect
      .poll(async () => (await (await page.request.get(`${baseURL}/api/v1/releases/${id}`)).json()).status, { timeout: 60_000 })
      .toBe("succeeded");
    await page.goto(`/releases/${id}`);
    await expect(badge(page)).toHaveText(/succeeded/);
    await expect(page.getByRole("treeitem", { name: "upload on web-1: succeeded" })).toBeVisible();
    await page.locator(".steps").getByRole("link", { name: "after download" }).click();
    await expect(page.locator(".log-text", { hasText: "built" })).toBeVisible();
    await expect(page.locator(".connection")).toBeHidden();

    const context = await browser.newContext({
      baseURL,
      locale: "zh-CN",
      javaScriptEnabled: false,
      storageState: await page.context().storageState(),
    });
    const chinese = await context.newPage();
    await chinese.goto(`/releases/${id}?node=after_download`);
    await expect(chinese.getByRole("heading", { level: 1 })).toContainText(`发布 #${id}`);
    await expect(chinese.getByRole("treeitem", { name: "web-1 · 上传：成功" })).toBeVisible();
    await expect(chinese.locator(".log-text", { hasText: "built" })).toBeVisible();
    await context.close();
  });
});

test("the page fits a narrow window and is worked by keyboard", async ({ page }) => {
  await enter(page);
  await page.setViewportSize({ width: 390, height: 844 });
  const id = await shop.create(page, "v1.1", { hooks: { before_deploy: "echo ready" } });
  await open(page, `/releases/${id}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(badge(page)).toHaveText(/succeeded/);
  const step = page.getByRole("treeitem", { name: "before deploy on web-1: succeeded" });
  await step.focus();
  await page.keyboard.press("Space");
  await expect(page.locator(".log-text", { hasText: "ready" })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("the picture shrinks to fit before it scrolls; a rollback is asked for first", async ({ page }) => {
  await enter(page);
  const id = await shop.create(page, "v1.1", {
    hooks: {
      before_download: "true",
      after_download: "true",
      before_deploy: "true",
      after_deploy: "true",
    },
  });
  await open(page, `/releases/${id}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(badge(page)).toHaveText(/succeeded/);
  const hidden = () => page.locator(".pipeline").evaluate((box) => box.scrollWidth - box.clientWidth);
  await page.setViewportSize({ width: 1200, height: 800 });
  expect(await hidden()).toBe(0);
  await page.setViewportSize({ width: 600, height: 800 });
  expect(await hidden()).toBeGreaterThan(100);

  // Nothing to go back to: it is what is live. Once another one is, there is.
  await expect(page.getByText("live now")).toBeVisible();
  await expect(page.getByRole("button", { name: "Roll back to this…" })).toHaveCount(0);
  const next = await shop.create(page, "v1.1");
  await open(page, `/releases/${next}`);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByText("live now")).toBeVisible();
  await open(page, `/releases/${id}`);

  const yes = page.getByRole("button", { name: "Yes, roll back" });
  await page.getByRole("button", { name: "Roll back to this…" }).click();
  await expect(yes).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(yes).toBeHidden();
  await page.getByRole("button", { name: "Roll back to this…" }).click();
  await yes.click();
  await expect(page).not.toHaveURL(new RegExp(`/releases/${id}$`));
  await expect(badge(page)).toHaveText(/succeeded/);
});
