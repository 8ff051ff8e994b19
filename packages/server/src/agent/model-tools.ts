/** Tools about models: which there are, their sites, prompts as tokens, text that goes on; and, where allowed, loading. */
import { interventionSchema } from "@mlxterp/interventions";
import { visibleToken } from "@mlxterp/results";
import { z } from "zod";
import { markdownTable } from "../markdown/tables.js";
import { jsonSchemaOf } from "../schemas/json-schema.js";
import { generateRequest, loadRequest, tokensRequest } from "../wire/requests.js";
import { generateText } from "../work/generate.js";
import { readTokens } from "../work/read-tokens.js";
import { type AgentTool, defineTool, said } from "./tool.js";

const model = z.string().min(1).default("tiny").describe("a model's id; see list_models");

const nothing = z.strictObject({});
const sitesArguments = z.strictObject({
  model,
  selector: z.string().min(1).default("layers.0.**").describe("such as layers.*.selfAttn.pattern"),
});
const tokensArguments = tokensRequest.extend({ model });
const generateArguments = generateRequest.extend({ model });

const listModels = defineTool({
  name: "list_models",
  title: "Models",
  description: "The models that can be named, with their sizes.",
  schema: nothing,
  jsonSchema: jsonSchemaOf(nothing),
  readOnly: true,
  async call(_, { workplace }) {
    const rows = (await workplace.models.list()).map((one) =>
      [one.id, one.family, one.layers, one.heads, one.hidden, one.vocabulary].map(String),
    );
    return said(markdownTable(["id", "family", "layers", "heads", "hidden", "vocabulary"], rows));
  },
});

const listInterventions = defineTool({
  name: "list_interventions",
  title: "Interventions",
  description:
    "JSON Schema of what can be done to the value of a site. Interventions are data, never code.",
  schema: nothing,
  jsonSchema: jsonSchemaOf(nothing),
  readOnly: true,
  call: async () => said(JSON.stringify(jsonSchemaOf(interventionSchema))),
});

const listSites = defineTool({
  name: "list_sites",
  title: "Sites of a model",
  description: "The places of a model that can be read or changed.",
  schema: sitesArguments,
  jsonSchema: jsonSchemaOf(sitesArguments),
  readOnly: true,
  async call(given, { workplace }) {
    const opened = await workplace.models.open(given.model);
    const rows = opened
      .sites(given.selector)
      .map(({ site, axes, holds }) => [site, axes?.join(", ") ?? "", holds ?? ""]);
    return said(markdownTable(["site", "axes", "holds"], rows));
  },
});

const tokenize = defineTool({
  name: "read_tokens",
  title: "Tokens of a prompt",
  description:
    "A prompt as the model is fed it, token by token; words that the vocabulary lacks are marked.",
  schema: tokensArguments,
  jsonSchema: jsonSchemaOf(tokensArguments),
  readOnly: true,
  async call(given, { workplace }) {
    const { tokens } = await readTokens(workplace, given.model, given.input);
    const rows = tokens.map(({ position, id, text, unknown }) => [
      `${position}`,
      `${id}`,
      visibleToken(text),
      unknown ? "unknown" : "",
    ]);
    return said(markdownTable(["position", "id", "text", ""], rows));
  },
});

const generate = defineTool({
  name: "generate_text",
  title: "Generation",
  description: "Continues a prompt, perhaps changed by interventions.",
  schema: generateArguments,
  jsonSchema: jsonSchemaOf(generateArguments),
  readOnly: true,
  async call({ model: id, ...request }, { workplace, caller }) {
    let [text, stoppedBy] = ["", ""];
    for await (const event of generateText(workplace, id, request, caller)) {
      if ("stoppedBy" in event) stoppedBy = event.stoppedBy;
      else text += event.text;
    }
    return said(`${text}\n\n(ended by ${stoppedBy})`);
  },
});

const loadModel = defineTool({
  name: "load_model",
  title: "Load a model",
  description: "Loads a model of the hub, or one below an allowed root; downloads it where needed.",
  schema: loadRequest,
  jsonSchema: jsonSchemaOf(loadRequest),
  readOnly: false,
  async call({ source, options = {} }, { workplace, caller }) {
    const { summary } = await workplace.models.load(source, options, caller);
    return said(`Loaded: ${summary.id}, ${summary.layers} layers.`);
  },
});

export const modelTools: readonly AgentTool[] = [
  listModels,
  listInterventions,
  listSites,
  tokenize,
  generate,
  loadModel,
];
