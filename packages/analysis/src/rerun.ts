/** A result run again from what it says of itself: what was asked, what was fed, and where it comes from. */
import { checkModel, provenanceOf } from "@mlxterp/core";
import {
  checkOptions,
  type Fed,
  fieldsOf,
  InvalidArgumentError,
  type Method,
  type OptionNames,
  type Result,
  type RunControl,
  requireSameOrigin,
} from "@mlxterp/results";
import {
  brief,
  checkBoolean,
  checkFunction,
  checkList,
  checkMethods,
  checkRecord,
  checkSignal,
} from "@mlxterp/results/errors";
import { NotRepeatableError } from "./shared/errors.js";
import type { AnalysisModel } from "./shared/model.js";

/** What a run again is told. */
export interface RerunOptions extends RunControl {
  /** Whether to go on with other weights, dtype, edits or another version than made the result. Default: false. */
  readonly anyway?: boolean;
}

const optionRules: OptionNames<RerunOptions> = {
  anyway: checkBoolean,
  onProgress: checkFunction,
  signal: checkSignal,
};

/**
 * The same method with the same options on the same token ids.
 *
 * @throws NotRepeatableError (`NOT_REPEATABLE`) for a result that does not say everything: a function as metric, another model of which there is the name, edits of the model;
 *   ProvenanceMismatchError (`PROVENANCE_MISMATCH`) for other weights, dtype, edits or version of the library;
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for what is no result, or one of another method, and options that do not exist
 * @example
 * const stored = await logitLens(model, clean, { answer: "Mary" });
 * compare(stored, await rerun(model, lens, stored)); // undefined
 */
export async function rerun<R extends Result>(
  model: AnalysisModel,
  // biome-ignore lint/suspicious/noExplicitAny: a method of any input and options
  method: Method<string, any, any, any, R>,
  stored: R,
  options: RerunOptions = {},
): Promise<R> {
  checkModel("model", model);
  checkOptions("rerun", options, optionRules);
  checkStored(method, stored);
  const { anyway = false, ...control } = options;
  const { asked, fed, provenance } = stored;
  const code = Object.keys(asked).find((name) => isFunction(asked[name]));
  if (code !== undefined) {
    throw new NotRepeatableError(`its ${code} was a function, of which only the name was kept`);
  }
  const other = fieldsOf(method.options).find(
    ({ name, reads }) => reads === "model" && isName(asked[name]),
  );
  if (other) {
    const rule = "of which only the name was kept; put that model in its place in what was asked";
    throw new NotRepeatableError(
      `its ${other.name} was a model, ${brief(asked[other.name])}, ${rule}`,
    );
  }
  if (provenance.edits.length > 0 && model.edits.length === 0) {
    throw new NotRepeatableError("its model was edited; give a model with the same edits");
  }
  if (!anyway) {
    const rule = "Give the model it was made with, or { anyway: true } to run it with this one.";
    const action = "This result would not be run again with what made it";
    requireSameOrigin(provenance, provenanceOf(model), action, rule);
  }
  const found = await method.run(model, inputOf(method, fed), { ...asked, ...control });
  return ([found].flat() as R[])[0];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless the result is one of the method */
function checkStored(method: Method, stored: unknown): void {
  checkMethods("method", method, ["run"], "a method");
  checkRecord("stored", stored);
  const { method: name, asked, fed, provenance } = stored as Partial<Result>;
  if (name !== method.name) {
    const rule = `is a result of ${brief(name)}; give that method, or a result of ${brief(method.name)}.`;
    throw new InvalidArgumentError("stored", stored, rule);
  }
  checkRecord("stored.asked", asked);
  checkList("stored.fed", fed);
  checkRecord("stored.provenance", provenance);
}

function isFunction(value: unknown): boolean {
  return typeof value === "object" && value !== null && "function" in value;
}

/** Of a model, as results keep it. */
function isName(value: unknown): boolean {
  return (
    typeof value === "string" || (typeof value === "object" && value !== null && "edited" in value)
  );
}

function inputOf(method: Method, fed: readonly Fed[]) {
  const all = (role: string) => fed.filter((one) => one.role === role);
  const of = (role: string) => all(role).map(({ ids }) => ids);
  if (method.input === "pairs") {
    const [clean, corrupted] = [all("clean"), all("corrupted")];
    const pairs = { clean: of("clean"), corrupted: of("corrupted") };
    if (!clean.some(({ spans }) => spans)) return pairs;
    const spansOf = ({ spans = [] }: Fed, pair: number) =>
      spans.map((own, at) => ({ clean: own, corrupted: corrupted[pair].spans![at] }));
    return { ...pairs, spans: clean.map(spansOf) };
  }
  const prompts = of("prompt");
  if (prompts.length === 0) return undefined;
  return prompts.length === 1 ? prompts[0] : prompts;
}
