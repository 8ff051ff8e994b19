/** What the page asks of the server, in few words, so that tests can stand in for it. */
import type { Block, Result } from "@mlxterp/results";
import type {
  Capabilities,
  MethodSummary,
  ModelSummary,
  ProgressEvent,
  TokenEvent,
  TokensAnswer,
} from "@mlxterp/server/client";
import type { InterventionsJson } from "../changes/compile.js";
import type { Input } from "../state/document.js";
import type { Tensor } from "./safetensors.js";

export type { Capabilities, MethodSummary, ModelSummary, ProgressEvent };

/** A token as fed. */
export type TokenFed = TokensAnswer["tokens"][number];

/** A token that was generated. */
export type TokenStep = TokenEvent;

/** A token that might come next. */
export type Candidate = NonNullable<TokenEvent["alternatives"]>[number];

/** One result, and how it is looked at. */
export interface Answered {
  readonly result: Result;
  readonly blocks: readonly Block[];
}

/** What a method is given. */
export type MethodInput =
  | Input
  | { readonly clean: Input; readonly corrupted: Input }
  | { readonly task: string }
  | undefined;

/** A method's run. */
export interface MethodRequest {
  readonly model: string;
  readonly method: string;
  readonly input: MethodInput;
  readonly options: Readonly<Record<string, unknown>>;
  readonly interventions?: InterventionsJson;
}

/** A continuation. */
export interface GenerateRequest {
  readonly model: string;
  readonly input: Input;
  readonly maxTokens: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly interventions?: InterventionsJson;
}

/** How a request is followed. */
export interface Control {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ProgressEvent) => void;
}

/** The server, as the page sees it. */
export interface Api {
  capabilities(): Promise<Capabilities>;
  load(source: string, control: Control): Promise<ModelSummary>;
  tokens(model: string, input: Input): Promise<readonly TokenFed[]>;
  run(request: MethodRequest, control: Control): Promise<readonly Answered[]>;
  generate(request: GenerateRequest, control: Control): AsyncIterable<TokenStep>;
  /** What a site holds while an input is read. */
  activation(model: string, input: Input, site: string): Promise<Tensor>;
}
