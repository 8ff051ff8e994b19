/** Traces of a model: a forward whose values can be read while it is open. */
import { checkFunction, checkOptions, InvalidArgumentError, type Module } from "@mlxterp/mlx";
import type { BatchTrace } from "../invoke/batch-trace.js";
import { openBatchTrace } from "../invoke/open-batch-trace.js";
import type { Interventions } from "../pass/intervention.js";
import { type PassOptions, type PassOptionsOn, passRules } from "../pass/options.js";
import { isPlainInput } from "../tokens/prompts.js";
import type { Prompt, TokenBatch } from "../tokens/tokens.js";
import { inTrace } from "../trace/in-trace.js";
import { defineViews } from "../trace/model-views.js";
import { openTrace, type Trace } from "../trace/open-trace.js";
import { EditedModel } from "./edited-model.js";

export abstract class TracedModel<M extends Module> extends EditedModel<M> {
  /** Opens a trace whose prompts are given one by one with `invoke`, each with a program of its own. */
  trace(): BatchTrace<M>;
  /**
   * The same trace while a function runs; it closes in every ending.
   *
   * @returns what the function returns, once everything that was saved is computed
   */
  trace<R>(use: (trace: BatchTrace<M>) => R | PromiseLike<R>): Promise<R>;
  /**
   * Runs the forward, and opens its values for reading while a function runs: what `await using` does, for plain
   * JavaScript. The trace closes in every ending; what fails, fails as a rejection.
   *
   * @example
   * const pattern = await model.trace("The capital of France is", (trace) =>
   *   trace.layers[2].selfAttn.pattern.save(), // (batch, heads, query, key)
   * );
   * @returns what the function returns, once everything that was saved is computed
   * @throws what `trace(input, options)` throws, and whatever the function throws
   */
  trace<R>(input: Prompt, use: (trace: Trace<M>) => R | PromiseLike<R>): Promise<R>;
  trace<R, const I extends Interventions = Interventions>(
    input: Prompt,
    options: PassOptionsOn<M, I> | undefined,
    use: (trace: Trace<M>) => R | PromiseLike<R>,
  ): Promise<R>;
  /**
   * Runs the forward and opens its values for reading. Nothing is computed before it is asked for.
   *
   * @example
   * let pattern: MxArray;
   * {
   *   await using trace = model.trace("The capital of France is");
   *   pattern = trace.layers[2].selfAttn.pattern.save(); // (batch, heads, query, key)
   * }
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InterventionShapeError (`INTERVENTION_SHAPE`), SiteNotReachedError
   * (`SITE_NOT_REACHED`) for an intervention that never ran
   */
  trace<const I extends Interventions = Interventions>(
    input: Prompt,
    options?: PassOptionsOn<M, I>,
  ): Trace<M>;
  trace(...given: unknown[]): Trace<M> | BatchTrace<M> | Promise<unknown> {
    const use = given.at(-1);
    if (typeof use === "function") {
      checkFunction("use", use);
      const call = (trace: object) => Reflect.apply(use, undefined, [trace]);
      return inTrace(() => this.opened(given.slice(0, -1)), call);
    }
    if (given.length > 2) {
      throw new InvalidArgumentError(
        "use",
        use,
        "after the options comes a function of the trace.",
      );
    }
    return this.opened(given);
  }

  /** The trace of a prompt with its options, or one to which prompts are given. */
  private opened(given: readonly unknown[]): Trace<M> | BatchTrace<M> {
    if (given.length === 0) return this.openBatch();
    const [input, options = {}] = given as [Prompt, PassOptions?];
    checkOptions<PassOptions>("trace", options, passRules);
    const fed = this.prepare(input, options);
    const { tree } = this.engine;
    defineViews(this, tree); // the user may have added modules
    const observed = this.observe(fed, undefined, options);
    return openTrace<M>({ model: this, root: tree.root, tokens: fed.tokens, ...observed });
  }

  private openBatch(): BatchTrace<M> {
    const { engine, tokenizer, persistent: interventions } = this;
    const changes = { edits: this.edits, interventions: undefined };
    const forwardArguments = (tokens: TokenBatch, given: readonly unknown[]) =>
      this.forwardArguments(tokens, given, changes);
    engine.tree.refresh();
    defineViews(this, engine.tree);
    const feed = (prompt: Prompt) => {
      if (isPlainInput(prompt)) return { array: prompt, tokens: undefined };
      const tokens = this.tokens(prompt);
      return { array: tokens.array, tokens };
    };
    const padToken = tokenizer?.padId ?? 0;
    return openBatchTrace({ model: this, engine, interventions, padToken, forwardArguments, feed });
  }
}
