// The pipeline's picture. Releases are seeded, so that hundreds of servers cost nothing; live.spec.ts runs real ones.
import type { Page, TestInfo, WebSocketRoute } from "@playwright/test";
import { seedRelease } from "../support/seed.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "diagram" });

const node = (page: Page, key: string) => page.locator(`.pipeline [data-node="${key}"]`);
const group = (page: Page, status: string) => page.locator(`.fleet-group[data-group="${status}"]`);
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("data-node"));

async function keep(page: Page, info: TestInfo, name: string): Promise<void> {
  await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
}

test("Tab stops at one node, arrows follow the links, Enter opens the log", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 3 });
  await open(page, `/releases/${release.id}`);
  const tree = page.getByRole("tree", { name: "Pipeline" });
  await expect(tree.getByRole("treeitem")).toHaveCount(3 + 3 * 5);
  await expect(page.locator('.pipeline [tabindex="0"]')).toHaveCount(1);

  await node(page, "start").focus();
  const walk = async (key: string, to: string) => {
    await page.keyboard.press(key);
    expect(await focused(page), key).toBe(to);
    await expect(page.locator('.pipeline [tabindex="0"]')).toHaveAttribute("data-node", to);
  };
  await walk("ArrowRight", "download");
  await walk("ArrowRight", "package");
  await walk("ArrowRight", release.key(1, "server"));
  await walk("ArrowDown", release.key(2, "server"));
  await walk("ArrowRight", release.key(2, "upload"));
  await walk("ArrowUp", release.key(1, "upload"));
  await walk("ArrowLeft", release.key(1, "server"));
  await walk("ArrowLeft", "package");
  await walk("End", release.key(2, "after_deploy"));
  await walk("Home", "start");
  await page.keyboard.press("ArrowLeft");
  expect(await focused(page)).toBe("start");

  await walk("End", release.key(2, "after_deploy"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\?node=/);
  expect(new URL(page.url()).searchParams.get("node")).toBe(release.key(2, "after_deploy"));
  const item = page.getByRole("treeitem", { name: "after deploy on web-3: pending" });
  await expect(item).toHaveAttribute("aria-selected", "true");
  await expect(item).toHaveAttribute("aria-level", "8");
  expect(await focused(page)).toBe(release.key(2, "after_deploy"));
});

test("the picture zooms by button, key and wheel, is dragged, and fits in again", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 12 });
  await open(page, `/releases/${release.id}`);
  const frame = page.locator(".pipeline");
  const picture = page.locator(".pipeline-picture");
  const width = () => picture.evaluate((svg) => svg.getBoundingClientRect().width);
  const hidden = () => frame.evaluate((box) => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight]);
  const map = page.locator(".minimap");

  await page.getByRole("button", { name: "Actual size" }).click();
  await expect(page.getByRole("button", { name: "Actual size" })).toHaveText("100 %");
  const full = await width();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(width).toBeGreaterThan(full * 1.2);
  await expect(map).toBeVisible();
  await expect(map.locator(".map-node")).toHaveCount(await page.locator(".pipeline [data-node]").count());

  // The map leads to the picture's end.
  const box = (await map.boundingBox())!;
  await page.mouse.click(box.x + box.width - 8, box.y + box.height - 8);
  await expect.poll(() => frame.evaluate((box) => box.scrollLeft)).toBeGreaterThan(100);

  // A drag moves the picture and opens nothing.
  const before = await frame.evaluate((box) => [box.scrollLeft, box.scrollTop]);
  const place = (await frame.boundingBox())!;
  await page.mouse.move(place.x + 300, place.y + 200);
  await page.mouse.down();
  await page.mouse.move(place.x + 380, place.y + 260, { steps: 4 });
  await page.mouse.up();
  expect(await frame.evaluate((box) => [box.scrollLeft, box.scrollTop])).toEqual([before[0] - 80, before[1] - 60]);
  await expect(page).toHaveURL(new RegExp(`/releases/${release.id}$`));

  // A pinch, which browsers tell as a wheel with Ctrl, keeps what is under the pointer.
  const zoomed = await width();
  const spot = node(page, release.key(5, "upload"));
  await spot.scrollIntoViewIfNeeded();
  const at = (await spot.boundingBox())!;
  await page.mouse.move(at.x, at.y);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -40);
  await page.keyboard.up("Control");
  await expect.poll(width).toBeGreaterThan(zoomed);
  await expect.poll(async () => Math.abs((await spot.boundingBox())!.x - at.x)).toBeLessThan(4);
  expect(await page.evaluate(() => window.visualViewport!.scale)).toBe(1);

  await node(page, "start").focus();
  await page.keyboard.press("0");
  await expect.poll(hidden).toEqual([0, 0]);
  await expect(map).toHaveCount(0);
  const fitted = await width();
  await page.keyboard.press("+");
  await expect.poll(width).toBeGreaterThan(fitted);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await expect.poll(width).toBeLessThan(fitted);
});

