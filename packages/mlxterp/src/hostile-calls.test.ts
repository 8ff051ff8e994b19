/** Nothing that a public function is given ends the process, hangs, or throws what is not a typed error. */
import { expect, it } from "vitest";
import { hostileCalls } from "./testing/hostile/parent.js";

/** How many: more take longer and find more, so a change of what a door takes is worth some thousands. */
const count = Number(process.env.MLXTERP_HOSTILE_CALLS ?? 60);

it("hostile values for random arguments give results or typed errors, in time", async () => {
  const { failures, endings } = await hostileCalls(20_000, 20_000 + count, 20_000);
  expect(failures).toEqual([]);
  expect(endings.typed).toBeGreaterThan(count / 3);
  expect(endings.result).toBeGreaterThan(count / 30);
}, 3_600_000);
