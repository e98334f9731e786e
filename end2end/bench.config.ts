import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

// One worker: what is timed runs alone.
export default defineConfig({ ...tests, testDir: "bench", testMatch: "*.bench.ts", workers: 1, timeout: 300_000 });
