/**
 * Probes of stores larger than memory: batch after batch from the disk, with whole sequences held out.
 *
 * The mean of each class needs one pass; a logistic regression goes through the rows several times in an order by chance (Adam on
 * standardised columns, the mean of its last steps). What is held in memory is one batch and a few vectors, however many rows there are.
 *
 * Source: averaging: Polyak & Juditsky 1992.
 */
import { evaluate, fromFlat, InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { parseOptions, type RunControl } from "@mlxterp/results";
import { checkIterable, checkMethods, checkWholeNumber } from "@mlxterp/results/errors";
import { z } from "zod";
import { dot } from "../directions/matrix.js";
import { type LinearProbe, spreadsOf } from "./linear-probe.js";

/** What is asked of a store; an `ActivationStore` has it. */
export interface ProbeStore {
  readonly rows: number;
  batches(options: {
    readonly batchSize: number;
    readonly sites: readonly string[];
    readonly shuffle?: number;
    readonly epochs?: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<{
    readonly rows: readonly number[];
    readonly activations: Readonly<Record<string, MxArray>>;
  }>;
  origins(rows: readonly number[]): { readonly sequence: Int32Array };
}

const storeProbeOptions = z.object({
  site: z.string().min(1).describe("what is read, as it was collected"),
  label: z.string().min(1).describe("the column of labels, 0 or 1, without its #"),
  rule: z.enum(["logistic", "massMean"]).default("logistic").describe("as for `probe`"),
  epochs: z.int().min(1).default(2).describe("passes of the logistic regression"),
  batchSize: z.int().min(1).default(4096).describe("rows in one batch"),
  learningRate: z.number().positive().default(0.02).describe("of Adam, falling to 0 in a line"),
  decay: z.number().min(0).default(1e-4).describe("how much large weights cost"),
  group: z
    .string()
    .min(1)
    .optional()
    .describe("a column of whole numbers, without its #: rows with the same one are held out together; default the sequences"), // biome-ignore format: one line
  holdOut: z.int().min(2).default(5).describe("of so many sequences or groups one is held out"),
  seed: z.int().min(0).default(0).describe("of the order of rows"),
});

/** Options of `trainStoreProbe`. */
export type StoreProbeOptions = z.input<typeof storeProbeOptions> & RunControl;

/** A probe, and how well it tells held-out rows apart. */
export interface StoreProbe extends LinearProbe {
  readonly accuracy: number;
  /** The share of the more frequent label among held-out rows: what a constant has. */
  readonly majority: number;
  readonly heldOutRows: number;
  readonly trainRows: number;
}

type Asked = z.output<typeof storeProbeOptions> & RunControl;

/**
 * Trains a probe on a store. Sequence n is held out when n + 1 is a multiple of `holdOut`, with all its rows; or group n, where sequences share one.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sites and columns that the store has not, labels other than 0 and 1, and
 *   stores in which one class is missing; the signal's reason
 * @example
 * await using labelled = await collectToDisk(
 *   model,
 *   [{ prompt: "Mary and John", columns: { first: [1, 0, 0, 0] } }, { prompt: "the capital", columns: { first: [1, 0, 0] } }],
 *   { folder: "labelled", save: "layers.1", columns: { first: "int32" } },
 * );
 * const { accuracy } = await trainStoreProbe(labelled, { site: "layers.1", label: "first", holdOut: 2 });
 */
export async function trainStoreProbe(
  store: ProbeStore,
  options: StoreProbeOptions,
): Promise<StoreProbe> {
  const asked: Asked = parseOptions("trainStoreProbe", storeProbeOptions, options);
  checkMethods("store", store, ["batches", "origins"], "a store of activations");
  checkWholeNumber("store.rows", store.rows);
  const moments = await momentsOf(store, asked);
  const parts =
    asked.rule === "massMean" ? fromMeans(moments) : await descend(store, asked, moments);
  const judged = await judge(store, asked, moments, parts);
  return { ...parts, ...judged, trainRows: moments.count };
}

interface Batch {
  readonly value: MxArray; // (rows, width)
  readonly labels: Int32Array;
  readonly held: readonly boolean[];
}

async function* batchesOf(store: ProbeStore, asked: Asked, epochs?: number): AsyncGenerator<Batch> {
  const { site, label, batchSize, holdOut, signal } = asked;
  const column = `#${label}`;
  const groups = asked.group === undefined ? [] : [`#${asked.group}`];
  const order = epochs === undefined ? {} : { epochs, shuffle: asked.seed };
  const stop = signal ? { signal } : {};
  const given = store.batches({ batchSize, sites: [site, column, ...groups], ...order, ...stop });
  checkIterable("store.batches", given);
  for await (const batch of given) {
    const labels = Int32Array.from(toFlat(batch.activations[column]));
    const wrong = labels.find((one) => one !== 0 && one !== 1);
    if (wrong !== undefined)
      throw new InvalidArgumentError("label", wrong, `"${label}" must hold 0 and 1.`);
    const unit = groups.length > 0 ? toFlat(batch.activations[groups[0]]) : store.origins(batch.rows).sequence; // biome-ignore format: one choice
    const odd = unit.find((one) => !Number.isInteger(one));
    if (odd !== undefined)
      throw new InvalidArgumentError("group", odd, `"${asked.group}" must hold whole numbers.`);
    const held = Array.from(unit, (one) => (one + 1) % holdOut === 0);
    const value = batch.activations[site];
    yield { value: value.reshape([value.shape[0], -1]), labels, held };
  }
}

/** 1 for rows that are trained on and of the class, or of any: (rows, 1). */
function chosen({ labels, held }: Batch, label?: number): MxArray {
  const mask = held.map((one, at) =>
    !one && (label === undefined || labels[at] === label) ? 1 : 0,
  );
  return mx.array(mask as number[]).reshape([-1, 1]);
}

interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  /** Infinite where nothing varies. */
  readonly spread: Float64Array;
  /** Of label 0 and 1. */
  readonly means: readonly [Float64Array, Float64Array];
}

/** Sums of a batch are around the mean of the first one, and added up in double precision: a large mean hides no small spread. */
async function momentsOf(store: ProbeStore, asked: Asked): Promise<Moments> {
  let shift: MxArray | undefined;
  let sums: Float64Array | undefined; // (3, width): of label 0, of label 1, of squares
  const counts = [0, 0];
  for await (const batch of batchesOf(store, asked)) {
    shift ??= mx.mean(batch.value, 0, true); // (1, width)
    const value = mx.subtract(batch.value, shift);
    const [zero, one] = [chosen(batch, 0), chosen(batch, 1)];
    const row = (weight: MxArray, rows: MxArray) => mx.matmul(weight.T, rows);
    const squares = row(mx.add(zero, one), mx.square(value));
    const own = mx.concatenate([row(zero, value), row(one, value), squares], 0);
    await evaluate([own, shift]);
    const found = toFlat(own);
    sums = sums ? sums.map((sum, at) => sum + found[at]) : Float64Array.from(found);
    for (const [at, label] of batch.labels.entries()) if (!batch.held[at]) counts[label]++;
  }
  if (!sums || !shift || counts.includes(0)) {
    const rule = `rows to train on are ${counts[0]} of label 0 and ${counts[1]} of label 1; both are needed.`;
    throw new InvalidArgumentError("label", asked.label, rule);
  }
  return momentsFrom(sums, Float64Array.from(toFlat(shift)), counts);
}

function momentsFrom(sums: Float64Array, shift: Float64Array, counts: readonly number[]): Moments {
  const [count, width] = [counts[0] + counts[1], shift.length];
  const part = (at: number) => sums.subarray(at * width, (at + 1) * width);
  const [zero, one, squares] = [part(0), part(1), part(2)];
  const centre = zero.map((sum, at) => (sum + one[at]) / count);
  const mean = centre.map((own, at) => shift[at] + own);
  const spread = spreadsOf(
    mean,
    squares.map((sum, at) => sum / count - centre[at] ** 2),
  );
  const means = [zero, one].map((own, label) => own.map((sum, at) => shift[at] + sum / counts[label])); // biome-ignore format: one line
  return { count, mean, spread, means: means as [Float64Array, Float64Array] };
}

interface Parts {
  readonly direction: Float64Array; // (width)
  readonly bias: number;
}

function fromMeans({ means: [zero, one], spread }: Moments): Parts {
  const direction = one.map((value, at) => (Number.isFinite(spread[at]) ? value - zero[at] : 0));
  return { direction, bias: -dot(direction, one.map((value, at) => (value + zero[at]) / 2)) }; // biome-ignore format: one line
}

async function descend(store: ProbeStore, asked: Asked, { mean, spread }: Moments): Promise<Parts> {
  const width = mean.length;
  const [centre, scale] = [mean, spread].map((own) => fromFlat(Float32Array.from(own), [width]));
  const total = Math.ceil(store.rows / asked.batchSize) * asked.epochs;
  let point = mx.zeros([width + 1, 1]);
  let [first, second, average] = [mx.zerosLike(point), mx.zerosLike(point), mx.zerosLike(point)];
  let [step, averaged] = [0, 0];
  for await (const batch of batchesOf(store, asked, asked.epochs)) {
    const standard = mx.divide(mx.subtract(batch.value, centre), scale);
    const signs = mx.array(Array.from(batch.labels, (label) => 2 * label - 1)).reshape([-1, 1]);
    const used = chosen(batch);
    const loss = (own: MxArray) => {
      const weights = own.index(mx.Slice(0, width));
      const scores = mx.add(mx.matmul(standard, weights), own.index(width));
      const each = mx.logaddexp(0, mx.negative(mx.multiply(signs, scores)));
      const size = mx.multiply(mx.sum(mx.square(weights)), asked.decay);
      return mx.add(mx.divide(mx.sum(mx.multiply(each, used)), mx.maximum(mx.sum(used), 1)), size);
    };
    step++;
    const gradient = mx.grad(loss)(point);
    first = mx.add(mx.multiply(first, 0.9), mx.multiply(gradient, 0.1));
    second = mx.add(mx.multiply(second, 0.99), mx.multiply(mx.square(gradient), 0.01));
    const size = (asked.learningRate * (1 - (step - 1) / total)) / (1 - 0.9 ** step);
    const root = mx.add(mx.sqrt(mx.divide(second, 1 - 0.99 ** step)), 1e-8);
    point = mx.subtract(point, mx.multiply(mx.divide(first, root), size));
    if (step > 0.75 * total) average = mx.add(average, mx.multiply(mx.subtract(point, average), 1 / ++averaged)); // biome-ignore format: one line
    await evaluate([point, first, second, average]);
    asked.onProgress?.({ done: step, total, stage: "probe" });
  }
  const best = toFlat(averaged > 0 ? average : point);
  const direction = spread.map((own, at) => best[at] / own);
  return { direction, bias: best[width] - dot(direction, mean) };
}

async function judge(
  store: ProbeStore,
  asked: Asked,
  { mean }: Moments,
  { direction, bias }: Parts,
) {
  // around the mean, where single precision loses least
  const centre = fromFlat(Float32Array.from(mean), [mean.length]);
  const weights = fromFlat(Float32Array.from(direction), [mean.length, 1]);
  const start = bias + dot(direction, toFlat(centre));
  let [right, ones, count] = [0, 0, 0];
  for await (const batch of batchesOf(store, asked)) {
    const scored = mx.matmul(mx.subtract(batch.value, centre), weights);
    await evaluate([scored]); // lets go of the batch before
    const scores = toFlat(scored);
    for (const [at, held] of batch.held.entries()) {
      if (!held) continue;
      count++;
      ones += batch.labels[at];
      if (scores[at] + start > 0 === batch.labels[at] > 0) right++;
    }
  }
  const share = ones / count;
  return { accuracy: right / count, majority: Math.max(share, 1 - share), heldOutRows: count };
}
