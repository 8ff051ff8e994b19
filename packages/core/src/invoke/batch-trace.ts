/** A trace whose prompts are given one by one, each with a program of its own; they share one forward. */
import {
  checkOptions,
  collect,
  evaluate,
  evaluateNow,
  type Module,
  type MxArray,
} from "@mlxterp/mlx";
import { DisposedError } from "../errors.js";
import type { Interventions } from "../pass/intervention.js";
import type { SiteReader } from "../pass/reader.js";
import { shown } from "../shown.js";
import type { Prompt } from "../tokens/tokens.js";
import { closeOpen, type OpenEntry, pushOpen } from "../trace/open-traces.js";
import { LateInvocationError } from "./errors.js";
import { checkJoinable, type PromptInput } from "./inputs.js";
import { type Invocation, type InvocationCore, openInvocation } from "./invocation.js";
import {
  type InvokeOptions,
  type InvokeOptionsOn,
  invokeRules,
  type SharedForwardOptions,
  sharedForwardRules,
} from "./options.js";
import { checkRowInterventions } from "./row-interventions.js";
import {
  type BatchHost,
  type Member,
  prepareForward,
  type SharedForward,
} from "./shared-forward.js";

type State =
  | { readonly kind: "gathering" }
  | { readonly kind: "begun"; readonly forward: SharedForward }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "closed" };

/**
 * Several prompts in one forward, each with its own interventions; values may go from one prompt's run to another's.
 *
 * Every prompt is given with `invoke` before the forward begins, which is when the first value is read or saved, or with
 * `run`. At one site the edits of the model's view act first, on all rows, then the invocations in their order; so an
 * intervention may read, of any prompt, what is computed before its own site, and of its own site what prompts invoked
 * earlier have there.
 *
 * @example
 * let patched: MxArray;
 * {
 *   await using trace = model.trace();
 *   const clean = trace.invoke("Mary and John went home; John saw");
 *   const corrupted = trace.invoke("Mary and John went home; Mary saw", {
 *     interventions: { "layers.3": () => clean.layers[3].value }, // of one length
 *   });
 *   patched = corrupted.output.save(); // (batch, position, vocab), without padding
 * }
 */
export class BatchTrace<M = Module> implements Disposable, AsyncDisposable {
  readonly #host: BatchHost;
  readonly #entry: OpenEntry;
  readonly #members: (Member & { readonly core: InvocationCore<M> })[] = [];
  #state: State = { kind: "gathering" };

  constructor(host: BatchHost) {
    this.#host = host;
    this.#entry = pushOpen(host.model, this);
  }

  /**
   * Adds one prompt, or several, to the forward.
   *
   * @returns their values, as a trace of them alone would have them
   * @throws LateInvocationError (`LATE_INVOCATION`) once the forward has begun; InvalidPromptError (`INVALID_PROMPT`),
   * UnknownSiteError (`UNKNOWN_SITE`), DisposedError (`DISPOSED`), and InvalidArgumentError (`INVALID_ARGUMENT`) for an
   * intervention that concerns the whole batch
   */
  invoke<const I extends Interventions = Interventions>(
    prompt: Prompt,
    options: InvokeOptionsOn<M, I> = {},
  ): Invocation<M> {
    if (this.#state.kind === "closed") throw new DisposedError("trace");
    if (this.#state.kind !== "gathering") throw new LateInvocationError();
    checkOptions<InvokeOptions>("invoke", options, invokeRules);
    const { engine, feed } = this.#host;
    const interventions: Interventions = options.interventions ?? {};
    engine.check([interventions]);
    checkRowInterventions(interventions);
    const input: PromptInput = feed(prompt);
    checkJoinable(this.#members[0]?.input ?? input, input);
    const number = this.#members.length;
    const invocation = openInvocation<M>({
      root: engine.tree.root,
      resolver: engine.resolver,
      tokens: input.tokens,
      reader: () => this.#readers()[number],
    });
    this.#members.push({ input, interventions, core: invocation });
    return invocation;
  }

  /**
   * Runs the forward now, if it has not run; nothing is computed yet.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`) without any prompt, InterventionShapeError (`INTERVENTION_SHAPE`),
   * SiteNotReachedError (`SITE_NOT_REACHED`) for an intervention that never ran, InvocationRowsError
   * (`INVOCATION_ROWS`) where it cannot be told which part of a value an intervention may change, and whatever an
   * intervention throws
   */
  run(options: SharedForwardOptions = {}): void {
    checkOptions<SharedForwardOptions>("run", options, sharedForwardRules);
    if (this.#state.kind === "gathering") this.#begin(options);
    else this.#readers();
  }

  /** What is worth knowing about how the pass was observed; empty before it has run. */
  get notes(): readonly string[] {
    return this.#state.kind === "begun" ? this.#state.forward.notes : [];
  }

  /** Whether the trace has closed. */
  get disposed(): boolean {
    return this.#state.kind === "closed";
  }

  /** Closes now and computes what was saved. `await using` needs less memory: see `[Symbol.asyncDispose]`. */
  dispose(): void {
    const saved = this.#close();
    if (saved.length === 0) return;
    collect();
    evaluateNow(saved);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Releases everything unsaved, waits one turn of the event loop, then computes what was saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    const saved = this.#close();
    if (saved.length > 0) await evaluate(saved);
  }

  toString(): string {
    return `[trace of ${this.#members.length} invocations, ${this.#state.kind}]`;
  }

  [shown](): string {
    return this.toString();
  }

  /** @internal What `model.layers` and its like shall find while this trace is open. */
  presentAs(face: object): void {
    this.#entry.trace = face;
  }

  #readers(): readonly SiteReader[] {
    const state = this.#state;
    if (state.kind === "closed") throw new DisposedError("trace");
    if (state.kind === "failed") throw state.error;
    return state.kind === "begun" ? state.forward.readers : this.#begin({});
  }

  #begin({ args = [] }: SharedForwardOptions): readonly SiteReader[] {
    const forward = prepareForward(this.#host, this.#members, args);
    this.#state = { kind: "begun", forward };
    try {
      forward.run();
    } catch (error) {
      forward.release();
      if (!this.disposed) this.#state = { kind: "failed", error };
      throw error;
    }
    if (this.disposed) forward.release(); // closed by an intervention
    return forward.readers;
  }

  /** @returns what is to be computed */
  #close(): MxArray[] {
    const state = this.#state;
    if (state.kind === "closed") return [];
    if (state.kind === "begun") state.forward.release();
    this.#state = { kind: "closed" };
    closeOpen(this.#entry);
    if (state.kind === "failed") return [];
    return this.#members.flatMap(({ core }) => [...core.saved.values()]);
  }
}
