/** What takes the place of an activation: that of the other prompt, zero, a mean, or those of other prompts. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { endAlike } from "../patching/causal.js";
import { meanActivations } from "../patching/means.js";
import { axisOf, type Part } from "../patching/parts.js";
import type { Activations, Source } from "../patching/runs.js";
import { sitesOf } from "../patching/sweep.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { Alignment } from "./alignment.js";

/** What was asked for, with its prompts as ids; means are taken once for all pairs. */
export interface Replacement {
  readonly name: "prompt" | "zero" | "mean" | "resample";
  readonly kinds: readonly Part[];
  readonly prompts: readonly (readonly number[])[];
  readonly means?: ReadonlyMap<string, MxArray>;
}

/** Both runs of a pair; 0 is the clean one. */
export interface BothRuns {
  readonly lengths: readonly number[];
  of(row: number): Activations;
  /** At the last positions, of each (steps, vocab). */
  logits(steps: number): MxArray[];
  /** The residual stream after the last layer, (1, position, hidden). */
  resultOf(row: number): MxArray;
}

/** A source, which of its runs are taken in turn, and which positions of the changed run are meant. */
export interface RowSource extends Source {
  readonly rows: readonly number[];
  positionsOf(asked: readonly number[] | null): readonly number[] | null;
}

interface Given {
  readonly runs: BothRuns;
  /** The run that is changed, and the other one. */
  readonly base: number;
  readonly other: number;
  readonly alignment: Alignment;
  /** Tokens of an answer behind the prompt. */
  readonly fed: readonly number[];
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for prompts to resample from that differ in length */
export async function sourceOf(
  model: AnalysisModel,
  replacement: Replacement,
  given: Given,
): Promise<RowSource> {
  const { base, alignment, runs } = given;
  const whole = base === 0 ? alignment.clean : alignment.corrupted;
  const own = new Map(alignment.clean.map((at, index) => [at, whole[index]]));
  const aligned: Pick<RowSource, "positionsOf"> = {
    // asked for by the clean prompt's positions
    positionsOf: (asked) => (asked ? asked.map((at) => own.get(at)!) : alignment.plain ? null : whole), // biome-ignore format: one choice
  };
  const own0 = [0];
  switch (replacement.name) {
    case "zero":
      return { ...aligned, at: () => mx.array(0), rows: own0 };
    case "mean":
      return { ...aligned, at: (site) => replacement.means!.get(site)!, rows: own0 };
    case "resample":
      return { ...aligned, ...(await resampled(model, replacement, given)) };
    default: {
      const same = endAlike(runs.resultOf(0), runs.resultOf(1), alignment.same)
        ? alignment.same
        : 0;
      return { ...aligned, at: otherRun(given), sameBefore: () => same, rows: own0 };
    }
  }
}

/** The other run, with its positions where those of the changed run are. */
function otherRun({ runs, base, other, alignment }: Given): Activations {
  const at = runs.of(other);
  if (alignment.plain) return at;
  const { clean, corrupted } = alignment;
  const [own, from] = base === 0 ? [clean, corrupted] : [corrupted, clean];
  const index = new Array<number>(runs.lengths[base]).fill(0);
  own.forEach((position, place) => {
    index[position] = from[place];
  });
  const order = mx.array(index, mx.int32);
  return (site) => mx.take(at(site), order, axisOf(site));
}

async function resampled(
  model: AnalysisModel,
  { prompts, kinds }: Replacement,
  { runs, base, fed }: Given,
): Promise<Pick<RowSource, "at" | "rows">> {
  const length = runs.lengths[base] - fed.length;
  const other = prompts.findIndex((ids) => ids.length !== length);
  if (other >= 0) {
    const rule = `prompt ${other} of it has ${prompts[other].length} tokens, and the prompt that is changed ${length}: position by position nothing takes the other's place. Give prompts of one template.`;
    throw new InvalidArgumentError("reference", prompts[other], rule);
  }
  const batch = prompts.map((ids) => [...ids, ...fed]);
  const names = kinds.map((kind) => (kind === "residual" ? "layers.*.input" : sitesOf([kind])[0]));
  const cache = await model.run(batch, { save: names });
  return { at: (site) => cache.get(site), rows: range(prompts.length) };
}

/** The means that a request takes, once for all pairs. */
export async function meansOf(
  model: AnalysisModel,
  sites: readonly string[],
  prompts: readonly (readonly number[])[],
  longest: number | null,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, MxArray>> {
  return meanActivations(model, sites, prompts, {
    ...{ batchSize: 16, axisOf, eachPosition: longest, signal },
  });
}
