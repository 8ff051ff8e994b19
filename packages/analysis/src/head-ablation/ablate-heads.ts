/**
 * Head ablation: what the model can still do without some of its heads.
 *
 * Each named head's mix of values is replaced, by zeros, by its mean over prompts and positions, or by its mean at each
 * position over reference prompts, and the metric is taken again. What falls is what the model used these heads for.
 *
 * Caveats. Zero is a value that the head may never take, and the shock of it can hurt by itself; the mean keeps what is the
 * same on all prompts and removes what tells them apart (Wang et al. 2022, arXiv 2211.00593, section 2). One mean for all
 * positions also removes what tells positions apart: a circuit is judged by the means of each position. Other heads may
 * step in (McGrath et al. 2023, "The Hydra Effect", arXiv 2307.15771). Compare with as many random heads.
 */
import { checkModel, type Prompt, provenanceOf } from "@mlxterp/core";
import { type ParsedOptions, parseOptions } from "@mlxterp/results";
import { siteOf } from "../patching/parts.js";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import { chooseMetric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, prefersBy, saturationNotes, taskNotes } from "../shared/notes.js";
import { resolveQuestions } from "../shared/questions.js";
import { select } from "../shared/select.js";
import { intervalNotes, scoreTables } from "./arrange.js";
import { type AblationOptions, ablationOptions } from "./options.js";
import { replacementOf } from "./replacement.js";
import type { AblationResult, HeadAddress } from "./result.js";
import { scoreBoth } from "./score.js";

type Asked = ParsedOptions<typeof ablationOptions>;

/**
 * Takes a metric at the last position with and without some heads.
 *
 * @param input one prompt or several, also of different length
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist; AnswerTokenError (`ANSWER_TOKEN`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist; NotFiniteError (`NOT_FINITE`)
 * @example
 * const { tables } = await ablateHeads(model, clean, {
 *   answer: "Mary",
 *   wrongAnswer: "John",
 *   heads: [[2, 0]],
 *   method: "zero",
 * });
 * tables.change.rows[0].value; // logits gained, or lost
 */
export async function ablateHeads(
  model: AnalysisModel,
  input: Prompt,
  options: AblationOptions,
): Promise<AblationResult> {
  const asked: Asked = parseOptions("ablateHeads", ablationOptions, options);
  const heads = checkHeads(model, asked.heads);
  const questions = resolveQuestions(model, input, asked, { sets: true, sequences: true });
  const { list, notes, asked: answers } = questions;
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const source = await replacementOf(model, heads, list, asked);
  const { baseline, ablated, ranks } = await scoreBoth(model, questions, {
    ...{ metric, heads, source, batchSize: asked.batchSize, control: asked },
  });
  const name = metricName(metric);
  const kept = { ...answers, heads, ...(typeof metric === "string" && { metric }) };
  return {
    method: "ablate",
    asked: askedOf(asked, kept),
    fed: list,
    grids: {},
    tables: scoreTables(name, baseline, ablated),
    notes: [
      ...notes,
      ...taskNotes(baseline.map((clean) => prefersBy(name, clean))),
      ...answerNotes(list, ranks),
      ...saturationNotes(name, baseline),
      ...intervalNotes(list.length),
    ],
    provenance: {
      ...provenanceOf(model),
      interventions: [...new Set(heads.map(([layer]) => siteOf("head", layer)))],
    },
  };
}

function checkHeads(model: AnalysisModel, heads: readonly HeadAddress[]): [number, number][] {
  checkModel("model", model);
  const { anatomy } = model;
  return heads.map(([layer, head]) => [
    attendingLayers("ablateHeads", model, [layer])[0],
    select("Head", [head], anatomy.heads)[0],
  ]);
}
