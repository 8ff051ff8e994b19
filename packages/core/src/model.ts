/** Any MLX module, made interpretable: traces, runs and edits that never write to it. */
import { evaluate, type Module, type MxArray } from "@mlxterp/mlx";
import type { Anatomy } from "./anatomy.js";
import type { Axes } from "./axes.js";
import { ActivationCache } from "./cache.js";
import { InvalidPromptError, NoOpenTraceError, SiteNotReachedError } from "./errors.js";
import type { Interventions } from "./intervention.js";
import { openTrace, type Trace } from "./open-trace.js";
import { innermost } from "./open-traces.js";
import { checkAllApplied, planChanges } from "./pass/changes.js";
import { Interceptor } from "./pass/interceptor.js";
import { arrayInside } from "./pass/nested.js";
import { Pass } from "./pass/pass.js";
import { isPlainInput, tokenBatch } from "./prompts.js";
import { anatomyPart, resolveAnatomy } from "./resolve-anatomy.js";
import { declaredAxes, ModuleTree } from "./sites/module-tree.js";
import { type Site, SiteResolver } from "./sites/resolver.js";
import type { Selector } from "./sites/selector.js";
import type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
import type { Children } from "./views.js";

export interface InterpretableOptions {
  readonly tokenizer?: Tokenizer;
  /** Parts of the anatomy that cannot be found by name. */
  readonly anatomy?: Partial<Anatomy>;
  /** Shown in provenance; by default the class's name. */
  readonly name?: string;
}

export interface PassOptions {
  /** By site or selector; applied in this order. */
  readonly interventions?: Interventions;
  /** Further arguments of the module's forward, after the input. */
  readonly args?: readonly unknown[];
  /** The absolute position of the first token, when a cache holds earlier ones. */
  readonly offset?: number;
  /** The generation step that interventions are told. */
  readonly step?: number;
}

export interface RunOptions extends PassOptions {
  /** What the cache shall hold; by default the output. */
  readonly save?: Selector | readonly Selector[];
}

/** One place that can be read and changed. */
export interface SiteInfo {
  readonly site: string;
  /** What the module's class is called. */
  readonly kind: string;
  /** The axes of the value, where the module says them. */
  readonly axes: Axes | undefined;
}

/** The members of every interpretable model; `InterpretableModel<M>` adds the views of M's modules. */
export class InterpretableModelCore<M extends Module> {
  readonly module: M;
  readonly tokenizer: Tokenizer | undefined;
  readonly anatomy: Anatomy;
  readonly name: string;
  /** Interventions of this view, applied in every pass before those of the call. */
  readonly edits: readonly Interventions[] = [];
  private readonly interceptor: Interceptor;
  private readonly resolver: SiteResolver;

