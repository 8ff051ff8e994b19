/** What dictionaries of several seeds are worth on texts that none was trained on, with intervals over the seeds. */
import { type Dictionary, evaluateDictionary, overSeeds } from "@mlxterp/dictionaries";
import type { LanguageModel } from "@mlxterp/models";

/** One measure over seeds. */
export interface Quality {
  readonly values: readonly number[];
  /** The mean with its interval, and the smallest difference that counts; the value alone of one seed. */
  readonly text: string;
}

export type Qualities = Readonly<Record<string, Quality>>;

/** @param behaviour whether to tell what the model still says, with passes for each dictionary; default true */
export async function heldOutQuality(
  model: LanguageModel,
  dictionaries: readonly Dictionary[],
  texts: readonly number[][],
  { behaviour: heard = true }: { readonly behaviour?: boolean } = {},
): Promise<Qualities> {
  const measured: Record<string, number[]> = {};
  const add = (what: string, value: number | undefined) => {
    if (value !== undefined) measured[what] = [...(measured[what] ?? []), value];
  };
  for (const [at, dictionary] of dictionaries.entries()) {
    const options = { positions: { from: 1 }, nulls: at === 0, behaviour: heard } as const;
    const { reconstruction, behaviour, nulls } = await evaluateDictionary(
      model,
      dictionary,
      texts,
      options,
    );
    add("variance explained", reconstruction.explained);
    add("loss recovered", behaviour?.lossRecovered);
    add("features on", reconstruction.l0);
    add("dead", reconstruction.dead);
    for (const [kind, known] of Object.entries(nulls)) {
      add(`variance explained, ${kind}`, known.reconstruction.explained);
      add(`loss recovered, ${kind}`, known.behaviour?.lossRecovered);
    }
  }
  return qualitiesOf(measured);
}

export function qualitiesOf(measured: Readonly<Record<string, readonly number[]>>): Qualities {
  const entries = Object.entries(measured).map(([what, values]) => [what, qualityOf(values)]);
  return Object.fromEntries(entries);
}

function qualityOf(values: readonly number[]): Quality {
  const short = (value: number) => value.toFixed(4);
  if (values.length < 2) return { values, text: short(values[0]) };
  const { value, low, high, n, smallestDifference } = overSeeds(values);
  const text = `${short(value)} (${short(low)} to ${short(high)}, ${n} seeds; differences below ${short(smallestDifference)} are noise)`;
  return { values, text };
}
