/** The route that continues a prompt. */

import { callerOf, json, streamed, wantsEvents } from "../http/respond.js";
import type { Call, Route } from "../http/route.js";
import {
  type DoneEvent,
  doneEventSchema,
  generatedSchema,
  problemSchema,
  progressEventSchema,
  type TokenEvent,
  tokenEventSchema,
} from "../wire/answers.js";
import { type GenerateRequest, generateRequest } from "../wire/requests.js";
import type { Caller } from "../work/caller.js";
import { generateText } from "../work/generate.js";

export const generateRoute: Route = {
  verb: "post",
  path: "/api/models/{id}/generate",
  operation: "generate",
  summary: "Continues a prompt token by token, with interventions",
  body: generateRequest,
  answer: generatedSchema,
  events: {
    progress: progressEventSchema,
    token: tokenEventSchema,
    done: doneEventSchema,
    error: problemSchema,
  },
  async handle(call) {
    if (wantsEvents(call)) {
      return streamed(call, async (caller, events) => {
        const done = await follow(call, caller, (token) => events.send("token", token));
        events.send("done", done);
      });
    }
    const tokens: TokenEvent[] = [];
    const done = await follow(call, callerOf(call), (token) => tokens.push(token));
    return json({ ...done, tokens });
  },
};

async function follow(
  { workplace, parameters, body }: Call,
  caller: Caller,
  onToken: (token: TokenEvent) => void,
): Promise<DoneEvent> {
  let text = "";
  let stoppedBy: DoneEvent["stoppedBy"] = "maxTokens"; // every text ends with a reason
  const events = generateText(workplace, parameters.id, body as GenerateRequest, caller);
  for await (const event of events) {
    if ("stoppedBy" in event) stoppedBy = event.stoppedBy;
    else {
      text += event.text;
      onToken(event);
    }
  }
  return { text, stoppedBy };
}
