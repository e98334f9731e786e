// Calls of the API by whoever is signed in in a browser.
import type { APIRequestContext } from "@playwright/test";
import { expect } from "./test.ts";

/** Posts to an address below `/api/v1` of `origin`; fails with what was said where that is refused. */
export async function post(request: APIRequestContext, origin: string, path: string, data: object) {
  const response = await request.post(`${origin}/api/v1${path}`, { data, headers: { Origin: origin } });
  const text = await response.text();
  expect(response.ok(), `${path}: ${text}`).toBe(true);
  return text ? JSON.parse(text) : {};
}
