// People: invited by a link that opens once, trusted with a project, acting by tokens, and gone at once.
import { ADMIN, alive, complaints, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "people" });
test.describe.configure({ mode: "serial" });

const MEG = { name: "meg", password: "a horse of another colour" };
let link = "";

test("an administrator invites somebody, and the link is shown once", async ({ page, program }) => {
  await enter(page);
  const project = await page.request.post("/api/v1/projects", {
    data: { title: "Tea shop", repo_url: "/srv/shop.git" },
    headers: { Origin: program.url },
  });
  expect(project.status()).toBe(201);
  await open(page, "/users");
  await page.getByLabel("Sign-in name").fill(MEG.name);
  await page.getByLabel("Role everywhere").selectOption("member");
  await page.getByRole("button", { name: "Make the link" }).click();
  const shown = page.getByLabel("Invitation link");
  await expect(shown).toHaveValue(/\/join\?key=/);
  link = await shown.inputValue();
  await open(page, "/users");
  await expect(page.getByRole("row").filter({ hasText: MEG.name })).toBeVisible();
  await expect(shown).toHaveCount(0);
});

test("the link opens once, and what is no project of theirs is not there", async ({ browser, program }) => {
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  const errors = complaints(page);
  await page.goto(link);
  // The key is out of the address, where histories and screenshots would keep it.
  await expect(page).not.toHaveURL(/key=/);
  await page.getByLabel("New password").fill(MEG.password);
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await open(page, "/projects");
  await expect(page.getByText("Tea shop")).toHaveCount(0);
  // Nobody yet, in no project: not even the question is theirs to ask.
  expect((await page.request.get("/api/v1/projects/1")).status()).toBe(403);
  expect(errors).toEqual([]);

  const again = await browser.newContext({ baseURL: program.url });
  const late = await again.newPage();
  await late.goto(link);
  await expect(late.getByLabel("New password")).toHaveCount(0);
  await again.close();
  await context.close();
});

test("a role in a project shows it, and not what it does not allow; deactivating ends it", async ({
  page,
  browser,
  program,
}) => {
  await enter(page);
  await open(page, "/projects/1/members");
  await page.getByLabel("Person").selectOption({ label: MEG.name });
  await page.getByLabel("Role in the project").selectOption("viewer");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row").filter({ hasText: MEG.name })).toContainText("viewer");

  const context = await browser.newContext({ baseURL: program.url });
  const theirs = await context.newPage();
  await open(theirs, "/sign-in");
  await theirs.getByLabel("Name").fill(MEG.name);
  await theirs.getByLabel("Password").fill(MEG.password);
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await expect(theirs.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await open(theirs, "/projects/1");
  await expect(theirs.getByRole("heading", { name: "Tea shop", level: 1 })).toBeVisible();
  await expect(theirs.getByRole("link", { name: "New release" })).toHaveCount(0);
  await expect(theirs.getByRole("link", { name: "Edit" })).toHaveCount(0);
  await open(theirs, "/servers");
  await expect(theirs.getByRole("link", { name: "New server" })).toHaveCount(0);

  // Whoever manages the project adds what is the project's, and nothing that is everybody's.
  await page.getByLabel("Person").selectOption({ label: MEG.name });
  await page.getByLabel("Role in the project").selectOption("manager");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row").filter({ hasText: MEG.name })).toContainText("manager");
  await open(theirs, "/servers");
  await expect(theirs.getByRole("link", { name: "New server" }).first()).toBeVisible();
  await open(theirs, "/credentials/new");
  await expect(theirs.getByLabel("Project").locator("option")).toHaveText(["Tea shop"]);
  await theirs.getByLabel("Name", { exact: true }).fill("shop deploy");
  await theirs.getByLabel("Kind").selectOption("ssh_password");
  await theirs.getByLabel("User name").fill("deploy");
  await theirs.getByLabel("Secret").fill("one two three");
  await theirs.getByRole("button", { name: "Save" }).click();
  await expect(theirs.getByRole("row").filter({ hasText: "shop deploy" })).toBeVisible();
  const made = await (await theirs.request.get("/api/v1/credentials")).json();
  expect(made.items.map((one: { project_id: number }) => one.project_id)).toEqual([1]);

  const users = (await (await page.request.get("/api/v1/users")).json()).items as { id: number; name: string }[];
  const meg = users.find((user) => user.name === MEG.name)?.id;
  const headers = { Origin: program.url };
  expect((await page.request.post(`/api/v1/users/${meg}/deactivate`, { headers })).ok()).toBe(true);
  await theirs.goto("/projects/1");
  await expect(theirs).toHaveURL(/\/sign-in/);
  await context.close();
});

test("a token is made, shown once, works, and is revoked", async ({ page, playwright, program }) => {
  await enter(page);
  await open(page, "/account");
  await page.getByLabel("What it is for").fill("ci");
  await page.getByLabel("Scope").selectOption("read");
  await page.getByRole("button", { name: "Make a token" }).click();
  const shown = page.getByLabel("Token", { exact: true });
  await expect(shown).toHaveValue(/^lw_[0-9a-f]{64}$/);
  const token = await shown.inputValue();
  const script = await playwright.request.newContext({
    baseURL: program.url,
    extraHTTPHeaders: { Authorization: `Bearer ${token}` },
  });
  expect((await script.get("/api/v1/projects")).status()).toBe(200);
  const refused = await script.post("/api/v1/projects", { data: { title: "x", repo_url: "/srv/x.git" } });
  expect(refused.status()).toBe(403);
  await open(page, "/account");
  const row = page.getByRole("row").filter({ hasText: "ci" });
  await expect(row).toContainText("look on");
  await row.getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
  expect((await script.get("/api/v1/projects")).status()).toBe(401);
  await script.dispose();
  await alive(page);
  await expect(page.getByText(ADMIN.name, { exact: true }).first()).toBeVisible();
});
