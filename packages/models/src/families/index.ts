/** The families by the `model_type` of their checkpoints. */
import { UnknownModelTypeError } from "../errors.js";
import { bert } from "./bert/family.js";
import { bloom } from "./bloom/family.js";
import { cohere } from "./cohere/family.js";
import { cohere2 } from "./cohere2/family.js";
import { deepseekV3 } from "./deepseek_v3/family.js";
import { falcon } from "./falcon/family.js";
import { gemma } from "./gemma/family.js";
import { gemma2 } from "./gemma2/family.js";
import { gemma3Text } from "./gemma3_text/family.js";
import { glm4 } from "./glm4/family.js";
import { gptBigcode } from "./gpt_bigcode/family.js";
import { gptNeo } from "./gpt_neo/family.js";
import { gptNeox } from "./gpt_neox/family.js";
import { gptOss } from "./gpt_oss/family.js";
import { gpt2 } from "./gpt2/family.js";
import { gptj } from "./gptj/family.js";
import { granite } from "./granite/family.js";
import { llama } from "./llama/family.js";
import { mamba } from "./mamba/family.js";
import { mistral } from "./mistral/family.js";
import { mixtral } from "./mixtral/family.js";
import { nemotron } from "./nemotron/family.js";
import { olmo2 } from "./olmo2/family.js";
import { olmoe } from "./olmoe/family.js";
import { opt } from "./opt/family.js";
import { phi } from "./phi/family.js";
import { phi3 } from "./phi3/family.js";
import { qwen2 } from "./qwen2/family.js";
import { qwen3 } from "./qwen3/family.js";
import { qwen3Moe } from "./qwen3_moe/family.js";
import type { Family, ModuleFamily } from "./shared/family.js";
import { smollm3 } from "./smollm3/family.js";
import { stablelm } from "./stablelm/family.js";
import { starcoder2 } from "./starcoder2/family.js";

/** Every family; a new one is a file and a line here. */
export const families: readonly (Family | ModuleFamily)[] = [
  bert,
  bloom,
  cohere,
  cohere2,
  deepseekV3,
  falcon,
  gemma,
  gemma2,
  gemma3Text,
  glm4,
  gpt2,
  gptBigcode,
  gptj,
  gptNeo,
  gptNeox,
  gptOss,
  granite,
  llama,
  mamba,
  mistral,
  mixtral,
  nemotron,
  olmo2,
  olmoe,
  opt,
  phi,
  phi3,
  qwen2,
  qwen3,
  qwen3Moe,
  smollm3,
  stablelm,
  starcoder2,
];

/** @throws UnknownModelTypeError (`UNKNOWN_MODEL_TYPE`) */
export function familyOf(json: unknown, file: string): Family | ModuleFamily {
  const modelType = (json as { model_type?: unknown } | null)?.model_type;
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  throw new UnknownModelTypeError(
    modelType,
    file,
    families.map((known) => known.modelType),
  );
}
