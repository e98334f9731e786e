import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

// Against the site as it is released (make site-release); any program serves it.
export default defineConfig({ ...tests, testDir: "optimised" });