  constructor(module: M, options: InterpretableOptions = {}) {
    this.module = module;
    this.tokenizer = options.tokenizer;
    this.anatomy = resolveAnatomy(module, options.anatomy);
    this.name = options.name ?? module.constructor.name;
    const tree = new ModuleTree(module);
    this.interceptor = new Interceptor(tree);
    this.resolver = new SiteResolver(tree);
    defineViews(this, tree);
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

  /** Every site that matches, in the order of the module tree. */
  sites(selector: Selector = "**"): SiteInfo[] {
    return this.resolver.resolve(selector).map(({ node, port, name }) => ({
      site: name,
      kind: node.module.constructor.name,
      axes: port.kind === "output" ? declaredAxes(node.module) : undefined,
    }));
  }

  /**
   * The module's own forward, with this view's edits and nothing observed. Lazy.
   *
   * @returns for language models the logits, (batch, position, vocab)
   */
  forward(input: Prompt, ...args: unknown[]): MxArray {
    const { array, tokens } = this.prepare(input);
    if (this.edits.length > 0) {
      return firstArray(this.observe(array, tokens, [], { args }).result);
    }
    return firstArray(this.module.forward(array, ...args));
  }

  /**
   * Runs the forward and opens its values for reading. Nothing is computed before it is asked for.
   *
   * @example
   * {
   *   await using trace = model.trace("The capital of France is");
   *   pattern = trace.layers[2].selfAttn.pattern.save(); // (batch, heads, query, key)
   * }
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InterventionShapeError (`INTERVENTION_SHAPE`)
   */
  trace(input: Prompt, options: PassOptions = {}): Trace<M> {
    const { array, tokens } = this.prepare(input);
    const { pass, result } = this.observe(array, tokens, undefined, options);
    const { interceptor, resolver } = this;
    return openTrace<M>({ model: this, pass, interceptor, resolver, tokens, result });
  }

  /**
   * One pass whose chosen activations are computed and kept; all else is released first.
   *
   * @example
   * const cache = await model.run(prompts, { save: ["layers.*", "output"] });
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`)
   */
  async run(input: Prompt, options: RunOptions = {}): Promise<ActivationCache> {
    const cache = this.collectLazily(input, options);
    await evaluate(cache.entries().map(([, value]) => value));
    return cache;
  }

  /** A view of the same model with persistent interventions; this one stays as it is. */
  edit(interventions: Interventions): this {
    planChanges([interventions], this.resolver); // unknown sites are told here, not at the first pass
    const view = Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this));
    Object.defineProperty(view, "edits", { value: [...this.edits, interventions] });
    return view;
  }

  /** @internal The pass of `run`, with nothing computed yet. */
  collectLazily(input: Prompt, options: RunOptions): ActivationCache {
    const save = options.save ?? "output";
    const selectors = typeof save === "string" || save instanceof RegExp ? [save] : save;
    const wanted = selectors.flatMap((selector) => this.resolver.resolve(selector));
    const { array, tokens } = this.prepare(input);
    const { pass } = this.observe(array, tokens, wanted, options);
    const activations = this.readAll(pass, wanted);
    pass.release();
    const acted = [...this.edits, options.interventions ?? {}].flatMap(Object.keys);
    const provenance = { model: this.name, tokens: tokens?.ids, interventions: acted };
    return new ActivationCache({ activations, resolver: this.resolver, tokens, provenance });
  }

  private readAll(pass: Pass, wanted: readonly Site[]): Map<string, MxArray> {
    const activations = new Map<string, MxArray>();
    for (const site of wanted) {
      const values = this.interceptor.outside(() => pass.read(site));
      if (values.length === 0 && site.exact) {
        throw new SiteNotReachedError(site.name, "its module was not called.");
      }
      for (const [name, value] of named(site, values)) activations.set(name, value);
    }
    return activations;
  }

  private prepare(input: Prompt): { array: MxArray; tokens: TokenBatch | undefined } {
    if (isPlainInput(input)) return { array: input, tokens: undefined };
    const tokens = this.tokens(input);
    return { array: tokens.array, tokens };
  }

  private observe(
    array: MxArray,
    tokens: TokenBatch | undefined,
    wanted: readonly Site[] | undefined,
    options: PassOptions,
  ): { pass: Pass; result: unknown } {
    const { interventions, args = [], offset = 0, step } = options;
    const given = interventions ? [...this.edits, interventions] : this.edits;
    const changes = planChanges(given, this.resolver);
    const facts = { tokens, offset, step };
    const pass = new Pass(this.interceptor.tree, { facts, changes, wanted });
    const result = this.interceptor.run(pass, [array, ...args]);
    checkAllApplied(changes);
    return { pass, result };
  }
}

/** Gives a model a member for each child of its module: that child in the innermost open trace. */
function defineViews(model: object, tree: ModuleTree): void {
  for (const key of tree.root.slots.keys()) {
    if (key in model) continue; // the model's own member keeps its name; trace.at(key) reaches the child
    Object.defineProperty(model, key, {
      configurable: true,
      get(this: object) {
        const trace = innermost(this) as Record<string, unknown> | undefined;
        if (trace) return trace[key];
        throw new NoOpenTraceError(key);
      },
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
