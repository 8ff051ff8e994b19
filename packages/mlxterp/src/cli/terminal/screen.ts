/** How wide output may be, and whether it may be coloured. */
import { styleText } from "node:util";
import type { CliIo } from "./io.js";

/** The named styles of `util.styleText`. */
export type TextStyle = Parameters<typeof styleText>[0];

export interface Screen {
  readonly width: number;
  /** Whether escape codes are welcome. */
  readonly color: boolean;
}

const narrowest = 32;
const withoutTerminal = 100;

/**
 * The screen behind standard output: the terminal's own width, `COLUMNS`, or 100 characters in a pipe.
 * Colours follow `NO_COLOR` and `FORCE_COLOR`, else whether it is a terminal.
 */
export function screenOf({ stdout, environment }: CliIo): Screen {
  const told = Number.parseInt(environment.COLUMNS ?? "", 10);
  const width = (stdout.isTTY && stdout.columns) || (told > 0 ? told : withoutTerminal);
  return { width: Math.max(narrowest, width), color: mayColor(stdout.isTTY === true, environment) };
}

function mayColor(terminal: boolean, environment: CliIo["environment"]): boolean {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR && environment.FORCE_COLOR !== "0") return true;
  return terminal && environment.TERM !== "dumb";
}

/** Styles text where the screen has colours. */
export function paint({ color }: Screen, style: TextStyle, text: string): string {
  // The screen has decided already; newer versions of Node would look at the process's own stream again.
  return color ? styleText(style, text, { validateStream: false }) : text;
}
