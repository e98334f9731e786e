// What a release takes along, from the form in the browser to the files of a real server, and the secrets of its hooks.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Page, TestInfo } from "@playwright/test";
import { post } from "../support/api.ts";
import { Shop } from "../support/shop.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "takes" });
test.describe.configure({ mode: "serial" });

const SECRET = "moonbeam/Xq7+Zp2-Wx9é";

let shop: Shop;
let policy: string;
let site: string;

test.beforeAll(async ({ program, browser }) => {
  const files = { "notes.md": "not for servers\n", "storage/first": "brought\n", "config/app.env": "LEVEL=info\n" };
  shop = await Shop.open(program, browser, { files });
  site = shop.site("web-1");
  policy = `/projects/${shop.project}/environments/${shop.environment()}/policy`;
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

const takes = (page: Page) => page.locator("section", { has: page.locator('[name="form[exclude]"]') });
const variables = (page: Page) => page.locator("#variables");

/** The page in both schemes, narrow, and in Chinese. */
async function look(page: Page, info: TestInfo, origin: string, name: string) {
  const shoot = (look: string) => page.screenshot({ path: info.outputPath(`${name}-${look}.png`), fullPage: true });
  await shoot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.context().addCookies([{ name: "lang", value: "zh", url: origin }]);
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, page.url());
  await shoot("390-zh");
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, `${name} is wider than the window`).toBe(0);
  await page.context().clearCookies({ name: "lang" });
  await page.setViewportSize(size);
}

test("the form says what is wrong with it, and keeps what is right", async ({ page, program }, info) => {
  await open(page, policy);
  const form = takes(page);
  await form.getByLabel(/^Left out/).fill("*.md");
  await form.getByLabel(/^Shared folders/).fill("storage");
  await form.getByLabel(/^Shared files/).fill("../passwd");
  await form.getByLabel(/^Permissions of files/).fill("999");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-file-mode-error")).not.toBeEmpty();
  await expect(page.locator("#f-shared-files-error")).not.toBeEmpty();
  await form.getByLabel(/^Shared files/).fill("config/app.env");
  await form.getByLabel(/^Owner/).fill(userInfo().username);
  await form.getByLabel(/^Permissions of files/).fill("640");
  await form.getByLabel(/^Permissions of folders/).fill("750");
  await form.getByLabel(/^Build cache/).fill("64");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".toasts, .toast").first()).toContainText("staging");
  await open(page, policy);
  await expect(form.getByLabel(/^Left out/)).toHaveValue("*.md");
  await expect(form.getByLabel(/^Permissions of folders/)).toHaveValue("750");
  await expect(form.getByLabel(/^Build cache/)).toHaveValue("64");
  await look(page, info, program.url, "policy");
});

