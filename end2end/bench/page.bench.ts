// make bench-page: what a page weighs, how soon it is there, and how long an event takes to reach the eye, with GoJS
// drawing the same nodes in the same browser as the baseline. Times are medians; read the ratios.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type Page, test } from "@playwright/test";
import { Program } from "../support/program.ts";
import { seedRelease } from "../support/seed.ts";
import { alive, enter } from "../support/test.ts";
import { weigh } from "../support/weigh.ts";

const SIZES = [10, 100, 1000];
const EVENTS = 15;
const LOADS = 5;
const GOJS = createRequire(import.meta.url).resolve("gojs/release/go.js");

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
const ms = (time: number) => `${time.toFixed(1)} ms`;

/** Milliseconds from navigation to the first paint with content, and until the page is alive. */
async function load(page: Page, path: string): Promise<{ paint: number; alive: number; shift: number }> {
  await page.goto(path);
  await alive(page);
  return page.evaluate(async () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
    return { paint, alive: (window as any).aliveAt, shift: (window as any).shift };
  });
}

/** Before any page: notes when it came alive, how much moved, and when frames with a node's change arrived. */
async function instrument(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const w = window as any;
    w.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as any[]) if (!entry.hadRecentInput) w.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    new MutationObserver((_, observer) => {
      if (!document.documentElement?.hasAttribute("data-hydrated")) return;
      w.aliveAt = performance.now();
      observer.disconnect();
    }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-hydrated"] });
    // From the frame on the socket to the first picture after the change that it brought.
    w.repaints = [];
    const Native = window.WebSocket;
    w.WebSocket = class extends Native {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        this.addEventListener("message", ({ data }) => {
          if (!String(data).includes('"node.status"')) return;
          const came = performance.now();
          requestAnimationFrame(() => setTimeout(() => w.repaints.push(performance.now() - came)));
        });
      }
    };
  });
}

/** Milliseconds from each event on the socket to the picture after it. */
async function repaints(page: Page, count: number, next: (n: number) => void): Promise<number[]> {
  for (let n = 0; n < count; n++) {
    next(n);
    await page.waitForFunction((n) => (window as any).repaints.length > n, n, { timeout: 20_000 });
  }
  return page.evaluate(() => (window as any).repaints);
}

/** The same nodes and links in GoJS: from data to the first picture, and from one changed node to the next. */
async function gojs(browser: Browser, nodes: { key: string; parent: string | null; text: string; color: string }[]) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.setContent(`<!doctype html><div id="diagram" style="width:1280px;height:700px"></div>`);
  await page.addScriptTag({ content: readFileSync(GOJS, "utf8") });
  const times = await page.evaluate(
    async ({ nodes, count }) => {
      const go = (window as any).go;
      const painted = () => new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
      const begun = performance.now();
      const diagram = new go.Diagram("diagram", { layout: new go.TreeLayout({ angle: 0, layerSpacing: 30 }) });
      diagram.nodeTemplate = new go.Node("Auto")
        .add(new go.Shape("RoundedRectangle", { strokeWidth: 0 }).bind("fill", "color"))
        .add(new go.TextBlock({ margin: 8 }).bind("text"));
      diagram.linkTemplate = new go.Link({ routing: go.Routing?.Orthogonal ?? go.Link.Orthogonal, corner: 5 }).add(
        new go.Shape(),
      );
      diagram.model = new go.TreeModel(nodes);
      const first = (await painted()) - begun;
      const changes: number[] = [];
      for (let n = 0; n < count; n++) {
        const at = performance.now();
        const data = diagram.model.nodeDataArray[(n * 7) % nodes.length];
        diagram.model.commit((model: any) => model.set(data, "color", n % 2 ? "#2da44e" : "#bf8700"));
        changes.push((await painted()) - at);
      }
      return { first, changes };
    },
    { nodes, count: EVENTS },
  );
  await page.close();
  return times;
}

test("bench-page", async ({ browser }) => {
  const program = await Program.start();
  try {
    const context = await browser.newContext({ baseURL: program.url, viewport: { width: 1280, height: 800 } });
    const lines: string[] = [];
    const door = await browser.newContext({ baseURL: program.url });
    const sizes: [string, Record<string, number>][] = [["/setup", await weigh(await door.newPage(), "/setup")]];
    await enter(await context.newPage());
    const releases = SIZES.map((servers) => seedRelease(program, { servers, prefix: `s${servers}-` }));
    sizes.push(["/", await weigh(await context.newPage(), "/")]);
    sizes.push(["a release", await weigh(await context.newPage(), `/releases/${releases[0].id}`)]);

    lines.push("", "as served          js + wasm        css       html");
    for (const [name, size] of sizes) {
      const code = (size.js ?? 0) + (size.wasm ?? 0);
      lines.push(`${name.padEnd(12)} ${kib(code).padStart(14)} ${kib(size.css ?? 0).padStart(10)} ${kib(size.html ?? 0).padStart(10)}`);
    }
    lines.push(`GoJS alone   ${kib(readFileSync(GOJS).length).padStart(14)} (not compressed)`);

    lines.push("", "servers   first paint   alive      event to picture   GoJS: first   GoJS: change   ratio   shift");
    for (const [at, release] of releases.entries()) {
      const page = await context.newPage();
      await instrument(page);
      const loads = [];
      for (let n = 0; n < LOADS; n++) loads.push(await load(page, `/releases/${release.id}`));
      // The first event after a load also finds cold code.
      const times = await repaints(page, EVENTS, (n) =>
        release.set([{ key: release.key((n * 7) % release.servers.length, "upload"), status: n % 2 ? "running" : "succeeded" }]),
      );
      const { items } = await (await page.request.get(`/api/v1/releases/${release.id}/nodes`)).json();
      await page.close();
      // GoJS wants no parent where there is none.
      const theirs = await gojs(browser, JSON.parse(JSON.stringify(items, (_, value) => value ?? undefined)));
      const [ours, gojsChange] = [median(times), median(theirs.changes)];
      lines.push(
        [
          String(SIZES[at]).padEnd(9),
          ms(median(loads.map((each) => each.paint))).padEnd(13),
          ms(median(loads.map((each) => each.alive))).padEnd(10),
          ms(ours).padEnd(18),
          ms(theirs.first).padEnd(13),
          ms(gojsChange).padEnd(14),
          (ours / gojsChange).toFixed(2).padEnd(7),
          Math.max(...loads.map((each) => each.shift)).toFixed(3),
        ].join(" "),
      );
    }
    console.log(lines.join("\n"));
  } finally {
    await program.stop();
  }
});
