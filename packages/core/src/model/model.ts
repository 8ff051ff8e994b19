/** Any MLX module, made interpretable: traces, runs and edits that never write to it. */

import {
  checkFunction,
  checkOptions,
  checkText,
  InvalidArgumentError,
  type Module,
  type MxArray,
} from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import type { Anatomy } from "../anatomy/anatomy.js";
import { editedAnatomy, type ReadoutPass } from "../anatomy/edited-anatomy.js";
import { anatomyPart, resolveAnatomy } from "../anatomy/resolve-anatomy.js";
import {
  changesOf,
  checkEdits,
  type EditOptions,
  type ModelEdits,
  type NamedEdit,
} from "../edits/edit.js";
import type { EditsOn } from "../edits/edits-on.js";
import type { ForwardArguments } from "../edits/forward-arguments.js";
import { engineFor, freeName, withoutEdit } from "../edits/view-of.js";
import { InvalidPromptError } from "../errors.js";
import { gradientsOf } from "../gradients/gradients.js";
import {
  type GradientMetric,
  type GradientOptions,
  type GradientOptionsOn,
  type Gradients,
  gradientRules,
} from "../gradients/options.js";
import type { GradientSubject } from "../gradients/subject.js";
import type { BatchTrace } from "../invoke/batch-trace.js";
import { openBatchTrace } from "../invoke/open-batch-trace.js";
import type { Probe } from "../pass/changes.js";
import { type ObservedPass, PassEngine } from "../pass/engine.js";
import type { FoundSite } from "../pass/found-site.js";
import { checkInterventions, type Interventions } from "../pass/intervention.js";
import { arrayInside } from "../pass/nested.js";
import { type PassOptions, type PassOptionsOn, passRules } from "../pass/options.js";
import { oneSite } from "../pass/reader.js";
import { requireSynchronous } from "../pass/synchronous.js";
import { provenanceOf } from "../provenance/provenance-of.js";
import { readScan } from "../scan/read-scan.js";
import { Scan } from "../scan/scan.js";
import { shown } from "../shown.js";
import { otherNameText } from "../sites/described.js";
import { outputPort, type Selector } from "../sites/selector.js";
import { type Site, siteName } from "../sites/site.js";
import { ActivationCache, type CacheFacts } from "../storage/cache.js";
import { capture } from "../storage/capture.js";
import { computeCache } from "../storage/compute.js";
import { isPlainInput, isTokenBatch, tokenBatch } from "../tokens/prompts.js";
import type { Prompt, TokenBatch, Tokenizer } from "../tokens/tokens.js";
import { inTrace } from "../trace/in-trace.js";
import { defineViews } from "../trace/model-views.js";
import { openTrace, type Trace } from "../trace/open-trace.js";
import { declaredAxes, isModule } from "../tree/module-node.js";
import { originalOf } from "../tree/originals.js";
import type { SiteOf } from "../typed-sites/checked.js";
import type { Children } from "../typed-sites/views.js";
import { drawModel } from "./model-drawing.js";
import {
  type InterpretableOptions,
  modelRules,
  type RunOptions,
  type RunOptionsOn,
  runRules,
  type SiteInfo,
} from "./options.js";

/** A prompt as it is fed, with the further arguments of the forward. */
interface Fed {
  readonly array: MxArray;
  readonly tokens: TokenBatch | undefined;
  readonly args: readonly unknown[];
}

/** The members of every interpretable model; `InterpretableModel<M>` adds the views of M's modules. */
export class InterpretableModelCore<M extends Module> {
  readonly module: M;
  readonly tokenizer: Tokenizer | undefined;
  readonly anatomy: Anatomy;
  readonly name: string;
  /** What this view changes in every pass, before the interventions of the call. */
  readonly edits: readonly NamedEdit[] = [];
  private readonly persistent: readonly Interventions[] = [];
  private readonly unedited: this | undefined;
  private readonly forwardArguments: ForwardArguments;
  private readonly engine: PassEngine;

