/** Paintings that take a while, one a frame: a page of many stays at hand meanwhile. */

const waiting: (() => void)[] = [];

/** @returns takes it back, if it has not been painted yet */
export function paintLater(paint: () => void): () => void {
  if (waiting.push(paint) === 1) requestAnimationFrame(paintNext);
  return () => {
    const at = waiting.indexOf(paint);
    if (at > 0) waiting.splice(at, 1);
  };
}

/** The first stays in the list while it is painted, so that one frame is asked for at a time. */
function paintNext(): void {
  try {
    waiting[0]?.();
  } finally {
    waiting.shift();
    if (waiting.length > 0) requestAnimationFrame(paintNext);
  }
}
