/** `mlxterp verify`: does this checkpoint obey the invariants that make its activations trustworthy? */
import type { Verification, VerifiedInvariant } from "@mlxterp/models";
import type { Block, Cell } from "@mlxterp/results";
import { formatNumber } from "@mlxterp/results";
import { paragraph, table } from "../blocks/blocks.js";
import { formatDifference } from "../terminal/numbers.js";
import { defineCommand, promptOptions } from "../verbs/command.js";

export const verify = defineCommand({
  name: "verify",
  summary: "Check that tracing changes nothing and that all parts add up, on this checkpoint",
  takesPrompt: "optional",
  options: promptOptions,
  examples: ["", "--model Xenova/llama2.c-stories15M", "'Once upon a time' --json"],
  async run({ options, prompt }, context) {
    const model = await context.loadModel();
    const given = options.tokens ?? prompt;
    const bar = context.progress("verifying");
    const verification = model.verify({
      signal: context.signal,
      onProgress: bar.update,
      ...(given !== undefined && { prompt: context.promptFor(model, given) }),
    });
    const found = await verification.finally(bar.stop);
    const blocks = verifyBlocks(found);
    return {
      data: found,
      blocks,
      failed: !found.passed,
      report: { title: `Verification of ${model.name}`, blocks },
    };
  },
});

function verifyBlocks({ model, tokens, dtype, device, invariants, passed }: Verification): Block[] {
  const wrong = invariants.filter((invariant) => !invariant.passed);
  const applicable = invariants.filter(({ notApplicable }) => notApplicable === undefined);
  const verdict = passed
    ? `All ${applicable.length} invariants${applicable.length < invariants.length ? " that apply" : ""} hold.`
    : `${wrong.length} of ${invariants.length} invariants do not hold: ${wrong.map(({ name }) => name).join(", ")}.`;
  return [
    paragraph(`${model}, ${dtype} on the ${device}, token ids: ${tokens.join(" ")}`),
    table({
      columns: [
        { title: "" },
        { title: "invariant" },
        { title: "difference", align: "right" },
        { title: "scale", align: "right" },
        { title: "allowed", align: "right" },
        { title: "where" },
      ],
      rows: invariants.map(invariantRow),
      fixed: 2,
      widest: 30,
    }),
    paragraph(verdict, passed ? "good" : "bad"),
  ];
}

function invariantRow(invariant: VerifiedInvariant): Cell[] {
  const { name, passed, difference, magnitude, tolerance, where, notApplicable } = invariant;
  if (notApplicable) return [{ text: "n/a", tone: "quiet" }, name, "", "", "", notApplicable];
  return [
    passed ? { text: "pass", tone: "good" } : { text: "FAIL", tone: "bad" },
    name,
    formatDifference(difference),
    formatNumber(magnitude),
    formatDifference(tolerance * Math.max(1, magnitude)),
    where,
  ];
}