test("an upload says how far it is, in percent and bytes", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 2 });
  const key = release.key(0, "upload");
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/api\/v1\/feed/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  const tell = (event: object) => sockets.forEach((socket) => socket.send(JSON.stringify(event)));
  await open(page, `/releases/${release.id}`);
  await expect(page.locator(".connection")).toHaveAttribute("data-connection", "live");
  const tick = (done: number) => {
    const data = { release_id: release.id, node: key, attempt: 1, done, total: 40_000_000 };
    tell({ topic: `release:${release.id}`, at: new Date().toISOString(), kind: "node.progress", data });
  };
  tick(9_000_000);
  await expect(node(page, key).locator(".pipe-note").first()).toHaveText("22 % · 9.0/40.0 MB");
  const bar = () => node(page, key).locator(".pipe-bar").evaluate((bar) => Number(bar.getAttribute("width")));
  const first = await bar();
  tick(30_000_000);
  await expect(node(page, key).locator(".pipe-note").first()).toHaveText("75 % · 30.0/40.0 MB");
  expect(await bar()).toBeGreaterThan(first);
  // The time ticks beside it, and only where something runs.
  await expect(node(page, key).locator(".pipe-time")).toHaveText(/\d (s|min)/);
  await expect(node(page, release.key(0, "deploy")).locator(".pipe-time")).toHaveText("");
  release.set([{ key, status: "succeeded" }]);
  await expect(node(page, key)).toHaveAttribute("data-status", "succeeded");
  await expect(node(page, key).locator(".pipe-note").first()).not.toContainText("%");
});

test("the slowest path is marked, and is another one once another server is slower", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 3, status: "running", nodes: {} });
  const began = Date.now() - 100_000;
  release.set([0, 1, 2].map((n) => ({ key: release.key(n, "upload"), status: "running", started_at: began + n * 10_000 })));
  await open(page, `/releases/${release.id}`);
  await expect(page.locator(".pipeline-slow")).toContainText("web-1");
  await expect(node(page, release.key(0, "upload"))).toHaveClass(/is-slow/);
  await expect(node(page, "package")).toHaveClass(/is-slow/);
  await expect(node(page, release.key(1, "upload"))).not.toHaveClass(/is-slow/);
  release.set([{ key: release.key(0, "upload"), status: "failed" }]);
  await expect(page.locator(".pipeline-slow")).toContainText("web-2");
  // The step of all that took longest has a name, also where it is none of a server's.
  release.set([{ key: "package", status: "succeeded" }]);
  await expect(page.locator(".pipeline-slow")).toContainText("longest step: package, ");
  // What connects to a server is not the server.
  await expect(page.locator(`.step[data-node="${release.key(0, "server")}"] a`)).toHaveText("connect to web-1");
  await expect(node(page, release.key(1, "upload"))).toHaveClass(/is-slow/);
  await expect(node(page, release.key(0, "upload"))).not.toHaveClass(/is-slow/);
});

test("cells carry names as long as all groups together are few, those first that need somebody", async ({ page, program }, info) => {
  await enter(page);
  const release = seedRelease(program, { servers: 36 });
  release.set(Array.from({ length: 16 }, (_, n) => ({ key: release.key(n, "upload"), status: "succeeded" as const })));
  release.set([{ key: release.key(30, "upload"), status: "failed", exit_status: 1 }]);
  await open(page, `/releases/${release.id}`);
  const cells = (name: string) => group(page, name).locator(".cells");
  await expect(group(page, "running").locator("h4")).toHaveText("running: 19");
  await expect(cells("failed")).toHaveClass(/is-named/);
  await expect(cells("running")).toHaveClass(/is-named/);
  await expect(cells("waiting")).not.toHaveClass(/is-named/);
  // The heading says how it stands; the tooltip says all of it.
  await expect(cells("failed").locator(".cell")).toHaveAttribute("data-name", "web-31 · upload");
  await expect(cells("failed").locator(".cell")).toHaveAttribute("title", "web-31 · upload: failed");
  await keep(page, info, "36-light");
});

