/** The server over HTTP, from the page that it serves. */
import { fromJson } from "@mlxterp/results";
import type { Answered, Api, Capabilities, Control, GenerateRequest, MethodRequest, ModelSummary, Progress, TokenFed, TokenStep } from "./api.js"; // biome-ignore format: one menu
import { readEvents } from "./events.js";
import { ProblemError, problemOf } from "./problem.js";
import { readTensor } from "./safetensors.js";

/** @param base where the server is; by default where the page is from */
export function httpApi(base = ""): Api {
  const post = (
    path: string,
    body: unknown,
    { signal }: Control = {},
    accept = "application/json",
  ) =>
    request(`${base}/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify(body),
      signal,
    });
  const stream = async (path: string, body: unknown, control: Control) =>
    eventsOf(await post(path, body, control, "text/event-stream"), control);
  const at = (model: string, path: string) => `models/${encodeURIComponent(model)}/${path}`;
  return {
    capabilities: async () =>
      (await json(await request(`${base}/api/capabilities`))) as Capabilities,
    load: async (source, control) =>
      (await last(await stream("models", { source }, control))) as ModelSummary,
    async tokens(model, input, control) {
      const answer = await json(await post(at(model, "tokens"), { input }, control));
      return (answer as { readonly tokens: readonly TokenFed[] }).tokens;
    },
    async run({ model, method, input, options, interventions }: MethodRequest, control) {
      const asked = { input, options, ...changesIn(interventions) };
      const answer = await last(await stream(at(model, `methods/${method}`), asked, control));
      return (answer as { readonly results: readonly Answered[] }).results;
    },
    async *generate({ model, input, maxTokens, options, interventions }: GenerateRequest, control) {
      const asked = { input, maxTokens, options, ...changesIn(interventions) };
      for await (const { event, data } of await stream(at(model, "generate"), asked, control)) {
        if (event === "token") yield data as TokenStep;
      }
    },
    async activation(model, input, site, control) {
      const answer = await json(await post(at(model, "run"), { input, save: [site] }, control));
      const [tensor] = (answer as { readonly tensors: readonly { readonly href: string }[] })
        .tensors;
      if (!tensor) throw new ProblemError("UNKNOWN_SITE", `Nothing was saved at ${site}.`);
      return readTensor(
        await (await request(new URL(tensor.href, `${location.href}`))).arrayBuffer(),
      );
    },
  };
}

function changesIn(interventions: MethodRequest["interventions"]) {
  return interventions && Object.keys(interventions).length > 0 ? { interventions } : {};
}

/** @throws ProblemError for what the server refuses, or where it cannot be reached */
async function request(address: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(address, init).catch((error: unknown) => {
    if (init?.signal?.aborted) throw error;
    throw new ProblemError(
      "UNREACHABLE",
      "The server does not answer. Is `mlxterp explore` still running?",
    );
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function json(response: Response): Promise<unknown> {
  return fromJson(await response.text());
}

interface Told {
  readonly event: string;
  readonly data: unknown;
}

/** Events with their data read; progress is told aside. */
async function* eventsOf(response: Response, { onProgress }: Control): AsyncGenerator<Told> {
  if (!response.body) throw new ProblemError("HTTP", "The server sent no events.");
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "progress") onProgress?.(fromJson(data) as Progress);
    else yield { event, data: fromJson(data) };
  }
}

/** @throws ProblemError for an answer that was cut off */
async function last(events: AsyncIterable<Told>): Promise<unknown> {
  for await (const { event, data } of events) {
    if (event === "result") return data;
  }
  throw new ProblemError("CUT_OFF", "The server's answer was cut off. Try again.");
}
