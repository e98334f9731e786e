// The audit: who changed what, found, filtered, read, exported.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { alive, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "audit" });
test.describe.configure({ mode: "serial" });

const BINARY = process.env.LAUNCHWAY_BIN ?? resolve(import.meta.dirname, "../../target/debug/launchway");

test.beforeAll(async ({ program, browser }) => {
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  const call = async (method: string, path: string, data?: object) => {
    const headers: Record<string, string> = { Origin: program.url };
    if (method === "PATCH") headers["If-Match"] = (await page.request.get(`/api/v1${path}`)).headers()["etag"] ?? "*";
    const answer = await page.request.fetch(`/api/v1${path}`, { method, data, headers });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return answer.status() === 204 ? {} : answer.json();
  };
  const credential = await call("POST", "/credentials", {
    name: "key", kind: "ssh_password", username: "root", secret: "canary-77",
  });
  const server = await call("POST", "/servers", {
    hostname: "web-1", address: "192.0.2.10", port: 22, credential_id: credential.id, tags: ["eu"],
  });
  await call("PATCH", `/servers/${server.id}`, { address: "192.0.2.11" });
  const gone = await call("POST", "/projects", { title: "Old shop", repo_url: "/srv/old.git" });
  await call("DELETE", `/projects/${gone.id}`);
  await context.close();
  // Somebody tries a password.
  const other = await browser.newContext({ baseURL: program.url });
  const door = await other.newPage();
  await open(door, "/sign-in");
  await door.getByLabel("Name").fill("ada");
  await door.getByLabel("Password").fill("wrong");
  await door.getByRole("button", { name: "Sign in" }).click();
  await expect(door.getByText("Name or password is wrong.")).toBeVisible();
  await other.close();
});

const rows = (page: Page) => page.locator("table.audit > tbody > tr");

test("each change says who, from where, and what was before and after", async ({ page }) => {
  await enter(page);
  await open(page, "/audit");
  await expect(rows(page).first()).toContainText("ada signed in");
  const changed = rows(page).filter({ hasText: "changed server" });
  await expect(changed).toContainText("ada changed server web-1");
  await expect(changed).toContainText("127.0.0.1");
  await changed.locator("summary").click();
  const address = changed.locator(".diff tr", { hasText: "address" });
  await expect(address.locator(".was")).toHaveText("192.0.2.10");
  await expect(address.locator(".is")).toHaveText("192.0.2.11");
  await expect(changed.locator(".diff")).not.toContainText("hostname");
  await page.screenshot({ path: test.info().outputPath("audit.png"), fullPage: true });
  expect(await page.content()).not.toContain("canary-77");
  // Everything about one thing, then the thing itself.
  await changed.getByRole("link", { name: "Everything about this" }).click();
  await expect(page).toHaveURL(/thing=server%3A\d+/);
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().getByRole("link", { name: "web-1" }).click();
  await expect(page.getByRole("heading", { name: "web-1", level: 1 })).toBeVisible();
});

test("it is searched and filtered, and the address keeps that", async ({ page }) => {
  await enter(page);
  await open(page, "/audit");
  await page.getByRole("searchbox").fill("old shop");
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText("ada deleted project Old shop");
  await expect(page).toHaveURL(/q=old%20shop/);
  await page.getByRole("link", { name: "Clear" }).click();
  await page.getByLabel("Outcome").selectOption("refused");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("ada was refused at sign-in");
  await page.getByLabel("Outcome").selectOption("");
  await page.getByLabel("What").selectOption("server");
  await expect(rows(page)).toHaveCount(2);
  await page.reload();
  await alive(page);
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel("Who").fill("nobody");
  await page.getByLabel("Who").press("Tab");
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await open(page, "/audit?until=2020-01-01");
  await expect(page.getByText("Nothing matches")).toBeVisible();

  await open(page, "/audit?what=server");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export as JSON Lines" }).click(),
  ]);
  const stream = await download.createReadStream();
  let text = "";
  for await (const bytes of stream) text += bytes;
  const whats = text.trim().split("\n").map((line) => JSON.parse(line).what);
  expect(whats).toEqual(["server.create", "server.update"]);
});

test("it reads in Chinese, on a phone, and without JavaScript", async ({ page, program, browser }) => {
  await enter(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "/audit");
  await rows(page).filter({ hasText: "changed server" }).locator("summary").click();
  await page.screenshot({ path: test.info().outputPath("narrow.png"), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
  const state = await page.context().storageState();
  const plain = await browser.newContext({
    baseURL: program.url, storageState: state, javaScriptEnabled: false, locale: "zh-CN", colorScheme: "dark",
  });
  const bare = await plain.newPage();
  await bare.goto("/audit?what=server");
  await expect(rows(bare)).toHaveCount(2);
  await expect(rows(bare).first()).toContainText("ada 修改了服务器 web-1");
  await rows(bare).first().locator("summary").click();
  await expect(rows(bare).first().locator(".diff")).toContainText("192.0.2.11");
  await bare.getByLabel("结果").selectOption("refused");
  await bare.locator(".list-bar button[type=submit]").click();
  await expect(bare).toHaveURL(/outcome=refused/);
  await bare.goto("/audit");
  await bare.screenshot({ path: test.info().outputPath("dark-zh.png"), fullPage: true });
  await plain.close();
});

test("the command line finds an entry that was changed by hand", async ({ program }) => {
  const data = ["--data", `${program.folder}/data`];
  const run = (...words: string[]) => {
    try {
      return { status: 0, said: execFileSync(BINARY, [...words, ...data], { encoding: "utf8", stdio: "pipe" }) };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return { status, said: stderr };
    }
  };
  const good = run("audit", "verify");
  expect(good.status).toBe(0);
  expect(good.said).toMatch(/\n\d+:[0-9a-f]{64}\n$/);
  expect(run("audit", "export").said.trim().split("\n").length).toBeGreaterThan(6);
  const change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); " +
    "db.execute(\"UPDATE audit SET who = 'eve' WHERE what = 'server.update'\"); db.commit()";
  execFileSync("python3", ["-c", change, `${program.folder}/data/launchway.db`]);
  const bad = run("audit", "verify");
  expect(bad.status).toBe(1);
  expect(bad.said).toMatch(/entry \d+ was changed/);
});
