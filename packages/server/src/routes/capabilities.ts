/** What this server can do, for programs that ask before they show anything. */
import { taskNames } from "@mlxterp/analysis/methods";
import { interventionSchema } from "@mlxterp/interventions";
import { deviceName } from "@mlxterp/mlx";
import type { Method } from "@mlxterp/results";
import { plainJson } from "../http/respond.js";
import type { Route } from "../http/route.js";
import { jsonSchemaOf } from "../schemas/json-schema.js";
import { serverVersion } from "../version.js";
import { capabilitiesSchema, type MethodSummary } from "../wire/answers.js";

export const capabilitiesRoutes: readonly Route[] = [
  {
    verb: "get",
    path: "/api/capabilities",
    operation: "capabilities",
    summary: "Methods, interventions, models and limits of this server",
    answer: capabilitiesSchema,
    async handle({ workplace: { methods, models, limits } }) {
      return plainJson({
        version: serverVersion(),
        device: deviceName(),
        methods: methods.map((method) => remembered(method, () => summaryOf(method))),
        interventions: remembered(interventionSchema, interventionTypes),
        tasks: [...taskNames],
        models: await models.list(),
        limits,
      });
    },
  },
];

const known = new WeakMap<object, unknown>();

/** Schemas are made once: a page asks for them whenever it opens. */
function remembered<T>(of: object, make: () => T): T {
  if (!known.has(of)) known.set(of, make());
  return known.get(of) as T;
}

function summaryOf({ name, title, summary, input, options, examples = [] }: Method): MethodSummary {
  const draft = "https://json-schema.org/draft/2020-12/schema";
  const schema = { $schema: draft, ...jsonSchemaOf(options) };
  return { name, title, summary, input, options: schema, examples: [...examples] };
}

interface Variants {
  readonly $defs?: Record<string, Variant>;
  readonly $ref?: string;
  readonly oneOf?: readonly Variant[];
}

interface Variant extends Variants {
  readonly properties?: { readonly type?: { readonly const?: string } };
}

/** Each type with a schema of its own, read off the schema of all of them. */
function interventionTypes() {
  const { $defs = {}, ...whole } = jsonSchemaOf(interventionSchema) as Variants;
  const name = whole.$ref?.replace("#/$defs/", "");
  const { oneOf = [] } = name === undefined ? whole : $defs[name];
  return oneOf.map((variant) => ({
    type: variant.properties?.type?.const ?? "",
    schema: { ...variant, $defs },
  }));
}
