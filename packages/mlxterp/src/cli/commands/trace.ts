/** `mlxterp trace`: one pass over a prompt, and what every chosen site holds. */

import type { LanguageModel } from "@mlxterp/models";
import { type Block, type TableBlock, tokenTexts } from "@mlxterp/results";
import { interveneOption, readInterventions } from "../arguments/interventions.js";
import { texts } from "../arguments/options.js";
import { requirePrompt, tokensBlock, visibleTexts } from "../arguments/prompt.js";
import { paragraph } from "../blocks/blocks.js";
import { defineCommand, promptOptions } from "../verbs/command.js";

export const trace = defineCommand({
  name: "trace",
  summary: "Run a prompt and show the activations: shapes and statistics of every site",
  takesPrompt: true,
  options: {
    ...promptOptions,
    sites: texts("which sites, such as 'layers.*.selfAttn.z' or '**'", "selector"),
    intervene: interveneOption,
  },
  examples: [
    "'Mary and John went to the park'",
    "--sites '**' --json",
    "--intervene 'layers.1.mlp=zeroOut()'",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const model = await context.loadModel();
    const interventions = await readInterventions(model, options.intervene);
    const { siteStatistics, statisticsRows, statisticsTable } = await import("@mlxterp/analysis");
    const changed = options.intervene.length > 0 ? model.edit(interventions) : model;
    const sites = options.sites.length > 0 ? { sites: options.sites } : {};
    const ids = model.tokens(context.promptFor(model, asked)).ids[0];
    const result = await siteStatistics(changed, ids, { ...sites, signal: context.signal });
    const found = statisticsRows(result);
    const shown = { tokens: { ids, pieces: tokenTexts(model.tokenizer, ids) } };
    const blocks = traceBlocks(model, ids, statisticsTable(result), options.intervene);
    return {
      data: {
        model: model.name,
        ...shown,
        interventions: options.intervene,
        sites: found,
      },
      blocks,
      report: { title: `Trace of ${model.name}`, blocks },
    };
  },
});

function traceBlocks(
  model: LanguageModel,
  ids: readonly number[],
  sites: TableBlock,
  interventions: readonly string[],
): Block[] {
  const total = model.sites("**").length;
  const changed = interventions.length > 0 ? ` Changed: ${interventions.join("; ")}.` : "";
  return [
    tokensBlock(visibleTexts(model, ids)),
    sites,
    paragraph(
      `${sites.rows.length} values of ${model.name}, which has ${total} sites (--sites '**' shows all).${changed}`,
      "quiet",
    ),
  ];
}
