/** The routes of models: which there are, loading one, letting one go, its sites, and prompts as tokens. */

import { json, resultOrEvents } from "../http/respond.js";
import type { Call, Route } from "../http/route.js";
import {
  modelSummarySchema,
  modelsSchema,
  problemSchema,
  progressEventSchema,
  type SiteSummary,
  sitesSchema,
  tokensSchema,
} from "../wire/answers.js";
import { loadRequest, tokensRequest } from "../wire/requests.js";
import { readTokens } from "../work/read-tokens.js";

/** As its schema, which has held it, says. */
function bodyOf<T>({ body }: Call): T {
  return body as T;
}

export const modelRoutes: readonly Route[] = [
  {
    verb: "get",
    path: "/api/models",
    operation: "listModels",
    summary: "The models that can be named",
    answer: modelsSchema,
    handle: async ({ workplace }) => json({ models: await workplace.models.list() }),
  },
  {
    verb: "post",
    path: "/api/models",
    operation: "loadModel",
    summary: "Loads a model, downloading it where needed",
    body: loadRequest,
    answer: modelSummarySchema,
    events: { progress: progressEventSchema, result: modelSummarySchema, error: problemSchema },
    handle(call) {
      const { source, options = {} } = bodyOf<ReturnType<typeof loadRequest.parse>>(call);
      return resultOrEvents(call, async (caller) => {
        const { models } = call.workplace;
        return (await models.load(source, options, caller)).summary;
      });
    },
  },
  {
    verb: "delete",
    path: "/api/models/{id}",
    operation: "forgetModel",
    summary: "Lets go of a model",
    answer: modelsSchema,
    async handle({ workplace: { models }, parameters }) {
      models.forget(parameters.id);
      return json({ models: await models.list() });
    },
  },
  {
    verb: "get",
    path: "/api/models/{id}/sites",
    operation: "sites",
    summary: "The places of a model that can be read or changed",
    query: { selector: "which; default **, all of them" },
    answer: sitesSchema,
    async handle({ workplace, parameters, query }) {
      const model = await workplace.models.open(parameters.id);
      const sites = model.sites(query.get("selector") ?? "**").map(
        ({ site, kind, axes, holds, otherNames }): SiteSummary => ({
          site,
          kind,
          axes: axes ? [...axes] : null,
          holds: holds ?? null,
          otherNames: [...otherNames],
        }),
      );
      return json({ sites });
    },
  },
  {
    verb: "post",
    path: "/api/models/{id}/tokens",
    operation: "tokens",
    summary: "A prompt or a conversation as it would be fed, token by token",
    body: tokensRequest,
    answer: tokensSchema,
    async handle(call) {
      const { input } = bodyOf<ReturnType<typeof tokensRequest.parse>>(call);
      return json(await readTokens(call.workplace, call.parameters.id, input));
    },
  },
];