  /** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no module */
  constructor(module: M, options: InterpretableOptions = {}) {
    if (!isModule(module)) {
      throw new InvalidArgumentError("module", module, "it must be an instance of nn.Module.");
    }
    checkOptions<InterpretableOptions>("InterpretableModel", options, modelRules);
    this.module = originalOf(module);
    this.tokenizer = options.tokenizer;
    this.anatomy = resolveAnatomy(this.module, options.anatomy);
    this.name = options.name ?? module.constructor.name;
    this.forwardArguments = options.forwardArguments ?? ((_, given) => given);
    this.engine = new PassEngine(this.module);
    defineViews(this, this.engine.tree);
  }

  /**
   * The prompts as they would be fed: tokenized, checked, padded on the right.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
   */
  tokens(input: Prompt): TokenBatch {
    return tokenBatch(input, {
      tokenizer: this.tokenizer,
      vocab: anatomyPart(this.anatomy, "vocab"),
      maxPositions: this.anatomy.maxPositions,
    });
  }

  /**
   * Every site that matches, in the order of the module tree; by default all modules inside the model.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  sites<const S extends string>(selector?: SiteOf<M, S> | RegExp): SiteInfo[];
  sites(selector: Selector = "**"): SiteInfo[] {
    const { tree, resolver } = this.engine;
    tree.rescan(); // a listing also finds what was added under a new name
    if (selector === "**" && tree.nodes.length === 1) return []; // one module, and none inside
    return resolver.resolve(selector).map(({ node, port, name }) => ({
      site: name,
      kind: node.module.constructor.name,
      axes:
        (port.kind === "output" ? declaredAxes(node.module) : undefined) ??
        resolver.described.axes(name),
      holds: resolver.described.holds(name),
      otherNames: resolver.described.otherNames(name).map(otherNameText),
    }));
  }

  /**
   * The module's own forward, with this view's edits and nothing observed. Lazy.
   *
   * @returns for language models the logits, (batch, position, vocab)
   * @throws AsyncForwardError (`ASYNC_FORWARD`) for a forward that returns a Promise
   */
  forward(input: Prompt, ...args: unknown[]): MxArray {
    const fed = this.prepare(input, { args });
    if (this.edits.length > 0) return firstArray(this.observe(fed, [], {}).result);
    return firstArray(requireSynchronous("", this.module.forward(fed.array, ...fed.args)));
  }

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

  /**
   * The shape, dtype and bytes of every site in a pass over this input. Nothing is computed.
   *
   * @example
   * const scan = model.scan(prompts);
   * scan.bytes(["layers.*", "layers.*.selfAttn.pattern"]); // what saving them would take
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InterventionShapeError (`INTERVENTION_SHAPE`), InvalidPromptError
   * (`INVALID_PROMPT`)
   */
  scan<const I extends Interventions = Interventions>(
    input: Prompt,
    options: PassOptionsOn<M, I> = {},
  ): Scan {
    checkOptions<PassOptions>("scan", options, passRules);
    const { tree, resolver } = this.engine;
    const fed = this.prepare(input, options);
    const { tokens } = fed;
    const { reader } = this.observe(fed, undefined, options);
    const values = readScan(reader, tree.nodes, tokens?.array.shape[1]);
    reader.release();
    return new Scan({ nodes: tree.nodes, resolver, values, tokens });
  }

  /**
   * One pass whose chosen activations are computed and kept; all else is released first. With a `budget`, what would
   * not fit is refused before anything is computed; with `spill`, it goes to the disk.
   *
   * @example
   * const cache = await model.run(prompts, { save: ["layers.*", "output"] });
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), OutOfRangeError (`OUT_OF_RANGE`),
   * BudgetExceededError (`BUDGET_EXCEEDED`)
   */
  async run<
    const S extends Selector = Selector,
    const I extends Interventions = Interventions,
    P extends RunOptions["positions"] = undefined,
  >(
    input: Prompt,
    options: RunOptionsOn<M, S, I> & { readonly positions?: P } = {},
  ): Promise<ActivationCache<P extends number ? Module : M>> {
    checkOptions<RunOptions>("run", options, runRules);
    const provenance = () => this.provenance(options);
    const cache = this.lazily(this.prepare(input, options), options, provenance);
    await computeCache(cache, options);
    return cache as ActivationCache<P extends number ? Module : M>;
  }

