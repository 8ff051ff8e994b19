/** Timing of two generators against each other, token by token: a busy machine slows both alike. */
import { now } from "./clock.js";
import type { Times } from "./pairs.js";
import { summarize } from "./pairs.js";

/** Tokens before the clock starts: the first one reads the prompt. */
const warmUp = 4;

/** Draws tokens from both in turn and returns each one's times per token, and how many tokens were the same. */
export async function lockstep(
  pair: readonly [AsyncIterator<number>, AsyncIterator<number>],
  tokens: number,
): Promise<{ times: readonly [Times, Times]; same: number }> {
  const times: readonly [number[], number[]] = [[], []];
  let same = 0;
  for (let step = 0; step < warmUp + tokens; step++) {
    const drawn: number[] = [];
    for (const index of step % 2 === 0 ? [0, 1] : [1, 0]) {
      const start = now();
      drawn[index] = (await pair[index].next()).value;
      if (step >= warmUp) times[index].push(now() - start);
    }
    same += Number(drawn[0] === drawn[1]);
  }
  return { times: [summarize(times[0]), summarize(times[1])], same: same / (warmUp + tokens) };
}
