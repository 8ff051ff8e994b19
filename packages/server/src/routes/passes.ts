/** The routes of single passes, and of the tensors that they keep. */

import { callerOf, json } from "../http/respond.js";
import type { Route } from "../http/route.js";
import { tensorResponse } from "../tensors/tensor-response.js";
import { savedSchema } from "../wire/answers.js";
import { type RunRequest, runRequest } from "../wire/requests.js";
import { runPass } from "../work/run-pass.js";

export const passRoutes: readonly Route[] = [
  {
    verb: "post",
    path: "/api/models/{id}/run",
    operation: "run",
    summary: "One pass whose chosen activations are kept, and given by reference",
    body: runRequest,
    answer: savedSchema,
    async handle(call) {
      const { workplace, parameters, body } = call;
      const saved = await runPass(workplace, parameters.id, body as RunRequest, callerOf(call));
      const tensors = saved.map(({ reference, ...about }) => ({
        ...about,
        href: `/api/tensors/${reference}`,
      }));
      return json({ tensors });
    },
  },
  {
    verb: "get",
    path: "/api/tensors/{reference}",
    operation: "tensor",
    summary: "The safetensors file of an activation that was kept; takes ranges",
    async handle({ workplace, parameters, request }) {
      return tensorResponse(workplace.tensors.find(parameters.reference), request);
    },
  },
];
