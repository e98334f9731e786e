import { join } from "node:path";
import { makeRepository } from "../support/repository.ts";
import { Sshd } from "../support/sshd.ts";
import { enter, expect, open, test } from "../support/test.ts";

test.use({ story: "register" });

test.describe.configure({ mode: "serial" });

let sshd: Sshd;
let repository: string;

test.beforeAll(async ({ program }) => {
  sshd = await Sshd.start(join(program.folder, "sshd"));
  repository = makeRepository(join(program.folder, "shop"));
});

test.afterAll(async () => {
  await sshd?.stop();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

test("a credential goes in and its secret never comes back", async ({ page }) => {
  await open(page, "/credentials/new");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-name-error")).toHaveText("Fill this in.");
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
  await page.getByLabel("Name", { exact: true }).fill("deploy key");
  await page.getByLabel("User name").fill(sshd.user);
  await page.getByLabel("Secret").fill(sshd.key);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "deploy key" }).click();
  await expect(page.getByLabel("User name")).toHaveValue(sshd.user);
  await expect(page.getByLabel("Secret")).toHaveValue("");
  expect(await page.content()).not.toContain("OPENSSH PRIVATE KEY");
});

test("a server is checked, its host key pinned, and checked again", async ({ page }) => {
  await open(page, "/servers/new");
  await page.getByLabel("Hostname").fill("web 1");
  await expect(page.locator("#f-hostname-error")).toContainText("Letters, digits");
  await page.getByLabel("Hostname").fill("web-1");
  await page.getByLabel("Address").fill("127.0.0.1");
  await page.getByLabel("SSH port").fill(String(sshd.port));
  await page.getByLabel("Tags").fill("web, test");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "web-1", level: 1 })).toBeVisible();
  await expect(page.getByText("not pinned")).toBeVisible();
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.locator(".outcome code")).toHaveText(sshd.fingerprint);
  await page.getByRole("button", { name: "Pin this key" }).click();
  await expect(page.getByText("Reachable.")).toBeVisible();
  await expect(page.locator(".facts code").last()).toHaveText(sshd.fingerprint);
  await page.reload();
  await expect(page.locator(".facts code").last()).toHaveText(sshd.fingerprint);
});

test("a project and its environment", async ({ page }) => {
  await open(page, "/projects/new");
  await page.getByLabel("Title").fill("Shop <b>商店</b>");
  await page.getByLabel("Repository").fill("nonsense");
  await expect(page.locator("#f-repo-url-error")).toContainText("An address such as");
  await page.getByLabel("Repository").fill(repository);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Shop <b>商店</b>", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText("Reachable.")).toBeVisible();

  await page.getByRole("link", { name: "New environment" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("staging");
  await page.getByLabel("Path").fill("srv/shop");
  await expect(page.locator("#f-path-error")).toContainText("An absolute path");
  await page.getByLabel("Path").fill(join(repository, "..", "srv", "{hostname}"));
  await page.getByRole("checkbox", { name: "web-1" }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "staging", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Check" }).click();
  await expect(page.getByText("Reachable.").first()).toBeVisible();
  await page.reload();
  await expect(page.getByRole("checkbox", { name: "web-1" })).toBeChecked();
});

test("a release is made from a tag that was picked, and a list that is open elsewhere shows it", async ({ page }) => {
  const list = await page.context().newPage();
  await open(list, "/");
  await expect(list.getByRole("heading", { name: "No releases yet" })).toBeVisible();
  await page.getByRole("link", { name: "New release" }).first().click();
  await expect(page.getByRole("heading", { name: "New release" })).toBeVisible();
  const create = page.getByRole("button", { name: "Create", exact: true });
  const ref = page.getByRole("combobox", { name: "Tag, branch or commit" });
  await create.click();
  await expect(page.locator("#f-ref-name-error")).toHaveText("Fill this in.");
  await ref.click();
  await page.getByRole("option", { name: /^tag v1\.1/ }).click();
  await expect(ref).toHaveValue("v1.1");
  await ref.fill("Make v1.0");
  await page.getByRole("option", { name: /^commit/ }).click();
  await expect(ref).toHaveValue(/^[0-9a-f]{40}$/);
  await expect(page.getByRole("radio", { name: "commit" })).toBeChecked();

  await ref.fill("v9");
  await page.getByRole("radio", { name: "tag" }).check();
  await create.click();
  await expect(page.locator("#f-ref-name-error")).not.toBeEmpty();
  await expect(page).toHaveURL(/\/releases\/new/);
  await ref.fill("v1.1");
  await create.click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await expect(list.getByRole("link", { name: "v1.1" })).toBeVisible();
  await expect(list.locator(".badge")).toContainText("not started");
  await list.close();
});

test("what is used is not deleted, and the reason stands there", async ({ page }) => {
  await page.getByRole("link", { name: "Servers" }).click();
  await page.getByRole("link", { name: "web-1" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  const question = page.getByRole("alertdialog");
  await expect(question).toContainText("web-1");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  await page.getByRole("button", { name: "Delete…" }).click();
  await question.getByRole("button", { name: "Yes, delete" }).click();
  await expect(question.getByRole("alert")).not.toBeEmpty();
  await page.goto("/servers");
  await expect(page.getByRole("link", { name: "web-1" })).toBeVisible();
});

test("what is not used is deleted after the second yes", async ({ page }) => {
  await open(page, "/credentials/new");
  await page.getByLabel("Name", { exact: true }).fill("spare");
  await page.getByLabel("User name").fill("git");
  await page.getByLabel("Kind").selectOption("git_https");
  await page.getByLabel("Secret").fill("token");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "spare" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(page).toHaveURL(/\/credentials$/);
  await expect(page.getByRole("link", { name: "spare" })).toHaveCount(0);
});
