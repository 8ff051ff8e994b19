/** The state of training in a folder, from which it goes on to the same bits. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  CorruptFileError,
  InvalidArgumentError,
  type MxArray,
  mx,
  readTensors,
  writeTensors,
} from "@mlxterp/mlx";
import type { TranslatorState } from "./train-step.js";

/** What was asked of a training, as a text: another training must not go on from it. */
export interface TrainingState {
  readonly step: number;
  readonly asked: string;
  readonly translators: readonly TranslatorState[];
}

/** What is trained, and for how long. */
interface Extent {
  readonly depths: number;
  readonly hidden: number;
  readonly steps: number;
}

const nameOf = (folder: string) => join(folder, "training.safetensors");
const parts = ["value", "first", "second"] as const;

export async function writeState(folder: string, state: TrainingState): Promise<void> {
  const arrays = state.translators.flatMap((translator, depth) =>
    parts.map((part) => [`${depth}.${part}`, translator[part]] as const),
  );
  const about = { step: `${state.step}`, asked: state.asked };
  await writeTensors(nameOf(folder), Object.fromEntries(arrays), about);
}

/**
 * @returns undefined where there is none
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for the state of another training; CorruptFileError (`CORRUPT_FILE`)
 */
export function readState(
  folder: string,
  asked: string,
  { depths, hidden, steps }: Extent,
): TrainingState | undefined {
  const file = nameOf(folder);
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = readTensors(file);
  if (metadata.asked !== asked) {
    const rule = `the folder has the state of another training: ${metadata.asked}, not ${asked}. Name another folder, or ask for the same.`;
    throw new InvalidArgumentError("checkpoint", folder, rule);
  }
  const translators = Array.from({ length: depths }, (_, depth) => {
    const entries = parts.map((part) => [part, tensors[`${depth}.${part}`]] as const);
    if (entries.every(([, array]) => isPart(array, hidden))) {
      return Object.fromEntries(entries) as unknown as TranslatorState;
    }
    throw new CorruptFileError(file, `it lacks the translator of depth ${depth}, as it is trained`);
  });
  const step = /^\d{1,15}$/.test(metadata.step ?? "") ? Number(metadata.step) : -1;
  if (step >= 0 && step <= steps) return { step, asked, translators };
  throw new CorruptFileError(file, `it does not say which of ${steps} steps it is at`);
}

function isPart(array: MxArray | undefined, hidden: number): boolean {
  return array?.dtype === mx.float32 && array.shape.join() === [hidden + 1, hidden].join();
}
