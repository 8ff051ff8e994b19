/** A typed client: methods by their names, with their own options and results. */
import {
  checkFunction,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
  type OptionNames,
} from "@mlxterp/results/errors";
import type {
  Capabilities,
  DoneEvent,
  ModelSummary,
  SavedTensor,
  SiteSummary,
  TokenEvent,
  TokensAnswer,
} from "../wire/answers.js";
import type { GenerateRequest, LoadRequest, RunRequest, TokensRequest } from "../wire/requests.js";
import type { BuiltInMethods, MethodAnswer, MethodNamed, MethodRequest } from "./client-types.js";
import { type CallOptions, type ClientSettings, Transport } from "./transport.js";

/** What a text grows by, and in the end why it ended. */
export type GenerationEvent =
  | ({ readonly event: "token" } & TokenEvent)
  | ({ readonly event: "done" } & DoneEvent);

/**
 * A server as an object.
 *
 * @typeParam M the methods it has: those that come along, and one's own (`typeof mine`)
 */
export interface Client<M extends { readonly name: string } = BuiltInMethods> {
  capabilities(call?: CallOptions): Promise<Capabilities>;
  models(call?: CallOptions): Promise<ModelSummary[]>;
  /** Loads a model, downloading it where needed. */
  loadModel(request: LoadRequest, call?: CallOptions): Promise<ModelSummary>;
  /** Lets go of a model. */
  forgetModel(model: string, call?: CallOptions): Promise<void>;
  /** The places of a model that can be read or changed. */
  sites(model: string, selector?: string, call?: CallOptions): Promise<SiteSummary[]>;
  /** A prompt or a conversation as it would be fed. */
  tokens(model: string, input: TokensRequest["input"], call?: CallOptions): Promise<TokensAnswer>;
  /** Runs a method; with `onProgress`, how far it is comes as it goes. */
  run<Name extends M["name"]>(
    model: string,
    method: Name,
    request: MethodRequest<MethodNamed<M, Name>>,
    call?: CallOptions,
  ): Promise<MethodAnswer<MethodNamed<M, Name>>[]>;
  /** Continues a prompt; to read no further ends it on the server, too. */
  generate(
    model: string,
    request: GenerateRequest,
    call?: CallOptions,
  ): AsyncGenerator<GenerationEvent>;
  /** One pass; its activations are fetched with `tensor`. */
  save(model: string, request: RunRequest, call?: CallOptions): Promise<SavedTensor[]>;
  /** The safetensors file of an activation. */
  tensor(saved: Pick<SavedTensor, "href">, call?: CallOptions): Promise<Uint8Array>;
}

/**
 * A client of a server, for browsers and programs alike.
 *
 * @throws ServerProblemError (`SERVER_PROBLEM`), from every call, with the server's `problem`
 * @example
 * import { createServer } from "@mlxterp/server";
 * import { createClient } from "@mlxterp/server/client";
 * const client = createClient({ fetch: createServer().fetch, url: "http://localhost" });
 * const [{ result, blocks }] = await client.run("tiny", "lens", {
 *   input: "Mary and John went to the park . John gave a ball to",
 *   options: { topK: 3, answer: "Mary" },
 * });
 * result.grids.answerRank?.axes; // ["layer", "position"]
 */
export function createClient<M extends { readonly name: string } = BuiltInMethods>(
  settings: ClientSettings = {},
): Client<M> {
  checkOptions<ClientSettings>("createClient", settings, settingRules);
  const transport = new Transport(settings);
  const of = (model: string) => `/api/models/${inPath("model", model)}`;
  return {
    capabilities: (call) => transport.schemas("/api/capabilities", call),
    models: (call) => transport.list(transport.json("/api/models", call), "models"),
    loadModel: (body, call) => transport.result("/api/models", { body, ...call }),
    forgetModel: async (model, call) => {
      await transport.json(of(model), { verb: "DELETE", ...call });
    },
    async sites(model, selector = "**", call) {
      const path = `${of(model)}/sites?selector=${inPath("selector", selector)}`;
      return transport.list(transport.json(path, call), "sites");
    },
    tokens: (model, input, call) =>
      transport.json(`${of(model)}/tokens`, { body: { input }, ...call }),
    async run(model, method, body, call) {
      const path = `${of(model)}/methods/${inPath("method", method)}`;
      return transport.list<never>(transport.result(path, { body, ...call }), "results");
    },
    async *generate(model, body, call) {
      for await (const { event, data } of transport.events(`${of(model)}/generate`, {
        body,
        ...call,
      }))
        yield { event, ...(data as object) } as GenerationEvent;
    },
    async save(model, body, call) {
      const path = `${of(model)}/run`;
      return transport.list(transport.json(path, { body, ...call }), "tensors");
    },
    async tensor(saved, call = {}) {
      checkRecord("saved", saved);
      const response = await transport.send(
        checkText("saved.href", saved.href),
        call,
        "application/octet-stream",
      );
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** A part of an address, which half a character cannot be. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function inPath(argument: string, value: unknown): string {
  const text = checkText(argument, value);
  try {
    return encodeURIComponent(text);
  } catch {
    throw new InvalidArgumentError(argument, value, "must not hold half of a surrogate pair.");
  }
}

function checkUrl(argument: string, value: unknown): void {
  const text = checkText(argument, value);
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  throw new InvalidArgumentError(
    argument,
    value,
    "must be an address such as http://localhost:3000.",
  );
}

/** What goes into a header of every request. */
function checkHeader(argument: string, value: unknown): void {
  const text = checkText(argument, value);
  try {
    new Headers({ name: text });
  } catch {
    throw new InvalidArgumentError(
      argument,
      value,
      "must be of characters that a header can hold.",
    );
  }
}

const settingRules: OptionNames<ClientSettings> = {
  ...{ url: checkUrl, token: checkHeader, client: checkHeader, fetch: checkFunction },
};
