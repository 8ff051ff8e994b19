/** Changed features against what circuit-tracer's interventions give, and against the edges of the graph. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { loadTranscoders } from "../loading/load.js";
import {
  caseFacts,
  casePath,
  casesAreHere,
  caseValues,
  excess,
  sharedPath,
} from "../testing/reference.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { baselineOf, changedRun, type FeatureChange, type Held } from "./changed-run.js";

const ways: readonly [Held, string][] = [
  ["everything", "direct"],
  ["patterns", "frozen_attention"],
  ["nothing", "free"],
];

function beforeChoice(transcoders: Transcoders, layer: number, x: MxArray): MxArray {
  const p = mx.matmul(x, transcoders.encoderRows(layer).transpose());
  return mx.add(p, transcoders.encoderBias(layer));
}

describe.runIf(casesAreHere).each(["graph-plt", "graph-plt-skip", "graph-clt"])("%s", (name) => {
  it.each(ways)("with %s held is as circuit-tracer has it", async (hold, theirs) => {
    const model = await loadModel(sharedPath("data/models/stories260K"));
    const transcoders = loadTranscoders(casePath(name, "transcoders"));
    const values = caseValues(name);
    const { interventions } = caseFacts(name);
    const baseline = await baselineOf(model, transcoders, [...toFlat(values.input_tokens)]);
    for (const [way, rows] of Object.entries(interventions)) {
      const changes = rows.map(([layer, position, feature, value]) => ({
        ...{ layer, position, feature, value },
      })) satisfies FeatureChange[];
      const { logits, reads } = await changedRun(model, transcoders, baseline, changes, hold);
      const expected = values[`intervene.${way}.${theirs}.logits_last`];
      expect(excess(logits, expected, { atol: 1e-3, rtol: 0 }), way).toBeLessThanOrEqual(0);
      const activations = values[`intervene.${way}.${theirs}.activations`];
      if (!activations) continue;
      const own = reads.map((x, layer) =>
        hold === "everything" ? beforeChoice(transcoders, layer, x) : transcoders.encode(layer, x),
      );
      const later = [mx.Slice(), mx.Slice(1)] as const; // theirs are nothing at the first token
      const [ours, expectedOn] = [mx.stack(own), activations].map((all) => all.index(...later));
      expect(excess(ours, expectedOn, { atol: 1e-3, rtol: 1e-3 }), way).toBeLessThanOrEqual(0);
    }
  });
});
