/** What the page asks of the server. One interface, so that tests can stand in for it. */
import type { Block, Result } from "@mlxterp/results";
import type { InterventionsJson } from "../changes/compile.js";
import type { JsonSchema } from "../form/json-schema.js";
import type { Input } from "../state/document.js";
import type { Tensor } from "./safetensors.js";

/** A method as the server offers it. */
export interface MethodSummary {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly input: "prompts" | "pairs" | "none";
  readonly options: JsonSchema;
  readonly examples: readonly string[];
}

/** A model as the server offers it. */
export interface ModelSummary {
  readonly id: string;
  readonly source: string;
  readonly name: string;
  readonly family: string;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly loaded: boolean;
  readonly chat: boolean;
  readonly notes: readonly string[];
}

/** What the server can do. */
export interface Capabilities {
  readonly version: string;
  readonly device: string;
  readonly methods: readonly MethodSummary[];
  readonly tasks?: readonly string[];
  readonly models: readonly ModelSummary[];
}

/** A token as fed. */
export interface TokenFed {
  readonly id: number;
  readonly text: string;
  readonly position: number;
  readonly unknown?: boolean;
}

/** How far something has come. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** One result, and how it is looked at. */
export interface Answered {
  readonly result: Result;
  readonly blocks: readonly Block[];
}

/** What a method is given. */
export type MethodInput =
  | Input
  | { readonly clean: Input; readonly corrupted: Input }
  | { readonly task: string; readonly size?: number }
  | undefined;

/** A method's run. */
export interface MethodRequest {
  readonly model: string;
  readonly method: string;
  readonly input: MethodInput;
  readonly options: Readonly<Record<string, unknown>>;
  readonly interventions?: InterventionsJson;
}

/** A token that might come next. */
export interface Candidate {
  readonly id: number;
  readonly text: string;
  readonly probability: number;
}

/** A token that was generated. */
export interface TokenStep extends Candidate {
  readonly position: number;
  readonly alternatives?: readonly Candidate[];
}

/** A continuation. */
export interface GenerateRequest {
  readonly model: string;
  readonly input: Input;
  readonly maxTokens: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly interventions?: InterventionsJson;
}

/** How a request is steered. */
export interface Control {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** The server, as the page sees it. Whatever goes wrong is thrown as a ProblemError. */
export interface Api {
  capabilities(): Promise<Capabilities>;
  load(source: string, control: Control): Promise<ModelSummary>;
  tokens(model: string, input: Input, control?: Control): Promise<readonly TokenFed[]>;
  run(request: MethodRequest, control: Control): Promise<readonly Answered[]>;
  generate(request: GenerateRequest, control: Control): AsyncIterable<TokenStep>;
  activation(model: string, input: Input, site: string, control?: Control): Promise<Tensor>;
}