test("saving one part keeps what was typed in the others, and leaving asks first", async ({ page }, info) => {
  await open(page, policy);
  const left = takes(page).getByLabel(/^Left out/);
  await expect(left).toHaveValue("*.md");
  await left.fill("*.md\n*.map");
  const rollout = page.locator("form.rollout");
  await rollout.getByLabel("Order").selectOption("batches");
  await expect(rollout.getByText("Servers in a batch").locator(".quiet")).toBeHidden();
  await rollout.getByLabel("Order").selectOption("canary");
  await expect(rollout.getByText("Servers in a batch").locator(".quiet")).toBeVisible();
  await rollout.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".toast, .toasts").first()).toContainText("staging");
  await expect(left).toHaveValue("*.md\n*.map");
  await expect(rollout.getByLabel("Order")).toHaveValue("canary");

  // More rows than there were, at once.
  const freezes = page.locator("#freezes");
  await freezes.getByRole("button", { name: "+ weekly window" }).click();
  await expect(freezes.getByRole("group", { name: "Weekly window 2" })).toBeVisible();

  // Not by accident: what was typed is still there.
  const asked: string[] = [];
  page.once("dialog", (dialog) => {
    asked.push(dialog.message());
    return dialog.dismiss();
  });
  await page.getByRole("link", { name: "Projects", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${policy}$`));
  expect(asked).toEqual(["Leave without saving? What was changed on this page would be lost."]);
  await expect(left).toHaveValue("*.md\n*.map");
  await page.getByRole("navigation", { name: "Parts of the policy" }).getByRole("link", { name: /takes along/ }).click();
  await expect(page).toHaveURL(/#takes$/);
  await page.screenshot({ path: info.outputPath("parts.png"), fullPage: true });

  // The other parts know the version that the first one made, and nothing is unsaved any more.
  await takes(page).getByRole("button", { name: "Save" }).click();
  const saved = page.waitForResponse(/save_rollout/);
  await rollout.getByLabel("Order").selectOption("all_at_once");
  await rollout.getByRole("button", { name: "Save" }).click();
  expect((await saved).status()).toBe(200);
  await left.fill("*.md");
  const again = page.waitForResponse(/save_takes/);
  await takes(page).getByRole("button", { name: "Save" }).click();
  expect((await again).status()).toBe(200);
  await expect(page.locator(".complaints p")).toHaveCount(0);
  page.on("dialog", (dialog) => dialog.accept());
  await page.getByRole("link", { name: "Projects", exact: true }).click();
  await expect(page).toHaveURL(/\/projects$/);
});

test("variables are set, and a secret one is shown to nobody again", async ({ page }) => {
  await open(page, policy);
  const part = variables(page);
  for (const [name, kind, value] of [["REGION", "false", "eu-west"], ["TOKEN", "true", SECRET]] as const) {
    await part.getByLabel("Name").fill(name);
    await part.getByLabel("Kind").selectOption(kind);
    await part.getByLabel("Value").fill(value);
    await part.getByRole("button", { name: "Set variable" }).click();
    await expect(part.getByRole("row").filter({ hasText: name })).toBeVisible();
  }
  await expect(part.getByRole("row").filter({ hasText: "REGION" })).toContainText("eu-west");
  await expect(part.getByRole("row").filter({ hasText: "TOKEN" })).toContainText("secret");
  expect(await (await page.request.get(policy)).text()).not.toContain("moonbeam");
});

test("a release takes it along to the server, and its log masks the secret however it is printed", async ({ page, program }, info) => {
  const after_download = [
    'count=$(($(cat "$LAUNCHWAY_CACHE/count" 2>/dev/null || echo 0) + 1))',
    'echo "$count" | tee "$LAUNCHWAY_CACHE/count" >built',
    'echo "built $count times for $REGION"',
  ].join("\n");
  const after_deploy = [
    'echo "to $REGION with $TOKEN"',
    'printf %s "$TOKEN" | base64',
    'printf %s "$TOKEN" | head -c 9; sleep 1; printf %s "$TOKEN" | tail -c +10; echo " in two writes"',
    "printf %s \"$TOKEN\" | sha256sum | cut -d' ' -f1 >storage/token",
  ].join("\n");
  const body = {
    project_id: shop.project,
    environment_id: shop.environment(),
    ref: { kind: "tag", name: "v1.0" },
    hooks: { after_download, after_deploy },
  };
  let id = 0;
  for (const count of [1, 2]) {
    id = (await post(page.request, program.url, "/releases", { ...body, start: {} })).id;
    await open(page, `/releases/${id}`);
    await expect(page.locator(".release-state .badge")).toHaveAttribute("data-status", "succeeded", { timeout: 60_000 });
    expect(readFileSync(join(site, "current", "built"), "utf8"), "the build cache lasts").toBe(`${count}\n`);
    // What is on the server stays there.
    if (count === 1) writeFileSync(join(site, "shared", "config", "app.env"), "LEVEL=debug\n");
  }
  const current = join(site, "current");
  const mode = (path: string) => statSync(path).mode & 0o777;
  expect(existsSync(join(current, "notes.md"))).toBe(false);
  expect(readlinkSync(join(current, "storage"))).toBe("../../shared/storage");
  expect(readFileSync(join(current, "storage", "first"), "utf8")).toBe("brought\n");
  expect(readFileSync(join(current, "config", "app.env"), "utf8")).toBe("LEVEL=debug\n");
  expect([mode(current), mode(join(current, "index.html"))]).toEqual([0o750, 0o640]);
  expect(statSync(join(current, "index.html")).uid).toBe(userInfo().uid);
  const server = shop.servers[0];
  // The hook had the value itself.
  const digest = createHash("sha256").update(SECRET).digest("hex");
  expect(readFileSync(join(current, "storage", "token"), "utf8").trim()).toBe(digest);

  await open(page, `/releases/${id}?node=after_download`);
  await expect(page.locator(".log-panel")).toContainText("built 2 times for eu-west");
  await open(page, `/releases/${id}?node=${encodeURIComponent(`server:${server}/after_deploy`)}`);
  const log = page.locator(".log-panel");
  await expect(log).toContainText("to eu-west with ••••••");
  await expect(log).toContainText("in two writes");
  await page.screenshot({ path: info.outputPath("masked.png"), fullPage: true });
  const base64 = Buffer.from(SECRET).toString("base64");
  for (const path of [`/releases/${id}`, `/releases/${id}?node=server%3A${server}%2Fafter_deploy`, `/api/v1/releases/${id}/log/text`]) {
    const text = await (await page.request.get(path)).text();
    for (const form of [SECRET, SECRET.slice(9), base64, base64.slice(0, 12)]) expect(text).not.toContain(form);
  }
});

test("who may not change the policy reads it, and why it is so", async ({ program, browser }, info) => {
  const [name, password] = ["vera", "another good password"];
  program.addUser(name, password, "viewer");
  const context = await browser.newContext({ baseURL: program.url });
  const other = await context.newPage();
  await open(other, "/sign-in");
  await other.getByLabel("Name").fill(name);
  await other.getByLabel("Password").fill(password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await open(other, policy);
  await expect(other.getByText("Changing it takes a manager of the project.")).toBeVisible();
  await expect(takes(other).getByLabel(/^Left out/)).toHaveValue("*.md");
  await expect(takes(other).getByLabel(/^Left out/)).toBeDisabled();
  await expect(other.getByRole("button", { name: "Save" })).toHaveCount(0);
  await expect(variables(other).getByRole("row").filter({ hasText: "REGION" })).toContainText("eu-west");
  await expect(variables(other).getByRole("button")).toHaveCount(0);
  await look(other, info, program.url, "read-only");
  await context.close();
});

test("a variable that is removed is gone", async ({ page }) => {
  await open(page, policy);
  const row = variables(page).getByRole("row").filter({ hasText: "REGION" });
  await row.getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
});
