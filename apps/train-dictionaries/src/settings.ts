/** What the command line says, as numbers. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** All that decides what is trained. */
export interface Settings {
  /** What is loaded: `tiny`, a folder, or a model of a hub. */
  readonly model: string;
  /** What files are called after. */
  readonly name: string;
  readonly out: string;
  /** After which layer the dictionary reads. */
  readonly layer: number;
  /** Texts to train on, and tokens of each. */
  readonly sequences: number;
  readonly length: number;
  /** Texts to measure on. */
  readonly heldOut: number;
  readonly features: number;
  readonly transcoderFeatures: number;
  /** How many features are on. */
  readonly k: number;
  readonly steps: number;
  readonly transcoderSteps: number;
  readonly batch: number;
  readonly seed: number;
  /** How many trainings that differ in their seed alone. */
  readonly seeds: number;
}

export function readSettings(args?: string[]): Settings {
  const text = (standard?: string) => ({ type: "string", default: standard }) as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ model: text("tiny"), name: text(), out: text("dictionaries"), layer: text("2") },
      ...{ sequences: text("2048"), length: text("48"), "held-out": text("64") },
      ...{ features: text("256"), "transcoder-features": text("128"), k: text("8") },
      ...{ steps: text("3000"), "transcoder-steps": text(), batch: text("1024") },
      ...{ seed: text("0"), seeds: text("3") },
    },
  });
  const number = (name: keyof typeof values): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new RangeError(`--${name} ${values[name]} is no number of things; give 0, 1, 2 …`);
  };
  const { model, name = model, out } = values as { model: string; name?: string; out: string };
  const steps = number("steps");
  return {
    ...{ model, name, out: resolve(out), layer: number("layer"), steps },
    ...{ sequences: number("sequences"), length: number("length"), heldOut: number("held-out") },
    ...{ features: number("features"), transcoderFeatures: number("transcoder-features") },
    transcoderSteps: values["transcoder-steps"] === undefined ? steps : number("transcoder-steps"),
    ...{ k: number("k"), batch: number("batch"), seed: number("seed"), seeds: number("seeds") },
  };
}
