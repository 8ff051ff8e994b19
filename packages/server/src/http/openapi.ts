/** The OpenAPI document (3.1) of the routes: their schemas are JSON Schema of the same zod schemas that check requests. */
import { interventionsSchema } from "@mlxterp/interventions";
import type { z } from "zod";
import { jsonSchemaOf } from "../schemas/json-schema.js";
import { serverVersion } from "../version.js";
import { problemSchema } from "../wire/answers.js";
import type { Route } from "./route.js";

type Json = Record<string, unknown>;

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** @param hasToken whether callers have to show a token */
export function openApiOf(routes: readonly Route[], hasToken: boolean): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.verb]: operationOf(route) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "mlxterp",
      version: serverVersion(),
      description:
        'Interpretability methods over HTTP. Interventions are data: no request can bring code. Numbers that JSON has no form for are { "$number": "NaN" }, dense ones { "$float32": [...] }.',
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: hasToken ? [{ token: [] }] : [],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(sharedSchemas(routes)),
    },
  };
}

/** What documents refer to by name. */
function sharedSchemas(routes: readonly Route[]): [name: string, schema: Json][] {
  const own = routes.flatMap(({ schemas = {} }) => Object.entries(schemas));
  const all: [string, Json][] = [
    ["Interventions", jsonSchemaOf(interventionsSchema)],
    ["Problem", jsonSchemaOf(problemSchema)],
    ...own,
  ];
  return all.map(([name, schema]) => [name, rebased(schema, name)]);
}

function operationOf(route: Route): Json {
  const { operation, summary, description, body, documentedBody } = route;
  return {
    operationId: operation,
    summary,
    ...(description && { description }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: documentedBody ?? jsonSchemaOf(body) } },
      },
    }),
    responses: {
      200: { description: "Done", content: contentOf(route) },
      default: {
        description: "A problem, with a stable code",
        content: { "application/problem+json": { schema: reference("Problem") } },
      },
    },
  };
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query = {} }: Route): Json[] {
  return Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
}

function contentOf({ answer, events }: Route): Json {
  return {
    ...(answer
      ? { "application/json": { schema: jsonSchemaOf(answer) } }
      : { "application/octet-stream": {} }),
    ...(events && { "text/event-stream": { schema: framesOf(events) } }),
  };
}

/** A stream is a series of these frames. */
function framesOf(events: Readonly<Record<string, z.ZodType>>): Json {
  return {
    description: "A series of frames: the name of an event, and its data as JSON.",
    oneOf: Object.entries(events).map(([event, data]) => ({
      type: "object",
      required: ["event", "data"],
      properties: { event: { const: event }, data: jsonSchemaOf(data) },
    })),
  };
}

/** References within a schema, as they are once it stands among the components. */
function rebased(schema: Json, name: string): Json {
  const text = JSON.stringify(schema).replaceAll(
    '"#/$defs/',
    `"#/components/schemas/${name}/$defs/`,
  );
  return JSON.parse(text) as Json;
}
