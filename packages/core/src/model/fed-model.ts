/** A model as its passes see it: a module, its prompts as they are fed, and the one forward behind every use. */
import { checkOptions, InvalidArgumentError, type Module, type MxArray } from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import type { Anatomy } from "../anatomy/anatomy.js";
import { anatomyPart, resolveAnatomy } from "../anatomy/resolve-anatomy.js";
import type { NamedEdit } from "../edits/edit.js";
import type { ForwardArguments } from "../edits/forward-arguments.js";
import { InvalidPromptError } from "../errors.js";
import type { Probe } from "../pass/changes.js";
import { type ObservedPass, PassEngine } from "../pass/engine.js";
import type { Interventions } from "../pass/intervention.js";
import { arrayInside } from "../pass/nested.js";
import type { PassOptions } from "../pass/options.js";
import { provenanceOf } from "../provenance/provenance-of.js";
import type { Site } from "../sites/site.js";
import { isPlainInput, tokenBatch } from "../tokens/prompts.js";
import type { Prompt, TokenBatch, Tokenizer } from "../tokens/tokens.js";
import { defineViews } from "../trace/model-views.js";
import { isModule } from "../tree/module-node.js";
import { originalOf } from "../tree/originals.js";
import { type InterpretableOptions, modelRules } from "./options.js";

/** A prompt as it is fed, with the further arguments of the forward. */
export interface Fed {
  readonly array: MxArray;
  readonly tokens: TokenBatch | undefined;
  readonly args: readonly unknown[];
}

export abstract class FedModel<M extends Module> {
  readonly module: M;
  readonly tokenizer: Tokenizer | undefined;
  readonly anatomy: Anatomy;
  readonly name: string;
  /** What this view changes in every pass, before the interventions of the call. */
  readonly edits: readonly NamedEdit[] = Object.freeze([]);
  protected readonly persistent: readonly Interventions[] = [];
  protected readonly unedited: this | undefined;
  protected readonly forwardArguments: ForwardArguments;
  protected readonly engine: PassEngine;
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

  /** What every pass begins with: a look at the modules as they now are, and the prompt. */
  protected prepare(input: Prompt, options: PassOptions): Fed {
    if (!isPlainInput(input)) return this.fed(this.tokens(input), options);
    this.engine.tree.refresh();
    return { array: input, tokens: undefined, args: options.args ?? [] };
  }

  protected fed(tokens: TokenBatch, { args: given = [], interventions }: PassOptions): Fed {
    this.engine.tree.refresh();
    const changes = { edits: this.edits, interventions };
    return { array: tokens.array, tokens, args: this.forwardArguments(tokens, given, changes) };
  }

  protected observe(
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

  protected provenance({ interventions = {} }: PassOptions): Provenance {
    return provenanceOf(this, { interventions: Object.keys(interventions) });
  }
}

/** @throws InvalidPromptError (`INVALID_PROMPT`) for a forward that returns something else */
export function firstArray(result: unknown): MxArray {
  const array = arrayInside(result);
  if (array) return array;
  throw new InvalidPromptError("The model's forward returned no array.", result);
}
