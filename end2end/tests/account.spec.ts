import { ADMIN, alive, expect, open, test } from "../support/test.ts";

test.use({ story: "account" });

test.describe.configure({ mode: "serial" });

test("the first visit makes the first administrator", async ({ page }) => {
  await page.goto("/servers");
  await expect(page).toHaveURL(/\/setup$/);
  await alive(page);
  await page.getByLabel("Name").fill(ADMIN.name);
  // Nothing is loaded before the sign-in: the answer comes with the page, and what was typed stays.
  await expect(page.locator("script[type=module], link[rel=modulepreload], link[rel=preload]")).toHaveCount(0);
  const password = page.getByLabel("Password");
  await password.fill("short");
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("#f-password-error")).toHaveText("At least 8 characters.");
  await expect(page.getByLabel("Name")).toHaveValue(ADMIN.name);
  await password.fill(ADMIN.password);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await expect(page.getByRole("heading", { name: "No releases yet" })).toBeVisible();
  await expect(page.getByText(ADMIN.name, { exact: true })).toBeVisible();
});

test("there is only one first visit", async ({ page }) => {
  await page.goto("/setup");
  await expect(page).toHaveURL(/\/sign-in$/);
});

test("a wrong password says no more than a wrong name", async ({ page }) => {
  await open(page, "/sign-in");
  const said: string[] = [];
  for (const [name, password] of [
    [ADMIN.name, "wrong password"],
    ["nobody", ADMIN.password],
  ]) {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill(password);
    const answer = page.waitForResponse((response) => response.url().includes("/api/fn/sign_in"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await answer;
    await expect(page.locator("#f-password-error")).not.toBeEmpty();
    said.push(await page.locator("#f-password-error").innerText());
  }
  expect(said[0]).toBe(said[1]);
  await expect(page.getByLabel("Name")).toHaveValue("nobody");
});

test("signing in leads back to the page that was asked for, signing out ends it", async ({ page }) => {
  await page.goto("/credentials/new");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fcredentials%2Fnew$/);
  await alive(page);
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/credentials\/new$/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto("/servers");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fservers$/);
});

test("a next that leads elsewhere is not followed", async ({ page, baseURL }) => {
  await open(page, "/sign-in?next=//example.com/");
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  expect(page.url()).toBe(`${baseURL}/`);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("signing in works, and says what is wrong", async ({ page }) => {
    await page.goto("/sign-in?next=/projects");
    await page.getByLabel("Name").fill(ADMIN.name);
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.locator("#f-password-error")).not.toBeEmpty();
    await page.getByLabel("Name").fill(ADMIN.name);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/projects$/);
    await expect(page.getByRole("heading", { name: "Projects", level: 1 })).toBeVisible();
  });
});
