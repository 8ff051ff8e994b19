/** Every public function of @mlxterp/models with right arguments. */
import { mx, nn } from "@mlxterp/mlx";
import * as models from "@mlxterp/models";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";

export function modelFunctions({ model, folder }: Bench): Calls {
  const { module, config, tokenizer, eosTokens } = model;
  const named = { config, tokenizer, eosTokens, name: "again" };
  const vector = { directions: new Map([[1, [0.5, -1]]]), modelType: "llama" };
  models.writeControlVector(`${folder}/vector.gguf`, vector);
  return {
    FactoredMatrix: [
      (...args: [never, never]) => new models.FactoredMatrix(...args).svd(),
      mx.ones([3, 2]),
      mx.ones([2, 3]),
    ],
    LanguageModel: [(...args: [never, never]) => new models.LanguageModel(...args), module, named],
    EncoderDecoderModel: [
      (...args: [never, never]) => new models.EncoderDecoderModel(...args),
      ...[module, named], // of another kind, as all modules are that one can build by hand
    ],
    ImageTextModel: [
      (...args: [never, never]) => new models.ImageTextModel(...args),
      ...[module, { config: named.config }],
    ],
    StreamsModel: [(...args: [never, never]) => new models.StreamsModel(...args), module, named],
    MaskedLanguageModel: [
      (...args: [never, never]) => new models.MaskedLanguageModel(...args),
      module,
      { config, tokenizer, name: "again" },
    ],
    SequenceClassifier: [
      (...args: [never, never]) => new models.SequenceClassifier(...args),
      module,
      { config, tokenizer, head: { kind: "sequence", labels: ["a"], bias: false }, name: "again" },
    ],
    TokenClassifier: [
      (...args: [never, never]) => new models.TokenClassifier(...args),
      module,
      { config, tokenizer, head: { kind: "token", labels: ["a"], bias: false }, name: "again" },
    ],
    EmbeddingModel: [
      (...args: [never, never]) => new models.EmbeddingModel(...args),
      module,
      { config, tokenizer, head: { kind: "embedding" }, name: "again" },
    ],
    ImageClassifier: [
      (...args: [never, never]) => new models.ImageClassifier(...args),
      module,
      { config, name: "again" },
    ],
    RecurrentModel: [
      (...args: [never, never]) => new models.RecurrentModel(...args),
      module,
      named,
    ],
    loadModel: [
      models.loadModel,
      "tiny",
      { dtype: "float16", offline: true, quantize: { bits: 8, groupSize: 32 } },
    ],
    fetchHubFolder: [
      models.fetchHubFolder,
      "someone/something",
      { folder: "layer_1", offline: true, cacheFolder: "hub" },
    ],
    initializeWeights: [
      models.initializeWeights,
      new models.Decoder(config),
      { seed: 1, deviation: 0.1 },
    ],
    listParameters: [models.listParameters, module],
    setParameters: [models.setParameters, new nn.Linear(2, 2), [["weight", mx.ones([2, 2])]]],
    loadTokenizer: [models.loadTokenizer, folder],
    readControlVector: [models.readControlVector, `${folder}/vector.gguf`],
    writeControlVector: [models.writeControlVector, "written.gguf", vector],
  };
}
