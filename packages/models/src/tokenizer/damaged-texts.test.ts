/** Damaged tokenizers and chat templates, in processes of their own: every one is used or refused with an error of ours, and soon. */
import { expect, it } from "vitest";
import { runDamaged } from "../test-support/run-damaged.js";
import { randomCases } from "../test-support/sweeps.js";

const program = new URL("../test-support/use-damaged-text.ts", import.meta.url);
/** `DAMAGED_TEXTS=1000 DAMAGED_FROM=1` for a long run. */
const count = Number(process.env.DAMAGED_TEXTS ?? randomCases({ some: 12, all: 40 }));
const first = Number(process.env.DAMAGED_FROM ?? 1);
const patience = Number(process.env.DAMAGED_PATIENCE ?? 20_000); // a busy machine is no hang

it(`${count} damaged tokenizers and templates crash nothing, hang nothing, and are refused in this library's words`, async () => {
  const seeds = { first, count, patience };
  const { done, faults } = await runDamaged(program, [], seeds);
  expect(faults).toEqual([]);
  expect(done).toBe(count);
}, 3_600_000);
