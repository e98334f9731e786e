// A page that stays open: two hours' worth of events, and what it holds on to afterwards.
import { seedRelease } from "../support/seed.ts";
import { memory, watchMemory } from "../support/memory.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "memory" });
test.setTimeout(240_000);

const SERVERS = 40;
/** Two events a second over two hours, half of them lines of a log. */
const EVENTS = 14_400;
const BATCHES = 12;

test("two hours of events leave the page as small as it was", async ({ page, program }) => {
  await enter(page);
  const release = seedRelease(program, { servers: SERVERS });
  await watchMemory(page);
  let heard = 0;
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      for (const [, seq] of String(payload).matchAll(/"seq":(\d+)/g)) heard = Math.max(heard, Number(seq));
    }),
  );
  await open(page, `/releases/${release.id}`);
  const cdp = await page.context().newCDPSession(page);

  // Each round moves every server forward once more and ends on a status that the page shows.
  const perBatch = EVENTS / BATCHES;
  const round = async (number: number) => {
    const changes = [];
    const lines = [];
    for (let at = 0; at < perBatch / 2; at++) {
      const key = release.key(at % SERVERS, "upload");
      changes.push({ key, status: at % 2 ? ("succeeded" as const) : ("running" as const) });
      lines.push(`round ${number}, line ${at}: the same length of text as hooks tend to print\n`);
    }
    release.set(changes);
    const last = release.log("package", [...lines, `end of round ${number}\n`]);
    await expect.poll(() => heard).toBeGreaterThanOrEqual(last);
  };

  await round(0);
  await round(1);
  const before = await memory(page, cdp);
  for (let number = 2; number < BATCHES; number++) await round(number);
  const after = await memory(page, cdp);
  // It has followed all the way: the last word of all is on the screen.
  release.set([{ key: release.key(7, "upload"), status: "failed", exit_status: 1 }]);
  await expect(page.locator(`[data-group="failed"] [data-server="${release.servers[7]}"]`)).toBeVisible();
  console.log(`heap ${mib(before.heap)} → ${mib(after.heap)} MiB, WASM ${mib(before.wasm)} → ${mib(after.wasm)} MiB,`,
    `DOM ${before.nodes} → ${after.nodes} nodes`);
  expect(after.heap).toBeLessThan(before.heap + 2 * 1024 * 1024);
  // Linear memory grows by steps of the allocator; a leak of every event would be tens of MiB.
  expect(after.wasm).toBeLessThan(before.wasm + 4 * 1024 * 1024);
  // Nodes on their way out count too, as many as some rounds leave; one that stayed for each event would be 12,000.
  expect(after.nodes).toBeLessThan(before.nodes + 2_000);
});

const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
