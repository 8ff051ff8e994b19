/** Nothing on a command line ends the process, hangs, or is told in other words than the command's own. */
import { expect, it } from "vitest";
import { hostileCalls } from "./testing/hostile/parent.js";

/** As many and the same as of functions; see CONTRIBUTING.md. */
const count = Number(process.env.MLXTERP_HOSTILE_CALLS ?? 40);
const from = Number(process.env.MLXTERP_HOSTILE_SEED ?? 20_000);
const limit = count > 500 ? 5_000 : 20_000;
const script = new URL("testing/hostile/command/child.ts", import.meta.url);

it("hostile command lines end with 0, 1 or 2 and one line that says why", async () => {
  const { failures, endings } = await hostileCalls(from, from + count, limit, script);
  expect(failures).toEqual([]);
  expect(endings.usage).toBeGreaterThan(count / 4);
  expect(endings.success + endings.failure).toBeGreaterThan(count / 8);
}, 3_600_000);
