/** The sites of states that heads have, whatever is written into them. */
import { Tap } from "@mlxterp/core";

/** Each is made once for each layer. */
export const headStateSites = {
  decay: () =>
    new Tap(["batch", "position", "heads"], {
      holds: "The part of each head's state that remains when the token comes.",
    }),
  write: () =>
    new Tap(["batch", "position", "heads", "headDim", "state"], {
      holds: "What the token adds to each state; a change is carried on to later positions.",
    }),
  state: () =>
    new Tap(["batch", "position", "heads", "headDim", "state"], {
      holds:
        "The state after each token. A change alters what is read there, not what is carried on.",
    }),
  read: () =>
    new Tap(["batch", "position", "heads", "headDim"], {
      holds: "What each head reads out, with any skip connection, before the gate.",
    }),
} as const;

/** The sites that a recurrence passes. */
export interface StateSites {
  readonly decay: ReturnType<typeof headStateSites.decay>;
  readonly write: ReturnType<typeof headStateSites.write>;
  readonly state: ReturnType<typeof headStateSites.state>;
}
