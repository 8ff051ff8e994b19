/** Random selectors, and interventions of every kind: harmless, wrong, failing, nested. */
import { type Module, type MxArray, mx } from "@mlxterp/mlx";
import fc from "fast-check";
import type { InterpretableModel } from "../../src/model/model.js";
import type { Intervention, Interventions } from "../../src/pass/intervention.js";
import { arrayInside } from "../../src/pass/nested.js";
import { skip } from "../../src/pass/skip.js";
import { numbers } from "./networks.js";
import { PlannedError } from "./random-networks.js";

type Model = InterpretableModel<Module>;

/** What steps leave: arrays that must stay as they are, and traces that are still open. */
export interface Surroundings {
  readonly model: Model;
  keep(array: MxArray): void;
  readonly open: Disposable[];
}

export const x = numbers(3, 2);

/** A selector, made from the model's own names where `site` says which of them. */
interface Choice {
  readonly site: number | undefined;
  readonly form: string;
}

const patterns = [
  "**",
  "**.input",
  "output",
  "input",
  "list.*",
  "list.{0..1}",
  "named.*",
  "keyed.k0",
];
const wrong = [
  "nowhere",
  "list.9",
  "list.{0",
  "named.zzz.input",
  "output.7",
  "keyed.*.nothing#4",
  "named.*",
];
const suffixes = ["", ".input", "#0", "#1", ".output.1", ".input#0"];

export const plain = fc.record({ site: fc.nat(30), form: fc.constant("") });

export const choices: fc.Arbitrary<Choice> = fc.oneof(
  { weight: 12, arbitrary: plain },
  { weight: 3, arbitrary: fc.record({ site: fc.nat(30), form: fc.constantFrom(...suffixes) }) },
  { weight: 4, arbitrary: choiceOf(patterns) },
  { weight: 1, arbitrary: choiceOf(wrong) },
);

function choiceOf(forms: readonly string[]): fc.Arbitrary<Choice> {
  return fc.record({ site: fc.constant(undefined), form: fc.constantFrom(...forms) });
}

export function nameOf(model: Model, { site, form }: Choice): string {
  if (site === undefined) return form;
  const sites = model.sites();
  return sites.length === 0 ? "output" : `${sites[site % sites.length].site}${form}`;
}

const changes: Readonly<Record<string, (around: Surroundings) => Intervention>> = {
  same: () => (y) => y,
  double: () => (y) => mx.multiply(y, 2),
  "in place": () => (y) => {
    y.indexPut_(0, 7);
    return y;
  },
  "half precision": () => (y) => mx.zerosLike(y.astype(mx.float16)),
  integers: () => (y) => y.astype(mx.int32),
  "wrong shape": () => (y) => mx.concatenate([y, y], 0),
  nothing: () => () => undefined as never,
  "a promise": () => (y) => Promise.resolve(y) as never,
  failing: () => () => {
    throw new PlannedError("inside an intervention");
  },
  skip: () => skip(),
  keeping:
    ({ keep }) =>
    (y) => {
      keep(y);
      return mx.add(y, 1);
    },
  nested:
    ({ model }) =>
    (y) => {
      using inner = model.trace(String(y.shape) === String(x.shape) ? y : x);
      return mx.add(y, mx.multiply(mx.sum(arrayInside(inner.result)!), 0));
    },
  "closing all":
    ({ open }) =>
    (y) => {
      for (const trace of open.splice(0)) trace[Symbol.dispose]();
      return y;
    },
};

const harmless = [
  "same",
  "double",
  "in place",
  "half precision",
  "keeping",
  "nested",
  "closing all",
];
const change = fc.oneof(
  { weight: 7, arbitrary: fc.constantFrom(...harmless) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(changes)) },
);
export const changeList = fc.array(fc.tuple(choices, change), { maxLength: 3 });
export function interventionsOf(
  list: readonly (readonly [Choice, string])[],
  around: Surroundings,
): Interventions {
  return Object.fromEntries(
    list.map(([choice, name]) => [nameOf(around.model, choice), changes[name](around)]),
  );
}
