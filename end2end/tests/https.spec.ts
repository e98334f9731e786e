// HTTPS without a proxy: pages, sign-in and the feed over HTTP/2, in a browser.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plain } from "@playwright/test";
import { Program } from "../support/program.ts";
import { seedRelease } from "../support/seed.ts";
import { complaints, enter, expect, open } from "../support/test.ts";

let folder: string;
let program: Program;

plain.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "launchway-https-"));
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"].concat(
      ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
    ),
    { stdio: "pipe" },
  );
  program = await Program.start(["--tls-cert", certificate, "--tls-key", key]);
});

plain.afterAll(async () => {
  await program?.stop();
  rmSync(folder, { recursive: true, force: true });
});

plain("pages are alive over HTTPS, and the feed comes through", async ({ browser }) => {
  expect(program.url).toMatch(/^https:/);
  const context = await browser.newContext({ baseURL: program.url, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const errors = complaints(page);
  await enter(page);
  const session = (await context.cookies()).find((cookie) => cookie.name === "launchway_session");
  expect(session).toMatchObject({ secure: true, httpOnly: true });

  const release = seedRelease(program, { servers: 3 });
  const frames: string[] = [];
  page.on("websocket", (socket) => {
    expect(socket.url()).toMatch(/^wss:/);
    socket.on("framereceived", ({ payload }) => frames.push(String(payload)));
  });
  await open(page, `/releases/${release.id}`);
  // Who watches the release is told as soon as the feed stands.
  await expect.poll(() => frames.length).toBeGreaterThan(0);
  expect(JSON.parse(frames[0]!)).toHaveProperty("kind");
  const version = await page.evaluate(
    () => (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).nextHopProtocol,
  );
  expect(version).toBe("h2");
  expect(errors).toEqual([]);
  await context.close();
});