  /**
   * A metric and its gradient at every chosen site, from one forward and one backward. The gradient is by the value
   * that a trace would show, after interventions, and goes through them. The forward is built twice and computed once.
   *
   * @param metric one number from the output, for language models logits (batch, position, vocab), or from values inside
   * @returns gradients of the shapes and dtypes of the sites' values
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), NotDifferentiableError
   * (`NOT_DIFFERENTIABLE`), InvalidMetricError (`INVALID_METRIC`), and whatever the metric throws
   * @example
   * const { value, gradients } = await model.gradients(
   *   "The capital of France is",
   *   (logits) => mx.subtract(logits.index(0, -1, paris), logits.index(0, -1, rome)),
   *   { save: ["layers.*", "layers.*.selfAttn.pattern"] },
   * );
   * gradients.get("layers.2"); // (batch, position, hidden)
   */
  async gradients<
    const S extends Selector,
    const I extends Interventions = Interventions,
    const G extends Interventions = Interventions,
  >(
    input: Prompt,
    metric: GradientMetric,
    options: GradientOptionsOn<M, S, I, G>,
  ): Promise<Gradients<M>> {
    checkOptions<GradientOptions>("gradients", options, gradientRules);
    checkFunction("metric", metric);
    return (await gradientsOf(this.subject(input, options), metric, options)) as Gradients<M>;
  }

  /**
   * A view of the same model with persistent interventions, or other modules; this one stays as it is. A subclass's
   * fields come along, except `#private` ones. Weights stay those of the original, and so do the
   * parts of its anatomy that no edit acts on.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidEditError (`INVALID_EDIT`), EditNameError (`EDIT_NAME`) for a name
   * that another edit of this view has
   * @example
   * const steered = model.edit({ "layers.2": addVector(direction) }, { name: "steer" });
   * const shallow = steered.edit({ "layers.3": skip() });
   * shallow.withoutEdit("steer").edits.map(({ name }) => name); // ["edit2"]
   */
  edit<const E extends ModelEdits>(interventions: EditsOn<M, E>, options: EditOptions = {}): this {
    checkOptions<EditOptions>("edit", options, { name: checkText });
    checkInterventions("interventions", interventions);
    const { name = freeName(this.edits) } = options;
    return this.withEdits([{ name, interventions }]);
  }

  /**
   * A view with several edits after those of this one, such as `parseEdits` reads from a file.
   *
   * @throws what `edit` throws
   */
  withEdits(edits: readonly NamedEdit[]): this {
    checkEdits("edits", edits);
    return this.editedView([...this.edits, ...edits]);
  }

  /**
   * A view without one of this view's edits.
   *
   * @throws EditNameError (`EDIT_NAME`) with the names there are; UnknownSiteError (`UNKNOWN_SITE`) when a later edit
   * acts inside a module that this one put in
   */
  withoutEdit(name: string): this {
    checkText("name", name);
    return this.editedView(withoutEdit(this.edits, name));
  }

  /** The model without any edit; itself where it has none. */
  get original(): this {
    return this.unedited ?? this;
  }

  toString(): string {
    const names = this.edits.map(({ name }) => name).join(", ");
    return `[model ${this.name}${names && `, edited: ${names}`}]`;
  }

  [shown](): string {
    const { tree } = this.engine;
    tree.rescan(); // also what was added under a new name
    return drawModel(this.toString(), tree.root, this.anatomy);
  }

