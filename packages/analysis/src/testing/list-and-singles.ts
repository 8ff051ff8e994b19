/** For tests: what belongs to one prompt or pair of what a method answers to several, beside what it answers to it alone. */
import type { LanguageModel } from "@mlxterp/models";
import { fieldsOf, type Grid, type Method, type Result, sliceOf } from "@mlxterp/results";
import { fewRuns } from "./each-method.js";

const prompts = [[5, 6, 7, 9], [4, 9, 8, 3]]; // biome-ignore format: one list
const others = [[5, 8, 7, 9], [4, 7, 8, 3]]; // biome-ignore format: one list
const answers: Readonly<Record<string, readonly number[]>> = {
  answer: [7, 3],
  wrongAnswer: [8, 4],
};

/** What would else be drawn or averaged over all prompts, and what methods cannot do without. */
const fixed: Readonly<Record<string, object>> = {
  ablate: { heads: [[1, 0]], reference: [[1, 2, 3]] },
  causal: { subject: [1, 2], samples: 1, deviation: 0.5 },
  diff: { change: "layers.1=scale(0.5)" },
  patchscope: { target: [5, 6, 7] },
  tokens: { scoring: "gradient-input" },
};

/** Where a list is one conversation, or learnt from as a whole, or must repeat itself. */
const skipped = ["turns", "copying", "scan", "task", "probe", "steer", "erase", "das", "tuned-lens", "weights", "acdc", "circuit"]; // biome-ignore format: a list

export function takesSingles({ name }: Method): boolean {
  return !skipped.includes(name);
}

/** @returns the first difference between the parts of a prompt in the list and alone, and how many parts were compared */
export async function listAndSingles(model: LanguageModel, method: Method) {
  const ask = async (one?: number): Promise<Result[]> => {
    const takes = new Set(fieldsOf(method.options).map(({ name }) => name));
    const named = Object.entries(answers).filter(([name]) => takes.has(name));
    const own = named.map(([name, list]) => [name, one === undefined ? list : list[one]]);
    const of = (list: readonly number[][]) => (one === undefined ? list : list[one]);
    const input = method.input === "pairs" ? { clean: of(prompts), corrupted: of(others) } : of(prompts); // biome-ignore format: one choice
    const options = { ...fewRuns(method), ...fixed[method.name], ...Object.fromEntries(own) };
    return [await method.run(model, input as never, options)].flat();
  };
  const all = await ask();
  let compared = 0;
  for (const one of [0, 1]) {
    const [alone] = await ask(one);
    const [own, same] = all.length > 1 ? [whole(all[one]), whole(alone)] : [partsAt(all[0], one), partsAt(alone, 0)]; // biome-ignore format: one choice
    compared += Object.keys(own).length;
    for (const name of Object.keys(own)) {
      const difference = firstApart(own[name], same[name]);
      if (difference) return { compared, difference: `${name} of prompt ${one}: ${difference}` };
    }
  }
  return { compared, difference: undefined };
}

type Parts = Readonly<Record<string, readonly unknown[]>>;

function whole({ grids, tables }: Result): Parts {
  const numbers = Object.entries(grids).map(([name, grid]) => [
    name,
    Array.from(grid?.values ?? []),
  ]);
  const rows = Object.entries(tables).map(([name, table]) => [name, cellsOf(table?.rows ?? [])]);
  return Object.fromEntries([...numbers, ...rows]);
}

/** Of grids with an axis, and of tables with a column, of prompts or pairs. */
function partsAt({ grids, tables }: Result, at: number): Parts {
  const numbers = Object.entries(grids).flatMap(([name, grid]) => {
    const axis = grid?.axes.find(isIndex);
    return axis ? [[name, Array.from(sliceOf(grid as Grid, { [axis]: at }))]] : [];
  });
  const rows = Object.entries(tables).flatMap(([name, table]) => {
    const column = table?.columns.find(isIndex);
    const own = column ? table!.rows.filter((row) => row[column] === at) : [];
    return column ? [[name, cellsOf(own.map(({ [column]: _, ...rest }) => rest))]] : [];
  });
  return Object.fromEntries([...numbers, ...rows]);
}

function isIndex(name: string): boolean {
  return name === "pair" || name === "prompt";
}

function cellsOf(rows: readonly Readonly<Record<string, unknown>>[]): unknown[] {
  return rows.flatMap((row) => Object.values(row));
}

/** As far as alone and in a batch are summed in another order. */
function firstApart(own: readonly unknown[], same: readonly unknown[] = []): string | undefined {
  if (own.length !== same.length) return `${own.length} values in the list, ${same.length} alone`;
  const at = own.findIndex((value, index) => !isNear(value, same[index]));
  return at < 0 ? undefined : `value ${at} is ${own[at]} in the list, ${same[at]} alone`;
}

function isNear(a: unknown, b: unknown): boolean {
  if (typeof a !== "number" || typeof b !== "number" || Object.is(a, b)) return Object.is(a, b);
  return Math.abs(a - b) <= 1e-3 * (1 + Math.max(Math.abs(a), Math.abs(b)));
}
