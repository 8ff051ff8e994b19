/**
 * Causal tracing: which states bring back what a prompt knows about its subject, after the subject has been made unreadable.
 *
 * Three runs. The clean one knows the answer. In the noised one Gaussian noise is added to the embeddings of the subject's tokens, and the answer is
 * gone. In each restored one a single state of the noised run, one token at one layer, is put back to what it was in the clean run:
 * where the answer returns, that state carries it. MLPs and attention are restored in windows of layers, since each alone adds little.
 *
 * Reading a picture. An early site at the subject's last token, where MLPs bring the answer back, and a late site at the prompt's last token,
 * where attention does. `severed` holds the MLPs (or attention) of the restored token at what they added without the subject: where the
 * effect then disappears, it went through them.
 *
 * Caveats. Noise takes states where the model has never been, and its size matters: look at several. A restored state that suffices is
 * not where the answer is stored; changing weights there is another question (Hase et al. 2023, arXiv 2301.04213). For two prompts that differ in
 * the decisive words use activation patching, which noises nothing.
 *
 * Source: Meng et al. 2022 (ROME), arXiv 2202.05262, section 2 and appendix B.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, mx, toFlat } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import { partsThere, siteOf } from "../patching/parts.js";
import { noWork, workTable } from "../patching/work.js";
import { askedOf } from "../shared/asked.js";
import { layersHaving } from "../shared/layers-having.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { rowsThatFit } from "../shared/memory.js";
import { metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, prefersBy, saturationNotes, taskNotes } from "../shared/notes.js";
import {
  isOnePrompt,
  type ManyPrompts,
  type OnePrompt,
  promptIds,
  promptList,
} from "../shared/prompts.js";
import { resolveQuestions } from "../shared/questions.js";
import { locateSpan, type Span } from "../shared/spans.js";
import { tracingGrids, tracingTables } from "./arrange.js";
import { deviationOf } from "./noise.js";
import { type AskedTracing, type TracingOptions, tracingOptions } from "./options.js";
import type { TracingResult } from "./result.js";
import { tracePrompt } from "./trace-prompt.js";

/**
 * Restores every state of every layer and token, one at a time.
 *
 * @param input one prompt or several
 * @returns one result, or one for each prompt of a list: for every kind a grid (layer × token)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a subject that does not occur just once; EqualBaselinesError (`EQUAL_BASELINES`) where the noise
 *   changes nothing; AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`)
 * @example
 * const { grids } = await causalTracing(model, "the capital of France is", { subject: "France", samples: 4 });
 * valueAt(grids.residual!, { layer: 0, token: 4 }) > 0.9; // the subject's own embedding brings all of it back
 */
export function causalTracing(
  model: AnalysisModel,
  input: OnePrompt,
  options: TracingOptions,
): Promise<TracingResult>;
export function causalTracing(
  model: AnalysisModel,
  input: ManyPrompts,
  options: TracingOptions,
): Promise<TracingResult[]>;
export function causalTracing(
  model: AnalysisModel,
  input: Prompt,
  options: TracingOptions,
): Promise<TracingResult | TracingResult[]>;
export async function causalTracing(
  model: AnalysisModel,
  input: Prompt,
  options: TracingOptions,
): Promise<TracingResult | TracingResult[]> {
  const asked = parseOptions("causalTracing", tracingOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const { kinds, notes } = partsThere(model, [asked.kinds].flat(), asked.layers);
  const { severed } = asked;
  if (severed !== "none") {
    const site = siteOf(severed, "*");
    const wanted = { option: "severed", word: severed, site, another: "another part" };
    layersHaving(model, wanted, undefined); // some layer has what is held
  }
  const answer = asked.answer ?? (await likeliest(model, prompts));
  const { wrongAnswer } = asked;
  const questions = resolveQuestions(
    model,
    prompts,
    { answer, wrongAnswer },
    { sets: true, sequences: true },
  );
  const subjects = questions.list.map((fed, index) => ({
    ids: fed.ids,
    span: locateSpan(model, fed, subjectOf(asked, index, prompts.length)),
  }));
  const deviation = asked.deviation ?? asked.noise * (await deviationOf(model, subjects));
  const results: TracingResult[] = [];
  for (const [index, subject] of subjects.entries()) {
    const about = {
      answer: questions.answers[index],
      wrongAnswer: questions.wrongAnswers?.[index],
    };
    const maxRows = asked.maxRows ?? rowsThatFit(model, subject.ids.length);
    const work = noWork();
    const report = (done: number, total: number) =>
      asked.onProgress?.({
        done: index * total + done,
        total: subjects.length * total,
        stage: "tracing",
      });
    const found = await tracePrompt(model, { index, subject, about, deviation, maxRows, work, report, asked: { ...asked, kinds } }); // biome-ignore format: one call
    const name = metricName(asked.metric ?? "probability");
    const { clean, noised, rank } = found;
    const own = questions.list[index];
    results.push({
      method: "causal",
      asked: askedOf(asked, {
        subject: [...subject.span],
        answer: questions.asked.answer[index],
        wrongAnswer: questions.asked.wrongAnswer?.[index],
        ...(typeof asked.metric !== "function" && { metric: name }),
        ...{ deviation, maxRows },
      }),
      fed: [{ ...own, spans: [subject.span] }],
      grids: tracingGrids(model, subject.ids, found),
      tables: { ...tracingTables({ name, clean, noised, deviation }), work: workTable(work) },
      notes: [
        ...notes,
        ...questions.notes,
        ...taskNotes([prefersBy(name, clean)]),
        ...answerNotes([own], [rank]),
        ...saturationNotes(name, [clean]),
      ],
      provenance: provenanceOf(model),
    });
  }
  return isOnePrompt(input) ? results[0] : results;
}

/** What the model itself says after each prompt. */
async function likeliest(model: AnalysisModel, prompts: readonly number[][]): Promise<number[]> {
  const lengths = prompts.map(({ length }) => length);
  const [first, most] = await lazyPass(model, prompts, {}, (trace) => {
    const logits = lastLogits(model, trace, lengths);
    return [mx.argmax(logits, 1).astype(mx.float32), mx.max(logits, 1)];
  });
  await evaluate([first, most]);
  if (!toFlat(most).every(Number.isFinite)) throw await notFiniteError("Logits", model, prompts);
  return [...toFlat(first)];
}

function subjectOf({ subject }: AskedTracing, index: number, prompts: number): string | Span {
  if (typeof subject === "string") return subject;
  if (typeof subject[0] === "number") return subject as Span;
  const list = subject as readonly (string | Span)[];
  if (list.length === 1 || list.length === prompts) return list[list.length === 1 ? 0 : index];
  const rule = `${list.length} subjects do not fit ${prompts} prompts; give one for each, or one for all.`;
  throw new InvalidArgumentError("subject", subject, rule);
}