test("many servers are cells by state, failures first, and each is one click from its steps", async ({ page, program }, info) => {
  await enter(page);
  const release = seedRelease(program, { servers: 300 });
  const done = Array.from({ length: 100 }, (_, n) => ({ key: release.key(n, "upload"), status: "succeeded" as const }));
  release.set(done);
  await open(page, `/releases/${release.id}`);
  await expect(page.locator(".cell")).toHaveCount(300);
  await expect(page.locator(".pipeline [data-node]")).toHaveCount(4);
  await expect(page.getByRole("treeitem", { name: /^300 servers: running/ })).toBeVisible();
  await expect(page.locator('.phase[data-phase="upload"]')).toHaveText("upload 100 / 300");
  await expect(group(page, "running").locator("h4")).toHaveText("running: 200");
  await expect(group(page, "waiting").locator("h4")).toHaveText("waiting: 100");
  await expect(group(page, "failed")).toBeHidden();
  await keep(page, info, "300-light");

  const message = { en: "No space left on the device.", zh: "设备空间不足。" };
  release.set([{ key: release.key(250, "upload"), status: "failed", exit_status: 1, message }]);
  await expect(group(page, "failed").locator("h4")).toHaveText("failed: 1");
  await expect(page.locator('.phase[data-phase="upload"]')).toContainText("1 failed");
  await expect(page.locator(".fleet-group:visible").first()).toHaveAttribute("data-group", "failed");
  await expect(page.locator(".cell")).toHaveCount(300);

  const failed = page.getByRole("option", { name: "web-251 · upload: failed" });
  await failed.click();
  await expect(page.getByRole("treeitem", { name: "upload on web-251: failed" })).toHaveAttribute("aria-selected", "true");
  expect(new URL(page.url()).searchParams.get("node")).toBe(release.key(250, "upload"));
  await expect(page.getByRole("treeitem", { name: /^299 more servers/ })).toBeVisible();
  await expect(page.locator(".step-message")).toHaveText(message.en);

  // A whole group, up to what can be read.
  await group(page, "running").getByRole("button", { name: "Show the steps of the first 40" }).click();
  await expect(page.getByRole("treeitem", { name: /^upload on / })).toHaveCount(40);
  await group(page, "running").getByRole("button", { name: "Hide their steps" }).click();
  await expect(page.getByRole("treeitem", { name: /^upload on / })).toHaveCount(1);

  await page.getByLabel("Find a server").fill("WEB-27");
  await expect(page.getByText("11 found")).toBeVisible();
  await expect(page.locator(".cell")).toHaveCount(11);
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("treeitem", { name: "upload on web-271: running" })).toBeVisible();
  await page.getByLabel("Find a server").fill("");
  await expect(page.locator(".cell")).toHaveCount(300);

  await page.emulateMedia({ colorScheme: "dark" });
  await keep(page, info, "300-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await keep(page, info, "300-narrow");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("the cells are walked by keyboard, and the node of the many leads to them", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: 60 });
  await open(page, `/releases/${release.id}`);
  await page.locator('.pipeline [data-node="fleet"]').focus();
  await page.keyboard.press("Enter");
  const list = page.getByRole("listbox", { name: "running: 60" });
  await expect(list).toBeFocused();
  const active = () => list.evaluate((list) => document.getElementById(list.getAttribute("aria-activedescendant")!)!.title);
  expect(await active()).toBe("web-1 · upload: running");
  await page.keyboard.press("ArrowRight");
  expect(await active()).toBe("web-2 · upload: running");
  await page.keyboard.press("ArrowDown");
  const below = await active();
  const row = Number(/web-(\d+)/.exec(below)![1]) - 2;
  expect(row).toBeGreaterThan(5);
  await page.keyboard.press("End");
  expect(await active()).toBe("web-60 · upload: running");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("treeitem", { name: "upload on web-1: running" })).toHaveAttribute("aria-selected", "true");
});

/** Counts the elements of the pipeline, the cells and the steps that are touched until `ready`. */
async function touched(page: Page, act: () => void, ready: () => Promise<void>): Promise<string[]> {
  await page.evaluate(() => {
    const seen = new Set<Node>();
    (window as any).touched = seen;
    const watcher = new MutationObserver((changes) => {
      for (const change of changes) {
        for (const one of [...change.addedNodes, ...change.removedNodes]) seen.add(one);
        if (change.type !== "childList") seen.add(change.target);
      }
    });
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    watcher.observe(document.querySelector("article.release")!, all);
    (window as any).watcher = watcher;
  });
  act();
  await ready();
  return page.evaluate(() => {
    (window as any).watcher.disconnect();
    return [...(window as any).touched].map((node: any) => node.nodeName + "." + (node.className?.baseVal ?? node.className ?? ""));
  });
}

