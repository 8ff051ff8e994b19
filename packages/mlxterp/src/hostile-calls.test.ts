/** Nothing that a public function is given ends the process, hangs, or throws what is not a typed error. */
import { expect, it } from "vitest";
import { hostileCalls } from "./testing/hostile/parent.js";

/** How many: more take longer and find more. */
const count = Number(process.env.MLXTERP_HOSTILE_CALLS ?? 300);

it("hostile values for random arguments give results or typed errors, in time", async () => {
  const { failures, endings } = await hostileCalls(20_000, 20_000 + count, 20_000);
  expect(failures).toEqual([]);
  expect(endings.typed).toBeGreaterThan(100);
  expect(endings.result).toBeGreaterThan(10);
}, 3_600_000);
