/** For tests: the weights of a decoder that is written by hand, matrix by matrix. */
import { fromFlat, uniformNumbers } from "@mlxterp/mlx";
import { Decoder, type DecoderConfig, LanguageModel, setParameters } from "@mlxterp/models";

export interface PlantedShape {
  readonly layers: number;
  readonly heads: number;
  /** Codes of tokens. */
  readonly codes: number;
  readonly positions: number;
  /** Whether MLPs multiply two branches. */
  readonly gated: boolean;
  /** Stretches of the stream, each as wide as a code, that stages write to. */
  readonly slots: number;
}

/** A constant in the stream that is so large that the norms divide by it alone: what is planted adds up. */
const constant = 1000;

/** Where things stand in the stream. */
export interface Places {
  readonly hidden: number;
  readonly code: number;
  readonly flag: number;
  readonly position: number;
  slot(index: number): number;
  /** Where flags are brought to. */
  flagSlot(index: number): number;
}

function placesOf({ codes, positions, slots }: PlantedShape): Places {
  const position = 2 + codes;
  const first = position + positions;
  return {
    hidden: first + slots * codes + slots,
    code: 1,
    flag: 1 + codes,
    position,
    slot: (index) => first + index * codes,
    flagSlot: (index) => first + slots * codes + index,
  };
}

/** Matrices by name, (out, in) as they are stored; entries that nobody sets are a little more or less than zero. */
export class PlantedWeights {
  readonly places: Places;
  private readonly matrices = new Map<
    string,
    { rows: number; columns: number; values: Float32Array }
  >();

  constructor(
    readonly shape: PlantedShape,
    seed: number,
    leak: number,
  ) {
    this.places = placesOf(shape);
    const { hidden } = this.places;
    const random = uniformNumbers(seed);
    const width = this.headDim * shape.heads;
    const add = (name: string, rows: number, columns: number) => {
      const quiet = name === "embedTokens" || name === "embedPositions";
      const values = Float32Array.from({ length: rows * columns }, (_, at) => {
        const [row, column] = [Math.floor(at / columns), at % columns];
        const fixed =
          quiet || (columns === hidden && column === 0) || (rows === hidden && row === 0);
        return fixed ? 0 : leak * (random() + random() - 1);
      });
      this.matrices.set(name, { rows, columns, values });
    };
    add("embedTokens", this.vocab, hidden);
    add("embedPositions", shape.positions, hidden);
    add("lmHead", this.vocab, hidden);
    for (let layer = 0; layer < shape.layers; layer++) {
      for (const name of ["qProj", "kProj", "vProj"]) add(`layers.${layer}.selfAttn.${name}`, width, hidden); // biome-ignore format: one line
      add(`layers.${layer}.selfAttn.oProj`, hidden, width);
      add(`layers.${layer}.mlp.upProj`, this.neurons, hidden);
      if (shape.gated) add(`layers.${layer}.mlp.gateProj`, this.neurons, hidden);
      add(`layers.${layer}.mlp.downProj`, hidden, this.neurons);
    }
  }

  /** Codes, and two tokens that are flags. */
  get vocab(): number {
    return this.shape.codes + 2;
  }

  get headDim(): number {
    return Math.max(this.shape.codes, this.shape.positions);
  }

  get neurons(): number {
    return 2 * this.shape.codes;
  }

  set(name: string, row: number, column: number, value: number): void {
    const { columns, values } = this.matrices.get(name)!;
    values[row * columns + column] = value;
  }

  /** Reads the constant, so adds a number. */
  bias(name: string, row: number, value: number): void {
    this.set(name, row, 0, value / constant);
  }

  model(): LanguageModel {
    const config = this.config();
    const norm = constant / Math.sqrt(this.places.hidden);
    const decoder = new Decoder(config);
    const names = ["finalNorm", ...config.layers.flatMap((_, layer) => [`layers.${layer}.inputNorm`, `layers.${layer}.postAttentionNorm`])]; // biome-ignore format: one list
    const matrices = [...this.matrices].map(([name, { rows, columns, values }]) => {
      const whole = name === "embedTokens" ? values.map((value, at) => (at % columns === 0 ? constant : value)) : values; // biome-ignore format: one choice
      return [`${name}.weight`, fromFlat(whole, [rows, columns])] as const;
    });
    const norms = names.map((name) => [`${name}.weight`, fromFlat(new Float32Array(this.places.hidden).fill(norm), [this.places.hidden])] as const); // biome-ignore format: one line
    setParameters(decoder, [...matrices, ...norms]);
    return new LanguageModel(decoder, { config });
  }

  private config(): DecoderConfig {
    const { layers, heads, positions, gated } = this.shape;
    const norm = { kind: "rms" as const, epsilon: 1e-6, bias: false };
    const attention = { heads, kvHeads: heads, headDim: this.headDim, scale: 1, qkvBias: false, outputBias: false }; // biome-ignore format: one object
    const mlp = { hidden: this.neurons, activation: "relu" as const, gated, bias: false };
    return {
      vocab: this.vocab,
      hidden: this.places.hidden,
      maxPositions: positions,
      learnedPositions: true,
      layers: Array.from({ length: layers }, () => ({ inputNorm: norm, attention, postAttentionNorm: norm, mlp })), // biome-ignore format: one object
      finalNorm: norm,
      head: { tied: false, bias: false },
    };
  }
}