  private editedView(edits: readonly NamedEdit[]): this {
    const { edits: before, persistent, engine } = this;
    const current = { edits: before, persistent, engine };
    const edited = engineFor(this.module, current, edits);
    const view = Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this));
    const { resolver, tree } = edited.engine;
    const anatomy = editedAnatomy(this.original.anatomy, {
      edited: () => edits.flatMap(changesOf).flatMap(({ selector }) => resolver.resolve(selector).map(({ name }) => name)), // biome-ignore format: one list
      has: (path) => tree.byPath.has(path),
      read: (pass) => view.readOut(pass),
    });
    const own = {
      ...edited,
      unedited: this.original,
      ...(edits.length > 0 ? { anatomy } : { anatomy: this.original.anatomy }),
    };
    for (const [key, value] of Object.entries(own)) Object.defineProperty(view, key, { value });
    return view;
  }

  /** @internal A value of a pass that begins with tokens of which nothing is read. */
  private readOut({ ids, before = {}, after = {}, site }: ReadoutPass): MxArray {
    const { array, tokens, args } = this.prepare(ids, {});
    const { reader, result } = this.engine.observe({
      args: [array, ...args],
      interventions: [before, ...this.persistent, after],
      facts: { tokens, offset: 0, step: undefined },
      wanted: site === undefined ? [] : [oneSite(this.engine.resolver, site)],
    });
    const value = site === undefined ? firstArray(result) : reader.one(reader.site(site));
    reader.release();
    return value;
  }

  /** @internal The pass of `run`, with nothing computed yet; a batch of tokens is trusted to be sound. */
  collectLazily(input: Prompt, options: RunOptions): ActivationCache<M> {
    const fed = isTokenBatch(input) ? this.fed(input, options) : this.prepare(input, options);
    return this.lazily(fed, options, () => this.provenance(options));
  }

  private lazily(
    fed: Fed,
    options: RunOptions,
    provenance: CacheFacts["provenance"],
  ): ActivationCache<M> {
    const { tree, resolver } = this.engine;
    const { save = siteName(tree.root, outputPort) } = options;
    const selectors = typeof save === "string" || save instanceof RegExp ? [save] : save;
    const wanted = selectors.flatMap((selector) => resolver.resolve(selector));
    const { reader } = this.observe(fed, wanted, options);
    const found = reader.found(selectors);
    const made = reader.bytes;
    reader.release();
    return this.cache(found, fed, options, { provenance, made });
  }

  private subject(input: Prompt, options: PassOptions): GradientSubject {
    const provenance = this.provenance(options); // before a graph is built that it could disturb
    const fed = this.prepare(input, options);
    return {
      resolver: this.engine.resolver,
      tokens: fed.tokens,
      observe: (probes) => this.observe(fed, undefined, options, probes),
      cache: (found) => this.cache(found, fed, options, { provenance }),
    };
  }

  private cache(
    found: readonly FoundSite[],
    { tokens }: Fed,
    { positions, dtype }: Omit<RunOptions, "save">,
    facts: Pick<CacheFacts, "provenance" | "made">,
  ): ActivationCache<M> {
    const kept = found.map((one) => capture(one, tokens, { positions, dtype }));
    const entries = new Map(kept.map((entry) => [entry.site.name, entry]));
    return new ActivationCache(entries, { tokens, positions, ...facts });
  }

  private provenance({ interventions = {} }: PassOptions): Provenance {
    return provenanceOf(this, { interventions: Object.keys(interventions) });
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

  /** What every pass begins with: a look at the modules as they now are, and the prompt. */
  private prepare(input: Prompt, options: PassOptions): Fed {
    if (!isPlainInput(input)) return this.fed(this.tokens(input), options);
    this.engine.tree.refresh();
    return { array: input, tokens: undefined, args: options.args ?? [] };
  }

  private fed(tokens: TokenBatch, { args: given = [], interventions }: PassOptions): Fed {
    this.engine.tree.refresh();
    const changes = { edits: this.edits, interventions };
    return { array: tokens.array, tokens, args: this.forwardArguments(tokens, given, changes) };
  }

  private observe(
    { array, tokens, args }: Fed,
    wanted: readonly Site[] | undefined,
    options: PassOptions,
    probes?: readonly Probe[],
  ): ObservedPass {
    const { interventions, offset = 0, step } = options;
    return this.engine.observe({
      args: [array, ...args],
      interventions: interventions ? [...this.persistent, interventions] : this.persistent,
      probes,
      facts: { tokens, offset, step },
      wanted,
    });
  }
}

function firstArray(result: unknown): MxArray {
  const array = arrayInside(result);
  if (array) return array;
  throw new InvalidPromptError("The model's forward returned no array.", result);
}

/** A model with a member for every module of M, which reads from the innermost open trace. */
export type InterpretableModel<M extends Module> = InterpretableModelCore<M> & Children<M>;

/**
 * Makes any MLX module interpretable.
 *
 * @example
 * const model = new InterpretableModel(new MyNetwork());
 * const cache = await model.run(mx.ones([1, 8]), { save: "**" });
 */
export const InterpretableModel = InterpretableModelCore as unknown as new <M extends Module>(
  module: M,
  options?: InterpretableOptions,
) => InterpretableModel<M>;
