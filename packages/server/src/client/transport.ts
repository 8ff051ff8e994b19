/** How the client speaks: JSON, events, and problems as errors. */
import { fromJson, MlxterpError } from "@mlxterp/results";
import {
  checkFunction,
  checkMethods,
  checkOptions,
  checkRecord,
  checkSignal,
  InvalidArgumentError,
} from "@mlxterp/results/errors";
import type { ProblemJson, ProgressEvent } from "../wire/answers.js";
import { readEvents } from "./read-events.js";

/** Where a server is, and what it asks for. */
export interface ClientSettings {
  /** Default: the page's own server. */
  readonly url?: string;
  readonly token?: string;
  /** Callers of one name share a place in the queue. Default: one of this client's own. */
  readonly client?: string;
  /** Default: the one of the surroundings. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** How one call is followed. */
export interface CallOptions {
  /** Ends the work on the server, too. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ProgressEvent) => void;
}

/** What a server refused: `problem.code` says why. */
export class ServerProblemError extends MlxterpError {
  readonly code = "SERVER_PROBLEM";

  constructor(readonly problem: ProblemJson) {
    super(problem.detail);
  }
}

interface Sent extends CallOptions {
  readonly verb?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
}

export class Transport {
  private readonly client: string;

  constructor(private readonly settings: ClientSettings) {
    this.client = settings.client ?? crypto.randomUUID();
  }

  /** @throws ServerProblemError (`SERVER_PROBLEM`) */
  async json<T>(path: string, sent: Sent = {}): Promise<T> {
    const response = await this.send(path, sent, "application/json");
    return fromJson(await response.text()) as T;
  }

  /** Of schemas, which are JSON as it is: their keys begin with the sign that marks numbers elsewhere. */
  async schemas<T>(path: string, sent: Sent = {}): Promise<T> {
    const text = await (await this.send(path, sent, "application/json")).text();
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ServerProblemError({ ...noAnswer, detail: text.slice(0, 200) });
    }
  }

  /** A list within an answer. @throws ServerProblemError (`SERVER_PROBLEM`) where what answers is none of our servers */
  async list<T>(answer: Promise<unknown>, name: string): Promise<T[]> {
    const { [name]: list } = Object((await answer) ?? {}) as Readonly<Record<string, unknown>>;
    if (Array.isArray(list)) return list as T[];
    throw new ServerProblemError({ ...noAnswer, detail: `It has no list of ${name}.` });
  }

  /** The last of the events, which is the result; those before tell how far it is. */
  async result<T>(path: string, sent: Sent): Promise<T> {
    if (!sent.onProgress) return this.json(path, sent);
    for await (const { event, data } of this.events(path, sent)) {
      if (event === "result") return data as T;
    }
    throw new ServerProblemError(cutShort);
  }

  /** @throws ServerProblemError (`SERVER_PROBLEM`), also for one that comes after other events */
  async *events(path: string, sent: Sent): AsyncGenerator<{ event: string; data: unknown }> {
    const response = await this.send(path, sent, "text/event-stream");
    for await (const { event, data } of readEvents(response)) {
      const value = fromJson(data);
      if (event === "error") throw new ServerProblemError(value as ProblemJson);
      if (event === "progress") sent.onProgress?.(value as ProgressEvent);
      else yield { event, data: value };
    }
  }

  /** @throws ServerProblemError (`SERVER_PROBLEM`) */
  async send(path: string, sent: Sent, accept: string): Promise<Response> {
    checkRecord("call", sent);
    const { verb, body, ...call } = sent;
    checkOptions<CallOptions>("call", call, { signal: checkSignal, onProgress: checkFunction });
    const { url = pageOrigin(), token } = this.settings;
    const { signal } = call;
    const request = new Request(addressOf(path, url), {
      method: verb ?? (body === undefined ? "GET" : "POST"),
      headers: {
        accept,
        "x-mlxterp-client": this.client,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: jsonOf(body) }),
      ...(signal && { signal }),
    });
    const response = await this.fetched(request);
    if (response.ok) return response;
    throw new ServerProblemError(await problemIn(response));
  }

  /** @throws ServerProblemError (`SERVER_PROBLEM`) where nobody answers; the reason of a signal */
  private async fetched(request: Request): Promise<Response> {
    const { fetch = globalThis.fetch } = this.settings;
    let response: Response;
    try {
      response = await fetch(request);
    } catch (cause) {
      if (request.signal.aborted) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      const problem = { ...noAnswer, code: "UNREACHABLE", title: "Nobody answers", detail: `${request.url}: ${why}` }; // biome-ignore format: one object
      throw Object.assign(new ServerProblemError(problem), { cause });
    }
    checkMethods("fetch: its answer", response, ["text", "arrayBuffer"], "a Response");
    return response;
  }
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) outside a page, where nothing says where the server is */
function addressOf(path: string, url: string | undefined): URL {
  if (URL.canParse(path, url)) return new URL(path, url);
  throw new InvalidArgumentError("url", url, "is needed outside a page: createClient({ url: \"http://localhost:3000\" })."); // biome-ignore format: one line
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what JSON cannot hold */
function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body, plainly);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new InvalidArgumentError("request", body, `JSON cannot hold it (${why}).`), { cause }); // biome-ignore format: one line
  }
}

/** Of the page that the client runs in; outside a browser there is none. */
function pageOrigin(): string | undefined {
  return (globalThis as { location?: { origin: string } }).location?.origin;
}

/** JSON leaves out functions and symbols, and writes null for NaN: none of that is what was asked. */
function plainly(key: string, value: unknown): unknown {
  const lost = typeof value === "function" || typeof value === "symbol";
  if (!lost && (typeof value !== "number" || Number.isFinite(value))) return value;
  throw new TypeError(`${key} is ${lost ? `a ${typeof value}` : value}`);
}

const cutShort: ProblemJson = {
  type: "about:blank",
  title: "Cut short",
  status: 502,
  code: "CUT_SHORT",
  detail: "The server ended before its result was there.",
};

const noAnswer: ProblemJson = {
  ...cutShort,
  title: "No answer of a server",
  code: "NO_ANSWER",
  detail: "What answered is no server of mlxterp.",
};

async function problemIn(response: Response): Promise<ProblemJson> {
  const text = await response.text();
  try {
    return fromJson(text) as ProblemJson;
  } catch {
    const { status } = response; // not one of our servers, or something between
    return { ...cutShort, title: "No problem details", status, detail: text.slice(0, 200) };
  }
}
