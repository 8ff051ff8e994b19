/** A method as a tool: everything in it is the method's own. */
import { fieldsOf, type Method } from "@mlxterp/results";
import { z } from "zod";
import { markdownOf } from "../markdown/markdown.js";
import { jsonSchemaOf } from "../schemas/json-schema.js";
import { methodRequestSchema } from "../wire/requests.js";
import { runMethod } from "../work/run-method.js";
import { pictureOf } from "./picture.js";
import { type AgentTool, defineTool } from "./tool.js";

const modelArgument = z.string().min(1).default("tiny").describe("a model's id; see list_models");

/** Interventions are long as a schema, and the same for every tool: one tool tells them. */
const interventionsHint = {
  type: "object",
  additionalProperties: true,
  description:
    'changes by site, as data, such as {"layers.3.mlp": {"type": "scale", "factor": 0.5}}; see list_interventions',
};

export function methodTool(method: Method): AgentTool {
  const { name, title, summary, input, options } = method;
  const some = z.record(z.string(), z.unknown());
  const schema = methodRequestSchema(input, some).extend({
    model: modelArgument,
    picture: z.boolean().default(false).describe("also a PNG of the figures of the first result"),
  });
  const needed = fieldsOf(options).some(({ required }) => required);
  return defineTool({
    name,
    title,
    description: `${summary}. Takes ${input}${needed && input === "pairs" ? "; a task brings the answers" : ""}.`,
    schema,
    jsonSchema: withOptions(jsonSchemaOf(schema), jsonSchemaOf(options)),
    readOnly: true,
    async call({ model, picture, ...request }, { workplace, caller, budget }) {
      const answers = await runMethod(workplace, { model, method: name, ...request }, caller);
      const each = Math.floor(budget.characters / Math.max(1, answers.length));
      const texts = answers.map(({ blocks }) => markdownOf(blocks, each));
      const text = { type: "text", text: texts.join("\n\n---\n\n") } as const;
      return picture && answers.length > 0 ? [text, await pictureOf(answers[0].blocks)] : [text];
    },
  });
}

function withOptions(body: Record<string, unknown>, options: Record<string, unknown>) {
  const properties = { ...(body.properties as object), options, interventions: interventionsHint };
  return { ...body, properties };
}
