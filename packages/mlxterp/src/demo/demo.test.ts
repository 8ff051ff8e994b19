/** The investigation finds, in the model that comes along, the mechanisms it is known to have. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { invoke } from "../cli/test-support.js";
import type { Circuit } from "./circuit-step.js";
import type { Copying } from "./copying.js";
import type { Depth } from "./lens-step.js";
import type { Movers } from "./movers.js";
import type { Predictions } from "./prediction-step.js";
import type { Surgery } from "./surgery.js";

interface DemoData {
  readonly predictions: Predictions;
  readonly lens: readonly Depth[];
  readonly heads: Movers;
  readonly surgery: Surgery;
  readonly copying: Copying;
  readonly circuit: Circuit;
}

it("finds the answer, the heads that move it, and the heads that copy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-demo-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { code, stdout } = await invoke(["demo", "--json"], { folder });
  expect(code).toBe(0);
  const { predictions, lens, heads, surgery, copying, circuit } = JSON.parse(stdout) as DemoData;
  expect(predictions.clean.top[0].text).toBe("Mary");
  expect(predictions.corrupted.top[0].text).toBe("John");
  expect(lens[0].answer.rank).toBeGreaterThan(1);
  expect(lens.at(-1)?.answer.rank).toBe(1);
  // the same head is patched by analysis in a growing batch and here by hand
  const gap = surgery.clean.lead - surgery.corrupted.lead;
  const byHand = (surgery.restored.lead - surgery.corrupted.lead) / gap;
  expect(byHand).toBeCloseTo(heads.heads[0].restored, 3);
  expect(surgery.ablated.lead).toBeLessThan(surgery.clean.lead);
  expect(copying.intact.second).toBeLessThan(copying.intact.first / 3);
  expect(copying.withoutInduction.second).toBeGreaterThan(copying.withoutControls.second);
  expect(circuit.agreement).toBeGreaterThan(0.9);
  expect(circuit.faithfulness).toBeGreaterThan(0.85);
  expect(circuit.chance).toBeLessThan(0.2);
}, 60_000);
