/**
 * The top-k loss with its gradients, by hand: only the decoder rows of the few features that are on are read, in the forward pass and in
 * the gradient of features, where automatic differentiation multiplies by all of them.
 *
 * With features measured by the norms of what they write, those norms cancel wherever a feature is on, so that gradients are the same either
 * way. Source of the idea: Gao et al. 2024, arXiv 2406.04093, appendix "Sparse kernels".
 */
import { type MxArray, mx, topK } from "@mlxterp/mlx";
import { rectify } from "../dictionary/activations.js";
import type { ResolvedConfig } from "./config.js";
import { centred, encoded, rowNorms } from "./objective-parts.js";
import type { Differentiated, Parameters, TrainingBatch } from "./parameters.js";

/** The features that are on in each row: which, by what the encoder says. */
interface On {
  readonly indices: MxArray; // (rows, k)
  /** On the scale on which they are chosen, and on that on which they are written, (rows, k). */
  readonly chosen: MxArray;
  readonly written: MxArray;
}

export function sparseTopK(
  parameters: Parameters,
  batch: TrainingBatch,
  config: ResolvedConfig,
): Differentiated {
  const { decoder, encoder } = parameters;
  const [features] = decoder.shape;
  const on = featuresOn(parameters, batch, config);
  const { reconstruction, slope, ofOn } = writtenBy(on, parameters, batch);
  const mse = mx.divide(mx.sum(mx.square(mx.subtract(reconstruction, batch.y))), batch.y.shape[0]);
  const ofChosen = mx.multiply(ofOn, mx.greater(on.written, 0).astype(mx.float32));
  const ofEncoded = spread(ofChosen, on.indices, features); // (rows, features)
  const encoderBias = mx.sum(ofEncoded, 0);
  const ofBias = mx.sum(slope, 0);
  const gradients: Parameters = {
    encoder: mx.matmul(centred(parameters, batch, config).transpose(), ofEncoded),
    encoderBias,
    decoder: mx.matmul(spread(on.written, on.indices, features).transpose(), slope),
    decoderBias: config.subtractDecoderBias
      ? mx.subtract(ofBias, mx.matmul(encoder, encoderBias))
      : ofBias,
    ...(parameters.skip && { skip: mx.matmul(batch.x.transpose(), slope) }),
  };
  const chosen = spread(on.chosen, on.indices, features);
  return { losses: { loss: mse, terms: { mse }, features: chosen, reconstruction }, gradients };
}

/** What features write, the gradient of the error there, and that of the features that are on. */
interface Written {
  readonly reconstruction: MxArray; // (rows, width)
  readonly slope: MxArray; // (rows, width)
  readonly ofOn: MxArray; // (rows, k)
}

/** Numbers of decoder rows that are read at a time: what is larger is fetched from the system anew each time, page by page. */
const readAtOnce = 2 ** 21;

/** A few rows of the batch after the other, so that their decoder rows are let go before the next are read. */
function writtenBy(on: On, parameters: Parameters, batch: TrainingBatch): Written {
  const [rows, k] = on.indices.shape;
  const [, width] = parameters.decoder.shape;
  const size = Math.max(1, Math.floor(readAtOnce / (k * width)));
  const parts: Written[] = [];
  for (let from = 0; from < rows; from += size) {
    const cut = (array: MxArray) => array.index(mx.Slice(from, Math.min(rows, from + size)));
    const some = { x: cut(batch.x), y: cut(batch.y) };
    parts.push(writtenByRows(cut(on.indices), cut(on.written), parameters, some, 2 / rows));
  }
  const joined = (name: keyof Written) =>
    mx.concatenate(
      parts.map((part) => part[name]),
      0,
    );
  return { reconstruction: joined("reconstruction"), slope: joined("slope"), ofOn: joined("ofOn") };
}

function writtenByRows(
  indices: MxArray,
  written: MxArray,
  { decoder, decoderBias, skip }: Parameters,
  { x, y }: TrainingBatch,
  scale: number,
): Written {
  const [rows, k] = indices.shape;
  const [, width] = decoder.shape;
  const own = mx.take(decoder, indices.reshape([rows * k]), 0).reshape([rows, k, width]);
  const sum = mx.matmul(written.reshape([rows, 1, k]), own).reshape([rows, width]);
  const straight = mx.add(sum, decoderBias);
  const reconstruction = skip ? mx.add(straight, mx.matmul(x, skip)) : straight;
  const slope = mx.multiply(mx.subtract(reconstruction, y), scale);
  const ofOn = mx.matmul(own, slope.reshape([rows, width, 1])).reshape([rows, k]);
  return { reconstruction, slope, ofOn };
}

function featuresOn(parameters: Parameters, batch: TrainingBatch, config: ResolvedConfig): On {
  const p = encoded(parameters, batch, config);
  const norms = config.scaleByDecoderNorm ? rowNorms(parameters) : undefined;
  const { values, indices } = topK(norms ? mx.multiply(p, norms) : p, config.k);
  const chosen = rectify(values);
  return {
    indices,
    chosen,
    written: norms ? mx.divide(chosen, mx.take(norms, indices, 0)) : chosen,
  };
}

/** Values at their features, zeros elsewhere: (rows, features). */
function spread(values: MxArray, indices: MxArray, features: number): MxArray {
  const [rows, k] = indices.shape;
  const first = mx.multiply(mx.arange(0, rows, 1, mx.int32), mx.array(features, mx.int32));
  const places = mx.add(first.reshape([rows, 1]), indices).reshape([rows * k]);
  const all = mx.zeros([rows * features]);
  all.indexPut_(places, values.reshape([rows * k]));
  return all.reshape([rows, features]);
}
