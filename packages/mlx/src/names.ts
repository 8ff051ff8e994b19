/** Every name of the binding that this project uses: looked up once, so that none of them is ever `undefined`. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Members of the array module. */
export const coreNames = words(`
  abs add addmm all allclose any arange argmax argmin argpartition argsort array arrayEqual asStrided
  bfloat16 bool broadcastTo ceil clip complex64 concatenate cos cpu cumsum defaultDevice
  dequantize divide equal erf eval exp expandDims expm1 eye fast flatten float16 float32 floating
  floor floorDivide full gatherMM gatherQMM getActiveMemory gpu grad greater greaterEqual int16
  int32 int64 int8 integer isinf isnan issubdtype less lessEqual linalg load log log1p logaddexp
  logicalAnd logicalNot logicalOr logsumexp matmul max maximum mean metal min minimum moveaxis
  multiply negative notEqual ones onesLike outer pad power prod quantize quantizedMatmul random
  reciprocal remainder repeat reshape round rsqrt saveSafetensors setDefaultDevice sigmoid sign
  sin Slice softmax sort split sqrt square squeeze stack stopGradient subtract sum swapaxes take
  takeAlongAxis tanh tile transpose tri tril uint16 uint32 uint64 uint8 valueAndGrad variance vjp
  where zeros zerosLike
`);

/** Members of its parts. */
export const partNames = {
  random: words("bernoulli categorical key normal randint seed split uniform"),
  linalg: words("cholesky inv norm qr svd"),
  fast: words("layerNorm rmsNorm rope scaledDotProductAttention"),
  metal: words("isAvailable"),
} as const;

/** Methods and properties of arrays. */
export const arrayNames = words(`
  abs all any argmax argmin astype at cumsum dtype exp flatten index indexPut_ item itemsize
  length log logsumexp max mean min moveaxis nbytes ndim prod reciprocal reshape rsqrt shape size
  split sqrt square squeeze sum swapaxes T tolist transpose
`);

/** Layers and functions of `nn`. */
export const layerNames = words(`
  BatchNorm Conv1d Conv2d Dropout Embedding GELU gelu GRU Identity LayerNorm Linear losses LSTM
  MaxPool2d Module MultiHeadAttention quantize relu ReLU RMSNorm RNN Sequential silu
  TransformerEncoder valueAndGrad
`);

/** Optimizers. */
export const optimizerNames = words("Adam AdamW SGD");
