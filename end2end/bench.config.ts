import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

export default defineConfig({
  ...tests,
  testDir: "bench",
  testMatch: "*.bench.ts",
  timeout: 300_000,
  // What is timed runs alone, and without a trace: that takes a copy of the whole page at each step, which costs a
  // diagram of many elements more than what is timed, and a canvas nothing.
  workers: 1,
  use: { ...tests.use, trace: "off" },
});
