// Webhooks in and notifications out, as a release manager sets them up.
import { join } from "node:path";
import { ADMIN, alive, enter, expect, open, test } from "../support/test.ts";
import { makeRepository } from "../support/repository.ts";

test.use({ story: "integrations" });
test.describe.configure({ mode: "serial" });

const SECRET = "correct horse battery staple";
let project = 0;

test("a webhook is added, its secret shown once", async ({ page, program }) => {
  await enter(page);
  const post = async (path: string, data: object) => {
    const answer = await page.request.post(`${program.url}/api/v1${path}`, { data, headers: { Origin: program.url } });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return answer.json();
  };
  const repository = makeRepository(join(program.folder, "shop"));
  project = (await post("/projects", { title: "Shop", repo_url: repository })).id;
  await post(`/projects/${project}/environments`, { name: "live", kind: "test", path: "/srv/shop" });

  await open(page, `/projects/${project}`);
  await page.getByRole("link", { name: "Webhooks" }).click();
  await expect(page.getByRole("heading", { name: "No webhooks yet" })).toBeVisible();
  await page.getByRole("link", { name: "New webhook" }).first().click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-name-error")).toHaveText("Fill this in.");
  await page.getByLabel("Git service").selectOption("gitlab");
  await page.getByLabel("Name").fill("main");
  await page.getByLabel("Tags · optional").fill("v1.*");
  await page.screenshot({ path: test.info().outputPath("new.png"), fullPage: true });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Address")).toHaveValue(/\/hooks\/[0-9a-f]{32}$/);
  await expect(page.getByLabel("Secret")).toHaveValue(/^whsec_/);
  const secret = await page.getByLabel("Secret").inputValue();
  await page.screenshot({ path: test.info().outputPath("made.png"), fullPage: true });
  await page.getByRole("link", { name: "To the webhook" }).click();
  await expect(page.getByRole("heading", { name: "main", level: 1 })).toBeVisible();
  await page.reload();
  await alive(page);
  expect(await page.content()).not.toContain(secret);
});

test("a delivery is listed with its reason, and repeated by hand", async ({ page, program }) => {
  await enter(page);
  await open(page, `/projects/${project}/webhooks`);
  await page.getByRole("link", { name: "main" }).click();
  await expect(page.getByRole("heading", { name: "Nothing was delivered yet" })).toBeVisible();
  await page.getByLabel("Secret · optional").fill(SECRET);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".toast")).toContainText("Webhook “main” was saved.");
  const address = new URL(await page.getByLabel("Address").inputValue()).pathname;
  const commit = "0123456789012345678901234567890123456789";
  const call = (token: string, ref: string) =>
    page.request.post(`${program.url}${address}`, {
      headers: { "X-Gitlab-Event": "Tag Push Hook", "X-Gitlab-Token": token, "X-Gitlab-Event-UUID": ref },
      data: { object_kind: "tag_push", ref, after: commit, checkout_sha: commit, user_username: "grace", project: { git_http_url: join(program.folder, "shop") } },
    });
  expect((await call("a guess", "refs/tags/v1.1")).status()).toBe(401);
  expect((await call(SECRET, "refs/tags/v2.0")).status()).toBe(202);
  await expect(async () => {
    await page.reload();
    await alive(page);
    await expect(page.locator("tbody tr").first()).toContainText("v2.0 is none of: v1.*.", { timeout: 1000 });
  }).toPass();
  await expect(page.locator("tbody tr").first()).toContainText("grace");
  await expect(page.locator("tbody tr").nth(1)).toContainText("does not fit the secret");
  await page.screenshot({ path: test.info().outputPath("deliveries.png"), fullPage: true });
  await page.getByRole("button", { name: "Repeat" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(3);
});

test("a channel is added and tested", async ({ page }) => {
  await enter(page);
  await open(page, `/projects/${project}`);
  await page.getByRole("link", { name: "Notifications" }).click();
  await page.getByRole("link", { name: "New channel" }).first().click();
  await page.getByLabel("Name").fill("ops");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-url-error")).toHaveText("Fill this in.");
  await page.getByLabel("Address · optional").fill("http://127.0.0.1:9/in?token=hunter2");
  await page.screenshot({ path: test.info().outputPath("new.png"), fullPage: true });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "ops", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.locator(".outcome")).toContainText("--allow-address 127.0.0.1");
  await expect(page.locator("tbody tr").first()).toContainText("given up");
  await page.screenshot({ path: test.info().outputPath("channel.png"), fullPage: true });
  expect(await page.content()).not.toContain("hunter2");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false, locale: "zh-CN" });

  test("both lists read, and a webhook is added with a secret of one's own", async ({ page }) => {
    await page.goto("/sign-in");
    await page.locator("#f-name").fill(ADMIN.name);
    await page.locator("#f-password").fill(ADMIN.password);
    await page.getByRole("button", { name: "登录" }).click();
    await page.goto(`/projects/${project}/notifications`);
    await expect(page.getByRole("link", { name: "ops" })).toBeVisible();
    await page.goto(`/projects/${project}/webhooks/new`);
    await page.locator("#f-name").fill("第二个");
    await page.locator("#f-secret").fill(SECRET);
    await page.getByRole("button", { name: "保存" }).click();
    await page.goto(`/projects/${project}/webhooks`);
    await expect(page.getByRole("link", { name: "第二个" })).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("list-zh.png"), fullPage: true });
  });
});
