/** For tests: values that other programs computed for a method, where they are beside the project. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";

const shared =
  process.env.MLXTERP_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** What cases say of themselves: each those things that its method has. */
export interface CaseFacts {
  readonly clean: number[][];
  readonly corrupted: number[][];
  readonly answer: number[];
  readonly foil: number[];
  readonly resid_labels: string[];
  readonly tokens: number[][];
  readonly src_nodes: string[];
  readonly dst_nodes: string[];
  /** By metric. */
  readonly thresholds: Readonly<Record<string, number[]>>;
  readonly fractions: number[];
  readonly receivers: string[];
  readonly layer: number;
  readonly other_layer: number;
  readonly position: number;
  readonly C: number;
  readonly tolerance: { readonly atol: number; readonly rtol: number };
  /** Of the values, by their names. */
  readonly shapes: Readonly<Record<string, number[]>>;
  /** Numbers, by the variant and what it calls them. */
  readonly options: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One case: a model, pairs of token ids, and what came out. */
export interface MethodCase {
  readonly pairs: { readonly clean: number[][]; readonly corrupted: number[][] };
  readonly question: { readonly answer: number[]; readonly wrongAnswer: number[] };
  /** Everything else that is said of it. */
  readonly about: CaseFacts;
  numbers(name: string): number[];
  has(name: string): boolean;
}

export function hasMethodCase(method: string, name: string): boolean {
  const { folder, model } = paths(method, name);
  return existsSync(join(folder, "case.json")) && existsSync(join(model(), "config.json"));
}

export function openMethodCase(method: string, name: string): MethodCase {
  const { folder, about } = paths(method, name);
  const { clean, corrupted, answer, foil } = about();
  const values = mx.load(join(folder, "values.safetensors")) as unknown as Record<string, MxArray>;
  return {
    pairs: { clean, corrupted },
    question: { answer, wrongAnswer: foil },
    about: about(),
    numbers: (key) => [...toFlat(values[key].astype(mx.float32))],
    has: (key) => key in values,
  };
}

export function modelOfCase(method: string, name: string) {
  return loadModel(paths(method, name).model());
}

/** A file or folder of a case. */
export function methodCaseFile(method: string, name: string, file: string): string {
  return join(paths(method, name).folder, file);
}

function paths(method: string, name: string) {
  const folder = join(shared, "reference/methods", method, name);
  const about = () => JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  return { folder, about, model: () => join(shared, about().model as string) };
}
