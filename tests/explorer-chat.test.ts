/** A chat on the page's desk, with a published chat template: fed as transformers writes it, and answered until the turn ends. */

import { expect, it } from "vitest";
import { serverApi } from "../apps/explorer/src/api/server-api.js";
import { Explorer } from "../apps/explorer/src/state/explorer.js";
import { memoryKeep } from "../apps/explorer/src/timeline/keep.js";
import { llamaLike } from "../packages/analysis/src/shared/test-support.js";
import { type MxArray, mx } from "../packages/mlx/src/index.js";
import {
  Decoder,
  initializeWeights,
  LanguageModel,
  type TextTokenizer,
} from "../packages/models/src/index.js";
import {
  chatTokenizerOf,
  expected,
  numbers,
} from "../packages/models/src/test-support/tokenizers.js";
import { createServer } from "../packages/server/src/index.js";

const chat = expected.chats.find((one) => one.style === "llama2" && one.addGenerationPrompt)!;
const ids = numbers(chat.ids);
const endOfTurn = 2; // </s>

/** Weights at random; the third token that it would say is the end of a turn. */
async function chatModel(tokenizer: TextTokenizer) {
  const vocab = tokenizer.vocabSize;
  const head = { ...llamaLike.head, tied: false };
  const config = { ...llamaLike, vocab, maxPositions: 256, head };
  const decoder = initializeWeights(new Decoder(config), { seed: 3, deviation: 0.4 });
  const model = new LanguageModel(decoder, { config, tokenizer, eosTokens: [endOfTurn] });
  const said: number[] = [];
  for await (const { token } of model.generate(ids, { maxTokens: 3, ignoreEos: true })) {
    said.push(token);
  }
  const rows = Array.from({ length: vocab }, (_, row) => row);
  [rows[endOfTurn], rows[said[2]]] = [said[2], endOfTurn];
  const { lmHead } = decoder as unknown as { lmHead: { weight: MxArray } };
  lmHead.weight = mx.take(lmHead.weight, mx.array(rows, mx.int32), 0);
  return { model, said };
}

it("feeds a chat as its template says, and answers until the token that ends a turn", async () => {
  const { model, said } = await chatModel(chatTokenizerOf("llama2"));
  const { fetch } = createServer({ models: [model] });
  const explorer = new Explorer(serverApi({ fetch, url: "http://localhost" }), memoryKeep());
  await explorer.start();
  explorer.live.value = false;
  const messages = chat.messages as never;
  const { id } = explorer.models.value.find(({ name }) => name === model.name)!;
  explorer.act("Chat", { model: id, prompt: { mode: "chat", text: "", messages } });

  const fed = await explorer.reader.tokens(id, messages);
  expect(fed.map((token) => token.id)).toEqual(ids);
  expect(fed.map(({ text }) => text)).toEqual(model.tokenizer!.pieces(ids));

  const { generation } = explorer;
  generation.sampling.value = { ...generation.sampling.value, maxTokens: 20 };
  await generation.start(explorer.desk.value);
  const { state, steps } = generation.plain.value!;
  expect([state, steps.map((step) => step.id)]).toEqual(["done", [...said.slice(0, 2), endOfTurn]]);
  expect(steps.at(-1)?.text).toBe("");
});
