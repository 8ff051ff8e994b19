/** The menu of @mlxterp/models. */
export { listParameters } from "@mlxterp/mlx";
export type { MlpWeights } from "./anatomy/expert-weights.js";
export { FactoredMatrix, type SingularValues } from "./anatomy/factored-matrix.js";
export type { LatentWeights } from "./anatomy/latent-weights.js";
export type { DecoderLayerWeights } from "./anatomy/layer-weights.js";
export type { ModelWeights } from "./anatomy/model-weights.js";
export type { AdapterChoice, WeightedAdapter } from "./checkpoint/adapters/adapter-spec.js";
export type { WeightDtype } from "./checkpoint/files/weight-dtype.js";
export { type LoadOptions, loadModel, type ModelClass } from "./checkpoint/loading/load-model.js";
export type { QuantizeOptions } from "./checkpoint/quantization/layer-packer.js";
export type { SaveOptions } from "./checkpoint/saving/save-model.js";
export type { ControlVector, ControlVectorNumbers } from "./control-vectors/control-vector.js";
export { readControlVector } from "./control-vectors/read-control-vector.js";
export { writeControlVector } from "./control-vectors/write-control-vector.js";
export { KeyValueCache } from "./decoder/cache/cache.js";
export type { CacheOptions } from "./decoder/cache/sequence-cache.js";
export type {
  AttentionConfig,
  DecoderConfig,
  LatentConfig,
  LayerConfig,
  MlpConfig,
  NormConfig,
} from "./decoder/config/config.js";
export type { ExpertsConfig } from "./decoder/config/experts-config.js";
export type { RopeConfig } from "./decoder/config/rope-config.js";
export { Decoder } from "./decoder/model/decoder.js";
export type { DecoderPassOptions } from "./decoder/model/decoder-body.js";
export { type InitializeOptions, initializeWeights } from "./decoder/model/initialize.js";
export { setParameters } from "./decoder/parameters.js";
export { Bert } from "./encoder/bert.js";
export type { BertConfig } from "./encoder/config.js";
export type { BertPassOptions } from "./encoder/encoder-body.js";
export { EncoderDecoderCache } from "./encoder-decoder/cache.js";
export type { EncoderDecoderConfig } from "./encoder-decoder/config.js";
export type {
  EncoderDecoder,
  EncoderDecoderPassOptions,
} from "./encoder-decoder/encoder-decoder.js";
export type { EncoderDecoderRunOptions } from "./encoder-decoder/pass-input.js";
export {
  EncoderDecoderModel,
  type EncoderDecoderModelOptions,
} from "./encoder-decoder-model/encoder-decoder-model.js";
export {
  CacheMismatchError,
  CheckpointNotFoundError,
  ClosedPrefixError,
  CorruptCheckpointError,
  HubError,
  InvalidDecoderConfigError,
  MissingWeightsError,
  ModelKindError,
  NotGenerativeError,
  PrefixMismatchError,
  TokenizerError,
  UnexpectedWeightsError,
  UnknownModelTypeError,
  UnsupportedConfigError,
  UnsupportedFoldError,
  UnsupportedSaveError,
  WeightShapeError,
} from "./errors.js";
export type { FoldOptions } from "./folding/fold-decoder.js";
export type { GenerationDefaults } from "./generation/defaults.js";
export type { GeneratedText } from "./generation/generate.js";
export type {
  Alternative,
  FinishReason,
  GenerateBatchOptions,
  GenerateOptions,
  GenerationBatchStep,
  GenerationStep,
} from "./generation/options.js";
export type { PrefixOptions, PromptPrefix } from "./generation/prefix.js";
export type {
  Rollout,
  RolloutBatchOptions,
  RolloutOptions,
} from "./generation/rollout-options.js";
export type { SamplingOptions } from "./generation/sampling.js";
export type { StepSaveOptions } from "./generation/save-plan.js";
export type { StepSelection } from "./generation/step-selection.js";
export type { GenerativeOptions } from "./generative-base/options.js";
export { EmbeddingModel, type EncodeTextOptions } from "./headed-models/embedding-model.js";
export type { HeadedModelOptions } from "./headed-models/headed-model.js";
export { SequenceClassifier } from "./headed-models/sequence-classifier.js";
export { TokenClassifier } from "./headed-models/token-classifier.js";
export type { Classification } from "./heads/classification.js";
export type {
  ClassifierConfig,
  EmbeddingConfig,
  EmbeddingLayerConfig,
  TransformConfig,
} from "./heads/config.js";
export type { HeadedDecoder, HeadedEncoder, HeadedModule } from "./heads/headed-body.js";
export type { PoolingName } from "./heads/pooling.js";
export type { DownloadProgress } from "./hub/download-file.js";
export { fetchHubFolder, type HubFolderOptions } from "./hub/hub-folder.js";
export type { HubOptions } from "./hub/hub-model.js";
export {
  ImageClassifier,
  type ImageClassifierOptions,
} from "./image-classifier/image-classifier.js";
export type { ImageTextConfig, TowerConfig } from "./image-text/config.js";
export type { ImageText, ImageTextPassOptions } from "./image-text/image-text.js";
export { ImageTextModel, type ImageTextModelOptions } from "./image-text-model/image-text-model.js";
export type { DriftOptions, QuantizationDrift } from "./language-model/drift.js";
export { LanguageModel, type LanguageModelOptions } from "./language-model/language-model.js";
export {
  MaskedLanguageModel,
  type MaskedLanguageModelOptions,
} from "./masked-model/masked-language-model.js";
export type { QuantizationScheme } from "./packed/scheme.js";
export { RecurrentCache } from "./recurrent/caches/cache.js";
export type { RecurrentConfig, RecurrentLayerConfig } from "./recurrent/config.js";
export type { MixerConfig } from "./recurrent/mixers/config.js";
export { RecurrentDecoder, type RecurrentPassOptions } from "./recurrent/recurrent-decoder.js";
export { RecurrentModel, type RecurrentModelOptions } from "./recurrent-model/recurrent-model.js";
export type { StreamsConfig, StreamsLayerConfig } from "./streams/config.js";
export type { StreamsDecoder, StreamsPassOptions } from "./streams/streams-decoder.js";
export { StreamsModel, type StreamsModelOptions } from "./streams-model/streams-model.js";
export type { ChatMessage, ChatOptions, ChatPrompt, ChatTurn } from "./tokenizer/chat.js";
export { ChatTemplateError, TokenAlignmentError } from "./tokenizer/errors.js";
export type { TextMarks } from "./tokenizer/marks.js";
export type { TextToken } from "./tokenizer/text-tokens.js";
export { type EncodeOptions, loadTokenizer, type TextTokenizer } from "./tokenizer/tokenizer.js";
export type { Verification, VerifiedInvariant, VerifyOptions } from "./verify/verify-model.js";
export type { VisionConfig } from "./vision/config.js";
export type { VisionEncoder } from "./vision/vision-encoder.js";
