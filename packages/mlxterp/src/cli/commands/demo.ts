/** `mlxterp demo`: one investigation of the model that comes along, from question to circuit. */
import type { LanguageModel } from "@mlxterp/models";
import type { Step } from "../../demo/step.js";
import { heading, paragraph } from "../blocks/blocks.js";
import { defineCommand, outputOptions } from "../verbs/command.js";

export const demo = defineCommand({
  name: "demo",
  summary: "Take the model that comes along apart: one investigation, with a report",
  takesPrompt: false,
  options: outputOptions,
  examples: ["", "--out demo.html"],
  async run(_input, context) {
    const model = await context.loadModel("tiny");
    const { investigate } = await import("../../demo/investigate.js");
    const summary = introduction(model);
    context.print(paragraph(summary));
    const steps: Step[] = [];
    for await (const step of investigate(model, context.signal)) {
      steps.push(step);
      context.print(heading(`${steps.length}. ${step.title}`), ...step.blocks);
    }
    return {
      data: {
        model: model.name,
        ...Object.fromEntries(steps.map(({ name, data }) => [name, data])),
      },
      blocks: [],
      defaultReport: "demo-report.html",
      report: {
        title: "One sentence, taken apart",
        summary,
        blocks: steps.flatMap(({ title, blocks }) => [heading(title), ...blocks]),
        provenance: steps.flatMap(({ provenance = [] }) => provenance),
      },
    };
  },
});

function introduction({ anatomy }: LanguageModel): string {
  const { layers, heads, hidden, vocab } = anatomy;
  return `The model: tiny, ${layers} layers of ${heads} heads, ${hidden} wide, ${vocab} words. Who gives cannot receive: does it know, and how?`;
}
