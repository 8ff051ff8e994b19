/** The server behind its typed client. */
import { type ClientSettings, createClient } from "@mlxterp/server/client";
import type { InterventionsJson } from "../changes/compile.js";
import type { Input } from "../state/document.js";
import type { Answered, Api } from "./api.js";
import { readTensor } from "./safetensors.js";

/** Methods are known by what the server says of them, not by type. */
interface AnyMethod {
  readonly name: string;
}

/** @param settings by default the server that the page is from */
export function serverApi(settings: ClientSettings = {}): Api {
  const client = createClient<AnyMethod>(settings);
  return {
    capabilities: () => client.capabilities(),
    load: (source, control) => client.loadModel({ source }, control),
    tokens: async (model, input) => (await client.tokens(model, writable(input))).tokens,
    async run({ model, method, input, options, interventions }, control) {
      const request = { input, options, ...changesIn(interventions) };
      return (await client.run(model, method, request as never, control)) as readonly Answered[];
    },
    async *generate({ model, input, maxTokens, options, interventions }, control) {
      const request = { input: writable(input), maxTokens, options, ...changesIn(interventions) };
      for await (const step of client.generate(model, request, control)) {
        if (step.event === "token") yield step;
      }
    },
    async activation(model, input, site) {
      const [saved] = await client.save(model, { input: writable(input), save: [site] });
      return readTensor((await client.tensor(saved)).buffer as ArrayBuffer);
    },
  };
}

function changesIn(interventions: InterventionsJson | undefined) {
  return interventions && Object.keys(interventions).length > 0 ? { interventions } : {};
}

/** The same; the client's types name lists that may be written to, and writes to none. */
function writable(input: Input) {
  return input as string | number[] | { role: string; content: string }[];
}
