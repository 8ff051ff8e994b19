/** The one way by which text leaves for a terminal: nothing a terminal obeys passes but this command's own styles. */

import { visibleText } from "@mlxterp/results";
import type { CliIo, OutputStream } from "./io.js";
import { screenOf } from "./screen.js";

/** What `paint` writes: colours and weights, which neither move a cursor nor change a setting. */
const style = new RegExp(`(${"\u001B"}\\[[\\d;]{1,8}m)`);

/**
 * The same surroundings with streams that write out what is unseen. Texts are written out before they are laid out and
 * painted, so that widths are right; this is what stands behind a place that forgets to.
 */
export function guarded(io: CliIo): CliIo {
  const { color } = screenOf(io);
  return {
    ...io,
    stdout: guardedStream(io.stdout, color),
    stderr: guardedStream(io.stderr, false),
  };
}

function guardedStream(stream: OutputStream, styles: boolean): OutputStream {
  const shown = (text: string) =>
    styles
      ? text.split(style).map((part, index) => (index % 2 === 1 ? part : visibleText(part))).join("") // biome-ignore format: one expression
      : visibleText(text);
  return {
    write: (text) => stream.write(shown(text)),
    isTTY: stream.isTTY,
    columns: stream.columns,
  };
}
