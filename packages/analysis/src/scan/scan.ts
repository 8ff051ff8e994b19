/**
 * Scan: a first look at how a model does a task, in one call.
 *
 * How well it does it; from which layer on the answer leads (lens); which heads and MLPs matter by attribution, patched one by one; which
 * write towards the answer directly; what the heads among them look at elsewhere; what is left without them. Each finding stands
 * beside what chance gives in its place: other heads and MLPs, other tokens.
 *
 * Caveats. It is a list of where to look, not an explanation: attribution may miss what saturates, and what it misses is not patched. Parts are
 * looked at one by one. With a single pair there are no intervals. Whatever the time was too short for, and what no scan looks at
 * (positions, neurons, edges, other ways to corrupt), is told in the notes.
 *
 * Source: the methods that it calls, each on its own page.
 */
import { provenanceOf } from "@mlxterp/core";
import { createTable, MlxterpError, type Note, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, type PromptPair, resolvePairs } from "../shared/pairs.js";
import { type ScanOptions, scanOptions } from "./options.js";
import type { Finding, ScanResult } from "./result.js";
import { type Scanned, scanSteps } from "./steps.js";

/**
 * @param input pairs of prompts, as for `activationPatching`; tasks have them
 * @returns findings by rank, and which steps were taken
 * @throws MissingAnatomyError (`MISSING_ANATOMY`) where no layer attends; what `activationPatching` throws; the signal's reason when cancelled
 * @example
 * const { pairs, question } = builtInTask(model, "ioi", { size: 2 });
 * const { tables } = await scan(model, pairs, question);
 * tables.findings.rows[0].finding; // the strongest cause
 */
export async function scan(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: ScanOptions,
): Promise<ScanResult> {
  const asked = parseOptions("scan", scanOptions, options);
  const { signal, onProgress, seconds } = asked;
  attendingLayers("scan", model);
  const read = resolvePairs(model, input, asked, { sequences: true, spans: true });
  const until = performance.now() + 1000 * seconds;
  const scanned: Scanned = {
    model,
    pairs: read.pairs,
    input: inputOf(read.pairs),
    question: { answer: read.asked.answer, wrongAnswer: read.asked.wrongAnswer! },
    asked,
    notes: [],
    heads: [],
    nodes: [],
  };
  const found: Omit<Finding, "rank">[] = [];
  const steps: { step: string; looked: boolean }[] = [];
  const refused = new Map<string, Note>();
  const single = read.pairs.every(({ answer, wrongAnswer }) => [answer, wrongAnswer!].every(({ set, sequence }) => typeof set === "number" && !sequence)); // biome-ignore format: one line
  for (const [index, { step, look, readsOneToken }] of scanSteps.entries()) {
    signal?.throwIfAborted();
    const inTime = index === 0 || performance.now() < until;
    const asks = inTime && (single || !readsOneToken);
    const findings = asks ? await lookWherePossible(step, () => look(scanned), refused) : undefined;
    found.push(...(findings ?? []));
    steps.push({ step, looked: findings !== undefined });
    onProgress?.({ done: index + 1, total: scanSteps.length, stage: step });
  }
  const ranked = found.sort((a, b) => order(a) - order(b) || Math.abs(b.value) - Math.abs(a.value));
  return {
    method: "scan",
    asked: askedOf(asked, read.asked),
    fed: read.pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {},
    tables: {
      findings: createTable(
        ["rank", "finding", "method", "where", "value", "low", "high", "null", "unit"],
        ranked.map((one, at) => ({ rank: at + 1, ...one })),
      ),
      steps: createTable(["step", "looked"], steps),
    },
    notes: [...read.notes, ...scanned.notes, ...pairNotes(read.pairs.length), ...refused.values(), ...blindNotes(steps.filter(({ step }) => !refused.has(step)))], // biome-ignore format: one list
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** What a step finds; undefined, with a note, in models whose stream is no sum of what is written, which the others do not need. */
async function lookWherePossible<T>(
  step: string,
  look: () => Promise<T>,
  refused: Map<string, Note>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!MlxterpError.isInstance(error) || error.code !== "NOT_A_SUM") throw error;
    refused.set(step, { code: "NOT_A_SUM", text: `not looked at: ${step}. ${error.message}` });
    return undefined;
  }
}

/** The pairs as its methods take them: token ids, and where words stand for each other. */
function inputOf(pairs: readonly PromptPair[]): Scanned["input"] {
  const spans = pairs.map(({ clean, corrupted }) =>
    (clean.spans ?? []).map((own, at) => ({ clean: own, corrupted: corrupted.spans![at] })),
  );
  return {
    clean: pairs.map(({ clean }) => [...clean.ids]),
    corrupted: pairs.map(({ corrupted }) => [...corrupted.ids]),
    ...(spans.some(({ length }) => length > 0) && { spans }),
  };
}

/** Causes first. */
const methods = ["task", "patch", "ablate", "attribute", "lens", "heads"];

function order({ method }: Pick<Finding, "method">): number {
  return methods.indexOf(method);
}

function pairNotes(pairs: number): Note[] {
  if (pairs > 1) return [];
  return [{ code: "ONE_PROMPT", text: "one pair: there is no interval, and others may differ." }];
}

function blindNotes(steps: readonly { readonly step: string; readonly looked: boolean }[]): Note[] {
  const late = steps.filter(({ looked }) => !looked).map(({ step }) => step);
  const never =
    "single positions, neurons, queries and keys, edges, what parts do only together, other ways to corrupt";
  const notes: Note[] = [{ code: "NOT_LOOKED_AT", text: `no scan looks at: ${never}.` }];
  if (late.length === 0) return notes;
  const text = `not looked at: ${late.join(", ")}. Either the time was too short (give more seconds), or answers are several tokens where one is read.`;
  return [{ code: "LEFT_OUT", text }, ...notes];
}
