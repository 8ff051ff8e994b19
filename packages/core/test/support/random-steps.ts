/** What somebody may do with a model, at random: every step may fail, but only with an error that was meant. */
import { MlxterpError, type MxArray, mx, nn } from "@mlxterp/mlx";
import fc from "fast-check";
import { replaceModule } from "../../src/module-edits/replace-module.js";
import { splice } from "../../src/module-edits/splice.js";
import { skip } from "../../src/pass/skip.js";
import { Dictionary } from "./dictionary.js";
import {
  changeList,
  choices,
  interventionsOf,
  nameOf,
  plain,
  type Surroundings,
  x,
} from "./random-changes.js";
import { fuse, PlannedError } from "./random-networks.js";

const fuses = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.nat(12) },
);

const endings = ["dispose", "await", "throw", "leave open", "twice"] as const;

export const steps = fc.oneof(
  fc.record({
    kind: fc.constant("trace" as const),
    changes: changeList,
    reads: fc.array(choices, { maxLength: 4 }),
    ending: fc.constantFrom(...endings),
    fuse: fuses,
  }),
  fc.record({
    kind: fc.constant("run" as const),
    changes: changeList,
    reads: fc.array(choices, { maxLength: 3 }),
    fuse: fuses,
  }),
  fc.record({
    kind: fc.constant("gradients" as const),
    changes: changeList,
    reads: fc.array(choices, { minLength: 1, maxLength: 2 }),
    fuse: fuses,
  }),
  fc.record({
    kind: fc.constant("edit" as const),
    edit: fc.constantFrom("skip", "replace", "wrap", "splice", "bare splice", "change"),
    at: fc.oneof({ weight: 6, arbitrary: plain }, choices),
    changes: changeList,
    fuse: fuses,
  }),
  fc.record({
    kind: fc.constant("invoke" as const),
    programs: fc.array(changeList, { minLength: 1, maxLength: 3 }),
    reads: fc.array(choices, { maxLength: 2 }),
    ending: fc.constantFrom(...endings),
    fuse: fuses,
  }),
  fc.record({ kind: fc.constant("scan" as const), changes: changeList, fuse: fuses }),
);

export type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;
type StepOf<K> = Extract<Step, { kind: K }>;

/** Takes one step. @throws whatever should not have been thrown */
export async function take(step: Step, around: Surroundings): Promise<void> {
  fuse.left = step.fuse ?? Number.POSITIVE_INFINITY;
  try {
    await kinds[step.kind](step as never, around);
  } catch (error) {
    if (!(error instanceof MlxterpError || error instanceof PlannedError)) throw error;
  } finally {
    fuse.left = Number.POSITIVE_INFINITY;
  }
}

const kinds = {
  async trace(step: StepOf<"trace">, around: Surroundings) {
    const { model } = around;
    const trace = model.trace(x, { interventions: interventionsOf(step.changes, around) });
    around.open.push(trace);
    for (const choice of step.reads) around.keep(trace.save(nameOf(model, choice)));
    await end(step.ending, around);
  },

  async run({ changes, reads }: StepOf<"run">, around: Surroundings) {
    const { model, keep } = around;
    const save = reads.map((choice) => nameOf(model, choice));
    const cache = await model.run(x, { save, interventions: interventionsOf(changes, around) });
    for (const [, value] of cache) keep(value);
  },

  async gradients({ changes, reads }: StepOf<"gradients">, around: Surroundings) {
    const { model, keep } = around;
    const sites = reads.map((choice) => nameOf(model, choice));
    const interventions = interventionsOf(changes, around);
    const metric = (output: MxArray) => mx.sum(mx.square(output));
    const { gradients } = await model.gradients(x, metric, { save: sites, interventions });
    for (const [, value] of gradients) keep(value);
  },

  async edit({ edit, at, changes }: StepOf<"edit">, around: Surroundings) {
    const { model, keep } = around;
    const edits = {
      skip: () => skip(),
      change: () => (y: MxArray) => mx.add(y, 1),
      replace: () => replaceModule(new nn.Linear(2, 2)),
      wrap: () => replaceModule((original) => new nn.Sequential(original, new nn.Identity())),
      splice: () => splice(new Dictionary(2)),
      "bare splice": () => splice(new Dictionary(2), { error: false }),
    };
    const view = model.edit({ [nameOf(model, at)]: edits[edit as keyof typeof edits]() });
    keep(view.forward(x));
    const interventions = interventionsOf(changes, { ...around, model: view });
    const cache = await view.run(x, { save: ["**", "output"], interventions });
    for (const [, value] of cache) keep(value);
  },

  async invoke({ programs, reads, ending }: StepOf<"invoke">, around: Surroundings) {
    const { model, keep } = around;
    const trace = model.trace();
    around.open.push(trace);
    const members = programs.map((changes) =>
      trace.invoke(x, { interventions: interventionsOf(changes, around) }),
    );
    for (const choice of reads) for (const one of members) keep(one.save(nameOf(model, choice)));
    await end(ending, around);
  },

  async scan({ changes }: StepOf<"scan">, around: Surroundings) {
    around.model.scan(x, { interventions: interventionsOf(changes, around) }).bytes();
  },
};

async function end(ending: (typeof endings)[number], { open }: Surroundings): Promise<void> {
  if (ending === "leave open") return;
  if (ending === "throw") throw new PlannedError("in the body of a trace");
  const trace = open.pop() as (Disposable & Partial<AsyncDisposable>) | undefined;
  if (ending === "await") await trace?.[Symbol.asyncDispose]?.();
  else trace?.[Symbol.dispose]();
  if (ending === "twice") trace?.[Symbol.dispose]();
}
