// Gates: hooks that wait for the test, so that what happens meanwhile depends on no clock.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./program.ts";

export interface Gate {
  /** A command that holds where the gate is open. */
  test: string;
  /** A script that ends once it is. */
  wait: string;
  open: () => void;
}

/** Gates of one program, by name. */
export function gates(program: Program): (name: string) => Gate {
  const folder = join(program.folder, "gates");
  mkdirSync(folder);
  // Local hooks may run as another user, who looks for the gates.
  for (const each of [program.folder, folder]) chmodSync(each, 0o755);
  return (name) => {
    const file = join(folder, name);
    const isOpen = `test -e '${file}'`;
    return { test: isOpen, wait: `until ${isOpen}; do sleep 0.1; done`, open: () => writeFileSync(file, "") };
  };
}
