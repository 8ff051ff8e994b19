/** The route of a method: everything in it is the method's own. */
import type { Method } from "@mlxterp/results";
import { z } from "zod";
import { resultOrEvents } from "../http/respond.js";
import type { Route } from "../http/route.js";
import { jsonSchemaOf } from "../schemas/json-schema.js";
import { answeredSchema, problemSchema, progressEventSchema } from "../wire/answers.js";
import { methodRequestSchema } from "../wire/requests.js";
import { runMethod } from "../work/run-method.js";

/** Options are an object here; the method's own schema says more, and its own check what is wrong. */
const someOptions = z.record(z.string(), z.unknown());

export function methodRoute(method: Method): Route {
  const { name, title, summary, input, options } = method;
  const body = methodRequestSchema(input, someOptions);
  return {
    verb: "post",
    path: `/api/models/{id}/methods/${name}`,
    operation: `method_${name}`,
    summary,
    description: `${title}. Takes ${input}.`,
    body,
    documentedBody: documented(jsonSchemaOf(body), name),
    schemas: { [optionsOf(name)]: jsonSchemaOf(options) },
    answer: answeredSchema,
    events: { progress: progressEventSchema, result: answeredSchema, error: problemSchema },
    handle(call) {
      const request = call.body as z.output<typeof body>;
      const { id } = call.parameters;
      return resultOrEvents(call, async (caller) => ({
        results: await runMethod(call.workplace, { model: id, method: name, ...request }, caller),
      }));
    },
  };
}

const optionsOf = (name: string) => `${name}-options`;

/** The body with the method's own options and the interventions in full. */
function documented(body: Record<string, unknown>, name: string) {
  const reference = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });
  const full = { options: reference(optionsOf(name)), interventions: reference("Interventions") };
  return { ...body, properties: { ...(body.properties as object), ...full } };
}
