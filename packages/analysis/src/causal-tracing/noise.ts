/** Gaussian noise on the embeddings of a subject. */
import type { Intervention } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";
import type { Span } from "../shared/spans.js";

/** Where embeddings are, before positions are added. */
export const embeddings = "embedTokens";

/** A prompt and its subject. */
export interface Subject {
  readonly ids: readonly number[];
  readonly span: Span;
}

/** The standard deviation of the embeddings of all subjects' tokens together, over tokens and width. */
export async function deviationOf(
  model: AnalysisModel,
  subjects: readonly Subject[],
): Promise<number> {
  const found: MxArray[] = [];
  for (const { ids, span } of subjects) {
    const cache = await model.run([ids], { save: embeddings });
    const own = cache.get(embeddings).index(0, mx.Slice(span[0], span[1])).astype(mx.float32);
    found.push(own.reshape([own.size]));
  }
  const all = mx.concatenate(found, 0);
  const deviation = mx.sqrt(mx.mean(mx.square(mx.subtract(all, mx.mean(all)))));
  await evaluate([deviation]);
  return toFlat(deviation)[0];
}

/** What is added in each draw, (samples, tokens of the subject, hidden). */
export function noiseOf(
  { span }: Subject,
  hidden: number,
  { samples, seed, deviation }: { samples: number; seed: number; deviation: number },
): MxArray {
  const shape = [samples, span[1] - span[0], hidden];
  return mx.random.normal(shape, mx.float32, 0, deviation, mx.random.key(seed));
}

/** Adds it at the subject, each row its own draw. */
export function noised({ span: [from, to] }: Subject, noise: MxArray) {
  const add: Intervention = (x) => {
    const part = (start: number, end: number) => x.index(mx.Slice(), mx.Slice(start, end));
    const pieces = [mx.add(part(from, to), noise.astype(x.dtype))];
    if (from > 0) pieces.unshift(part(0, from));
    if (to < x.shape[1]) pieces.push(part(to, x.shape[1]));
    return pieces.length === 1 ? pieces[0] : mx.concatenate(pieces, 1);
  };
  return { [embeddings]: add };
}