test("one event touches its node and its cell, however many servers there are", async ({ page, program }) => {
  await enter(page);
  const counts: number[] = [];
  for (const servers of [20, 200, 1000]) {
    // A release that has ended has no clock that ticks meanwhile.
    const release = seedRelease(program, { servers, status: "failed" });
    await open(page, `/releases/${release.id}?node=${encodeURIComponent(release.key(4, "upload"))}`);
    await expect(page.locator(".cell")).toHaveCount(servers);
    await expect(page.locator(".connection")).toHaveAttribute("data-connection", "live");
    // Its chain is drawn: a node, a link, a step and a cell show it.
    const change = await touched(
      page,
      () => release.set([{ key: release.key(4, "upload"), status: "failed", exit_status: 3 }]),
      () => expect(node(page, release.key(4, "upload"))).toHaveAttribute("data-status", "failed"),
    );
    counts.push(change.length);
    expect(change.filter((name) => name.startsWith("A.cell")).length, change.join("\n")).toBeLessThanOrEqual(2);
    expect(change.length, change.join("\n")).toBeLessThan(60);
    // Only its cell shows this one.
    const cell = page.locator(`#cell-${release.servers[9]}`);
    const other = await touched(
      page,
      () => release.set([{ key: release.key(9, "before_deploy"), status: "running" }]),
      () => expect(cell).toHaveAttribute("title", /before deploy: running|upload: running/),
    );
    expect(other.filter((name) => name.startsWith("G.")), other.join("\n")).toEqual([]);
  }
  expect(Math.max(...counts) - Math.min(...counts), counts.join()).toBeLessThanOrEqual(4);
});

test("what fills the window and which tab is open stand in the address", async ({ page, program }, info) => {
  await enter(page);
  const release = seedRelease(program, { servers: 4, status: "succeeded", done: ["start", "download", "package", "server", "upload", "before_deploy", "deploy", "after_deploy"] });
  await open(page, `/releases/${release.id}?node=package`);
  await page.locator(".tabs").getByRole("link", { name: "Hooks" }).click();
  await expect(page).toHaveURL(/node=package&tab=hooks/);
  await expect(page.locator(".tab-panel")).toContainText("echo before_deploy");
  await page.reload();
  await expect(page.locator(".tabs").getByRole("link", { name: "Hooks" })).toHaveAttribute("aria-current", "page");
  await page.locator(".tab-panel").getByRole("link", { name: "Fill the window" }).click();
  await expect(page).toHaveURL(/full=panel/);
  const panel = (await page.locator(".tab-panel").boundingBox())!;
  expect([panel.x, panel.y, panel.width]).toEqual([0, 0, 1280]);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/full=/);
  await page.locator(".pipeline-panel").getByRole("link", { name: "Fill the window" }).click();
  await expect(page).toHaveURL(/full=pipeline/);
  expect((await page.locator(".pipeline-panel").boundingBox())!.height).toBe(800);
  await keep(page, info, "full");
  await page.locator(".pipeline-panel").getByRole("link", { name: "Back to the whole page" }).click();
  await expect(page).not.toHaveURL(/full=/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false, locale: "zh-CN" });

  test("hundreds of servers read as cells that lead to their steps", async ({ page, program, browser, baseURL }, info) => {
    const context = await browser.newContext({ baseURL, javaScriptEnabled: true, locale: "en-US" });
    await enter(await context.newPage());
    await page.context().addCookies(await context.cookies());
    await context.close();
    const release = seedRelease(program, { servers: 100 });
    release.set([{ key: release.key(41, "upload"), status: "failed" }]);
    await page.goto(`/releases/${release.id}`);
    await expect(page.locator(".cell")).toHaveCount(100);
    await page.getByRole("option", { name: "web-42 · 上传：失败" }).click();
    await expect(page.getByRole("treeitem", { name: "web-42 · 上传：失败" })).toBeVisible();
    await page.locator(".tabs").getByRole("link", { name: "人员" }).click();
    await expect(page.locator(".tab-panel")).toContainText("seed");
    await keep(page, info, "zh-no-script");
  });
});
